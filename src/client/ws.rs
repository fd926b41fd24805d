//! One user's WebSocket: its handshake, and messages whose replies are known by what they repeat.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use http::header::{CONNECTION, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE};
use http::{HeaderMap, Request, StatusCode, Uri};
use serde_json::Value;
use tokio::time::{Instant, timeout_at};
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};
use url::Position;

use super::json::field_text;
use super::request::{lay_over, own_headers};
use super::{Connector, Exchange, Outcome, RequestError, Stream, Talk};
use crate::profile::{Destination, Socket};

/// What a close without a close frame is called (RFC 6455, 7.1.5).
const ABNORMAL: u16 = 1006;
/// What a close frame without a code is called.
const NO_CODE: u16 = 1005;
/// Small, as there may be ten thousand: frames longer than this take more reads.
const READ_BUFFER: usize = 4 * 1024;

/// What a user needs to open its WebSocket; the token's place is filled in.
#[derive(Clone)]
pub struct Handshake {
    uri: Uri,
    headers: HeaderMap,
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
            .map(|token| token.reveal());
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
        Ok(Handshake { uri, headers })
    }

    fn request(&self) -> Result<Request<()>, Error> {
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

/// One user's WebSocket, open or not.
pub struct Line {
    handshake: Handshake,
    open: Option<Box<WebSocketStream<Stream>>>,
    talk: Talk,
    /// The id of the next message: unique on every connection of the run.
    next_id: u64,
    was_open: bool,
    /// Whether it was lost and nobody has been told.
    lost: bool,
}

impl Line {
    /// A line that is not open yet; `first_id` is what its messages are numbered from.
    pub fn new(handshake: Handshake, first_id: u64) -> Line {
        Line {
            handshake,
            open: None,
            talk: Talk::default(),
            next_id: first_id,
            was_open: false,
            lost: false,
        }
    }

    /// Whether it is open, as far as is known.
    pub fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// What was met since the last call.
    pub fn talk(&mut self) -> Talk {
        std::mem::take(&mut self.talk)
    }

    /// Connects, TLS and handshake included, within the socket's time for it. An open line stays as it is.
    pub async fn connect(&mut self, connector: &Connector, socket: &Socket) -> Exchange {
        let begun = Instant::now();
        let until = begun + socket.connect_timeout;
        let mut sent = None;
        let outcome = match timeout_at(until, self.open(connector, socket, &mut sent)).await {
            Ok(outcome) => outcome,
            Err(_) => Outcome::Timeout,
        };
        if outcome.is_ok() {
            self.talk.reconnects += u64::from(self.was_open);
            self.was_open = true;
        }
        ended(sent, outcome, 0, outcome.is_ok())
    }

    async fn open(
        &mut self,
        connector: &Connector,
        socket: &Socket,
        sent: &mut Option<Instant>,
    ) -> Outcome {
        if self.open.is_some() {
            return Outcome::Ok;
        }
        let stream = match connector.connect(socket.connect_timeout).await {
            Ok(stream) => stream,
            Err(error) => return error.outcome(),
        };
        let request = match self.handshake.request() {
            Ok(request) => request,
            Err(_) => return Outcome::Protocol,
        };
        *sent = Some(Instant::now());
        let limit = usize::try_from(socket.frame_bytes).unwrap_or(usize::MAX);
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER)
            .write_buffer_size(0)
            .max_message_size(Some(limit))
            .max_frame_size(Some(limit));
        match client_async_with_config(request, stream, Some(config)).await {
            Ok((open, _)) => {
                self.open = Some(Box::new(open));
                Outcome::Ok
            }
            Err(error) => refused(&error),
        }
    }

    /// Sends a message and waits for its reply, within the socket's time for it; opens the line first if need be.
    ///
    /// Other frames that arrive meanwhile are counted and are no reply. A message without its reply ends as
    /// [`Outcome::Timeout`], one whose connection went as [`Outcome::Closed`].
    pub async fn exchange(&mut self, connector: &Connector, socket: &Socket) -> Exchange {
        let mut connected = false;
        if self.open.is_none() {
            let connecting = self.connect(connector, socket).await;
            if !connecting.outcome.is_ok() {
                return connecting;
            }
            connected = true;
        }
        let id = self.next_id.to_string();
        self.next_id += 1;
        let message = Utf8Bytes::from(socket.message.replace("{id}", &id));
        let sent = Instant::now();
        let until = sent + socket.reply_timeout;
        let waiting = self.converse(Message::Text(message), socket, &id);
        let (outcome, bytes) = match timeout_at(until, waiting).await {
            Ok(ended) => ended,
            Err(_) => (Outcome::Timeout, 0),
        };
        ended(Some(sent), outcome, bytes, connected)
    }

    async fn converse(&mut self, message: Message, socket: &Socket, id: &str) -> (Outcome, u64) {
        let Some(open) = &mut self.open else {
            return (Outcome::Closed(ABNORMAL), 0);
        };
        if let Err(error) = open.send(message).await {
            return (self.lost(Some(Err(error))), 0);
        }
        loop {
            match self.frame().await {
                Ok(text) => match matching(&text, socket, id) {
                    Reply::Mine => return (Outcome::Ok, text.len() as u64),
                    Reply::Late => self.talk.late_replies += 1,
                    Reply::None => self.talk.unasked += 1,
                },
                Err(outcome) => return (outcome, 0),
            }
        }
    }

    /// Reads what comes while nothing is due, and returns once for each connection that is lost.
    pub async fn idle(&mut self, socket: &Socket) {
        if self.open.is_none() && !self.lost {
            return std::future::pending().await;
        }
        while self.open.is_some()
            && let Ok(text) = self.frame().await
        {
            match matching(&text, socket, "") {
                Reply::None => self.talk.unasked += 1,
                _ => self.talk.late_replies += 1,
            }
        }
        self.lost = false;
    }

    /// The next frame with content, or how the connection ended. Cancelled at any time, it loses nothing.
    async fn frame(&mut self) -> Result<Utf8Bytes, Outcome> {
        loop {
            let next = match &mut self.open {
                Some(open) => open.next().await,
                None => None,
            };
            match next {
                Some(Ok(Message::Text(text))) => return Ok(text),
                Some(Ok(Message::Binary(bytes))) => {
                    return Ok(Utf8Bytes::from(String::from_utf8_lossy(&bytes).as_ref()));
                }
                // The answer to a ping is on its way with the next read or write.
                Some(Ok(Message::Ping(_))) => {
                    self.talk.control_pings += 1;
                    if let Some(open) = &mut self.open {
                        let _ = open.flush().await;
                    }
                }
                Some(Ok(Message::Pong(_) | Message::Frame(_))) => {}
                other => return Err(self.lost(other)),
            }
        }
    }

    /// The connection has ended though its user wanted to stay.
    fn lost(&mut self, how: Option<Result<Message, Error>>) -> Outcome {
        self.open = None;
        self.lost = true;
        let code = match how {
            Some(Ok(Message::Close(Some(CloseFrame { code, .. })))) => u16::from(code),
            Some(Ok(Message::Close(None))) => NO_CODE,
            Some(Err(Error::Protocol(ProtocolError::ResetWithoutClosingHandshake))) => ABNORMAL,
            Some(Err(Error::Capacity(_) | Error::Protocol(_) | Error::Utf8(_))) => {
                self.talk.closed = Some(u16::from(CloseCode::Protocol));
                return Outcome::Protocol;
            }
            _ => ABNORMAL,
        };
        self.talk.closed = Some(code);
        Outcome::Closed(code)
    }

    /// Says goodbye, and does not wait for an answer longer than `patience`.
    pub async fn leave(&mut self, patience: Duration) {
        if let Some(mut open) = self.open.take() {
            let frame = CloseFrame {
                code: CloseCode::Normal,
                reason: Utf8Bytes::default(),
            };
            // Whoever does not take it is gone already.
            let _ = tokio::time::timeout(patience, open.send(Message::Close(Some(frame)))).await;
        }
    }
}

