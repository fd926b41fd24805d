//! The page over HTTP, and its changes as server-sent events.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use axum::Router;
use axum::extract::{RawQuery, Request as HttpRequest, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::sse::{Event, Sse};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;
use futures_util::{Stream, stream};
use thiserror::Error;
use tokio::sync::{oneshot, watch};
use tokio::time::sleep;

use super::board::{Board, Watching};
use super::guard::{Address, Refusal, Request, reachable};
use super::page::{self, Part, Told};
use super::view::View;

/// Where the page is.
const PAGE: &str = "/dashboard/performance";
/// The least time between two changes that are sent: nobody reads faster.
const LEAST: Duration = Duration::from_millis(500);
/// As long as nothing changes, the page is told so often that there still is somebody: live.js counts on it.
const ALIVE: Duration = Duration::from_secs(2);

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
pub struct Server {
    address: SocketAddr,
    needs_token: bool,
    board: Board,
    // Dropped with the server, which ends the thread.
    _stop: oneshot::Sender<Infallible>,
}

struct Shared {
    address: Address,
    port: u16,
    board: Board,
    /// No other session has the same, on whichever port it is served.
    session: String,
}

impl Server {
    /// Serves a board.
    ///
    /// # Errors
    /// When the address can't be bound, or the machine gives no thread.
    pub fn start(address: Address, board: Board) -> Result<Server, ServerError> {
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
        let shared = Arc::new(Shared {
            address,
            port: bound.port(),
            board: board.clone(),
            session: format!("{:016x}", rand::random::<u64>()),
        });
        let serve = async move {
            let Ok(listener) = tokio::net::TcpListener::from_std(listener) else {
                return;
            };
            let served = axum::serve(listener, router(shared)).into_future();
            tokio::select! {
                _ = served => {}
                _ = stopped => {}
            }
        };
        thread::Builder::new()
            .name("dashboard".to_owned())
            .spawn(move || runtime.block_on(serve))?;
        Ok(Server {
            address: bound,
            needs_token,
            board,
            _stop: stop,
        })
    }

    /// What to open in a browser, and that it takes a token; the token itself is not told.
    pub fn url(&self) -> String {
        let url = format!("http://{}{PAGE}", reachable(self.address));
        if self.needs_token {
            format!("{url}?token=TOKEN, with the dashboard's token in place of TOKEN")
        } else {
            url
        }
    }

    /// The board that is served.
    pub fn board(&self) -> &Board {
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

fn router(shared: Arc<Shared>) -> Router {
    let mut router = Router::new()
        .route(PAGE, get(whole))
        .route("/dashboard/events", get(events));
    for near in ["/", "/dashboard", "/dashboard/", "/dashboard/performance/"] {
        router = router.route(near, get(to_page));
    }
    router
        .layer(middleware::from_fn_with_state(Arc::clone(&shared), guarded))
        .with_state(shared)
}

/// The page's own address, with the token that may have been given.
async fn to_page(RawQuery(query): RawQuery) -> Redirect {
    let query = query.map_or_else(String::new, |query| format!("?{query}"));
    Redirect::temporary(&format!("{PAGE}{query}"))
}

async fn guarded(
    State(shared): State<Arc<Shared>>,
    RawQuery(query): RawQuery,
    request: HttpRequest,
    next: Next,
) -> Response {
    let headers = request.headers();
    let bearer =
        text(headers, &header::AUTHORIZATION).and_then(|value| value.strip_prefix("Bearer "));
    let query = query.unwrap_or_default();
    let given = url::form_urlencoded::parse(query.as_bytes())
        .find_map(|(name, value)| (name == "token").then_some(value));
    let asked = Request {
        method: request.method().as_str(),
        host: text(headers, &header::HOST),
        origin: text(headers, &header::ORIGIN),
        token: bearer.or(given.as_deref()),
    };
    match shared.address.admits(asked, shared.port) {
        Ok(()) => next.run(request).await,
        Err(refusal) => refused(refusal, shared.port),
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &header::HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn refused(refusal: Refusal, port: u16) -> Response {
    let status = match refusal {
        Refusal::Method => StatusCode::METHOD_NOT_ALLOWED,
        Refusal::Host | Refusal::Origin => StatusCode::FORBIDDEN,
        Refusal::Token => StatusCode::UNAUTHORIZED,
    };
    (status, format!("{}\n", refusal.told(port))).into_response()
}

async fn whole(State(shared): State<Arc<Shared>>) -> Response {
    let view = shared.board.look().borrow().clone();
    let nonce = format!("{:032x}", rand::random::<u128>());
    let told = Told {
        session: &shared.session,
        parts: &page::all(&view),
    };
    let mut response = Html(page::whole(&told, &nonce)).into_response();
    let policy = format!(
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'nonce-{nonce}'; connect-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    let headers = response.headers_mut();
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    );
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    response
}

async fn events(
    State(shared): State<Arc<Shared>>,
) -> Sse<impl Stream<Item = Result<Event, axum::Error>>> {
    let mut view = shared.board.look();
    view.mark_changed();
    let listener = Listener {
        view,
        sent: Vec::new(),
        _watching: shared.board.watch(),
        shared,
    };
    Sse::new(stream::unfold(listener, told))
}

/// One page that listens.
struct Listener {
    view: watch::Receiver<View>,
    sent: Vec<Part>,
    _watching: Watching,
    shared: Arc<Shared>,
}

/// What has changed since it was told last, everything at first; or that nothing has.
async fn told(mut listener: Listener) -> Option<(Result<Event, axum::Error>, Listener)> {
    let silence = sleep(ALIVE);
    tokio::pin!(silence);
    loop {
        tokio::select! {
            // The session is gone when this fails, and the page with it.
            changed = listener.view.changed() => changed.ok()?,
            // An event, as a page is not told of comments.
            () = &mut silence => return Some((Ok(Event::default().event("alive").data("yes")), listener)),
        }
        if !listener.sent.is_empty() {
            sleep(LEAST).await;
        }
        let view = listener.view.borrow_and_update().clone();
        let now = page::all(&view);
        let changed = page::changed(&listener.sent, now.clone());
        if !changed.is_empty() {
            listener.sent = now;
            let told = Told {
                session: &listener.shared.session,
                parts: &changed,
            };
            return Some((Event::default().json_data(&told), listener));
        }
    }
}
