//! The page over HTTP, and its changes as server-sent events.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http::{HeaderMap, Response, StatusCode, header};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::time::sleep;

use super::events::EventListener;
use super::guard::{Address, GuardRefusal, GuardedRequest, reachable};
use super::page::{self, PageEvent};
use super::shared_view::SharedView;

/// Where the page is.
const PAGE: &str = "/dashboard/performance";
const EVENTS: &str = "/dashboard/events";
/// The wait after a connection that could not be taken.
const PAUSE: Duration = Duration::from_millis(500);
/// A peer that has not sent its request's head by then is none that looks.
const HEAD: Duration = Duration::from_secs(10);

/// Why the dashboard can't be served.
#[derive(Debug, Error)]
pub enum ServerError {
    /// The address is taken, or not this machine's.
    #[error("the dashboard can't be served on {address}: {source}; choose another address")]
    Bind {
        /// Where it was to be served.
        address: SocketAddr,
        /// Why not.
        source: std::io::Error,
    },
    /// The machine gave no thread or no runtime.
    #[error("the dashboard can't be served: {0}")]
    Start(#[from] std::io::Error),
}

/// A dashboard that is served until this is dropped.
#[derive(Debug)]
pub struct DashboardServer {
    address: SocketAddr,
    needs_token: bool,
    board: SharedView,
    // Dropped with the server, which ends the thread.
    _stop: oneshot::Sender<Infallible>,
}

struct DashboardState {
    address: Address,
    port: u16,
    board: SharedView,
    /// No other session has the same, on whichever port it is served.
    session: String,
}

impl DashboardServer {
    /// Serves a board.
    ///
    /// # Errors
    /// When the address can't be bound, or the machine gives no thread.
    pub fn start(address: Address, board: SharedView) -> Result<DashboardServer, ServerError> {
        let bind = |source| ServerError::Bind {
            address: address.socket,
            source,
        };
        let listener = std::net::TcpListener::bind(address.socket).map_err(bind)?;
        listener.set_nonblocking(true)?;
        let bound = listener.local_addr()?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let needs_token = address.token.is_some();
        let (stop, stopped) = oneshot::channel::<Infallible>();
        let shared = Arc::new(DashboardState {
            address,
            port: bound.port(),
            board: board.clone(),
            session: format!("{:016x}", random_number()),
        });
        let served = async move {
            let Ok(listener) = TcpListener::from_std(listener) else {
                return;
            };
            tokio::select! {
                () = accept(listener, shared) => {}
                _ = stopped => {}
            }
        };
        thread::Builder::new()
            .name("dashboard".to_owned())
            .spawn(move || runtime.block_on(served))?;
        Ok(DashboardServer {
            address: bound,
            needs_token,
            board,
            _stop: stop,
        })
    }

    /// What to open in a browser, and that it takes a token; the token itself is not shown.
    pub fn url(&self) -> String {
        let url = format!("http://{}{PAGE}", reachable(self.address));
        if self.needs_token {
            format!("{url}?token=TOKEN, with the dashboard's token in place of TOKEN")
        } else {
            url
        }
    }

    /// The board that is served.
    pub fn board(&self) -> &SharedView {
        &self.board
    }

    /// Waits as long as a page is open, or `until` says that it is enough. A page that is loaded again is gone
    /// for a moment.
    pub fn linger(&self, until: impl Fn() -> bool) {
        const STEP: Duration = Duration::from_millis(100);
        const GONE: u32 = 20;
        let mut gone = GONE.saturating_sub(5);
        while gone < GONE && !until() {
            thread::sleep(STEP);
            gone = if self.board.watched() > 0 {
                0
            } else {
                gone + 1
            };
        }
    }
}

type Body = UnsyncBoxBody<Bytes, Infallible>;

/// Serves each connection in a task of its own; one that fails harms no other.
async fn accept(listener: TcpListener, shared: Arc<DashboardState>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // No file is left for it, say: the next may have one.
            sleep(PAUSE).await;
            continue;
        };
        let shared = Arc::clone(&shared);
        let answers = service_fn(move |request| {
            let answer = answer(&request, &shared);
            async move { Ok::<_, Infallible>(answer) }
        });
        let mut server = http1::Builder::new();
        server.timer(TokioTimer::new()).header_read_timeout(HEAD);
        tokio::spawn(server.serve_connection(TokioIo::new(stream), answers));
    }
}

