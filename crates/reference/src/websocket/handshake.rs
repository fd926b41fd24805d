use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Extension, Path, Query, State};
use axum::http::header::{
    CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use hyper::upgrade::OnUpgrade;
use serde::Deserialize;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::app::App;
use crate::auth::AuthenticatedUser;
use crate::gate::Peer;

/// All sockets are one endpoint, for all users.
pub(crate) const ENDPOINT: &str = "/api/v1/ws";

/// More channels than this are not remembered for one socket.
pub(super) const MOST_CHANNELS: usize = 100;

/// The path that a request counts under.
pub(crate) fn endpoint_of(path: &str) -> &str {
    let user = path
        .strip_prefix(ENDPOINT)
        .and_then(|rest| rest.strip_prefix('/'));
    match user {
        Some(user) if !user.is_empty() && !user.contains('/') => ENDPOINT,
        _ => path,
    }
}

/// A connection that is to become a socket once its handshake is answered.
pub(crate) struct Upgrade {
    pub(super) when: OnUpgrade,
    pub(super) user: AuthenticatedUser,
    pub(super) channels: BTreeSet<String>,
}

#[derive(Deserialize)]
pub(crate) struct Parameters {
    token: Option<String>,
    channels: Option<String>,
}

/// Answers a handshake.
pub(crate) async fn accept(
    State(app): State<Arc<App>>,
    Path(user_id): Path<String>,
    parameters: Result<Query<Parameters>, QueryRejection>,
    method: Method,
    headers: HeaderMap,
    when: Option<Extension<OnUpgrade>>,
    Extension(peer): Extension<Arc<Peer>>,
) -> Response {
    let asked = names(&headers, UPGRADE, "websocket") && names(&headers, CONNECTION, "upgrade");
    let Some(Extension(when)) = when.filter(|_| asked && method == Method::GET) else {
        return (StatusCode::NOT_FOUND, r#"{"detail":"Not Found"}"#).into_response();
    };
    if headers
        .get(SEC_WEBSOCKET_VERSION)
        .is_none_or(|version| version != "13")
    {
        return (
            StatusCode::UPGRADE_REQUIRED,
            [(SEC_WEBSOCKET_VERSION, "13")],
        )
            .into_response();
    }
    let Some(key) = headers.get(SEC_WEBSOCKET_KEY) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    if app.faults.sockets().refuses() {
        app.hub.refused();
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let Some((user, channels)) = admitted(&app, &user_id, parameters) else {
        app.hub.refused();
        return StatusCode::FORBIDDEN.into_response();
    };
    let proof = derive_accept_key(key.as_bytes());
    peer.upgrade(Upgrade {
        when,
        user,
        channels,
    });
    let head = [
        (UPGRADE, "websocket"),
        (CONNECTION, "Upgrade"),
        (SEC_WEBSOCKET_ACCEPT, proof.as_str()),
    ];
    (StatusCode::SWITCHING_PROTOCOLS, head).into_response()
}

/// Whose token this is and what they want to hear, if they are who the path says.
fn admitted(
    app: &App,
    user_id: &str,
    parameters: Result<Query<Parameters>, QueryRejection>,
) -> Option<(AuthenticatedUser, BTreeSet<String>)> {
    let Query(parameters) = parameters.ok()?;
    let user = app.verifier.holder(&parameters.token?).ok()?;
    if user.id != user_id || user.organization.is_empty() {
        return None;
    }
    let channels = parameters.channels.unwrap_or_default();
    let named = channels.split(',').map(str::trim).filter(|c| !c.is_empty());
    Some((user, named.take(MOST_CHANNELS).map(str::to_owned).collect()))
}

/// Whether a header that is a list has this entry.
fn names(headers: &HeaderMap, header: axum::http::HeaderName, entry: &str) -> bool {
    headers
        .get_all(header)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|value| value.trim().eq_ignore_ascii_case(entry))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_users_are_one_endpoint() {
        let table = [
            ("/api/v1/ws/user-1", ENDPOINT),
            ("/api/v1/ws/a%2Fb", ENDPOINT),
            ("/api/v1/ws/", "/api/v1/ws/"),
            ("/api/v1/ws/a/b", "/api/v1/ws/a/b"),
            ("/api/v1/wsx", "/api/v1/wsx"),
            ("/health", "/health"),
        ];
        for (path, endpoint) in table {
            assert_eq!(endpoint_of(path), endpoint);
        }
    }
}
