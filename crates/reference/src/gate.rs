use std::fmt::Write;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use axum::http::{HeaderMap, Method, Request, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use hyper::body::Incoming;
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;
use serde_json::json;

use super::app::App;
use super::paths;
use super::websocket::{self, Upgrade};

/// Where the server reports what load has arrived; no fault, limit or count concerns it.
pub const OBSERVER_PATH: &str = "/__requests";

/// One connection, as the gate sees it.
pub(super) struct Peer {
    address: IpAddr,
    requests: AtomicU64,
    /// Raised when nothing more is to be read from the connection.
    cut: Arc<AtomicBool>,
    upgrade: Mutex<Option<Upgrade>>,
}

impl Peer {
    pub(super) fn new(address: IpAddr, cut: Arc<AtomicBool>) -> Self {
        Self {
            address,
            requests: AtomicU64::new(0),
            cut,
            upgrade: Mutex::new(None),
        }
    }

    /// Makes a socket of the connection once the answer is sent.
    pub(super) fn upgrade(&self, upgrade: Upgrade) {
        *self.upgrade.lock().unwrap_or_else(PoisonError::into_inner) = Some(upgrade);
    }

    /// What the connection is to become, if anything.
    pub(super) fn upgraded(&self) -> Option<Upgrade> {
        let mut upgrade = self.upgrade.lock().unwrap_or_else(PoisonError::into_inner);
        upgrade.take()
    }

    /// The 1-based index of this request on the connection.
    fn next(&self) -> u64 {
        self.requests.fetch_add(1, Ordering::Relaxed) + 1
    }
}

/// What every request passes on its way to the routes and back: counters, the rate limit, faults.
#[derive(Clone)]
pub(super) struct Gate {
    app: Arc<App>,
    routes: Router,
}

impl Gate {
    pub(super) fn new(app: Arc<App>, routes: Router) -> Self {
        Self { app, routes }
    }

    pub(super) fn app(&self) -> Arc<App> {
        Arc::clone(&self.app)
    }

    pub(super) async fn answer(self, peer: Arc<Peer>, mut request: Request<Incoming>) -> Response {
        if request.uri().path() == OBSERVER_PATH {
            return observed(&self.app);
        }
        let app = self.app;
        let uri = request.uri().clone();
        let path = paths::counted(uri.path());
        let endpoint = app.endpoints.named(&name(request.method(), path));
        let handshake = path == websocket::ENDPOINT;
        if handshake {
            request.extensions_mut().insert(Arc::clone(&peer));
        }
        let served = peer.next();
        endpoint.arrived();
        if served == 1 {
            app.connections.fetch_add(1, Ordering::Relaxed);
        }
        app.faults.begin();
        let begun = Instant::now();
        let response = match refuse(&app, &peer, &request, begun) {
            Some(refusal) => refusal,
            None => serve(&app, self.routes, path, request).await,
        };
        app.faults.hold().await;
        if handshake {
            return response;
        }
        // As with the service, whose statistics are of its HTTP endpoints.
        endpoint.answered(begun.elapsed(), response.status().as_u16());
        let response = app.faults.tear(path, response).await;
        app.faults.cut(served, &peer.cut, response)
    }
}

fn name(method: &Method, path: &str) -> String {
    let mut name = String::with_capacity(method.as_str().len() + 1 + path.len());
    let _ = write!(name, "{method}:{path}");
    name
}

async fn serve(app: &App, routes: Router, path: &str, request: Request<Incoming>) -> Response {
    app.faults.delay(path).await;
    if app.faults.fails(path) {
        let body = Json(json!({ "detail": "Internal Server Error" }));
        return (StatusCode::INTERNAL_SERVER_ERROR, body).into_response();
    }
    match TowerToHyperService::new(routes).call(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

fn refuse<B>(app: &App, peer: &Peer, request: &Request<B>, now: Instant) -> Option<Response> {
    let client = app
        .trust_proxy
        .then(|| forwarded(request.headers()))
        .flatten()
        .unwrap_or(peer.address);
    let wait = app
        .limiter
        .as_ref()?
        .refuse(client, request.uri().path(), now)?;
    let body = Json(json!({ "detail": "Rate limit exceeded", "retry_after": wait }));
    Some((StatusCode::TOO_MANY_REQUESTS, body).into_response())
}

fn forwarded(headers: &HeaderMap) -> Option<IpAddr> {
    let first = headers
        .get("x-forwarded-for")?
        .to_str()
        .ok()?
        .split(',')
        .next()?;
    first.trim().parse().ok()
}

fn observed(app: &App) -> Response {
    let arrivals = app.endpoints.arrivals();
    Json(json!({
        "total": arrivals.values().sum::<u64>(),
        "by_path": arrivals,
        "connections": app.connections.load(Ordering::Relaxed),
    }))
    .into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_forwarded_address_is_the_client() {
        let table = [
            (None, None),
            (Some("10.0.0.1"), Some("10.0.0.1")),
            (Some(" 10.0.0.1 , 10.0.0.2"), Some("10.0.0.1")),
            (Some("::1"), Some("::1")),
            (Some("unknown, 10.0.0.2"), None),
        ];
        for (header, client) in table {
            let mut headers = HeaderMap::new();
            if let Some(header) = header {
                headers.insert("x-forwarded-for", header.parse().unwrap());
            }
            let client = client.map(|client: &str| client.parse().unwrap());
            assert_eq!(forwarded(&headers), client, "{header:?}");
        }
    }
}
