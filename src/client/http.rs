//! The hot path: one user's kept connection, and one exchange after another on it.

use std::future::pending;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use tokio::time::{Instant, sleep};
use url::Url;

use super::attempt::{AnswerListener, AttemptEnd, ExchangeTiming, HttpConnection};
use super::excerpt::excerpt;
use super::stream_error::StreamError;
use super::{ConnectError, Connector, PreparedRequest, Turns, retry_after};
use crate::plan::Bounds;
use crate::record::Outcome;
use crate::timers::{Deadline, TimerQueue};

/// An end that shows within this time has not waited for any work of the target: on a fast network a thread that
/// reads it may be this late.
const SHORTEST_ROUND_TRIP: Duration = Duration::from_millis(2);
/// How often a request is sent again that the target says it has not processed.
const MOST_REFUSALS: u32 = 6;

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
    /// Whether it was sent again: the kept connection had been closed meanwhile, or the target said that it had
    /// not processed it.
    pub resent: bool,
    /// The address that it was sent to, by its index among those of the name; `None` when there is only one, or
    /// nothing was sent.
    pub address: Option<u16>,
    /// Whether the answer is right, but does not yet have what the step polls for.
    pub is_pending: bool,
}

impl Exchange {
    /// One that ended before anything could be sent.
    pub fn unsent(outcome: Outcome) -> Exchange {
        ExchangeTiming::default().ended(outcome)
    }
}

/// One user's connection: made when it is needed, kept as long as it is good.
pub struct Connection {
    connector: Connector,
    // Boxed, so that a user without a connection costs next to nothing.
    kept: Option<Box<KeptLink>>,
    refusal: Option<Box<ConnectError>>,
    stream_error: Option<StreamError>,
    excerpt: Vec<u8>,
    retry_after: Option<u32>,
    deadline: Deadline,
    turns: Turns,
    shortest_round_trip: Duration,
    agenda: Option<Rc<TimerQueue>>,
}

/// A connection that is kept, and what is known of its way.
struct KeptLink {
    kept: HttpConnection,
    round_trip: Duration,
    address: Option<u16>,
}

impl Connection {
    /// A connection that is not made yet.
    pub fn new(connector: Connector) -> Connection {
        Connection {
            connector,
            kept: None,
            refusal: None,
            stream_error: None,
            excerpt: Vec::new(),
            retry_after: None,
            deadline: Deadline::tokio(),
            turns: Turns::default(),
            shortest_round_trip: SHORTEST_ROUND_TRIP,
            agenda: None,
        }
    }

    /// The same with a deadline of a worker's.
    pub fn paced(connector: Connector, deadline: Deadline) -> Connection {
        Connection {
            agenda: deadline.agenda().cloned(),
            deadline,
            ..Connection::new(connector)
        }
    }

    /// The same with these turns among the addresses of the name.
    pub fn taking(self, turns: Turns) -> Connection {
        Connection { turns, ..self }
    }

    /// The same, taking the end of a kept connection as one from before the request when it shows within this time
    /// of sending, even if a round trip is shorter.
    pub fn with_shortest_round_trip(self, shortest_round_trip: Duration) -> Connection {
        Connection {
            shortest_round_trip,
            ..self
        }
    }

    /// Why the last exchange had no connection; `None` when it had one.
    pub fn refusal(&self) -> Option<&ConnectError> {
        self.refusal.as_deref()
    }

    /// Why the last exchange failed, as far as the answer or the connection says it: how the body of an unexpected
    /// answer begins, without secrets, why there was no connection, or with which code HTTP/2 ended it. Empty when there
    /// is nothing to say.
    pub fn excerpt(&self, request: &PreparedRequest) -> String {
        self.excerpt_without(request, &[])
    }

    /// The same without these secrets, besides those of the request.
    pub(super) fn excerpt_without(&self, request: &PreparedRequest, secrets: &[&str]) -> String {
        if let Some(refusal) = &self.refusal {
            return refusal.to_string();
        }
        let said = excerpt(&self.excerpt, &[&request.secrets()[..], secrets].concat());
        match self.stream_error {
            Some(error) if said.is_empty() => error.to_string(),
            _ => said,
        }
    }

    /// The origin of the target that it leads to.
    pub(super) fn origin(&self) -> Option<Url> {
        self.connector.origin()
    }

    /// Why HTTP/2 ended the last exchange; `None` where it did not.
    pub(super) fn stream_error(&self) -> Option<StreamError> {
        self.stream_error
    }

    /// How long the target asked to wait when it refused the last request, in seconds: by `Retry-After`, or in a JSON
    /// body.
    pub fn retry_after(&self) -> Option<u32> {
        self.retry_after
            .or_else(|| retry_after::of_body(&self.excerpt))
    }

    /// Whether a connection is kept; it may have been closed by the target since.
    pub fn is_kept(&self) -> bool {
        self.kept.is_some()
    }

    /// Whether the kept connection speaks HTTP/2.
    pub(super) fn is_http2(&self) -> bool {
        let kept = self.kept.as_ref();
        kept.is_some_and(|link| matches!(link.kept, HttpConnection::Two(_)))
    }

    /// Attends to the connection while nothing is asked, and drops it when it has ended. Never returns, and may
    /// be dropped at any time.
    pub async fn idle(&mut self) {
        if let Some(link) = &mut self.kept {
            link.kept.idle().await;
            self.kept = None;
        }
        pending::<()>().await;
    }