fn ended(sent: Option<Instant>, outcome: Outcome, bytes: u64, connected: bool) -> Exchange {
    Exchange {
        sent,
        done: Instant::now(),
        bytes,
        outcome,
        connected,
        resent: false,
    }
}

/// What a failed handshake means.
fn refused(error: &Error) -> Outcome {
    match error {
        Error::Http(answer) => match answer.status() {
            StatusCode::TOO_MANY_REQUESTS => Outcome::RateLimited,
            status => Outcome::Status(status.as_u16()),
        },
        Error::Io(_) | Error::ConnectionClosed | Error::AlreadyClosed => Outcome::Reset,
        Error::Tls(_) => Outcome::Tls,
        _ => Outcome::Protocol,
    }
}

/// Whose answer a frame is.
enum Reply {
    /// To the message that is waited for.
    Mine,
    /// To a message that was given up.
    Late,
    /// To none.
    None,
}

fn matching(text: &str, socket: &Socket, id: &str) -> Reply {
    if socket.reply.is_empty() && socket.matching.is_empty() {
        return if !id.is_empty() && text.contains(id) {
            Reply::Mine
        } else {
            Reply::None
        };
    }
    let Ok(frame) = serde_json::from_str::<Value>(text) else {
        return Reply::None;
    };
    let says = |(field, wanted): &(String, String)| {
        field_text(&frame, field).is_some_and(|text| text == *wanted)
    };
    if !socket.reply.iter().all(says) {
        return Reply::None;
    }
    let repeated = match socket.matching.as_str() {
        "" => text.contains(id).then(|| id.to_owned()),
        field => field_text(&frame, field),
    };
    match repeated {
        Some(repeated) if !id.is_empty() && is_same(&repeated, id) => Reply::Mine,
        _ => Reply::Late,
    }
}

/// Services may repeat a whole number as a real one: `7` comes back as `7.0`.
fn is_same(repeated: &str, id: &str) -> bool {
    repeated == id || repeated.strip_suffix(".0").is_some_and(|whole| whole == id)
}
