use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::app::App;
use super::faults::InjectedOutage;
use super::gate::Gate;
use super::outage::{listen, refuse};
use super::{Options, ServeError, connection, routes::routes, system, websocket};

/// How long answers that are under way may take at the end.
const GRACE: Duration = Duration::from_secs(2);

/// A server that listens, but does not yet answer.
pub struct Server {
    listener: TcpListener,
    addr: SocketAddr,
    app: Arc<App>,
    gate: Gate,
    connections: OpenConnections,
    websocket_ping: Option<Duration>,
}

/// Opens the database and the port.
///
/// # Errors
///
/// When either cannot be opened; the message says which, and what to do.
pub async fn bind(options: Options) -> Result<Server, ServeError> {
    let requested = options.addr;
    let listener = listen(requested)?;
    let addr = listener.local_addr().map_err(|source| ServeError::Listen {
        addr: requested,
        source,
    })?;
    let websocket_ping = options.websocket_ping;
    let app = Arc::new(App::open(&options).await?);
    Ok(Server {
        listener,
        addr,
        gate: Gate::new(Arc::clone(&app), routes(Arc::clone(&app))),
        app,
        connections: OpenConnections::default(),
        websocket_ping,
    })
}

impl Server {
    /// Where it listens, with the port it was given.
    pub fn local_addr(&self) -> SocketAddr {
        self.addr
    }

    /// Answers until `shutdown` completes, then lets answers under way finish for two seconds.
    ///
    /// # Errors
    ///
    /// When the port cannot be had back after an outage that was asked for.
    pub async fn run(mut self, shutdown: impl Future<Output = ()>) -> Result<(), ServeError> {
        let _watch = system::watch(Arc::clone(&self.app));
        let _pings = self
            .websocket_ping
            .map(|every| websocket::ping_all(Arc::clone(&self.app), every));
        let app = Arc::clone(&self.app);
        let mut outages = app.faults.outages().iter().copied().peekable();
        let mut shutdown = pin!(shutdown);
        loop {
            let next = outages.peek().copied();
            tokio::select! {
                biased;
                () = &mut shutdown => break,
                Some((outage, until)) = begins(&app, next) => {
                    outages.next();
                    tokio::select! {
                        () = &mut shutdown => return Ok(()),
                        server = self.suffer(outage, until) => self = server?,
                    }
                }
                () = self.connections.reap() => {}
                accepted = self.listener.accept() => self.welcome(accepted).await,
            }
        }
        drop(self.listener);
        self.connections.finish().await;
        Ok(())
    }

    async fn welcome(&mut self, accepted: io::Result<(TcpStream, SocketAddr)>) {
        match accepted {
            Ok((stream, from)) => self
                .connections
                .add(|closing| connection::serve(stream, from, self.gate.clone(), closing)),
            // Out of file descriptors, most likely: some must be closed before it is worth trying again.
            Err(_) => sleep(Duration::from_millis(10)).await,
        }
    }

    async fn suffer(mut self, outage: InjectedOutage, until: Instant) -> Result<Self, ServeError> {
        drop(self.listener);
        self.connections.drop_all().await;
        if outage.restart {
            self.app.restart();
        }
        self.listener = refuse(self.addr, self.app.faults.until(until)).await?;
        if outage.restart {
            self.app.restart();
        }
        Ok(self)
    }
}

/// Waits for the beginning of an outage; returns it, and when it ends.
async fn begins(app: &App, outage: Option<InjectedOutage>) -> Option<(InjectedOutage, Instant)> {
    let outage = outage?;
    let origin = app.faults.origin().await;
    app.faults.until(origin + outage.window.at).await;
    Some((outage, origin + outage.window.end()))
}

/// The connections that are open.
struct OpenConnections {
    tasks: JoinSet<()>,
    closing: watch::Sender<()>,
}

impl Default for OpenConnections {
    fn default() -> Self {
        Self {
            tasks: JoinSet::new(),
            closing: watch::Sender::new(()),
        }
    }
}

impl OpenConnections {
    fn add<F>(&mut self, serve: impl FnOnce(watch::Receiver<()>) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.tasks.spawn(serve(self.closing.subscribe()));
    }

    /// Forgets those that have ended; never completes while there is none.
    async fn reap(&mut self) {
        if self.tasks.join_next().await.is_none() {
            std::future::pending::<()>().await;
        }
        while self.tasks.try_join_next().is_some() {}
    }

    async fn drop_all(&mut self) {
        self.tasks.shutdown().await;
    }

    async fn finish(mut self) {
        self.closing.send_replace(());
        let all = async { while self.tasks.join_next().await.is_some() {} };
        // What is not done by then is dropped with the set.
        let _ = timeout(GRACE, all).await;
    }
}