    /// Sends a request and reads the answer to its end.
    ///
    /// The timeout counts from the call, and `give_up` ends it earlier: as [`Outcome::CutOff`], or as
    /// [`Outcome::NotStarted`] when nothing was sent. After anything but a whole answer the connection is
    /// dropped.
    ///
    /// A request is sent again in two cases, and the wait continues from the first. A kept connection was closed
    /// before the request reached the target: its end shows within a round trip of sending, before any byte of
    /// an answer; then an idempotent request is sent once more on a new one. Or the target says that it has not
    /// processed the request (HTTP/2): then any request is sent again, up to six times.
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
        listener: &mut impl AnswerListener,
    ) -> Exchange {
        let begun = Instant::now();
        let limit = give_up.min(begun + bounds.timeout);
        let mut trace = ExchangeTiming {
            now: Some(begun),
            ..ExchangeTiming::default()
        };
        self.refusal = None;
        self.stream_error = None;
        self.excerpt.clear();
        self.retry_after = None;
        if give_up <= begun {
            return trace.ended(Outcome::NotStarted);
        }
        let open = &mut OpenConnection {
            connector: &self.connector,
            kept: &mut self.kept,
            refusal: &mut self.refusal,
            turns: &mut self.turns,
            shortest_round_trip: self.shortest_round_trip,
            agenda: self.agenda.as_deref(),
        };
        let attempts = open.attempts(request, bounds, &mut trace, listener);
        let ended = self.deadline.within(limit, attempts).await;
        self.excerpt.append(&mut trace.excerpt);
        self.retry_after = trace.retry_after;
        self.stream_error = trace.stream_error;
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
struct OpenConnection<'a> {
    connector: &'a Connector,
    kept: &'a mut Option<Box<KeptLink>>,
    refusal: &'a mut Option<Box<ConnectError>>,
    turns: &'a mut Turns,
    shortest_round_trip: Duration,
    agenda: Option<&'a TimerQueue>,
}

impl OpenConnection<'_> {
    async fn attempts(
        &mut self,
        request: &PreparedRequest,
        bounds: &Bounds,
        trace: &mut ExchangeTiming,
        listener: &mut impl AnswerListener,
    ) -> Outcome {
        let mut reused = self.is_usable().await;
        let mut refusals = 0;
        loop {
            if self.kept.is_none() {
                trace.now = None;
                if let Err(outcome) = self.connect(bounds, trace).await {
                    return outcome;
                }
                trace.connected = true;
            }
            let Some(link) = &mut *self.kept else {
                return Outcome::Reset;
            };
            trace.address = link.address;
            trace.stream_error = None;
            let round_trip = link.round_trip;
            let end = link.kept.attempt(request, bounds, trace, listener).await;
            if !end.clean {
                *self.kept = None;
            }
            if let Some(tls) = trace.tls.take() {
                let refusal = self.connector.tls_refusal(&io::Error::other(*tls));
                *self.refusal = refusal.map(Box::new);
            }
            if end.is_unprocessed && refusals < MOST_REFUSALS {
                pause_after(refusals).await;
                refusals += 1;
            } else if !(reused && self.is_stale(end, request, trace.sent, round_trip)) {
                return end.outcome;
            }
            trace.resent |= end.wrote;
            reused = false;
        }
    }

    /// Whether a kept connection had been closed before the request reached the target, as far as can be known: a
    /// target that works on a request and drops it then shows the end later.
    fn is_stale(
        &self,
        end: AttemptEnd,
        request: &PreparedRequest,
        sent: Option<Instant>,
        round_trip: Duration,
    ) -> bool {
        if end.heard || end.is_unprocessed || end.outcome != Outcome::Reset {
            return false;
        }
        let Some(sent) = sent.filter(|_| end.wrote) else {
            return true;
        };
        // When it was read may be later than when it came.
        let held_up = self.agenda.map_or(0, |agenda| {
            let now = agenda.now();
            agenda.stalled_for(agenda.nanos(sent), now)
        });
        let at_once = round_trip.max(self.shortest_round_trip) + Duration::from_nanos(held_up);
        request.is_idempotent() && sent.elapsed() <= at_once
    }

    /// Whether the kept connection can take a request; drops it if not.
    async fn is_usable(&mut self) -> bool {
        let usable = match &mut *self.kept {
            Some(link) => link.kept.is_usable().await,
            None => false,
        };
        if !usable {
            *self.kept = None;
        }
        usable
    }

    async fn connect(
        &mut self,
        bounds: &Bounds,
        trace: &mut ExchangeTiming,
    ) -> Result<(), Outcome> {
        let place = self.connector.place(self.turns.take());
        let address = place.as_ref().and_then(|place| place.index);
        trace.address = address;
        // Boxed: it is large, rare, and would have its place in every user otherwise.
        let connecting = Box::pin(
            self.connector
                .connect_http_to(place.as_ref(), bounds.connect_timeout),
        );
        match connecting.await {
            Ok((made, version)) => {
                let kept = Box::pin(HttpConnection::open(made.stream, version)).await?;
                *self.kept = Some(Box::new(KeptLink {
                    kept,
                    round_trip: made.round_trip,
                    address,
                }));
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

/// The first time at once; then a target that refuses because it is busy gets some time.
async fn pause_after(refusals: u32) {
    if refusals > 0 {
        sleep(Duration::from_millis(1 << refusals)).await;
    }
}

impl ExchangeTiming {
    fn ended(&self, outcome: Outcome) -> Exchange {
        Exchange {
            sent: self.sent,
            done: self.done.unwrap_or_else(Instant::now),
            bytes: self.bytes,
            outcome,
            connected: self.connected,
            resent: self.resent,
            address: self.address,
            is_pending: false,
        }
    }
}
