//! The handshake by which one user opens its WebSocket.

use std::sync::Arc;

use http::header::{CONNECTION, ORIGIN, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE};
use http::{HeaderMap, Request, Uri};
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use url::Position;

use super::RequestError;
use super::rendering::{Given, Rendering, Sender};
use super::request::{lay_over, own_headers, sensitive};
use super::request_template::bind;
use crate::plan::Socket;
use crate::profile::Destination;
use crate::secret::Secret;
use crate::template::{BoundTemplate, Place, PlanValues, Template};

/// What all users on a WebSocket have in common.
pub(super) struct SocketTemplate {
    rendering: Arc<Rendering>,
    destination: Destination,
    path: BoundTemplate,
    /// The path as the profile writes it.
    shown: String,
    headers: Vec<(String, BoundTemplate)>,
    message: Arc<BoundTemplate>,
    auth: bool,
}

/// What a user needs to open its WebSocket, and what it says there.
#[derive(Clone)]
pub struct Handshake {
    uri: Uri,
    headers: HeaderMap,
    /// The token, which may be in the path.
    token: Option<Secret>,
    rendering: Arc<Rendering>,
    message: Arc<BoundTemplate>,
    user: u64,
}

impl SocketTemplate {
    /// # Errors
    /// The first part of a handshake that HTTP cannot carry.
    pub(super) fn new(
        socket: &Socket,
        common: &[(String, String)],
        destination: &Destination,
        rendering: &Arc<Rendering>,
    ) -> Result<SocketTemplate, RequestError> {
        let values = &rendering.plan;
        let header = |(name, value): &(String, String)| match bind(value, Place::Header, values) {
            Ok(bound) => Ok((name.clone(), bound)),
            Err(_) => Err(RequestError::HeaderValue(name.clone())),
        };
        let is_json = Template::parse(&socket.message).is_json();
        let place = if is_json { Place::Json } else { Place::Raw };
        let message = bind(&socket.message, place, values);
        let message = message.map_err(|error| RequestError::Body(error.to_string()))?;
        let path = bind(&socket.path, Place::Url, values);
        Ok(SocketTemplate {
            rendering: Arc::clone(rendering),
            destination: Destination {
                users: Arc::default(),
                ..destination.clone()
            },
            path: path.map_err(|_| RequestError::Path(socket.path.clone()))?,
            shown: socket.path.clone(),
            headers: common.iter().map(header).collect::<Result<_, _>>()?,
            message: Arc::new(message),
            auth: socket.auth,
        })
    }

    /// Prepares the handshake of virtual user `index`.
    ///
    /// # Errors
    /// The first part of it that HTTP cannot carry.
    pub(super) fn handshake(&self, index: usize) -> Result<Handshake, RequestError> {
        let user = index as u64;
        let token = self.rendering.token(user);
        let sender = Sender::new(&self.rendering, (0, user, user), Given::Token(token));
        let write = |text: &BoundTemplate| {
            let mut out = Vec::new();
            let written = sender.write(text, &mut out);
            written.ok().and_then(|()| String::from_utf8(out).ok())
        };
        let wrong_path = || RequestError::Path(self.shown.clone());
        let path = write(&self.path).ok_or_else(wrong_path)?;
        let scheme = if self.destination.origin.scheme() == "https" {
            "wss"
        } else {
            "ws"
        };
        let host = &self.destination.origin[Position::BeforeHost..Position::AfterPort];
        let uri = format!("{scheme}://{host}{path}")
            .parse()
            .map_err(|_| wrong_path())?;
        let shown = token.map(Secret::reveal).filter(|_| self.auth);
        let mut headers = own_headers(&self.destination, shown)?;
        let common = self.headers.iter().map(|(name, value)| {
            let value = write(value).ok_or_else(|| RequestError::HeaderValue(name.clone()))?;
            Ok((name.clone(), value))
        });
        lay_over(
            &mut headers,
            &common.collect::<Result<Vec<_>, RequestError>>()?,
        )?;
        if let Some(identity) = self.rendering.identity(user) {
            lay_over(&mut headers, &identity.headers)?;
        }
        Ok(Handshake {
            uri,
            headers,
            token: token.cloned(),
            rendering: Arc::clone(&self.rendering),
            message: Arc::clone(&self.message),
            user,
        })
    }
}

impl Handshake {
    /// Prepares the handshake of virtual user `index`, with no data and no variables.
    ///
    /// # Errors
    /// The first part of it that HTTP cannot carry.
    pub fn new(
        socket: &Socket,
        common: &[(String, String)],
        destination: &Destination,
        index: usize,
    ) -> Result<Handshake, RequestError> {
        let rendering = Arc::new(Rendering::beside(PlanValues::default(), destination));
        SocketTemplate::new(socket, common, destination, &rendering)?.handshake(index)
    }

    /// Appends the message with this id, of the request with this number in the plan.
    pub(super) fn write_message(&self, id: u64, number: u64, out: &mut Vec<u8>) {
        let token = Given::Token(self.token.as_ref());
        let mut sender = Sender::new(&self.rendering, (1, self.user, number), token);
        sender.marks.id = id;
        // All that a message may name is there, and stands anywhere.
        let _ = sender.write(&self.message, out);
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
