use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

use super::{Options, ServeError, bind};

/// Reports that the server is ready.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Announcement {
    /// Where it listens.
    pub addr: SocketAddr,
}

impl Announcement {
    /// Where clients find it.
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }
}

impl fmt::Display for Announcement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "listening on {}", self.url())
    }
}

/// Serves until Ctrl-C, SIGTERM or, if asked for, the end of standard input.
///
/// # Errors
///
/// When the server cannot start, or cannot go on.
pub fn serve_blocking(
    options: Options,
    announce: impl FnOnce(&Announcement),
) -> Result<(), ServeError> {
    let runtime = runtime(options.threads).map_err(ServeError::Runtime)?;
    let served = runtime.block_on(async {
        // Watched before anything is announced, so that no signal is lost.
        let mut signals = Signals::watch().map_err(ServeError::Signals)?;
        let stdin = if options.exit_on_stdin_close {
            Some(stdin_closed().map_err(ServeError::Runtime)?)
        } else {
            None
        };
        let server = bind(options).await?;
        announce(&Announcement {
            addr: server.local_addr(),
        });
        server
            .run(async {
                tokio::select! {
                    () = signals.received() => {}
                    () = closed(stdin) => {}
                }
            })
            .await
    });
    // A query that hangs must not keep the process.
    runtime.shutdown_timeout(Duration::from_millis(500));
    served
}

fn runtime(threads: usize) -> io::Result<Runtime> {
    if threads <= 1 {
        // One thread has no other to share work with, so the cheaper scheduler does.
        return Builder::new_current_thread().enable_all().build();
    }
    Builder::new_multi_thread()
        .worker_threads(threads)
        .enable_all()
        .build()
}

/// Reads on a thread of its own: a runtime would wait for the read when it ends.
fn stdin_closed() -> io::Result<oneshot::Receiver<()>> {
    let (sender, receiver) = oneshot::channel();
    std::thread::Builder::new()
        .name("stdin".to_owned())
        .spawn(move || {
            // An error ends it as well: there is nothing left to wait for.
            let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
            let _ = sender.send(());
        })?;
    Ok(receiver)
}

async fn closed(stdin: Option<oneshot::Receiver<()>>) {
    match stdin {
        Some(closed) => drop(closed.await),
        None => std::future::pending().await,
    }
}

#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn watch() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn received(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(windows)]
struct Signals(tokio::signal::windows::CtrlC);

#[cfg(windows)]
impl Signals {
    fn watch() -> io::Result<Self> {
        tokio::signal::windows::ctrl_c().map(Self)
    }

    async fn received(&mut self) {
        self.0.recv().await;
    }
}
