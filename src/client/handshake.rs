//! The handshake by which one user opens its WebSocket.

use http::header::{CONNECTION, ORIGIN, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE};
use http::{HeaderMap, Request, Uri};
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use url::Position;

use super::RequestError;
use super::request::{lay_over, own_headers, sensitive};
use crate::plan::Socket;
use crate::profile::Destination;
use crate::secret::Secret;

/// What a user needs to open its WebSocket; the token's place is filled in.
#[derive(Clone)]
pub struct Handshake {
    uri: Uri,
    headers: HeaderMap,
    /// The token, which may be in the path.
    token: Option<Secret>,
}

impl Handshake {
    /// Prepares the handshake of virtual user `index`.
    ///
    /// # Errors
    /// The first part of it that HTTP cannot carry.
    pub fn new(
        socket: &Socket,
        common: &[(String, String)],
        destination: &Destination,
        index: usize,
    ) -> Result<Handshake, RequestError> {
        let identity = destination.user(index);
        let token = identity
            .and_then(|identity| identity.token.as_ref())
            .or(destination.token.as_ref())
            .map(Secret::reveal);
        let escaped = |text: &str| -> String {
            url::form_urlencoded::byte_serialize(text.as_bytes())
                .collect::<String>()
                .replace('+', "%20")
        };
        let path = socket
            .path
            .replace("{user}", &escaped(user_name(destination, index)))
            .replace("{token}", &escaped(token.unwrap_or_default()));
        let scheme = if destination.origin.scheme() == "https" {
            "wss"
        } else {
            "ws"
        };
        let host = &destination.origin[Position::BeforeHost..Position::AfterPort];
        let uri = format!("{scheme}://{host}{path}")
            .parse()
            .map_err(|_| RequestError::Path(socket.path.clone()))?;
        let mut headers = own_headers(destination, token.filter(|_| socket.auth))?;
        lay_over(&mut headers, common)?;
        if let Some(identity) = identity {
            lay_over(&mut headers, &identity.headers)?;
        }
        let token = token.map(Secret::new);
        Ok(Handshake {
            uri,
            headers,
            token,
        })
    }

    /// Its secrets: the token, and the values of the profile's headers.
    pub(super) fn secrets(&self) -> Vec<&str> {
        let token = self.token.as_ref().map(Secret::reveal);
        token.into_iter().chain(sensitive(&self.headers)).collect()
    }

    pub(super) fn has_origin(&self) -> bool {
        self.headers.contains_key(ORIGIN)
    }

    pub(super) fn request(&self) -> Result<Request<()>, Error> {
        let mut request = Request::builder()
            .uri(self.uri.clone())
            .header(CONNECTION, "Upgrade")
            .header(UPGRADE, "websocket")
            .header(SEC_WEBSOCKET_VERSION, "13")
            .header(SEC_WEBSOCKET_KEY, generate_key())
            .body(())
            .map_err(Error::HttpFormat)?;
        request.headers_mut().extend(self.headers.clone());
        Ok(request)
    }
}

fn user_name(destination: &Destination, index: usize) -> &str {
    destination.user(index).map_or("", |user| &user.user)
}
