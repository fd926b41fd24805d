//! Servers that send exact bytes.

use std::future::pending;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use agentos_perf::plan::{Bounds, Endpoint, EndpointKind};
use agentos_perf::profile::{Destination, HttpVersion};
use agentos_perf::secret::Secret;
use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// What a server does next on one connection. At the end of its script it closes the connection.
#[derive(Clone)]
pub(crate) enum Step {
    /// Reads one request: its head, and its body by content-length.
    Read,
    Send(Vec<u8>),
    /// Works for so long.
    Work(Duration),
    /// Does nothing, ever.
    Hang,
    /// Ends the connection with a reset.
    Abort,
}

pub(crate) fn send(text: &str) -> Step {
    Step::Send(text.as_bytes().to_vec())
}

pub(crate) const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/// A bound server; ends with the test's runtime.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Serves the nth connection by the nth script, and refuses to accept further ones.
    pub(crate) async fn scripted(scripts: Vec<Vec<Step>>) -> Server {
        Server::start(scripts, None).await
    }

    /// The same over TLS.
    pub(crate) async fn encrypted(config: ServerConfig, scripts: Vec<Vec<Step>>) -> Server {
        Server::start(scripts, Some(TlsAcceptor::from(Arc::new(config)))).await
    }

    async fn start(scripts: Vec<Vec<Step>>, tls: Option<TlsAcceptor>) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Server::play(listener, scripts, tls)
    }

    /// The same on a listener whose address had to be known before.
    pub(crate) fn on(listener: std::net::TcpListener, scripts: Vec<Vec<Step>>) -> Server {
        Server::play(TcpListener::from_std(listener).unwrap(), scripts, None)
    }

    fn play(listener: TcpListener, scripts: Vec<Vec<Step>>, tls: Option<TlsAcceptor>) -> Server {
        let address = listener.local_addr().unwrap();
        let requests = Arc::default();
        let log = Arc::clone(&requests);
        tokio::spawn(async move {
            for script in scripts {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(accept(stream, tls.clone(), script, Arc::clone(&log)));
            }
            pending::<()>().await;
        });
        Server { address, requests }
    }

    /// Answers each request by what `answer` makes of its first line and how many came before it with the
    /// same one; `None` hangs.
    pub(crate) async fn answering(
        answer: impl Fn(&str, usize) -> Option<String> + Send + Sync + 'static,
    ) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let requests: Arc<Mutex<Vec<String>>> = Arc::default();
        let (log, answer) = (Arc::clone(&requests), Arc::new(answer));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (log, answer) = (Arc::clone(&log), Arc::clone(&answer));
                tokio::spawn(async move {
                    while let Some(request) = read_request(&mut stream).await {
                        let line = first_line(&request).to_owned();
                        let before = {
                            let mut log = log.lock().unwrap();
                            let before = log.iter().filter(|r| first_line(r) == line).count();
                            log.push(request);
                            before
                        };
                        match answer(&line, before) {
                            Some(text) => stream.write_all(text.as_bytes()).await.unwrap(),
                            None => pending().await,
                        }
                    }
                });
            }
        });
        Server { address, requests }
    }

    /// What was asked, in order.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    pub(crate) fn destination(&self) -> Destination {
        destination(&format!("http://{}", self.address))
    }
}

fn first_line(request: &str) -> &str {
    request.lines().next().unwrap_or("")
}

async fn accept(
    stream: TcpStream,
    tls: Option<TlsAcceptor>,
    script: Vec<Step>,
    log: Arc<Mutex<Vec<String>>>,
) {
    if script.iter().any(|step| matches!(step, Step::Abort)) {
        stream.set_zero_linger().unwrap();
    }
    match tls {
        None => play(stream, script, log).await,
        Some(tls) => {
            if let Ok(stream) = tls.accept(stream).await {
                play(stream, script, log).await;
            }
        }
    }
}

async fn play<S>(mut stream: S, script: Vec<Step>, log: Arc<Mutex<Vec<String>>>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    for step in script {
        match step {
            Step::Read => match read_request(&mut stream).await {
                Some(request) => log.lock().unwrap().push(request),
                None => return,
            },
            // A client that has seen enough may be gone.
            Step::Send(bytes) => drop(stream.write_all(&bytes).await),
            Step::Work(time) => tokio::time::sleep(time).await,
            Step::Hang => pending().await,
            Step::Abort => return,
        }
    }
    let _ = stream.shutdown().await;
}

async fn read_request(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        request.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(request).unwrap();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    stream.read_exact(&mut body).await.ok()?;
    Some(head + &String::from_utf8(body).unwrap())
}

/// A self-signed certificate for `localhost` and 127.0.0.1, good until the end of `year`.
pub(crate) fn certificate(year: i32) -> ServerConfig {
    let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
    let mut params = CertificateParams::new(names).unwrap();
    params.not_before = date_time_ymd(2001, 1, 1);
    params.not_after = date_time_ymd(year, 12, 31);
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap()
}

pub(crate) fn destination(origin: &str) -> Destination {
    Destination {
        origin: origin.parse().unwrap(),
        token: Some(Secret::new("s3cret-token")),
        insecure: false,
        http: HttpVersion::Auto,
        users: std::sync::Arc::default(),
    }
}

/// An address that nobody listens at.
pub(crate) fn nowhere() -> Destination {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    destination(&format!("http://{}", listener.local_addr().unwrap()))
}

pub(crate) fn endpoint(method: &str, path: &str) -> Endpoint {
    Endpoint {
        kind: EndpointKind::Http,
        name: path.to_owned(),
        method: method.to_owned(),
        path: path.to_owned(),
        weight: 1,
        headers: Vec::new(),
        body: if method == "POST" { "hello" } else { "" }.to_owned(),
        auth: true,
        expect: vec![200, 204],
        ..Endpoint::default()
    }
}

/// So long that only a test that fails waits for it.
pub(crate) const LONG: Duration = Duration::from_secs(20);

pub(crate) fn bounds(timeout: Duration) -> Bounds {
    Bounds {
        timeout,
        connect_timeout: timeout,
        body_bytes: 100,
    }
}
