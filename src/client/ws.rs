//! One user's WebSocket: its handshake, and messages whose replies are known by what they repeat.

use std::future::poll_fn;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::attempt::cause;
use super::excerpt::excerpt;
use super::reply::{Digits, ReplyKind, matching};
use super::upgrade::{RefusingAnswer, UpgradeRefusal, upgrade};
use super::ws_stream::{Framed, SocketEnd, SocketFrame};
use super::{Connector, Exchange, Handshake, Stream, Turns};
use crate::plan::Socket;
use crate::record::{Outcome, SocketEvents};
use crate::timers::Deadline;

/// The code of a goodbye.
const NORMAL: u16 = 1000;
/// What an end for frames that are none is called.
const PROTOCOL: u16 = 1002;
/// What an end for a message that is too long is called.
const TOO_BIG: u16 = 1009;
/// What a close without a close frame is called (RFC 6455, 7.1.5).
const ABNORMAL: u16 = 1006;

/// One user's WebSocket, open or not.
pub struct WebSocketSession {
    handshake: Handshake,
    /// The id of the next message: unique on every connection of the run.
    next_id: u64,
    /// The number in the plan of the next message.
    number: u64,
    was_open: bool,
    wire: Wire,
    deadline: Deadline,
    turns: Turns,
    /// The address that it is connected to, or was last.
    address: Option<u16>,
    /// Why it could not be opened the last time.
    refusal: Option<Box<str>>,
    /// What the last refused handshake was answered.
    answered: Option<Box<RefusingAnswer>>,
}

/// The connection, and what was met on it.
#[derive(Default)]
struct Wire {
    open: Option<Box<Framed<Stream>>>,
    talk: SocketEvents,
    /// Whether it was lost and this is not reported yet.
    lost: bool,
}

impl WebSocketSession {
    /// A line that is not open yet; `first_id` is what its messages are numbered from.
    pub fn new(handshake: Handshake, first_id: u64) -> WebSocketSession {
        WebSocketSession {
            handshake,
            next_id: first_id,
            number: first_id,
            was_open: false,
            wire: Wire::default(),
            deadline: Deadline::tokio(),
            turns: Turns::default(),
            address: None,
            refusal: None,
            answered: None,
        }
    }

    /// The same with a deadline of a worker's.
    pub fn paced(handshake: Handshake, first_id: u64, deadline: Deadline) -> WebSocketSession {
        WebSocketSession {
            deadline,
            ..WebSocketSession::new(handshake, first_id)
        }
    }

    /// The same with these turns among the addresses of the name.
    pub fn taking(self, turns: Turns) -> WebSocketSession {
        WebSocketSession { turns, ..self }
    }

    /// The same, whose next message has this number in the plan.
    pub fn number(&mut self, number: u64) -> &mut WebSocketSession {
        self.number = number;
        self
    }

    /// Whether its handshake says where the page comes from that opens it (`Origin`), as browsers do.
    pub(super) fn has_origin(&self) -> bool {
        self.handshake.has_origin()
    }

    /// Why it could not be opened the last time, if more is known than the outcome says.
    pub fn refusal(&self) -> Option<&str> {
        self.refusal.as_deref()
    }

    /// Why the last handshake failed, in the words of the answer or of the connection; empty when there are none.
    pub fn excerpt(&self) -> String {
        if self.is_open() {
            return String::new();
        }
        match (&self.answered, &self.refusal) {
            (Some(answered), _) => excerpt(&answered.body, &self.handshake.secrets()),
            (None, Some(refusal)) => refusal.to_string(),
            (None, None) => String::new(),
        }
    }

    /// How long the target asked to wait when it refused the last handshake, in seconds.
    pub fn retry_after(&self) -> Option<u32> {
        self.answered.as_ref()?.retry_after
    }

    /// Whether it is open, as far as is known.
    pub fn is_open(&self) -> bool {
        self.wire.open.is_some()
    }

    /// What was met since the last call.
    pub fn take_socket_events(&mut self) -> SocketEvents {
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
        self.ended(sent, outcome, 0, outcome.is_ok())
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
        self.refusal = None;
        self.answered = None;
        let place = connector.place(self.turns.take());
        self.address = place.as_ref().and_then(|place| place.index);
        let connecting = connector.connect_to(place.as_ref(), socket.connect_timeout);
        let stream = match connecting.await {
            Ok(stream) => stream,
            Err(error) => {
                self.refusal = Some(error.to_string().into());
                return error.outcome();
            }
        };
        let Ok(request) = self.handshake.request() else {
            return Outcome::Protocol;
        };
        *sent = Some(Instant::now());
        match upgrade(request, stream).await {
            Ok((stream, behind)) => {
                let open = Framed::new(stream, behind, socket.frame_bytes);
                self.wire.open = Some(Box::new(open));
                Outcome::Ok
            }
            Err(refusal) => {
                let tls = match &refusal {
                    UpgradeRefusal::Broken(error) => connector.tls_refusal(error),
                    _ => None,
                };
                let why = tls.map_or_else(|| refusal.to_string(), |error| error.to_string());
                self.refusal = Some(why.into());
                let outcome = refused(&refusal);
                if let UpgradeRefusal::Status(answered) = refusal {
                    self.answered = Some(Box::new(answered));
                }
                outcome
            }
        }
    }

