//! One user's WebSocket: its handshake, and messages whose replies are known by what they repeat.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use http::StatusCode;
use tokio::time::{Instant, timeout_at};
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use super::reply::{Reply, matching};
use super::{Connector, Exchange, Handshake, Outcome, Stream, Talk};
use crate::pace::Deadline;
use crate::profile::Socket;

/// What a close without a close frame is called (RFC 6455, 7.1.5).
const ABNORMAL: u16 = 1006;
/// What a close frame without a code is called.
const NO_CODE: u16 = 1005;
/// Small, as there may be ten thousand: frames longer than this take more reads.
const READ_BUFFER: usize = 4 * 1024;

/// One user's WebSocket, open or not.
pub struct Line {
    handshake: Handshake,
    /// The id of the next message: unique on every connection of the run.
    next_id: u64,
    was_open: bool,
    wire: Wire,
    deadline: Deadline,
}

/// The connection, and what was met on it.
#[derive(Default)]
struct Wire {
    open: Option<Box<WebSocketStream<Stream>>>,
    talk: Talk,
    /// Whether it was lost and nobody has been told.
    lost: bool,
}

impl Line {
    /// A line that is not open yet; `first_id` is what its messages are numbered from.
    pub fn new(handshake: Handshake, first_id: u64) -> Line {
        Line {
            handshake,
            next_id: first_id,
            was_open: false,
            wire: Wire::default(),
            deadline: Deadline::tokio(),
        }
    }

    /// The same with a deadline of a worker's.
    pub fn paced(handshake: Handshake, first_id: u64, deadline: Deadline) -> Line {
        Line {
            deadline,
            ..Line::new(handshake, first_id)
        }
    }

    /// Whether it is open, as far as is known.
    pub fn is_open(&self) -> bool {
        self.wire.open.is_some()
    }

    /// What was met since the last call.
    pub fn talk(&mut self) -> Talk {
        std::mem::take(&mut self.wire.talk)
    }

    /// Connects, TLS and handshake included, within the socket's time for it. An open line stays as it is.
    pub async fn connect(&mut self, connector: &Connector, socket: &Socket) -> Exchange {
        let begun = Instant::now();
        let until = begun + socket.connect_timeout;
        let mut sent = None;
        // Boxed: it is large, rare, and would have its place in every user otherwise.
        let opening = Box::pin(self.open(connector, socket, &mut sent));
        let outcome = match timeout_at(until, opening).await {
            Ok(outcome) => outcome,
            Err(_) => Outcome::Timeout,
        };
        if outcome.is_ok() {
            self.wire.talk.reconnects += u64::from(self.was_open);
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
        if self.wire.open.is_some() {
            return Outcome::Ok;
        }
        let stream = match connector.connect(socket.connect_timeout).await {
            Ok(stream) => stream,
            Err(error) => return error.outcome(),
        };
        let Ok(request) = self.handshake.request() else {
            return Outcome::Protocol;
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
                self.wire.open = Some(Box::new(open));
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
        if self.wire.open.is_none() {
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
        let waiting = self.wire.converse(Message::Text(message), socket, &id);
        let (outcome, bytes) = match self.deadline.within(until, waiting).await {
            Some(ended) => ended,
            None => (Outcome::Timeout, 0),
        };
        ended(Some(sent), outcome, bytes, connected)
    }

    /// Reads what comes while nothing is due, and returns once for each connection that is lost.
    pub async fn idle(&mut self, socket: &Socket) {
        self.wire.idle(socket).await;
    }

    /// Says goodbye, and does not wait for an answer longer than `patience`.
    pub async fn leave(&mut self, patience: Duration) {
        if let Some(mut open) = self.wire.open.take() {
            let frame = CloseFrame {
                code: CloseCode::Normal,
                reason: Utf8Bytes::default(),
            };
            // Whoever does not take it is gone already.
            let _ = tokio::time::timeout(patience, open.send(Message::Close(Some(frame)))).await;
        }
    }
}

impl Wire {
    async fn converse(&mut self, message: Message, socket: &Socket, id: &str) -> (Outcome, u64) {
        let Some(open) = &mut self.open else {
            return (Outcome::Closed(ABNORMAL), 0);
        };
        if let Err(error) = open.send(message).await {
            return (self.lost(Some(&Err(error))), 0);
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
    async fn idle(&mut self, socket: &Socket) {
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
                other => return Err(self.lost(other.as_ref())),
            }
        }
    }

    /// The connection has ended though its user wanted to stay.
    fn lost(&mut self, how: Option<&Result<Message, Error>>) -> Outcome {
        self.open = None;
        self.lost = true;
        let code = match how {
            Some(Ok(Message::Close(Some(CloseFrame { code, .. })))) => u16::from(*code),
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
