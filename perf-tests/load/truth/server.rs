//! A target that does what its script says to a tenth of a millisecond, and keeps a log.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use tokio_tungstenite::tungstenite::{self, Message};

use super::simulation::Nanos;

/// When a request is answered, from when it arrived and how many came before it; counted from the first arrival.
pub(crate) type Script = Box<dyn Fn(Nanos, usize) -> Nanos + Send + Sync>;

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
/// Enough for a thread that serves one connection.
const STACK: usize = 256 * 1024;

/// One request, in nanoseconds from the first.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen {
    pub(crate) arrived: Nanos,
    pub(crate) answered: Nanos,
}

/// A thread for each connection: no runtime and no timer of one, and no code in common with what it measures.
pub(crate) struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    script: Script,
    is_socket: bool,
    log: Mutex<Log>,
    closing: AtomicBool,
}

#[derive(Default)]
struct Log {
    origin: Option<Instant>,
    seen: Vec<Seen>,
}

impl Server {
    pub(crate) fn http(script: Script) -> Server {
        Server::start(script, false)
    }

    /// Sends every message back.
    pub(crate) fn websocket(script: Script) -> Server {
        Server::start(script, true)
    }

    fn start(script: Script, is_socket: bool) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::new(Shared {
            script,
            is_socket,
            log: Mutex::default(),
            closing: AtomicBool::new(false),
        });
        let theirs = Arc::clone(&shared);
        thread::spawn(move || {
            while let Ok((stream, _)) = listener.accept() {
                if theirs.closing.load(Ordering::Acquire) {
                    return;
                }
                let shared = Arc::clone(&theirs);
                let thread = thread::Builder::new().stack_size(STACK);
                thread
                    .spawn(move || shared.serve(stream))
                    .expect("a thread for each connection");
            }
        });
        Server { address, shared }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How many requests have come so far.
    pub(crate) fn count(&self) -> usize {
        self.shared.log.lock().expect("a log").seen.len()
    }

    /// All that came, in order of arrival.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.shared.log.lock().expect("a log").seen.clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.closing.store(true, Ordering::Release);
        let _ = TcpStream::connect(self.address);
    }
}

impl Shared {
    /// A connection ends when its client ends it.
    fn serve(&self, stream: TcpStream) {
        let _ = stream.set_nodelay(true);
        if self.is_socket {
            self.echo(stream);
        } else {
            self.answer(stream);
        }
    }

    fn answer(&self, mut stream: TcpStream) {
        let mut request = Vec::new();
        let mut buffer = [0; 2048];
        loop {
            match stream.read(&mut buffer) {
                Ok(length) if length > 0 => request.extend_from_slice(&buffer[..length]),
                _ => return,
            }
            if request.ends_with(b"\r\n\r\n") {
                self.wait(Instant::now());
                request.clear();
                if stream.write_all(ANSWER).is_err() {
                    return;
                }
            }
        }
    }

    fn echo(&self, stream: TcpStream) -> Option<()> {
        let mut socket = tungstenite::accept(stream).ok()?;
        loop {
            if let Message::Text(text) = socket.read().ok()? {
                self.wait(Instant::now());
                socket.send(Message::Text(text)).ok()?;
            }
        }
    }

    /// Enters a request into the log, and waits until it is to be answered.
    fn wait(&self, arrived: Instant) {
        let mut log = self.log.lock().expect("a log");
        let origin = *log.origin.get_or_insert(arrived);
        let since = arrived.saturating_duration_since(origin).as_nanos() as Nanos;
        let answered = (self.script)(since, log.seen.len());
        log.seen.push(Seen {
            arrived: since,
            answered,
        });
        drop(log);
        let at = origin + Duration::from_nanos(answered.max(0) as u64);
        thread::sleep(at.saturating_duration_since(Instant::now()));
    }
}
