//! The hot path: one user's kept connection, and one exchange after another on it.

use std::future::pending;

use tokio::time::Instant;

use super::attempt::{Kept, Listener, Trace};
use super::excerpt::excerpt;
use super::{ConnectError, Connector, Outcome, PreparedRequest};
use crate::pace::Deadline;
use crate::profile::Bounds;

/// How one exchange went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exchange {
    /// The instant before the first write that the system took; of a request sent twice, the first one.
    /// `None` when nothing was written.
    pub sent: Option<Instant>,
    /// When the last byte had arrived, or when it was given up.
    pub done: Instant,
    /// Bytes of the body that arrived.
    pub bytes: u64,
    /// How it ended.
    pub outcome: Outcome,
    /// Whether a connection was made for it.
    pub connected: bool,
    /// Whether it was sent twice, because the kept connection had been closed meanwhile.
    pub resent: bool,
}

/// One user's connection: made when it is needed, kept as long as it is good.
pub struct Connection {
    connector: Connector,
    // Boxed, so that a user without a connection costs next to nothing.
    kept: Option<Box<Kept>>,
    refusal: Option<Box<ConnectError>>,
    excerpt: Vec<u8>,
    deadline: Deadline,
}

impl Connection {
    /// A connection that is not made yet.
    pub fn new(connector: Connector) -> Connection {
        Connection {
            connector,
            kept: None,
            refusal: None,
            excerpt: Vec::new(),
            deadline: Deadline::tokio(),
        }
    }

    /// The same with a deadline of a worker's.
    pub fn paced(connector: Connector, deadline: Deadline) -> Connection {
        Connection {
            deadline,
            ..Connection::new(connector)
        }
    }

    /// Why the last exchange had no connection; `None` when it had one.
    pub fn refusal(&self) -> Option<&ConnectError> {
        self.refusal.as_deref()
    }

    /// Why the last exchange failed, as far as the answer or the connection says it: how the body of an unexpected
    /// answer begins, without secrets, or why there was no connection. Empty when there is nothing to say.
    pub fn excerpt(&self, request: &PreparedRequest) -> String {
        match &self.refusal {
            Some(refusal) => refusal.to_string(),
            None => excerpt(&self.excerpt, &request.secrets()),
        }
    }

    /// Whether a connection is kept; it may have been closed by the target since.
    pub fn is_kept(&self) -> bool {
        self.kept.is_some()
    }

    /// Attends to the connection while nothing is asked, and drops it when it has ended. Never returns, and may
    /// be dropped at any time.
    pub async fn idle(&mut self) {
        if let Some(kept) = &mut self.kept {
            kept.idle().await;
            self.kept = None;
        }
        pending::<()>().await;
    }

    /// Sends a request and reads the answer to its end.
    ///
    /// The timeout counts from the call, and `give_up` ends it earlier: as [`Outcome::CutOff`], or as
    /// [`Outcome::NotStarted`] when nothing was sent. After anything but a whole answer the connection is
    /// dropped. When a kept connection ends before any byte of the answer, an idempotent request is sent
    /// once more on a new one; the wait goes on from the first.
    ///
    /// An unexpected status outweighs a broken body: it is the cause that helps.
    pub async fn exchange(
        &mut self,
        request: &PreparedRequest,
        bounds: &Bounds,
        give_up: Instant,
    ) -> Exchange {
        self.exchange_heard(request, bounds, give_up, &mut ()).await
    }

    pub(super) async fn exchange_heard(
        &mut self,
        request: &PreparedRequest,
        bounds: &Bounds,
        give_up: Instant,
        listener: &mut impl Listener,
    ) -> Exchange {
        let begun = Instant::now();
        let limit = give_up.min(begun + bounds.timeout);
        let mut trace = Trace {
            now: Some(begun),
            ..Trace::default()
        };
        self.refusal = None;
        self.excerpt.clear();
        if give_up <= begun {
            return trace.ended(Outcome::NotStarted);
        }
        let open = &mut Open {
            connector: &self.connector,
            kept: &mut self.kept,
            refusal: &mut self.refusal,
        };
        let attempts = open.attempts(request, bounds, &mut trace, listener);
        let ended = self.deadline.within(limit, attempts).await;
        self.excerpt.append(&mut trace.excerpt);
        if let Some(outcome) = ended {
            return trace.ended(outcome);
        }
        // The attempt was dropped where it stood, and its connection is good for nothing any more.
        self.kept = None;
        trace.ended(match trace.sent {
            _ if limit < give_up => Outcome::Timeout,
            Some(_) => Outcome::CutOff,
            None => Outcome::NotStarted,
        })
    }
}

/// What an exchange needs of its user's connection.
struct Open<'a> {
    connector: &'a Connector,
    kept: &'a mut Option<Box<Kept>>,
    refusal: &'a mut Option<Box<ConnectError>>,
}

impl Open<'_> {
    async fn attempts(
        &mut self,
        request: &PreparedRequest,
        bounds: &Bounds,
        trace: &mut Trace,
        listener: &mut impl Listener,
    ) -> Outcome {
        let mut reused = self.is_usable().await;
        loop {
            if !reused {
                trace.now = None;
                if let Err(outcome) = self.connect(bounds).await {
                    return outcome;
                }
            }
            trace.connected |= !reused;
            let Some(kept) = &mut *self.kept else {
                return Outcome::Reset;
            };
            let end = kept.attempt(request, bounds, trace, listener).await;
            if !end.clean {
                *self.kept = None;
            }
            let stale = reused && !end.heard && end.outcome == Outcome::Reset;
            if !stale || (end.wrote && !request.is_idempotent()) {
                return end.outcome;
            }
            trace.resent = end.wrote;
            reused = false;
        }
    }

    /// Whether the kept connection can take a request; drops it if not.
    async fn is_usable(&mut self) -> bool {
        let usable = match &mut *self.kept {
            Some(kept) => kept.is_usable().await,
            None => false,
        };
        if !usable {
            *self.kept = None;
        }
        usable
    }

    async fn connect(&mut self, bounds: &Bounds) -> Result<(), Outcome> {
        // Boxed: it is large, rare, and would have its place in every user otherwise.
        match Box::pin(self.connector.connect_http(bounds.connect_timeout)).await {
            Ok((stream, version)) => {
                let kept = Box::pin(Kept::open(stream, version)).await?;
                *self.kept = Some(Box::new(kept));
                Ok(())
            }
            Err(error) => {
                let outcome = error.outcome();
                *self.refusal = Some(Box::new(error));
                Err(outcome)
            }
        }
    }
}

impl Trace {
    fn ended(&self, outcome: Outcome) -> Exchange {
        Exchange {
            sent: self.sent,
            done: self.done.unwrap_or_else(Instant::now),
            bytes: self.bytes,
            outcome,
            connected: self.connected,
            resent: self.resent,
        }
    }
}