    /// Sends a message and waits for its reply, within the socket's time for it; opens the line first if need be.
    ///
    /// Other frames that arrive meanwhile are counted, but are not replies. A message without its reply ends as
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
        let id = self.next_id;
        self.next_id += 1;
        let sent = Instant::now();
        let until = sent + socket.reply_timeout;
        let (handshake, number) = (&self.handshake, self.number);
        let message = |out: &mut Vec<u8>| handshake.write_message(id, number, out);
        let waiting = self.wire.converse(socket, id, &message);
        let (outcome, bytes) = match self.deadline.within(until, waiting).await {
            Some(ended) => ended,
            None => (Outcome::Timeout, 0),
        };
        self.ended(Some(sent), outcome, bytes, connected)
    }

    fn ended(
        &self,
        sent: Option<Instant>,
        outcome: Outcome,
        bytes: u64,
        connected: bool,
    ) -> Exchange {
        Exchange {
            sent,
            done: Instant::now(),
            bytes,
            outcome,
            connected,
            resent: false,
            address: self.address,
            is_pending: false,
        }
    }

    /// Reads what comes while nothing is due, and returns once for each connection that is lost.
    pub async fn idle(&mut self, socket: &Socket) {
        self.wire.idle(socket).await;
    }

    /// Says goodbye, and does not wait for an answer longer than `patience`.
    pub async fn leave(&mut self, patience: Duration) {
        if let Some(mut open) = self.wire.open.take() {
            poll_fn(|cx| {
                open.close(cx, NORMAL);
                Poll::Ready(())
            })
            .await;
            // A peer that does not take it is gone already.
            let _ = tokio::time::timeout(patience, poll_fn(|cx| open.poll_sent(cx))).await;
        }
    }
}

impl Wire {
    /// Sends the message with this id, and waits for its reply; with the bytes of it.
    async fn converse(
        &mut self,
        socket: &Socket,
        id: u64,
        message: &impl Fn(&mut Vec<u8>),
    ) -> (Outcome, u64) {
        let digits = Digits::of(id);
        let id = digits.as_str();
        let mut is_sent = false;
        let reply = poll_fn(|cx| {
            if let Some(open) = &mut self.open
                && !is_sent
            {
                is_sent = open.try_text(cx, message);
            }
            self.poll(cx, &mut |text, talk| {
                match matching(text, socket, id) {
                    ReplyKind::Mine => return Some(text.len() as u64),
                    ReplyKind::Late => talk.late_replies += 1,
                    ReplyKind::None => talk.unasked += 1,
                }
                None
            })
        });
        match reply.await {
            Ok(bytes) => (Outcome::Ok, bytes),
            Err(outcome) => (outcome, 0),
        }
    }

    /// Reads what comes while nothing is due, and returns once for each connection that is lost.
    async fn idle(&mut self, socket: &Socket) {
        if self.open.is_none() && !self.lost {
            return std::future::pending().await;
        }
        if self.open.is_some() {
            let mut hear = |text: &str, talk: &mut SocketEvents| -> Option<()> {
                match matching(text, socket, "") {
                    ReplyKind::None => talk.unasked += 1,
                    _ => talk.late_replies += 1,
                }
                None
            };
            let _ = poll_fn(|cx| self.poll(cx, &mut hear)).await;
        }
        self.lost = false;
    }

    /// Counts what comes, and passes frames with content to `hear` until it has heard enough; or returns how
    /// the connection ended. Cancelled at any time, it loses nothing.
    fn poll<T>(
        &mut self,
        cx: &mut Context<'_>,
        hear: &mut impl FnMut(&str, &mut SocketEvents) -> Option<T>,
    ) -> Poll<Result<T, Outcome>> {
        let Wire { open, talk, .. } = self;
        let Some(open) = open else {
            return Poll::Ready(Err(Outcome::Closed(ABNORMAL)));
        };
        let told = ready!(open.poll(cx, &mut |event| match event {
            SocketFrame::Message(text) => hear(text, talk),
            SocketFrame::Ping => {
                talk.control_pings += 1;
                None
            }
        }));
        Poll::Ready(told.map_err(|end| self.lost(end)))
    }

    /// The connection has ended though its user wanted to stay.
    fn lost(&mut self, end: SocketEnd) -> Outcome {
        self.open = None;
        self.lost = true;
        let (code, outcome) = match end {
            SocketEnd::Closed(code) => (code, Outcome::Closed(code)),
            SocketEnd::Broken => (ABNORMAL, Outcome::Closed(ABNORMAL)),
            SocketEnd::Protocol => (PROTOCOL, Outcome::Protocol),
            SocketEnd::TooLong => (TOO_BIG, Outcome::BadBody),
        };
        self.talk.closed = Some(code);
        outcome
    }
}

/// What a failed handshake means.
fn refused(refusal: &UpgradeRefusal) -> Outcome {
    match refusal {
        UpgradeRefusal::Status(answered) if answered.status == 429 => Outcome::RateLimited,
        UpgradeRefusal::Status(answered) => Outcome::Status(answered.status),
        UpgradeRefusal::Broken(error) => cause(error),
        UpgradeRefusal::Request(_) | UpgradeRefusal::Answer(_) => Outcome::Protocol,
    }
}