fn answer(request: &http::Request<Incoming>, shared: &Arc<DashboardState>) -> Response<Body> {
    if let Err(refusal) = admitted(request, shared) {
        return refused(refusal, shared.port);
    }
    match request.uri().path() {
        PAGE => whole(shared),
        EVENTS => events(shared),
        "/" | "/dashboard" | "/dashboard/" | "/dashboard/performance/" => {
            to_page(request.uri().query())
        }
        _ => plain(StatusCode::NOT_FOUND, "There is no such page.\n".to_owned()),
    }
}

fn admitted(
    request: &http::Request<Incoming>,
    shared: &DashboardState,
) -> Result<(), GuardRefusal> {
    let headers = request.headers();
    let bearer =
        text(headers, &header::AUTHORIZATION).and_then(|value| value.strip_prefix("Bearer "));
    let query = request.uri().query().unwrap_or_default();
    let given = url::form_urlencoded::parse(query.as_bytes())
        .find_map(|(name, value)| (name == "token").then_some(value));
    let asked = GuardedRequest {
        method: request.method().as_str(),
        host: text(headers, &header::HOST),
        origin: text(headers, &header::ORIGIN),
        token: bearer.or(given.as_deref()),
    };
    shared.address.admits(asked, shared.port)
}

fn text<'a>(headers: &'a HeaderMap, name: &header::HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// An answer of these headers; one that can't be made is the failure of the server.
fn with_headers(
    status: StatusCode,
    headers: &[(header::HeaderName, &str)],
    body: Body,
) -> Response<Body> {
    let mut answer = Response::builder().status(status);
    for (name, value) in headers {
        answer = answer.header(name, *value);
    }
    answer.body(body).unwrap_or_else(|_| {
        plain(
            StatusCode::INTERNAL_SERVER_ERROR,
            "The answer has a header that cannot be sent.\n".to_owned(),
        )
    })
}

fn plain(status: StatusCode, text: String) -> Response<Body> {
    let mut answer = Response::new(Full::from(text).boxed_unsync());
    *answer.status_mut() = status;
    let kind = header::HeaderValue::from_static("text/plain; charset=utf-8");
    answer.headers_mut().insert(header::CONTENT_TYPE, kind);
    answer
}

fn refused(refusal: GuardRefusal, port: u16) -> Response<Body> {
    let status = match refusal {
        GuardRefusal::Method => StatusCode::METHOD_NOT_ALLOWED,
        GuardRefusal::Host | GuardRefusal::Origin => StatusCode::FORBIDDEN,
        GuardRefusal::Token => StatusCode::UNAUTHORIZED,
    };
    plain(status, format!("{}\n", refusal.message(port)))
}

/// The page's own address, with the token that may have been given.
fn to_page(query: Option<&str>) -> Response<Body> {
    let query = query.map_or_else(String::new, |query| format!("?{query}"));
    let page = format!("{PAGE}{query}");
    let status = StatusCode::TEMPORARY_REDIRECT;
    with_headers(
        status,
        &[(header::LOCATION, &page)],
        Full::default().boxed_unsync(),
    )
}

fn whole(shared: &DashboardState) -> Response<Body> {
    let view = shared.board.look().borrow().clone();
    let nonce = format!("{:016x}{:016x}", random_number(), random_number());
    let told = PageEvent {
        session: &shared.session,
        parts: &page::all(&view),
    };
    let policy = format!(
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'nonce-{nonce}'; connect-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, policy.as_str()),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    let page = Full::from(page::whole(&told, &nonce)).boxed_unsync();
    with_headers(StatusCode::OK, &headers, page)
}

fn events(shared: &Arc<DashboardState>) -> Response<Body> {
    let listener = EventListener::new(&shared.board, shared.session.clone());
    let headers = [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    let events = StreamBody::new(stream::unfold(listener, EventListener::next));
    with_headers(StatusCode::OK, &headers, events.boxed_unsync())
}

/// A number that cannot be guessed.
fn random_number() -> u64 {
    let mut bytes = [0; 8];
    let provider = rustls::crypto::ring::default_provider();
    // It reads the operating system's generator, which never fails once it has started.
    provider
        .secure_random
        .fill(&mut bytes)
        .expect("the operating system's random numbers");
    u64::from_ne_bytes(bytes)
}
