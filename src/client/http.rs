//! The hot path: one user's kept connection, and one exchange after another on it.

use std::error::Error;
use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::HeaderMap;
use http_body_util::Full;
use hyper::body::{Body, Incoming};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::time::{Instant, timeout_at};

use super::wire::{Meter, Wire};
use super::{ConnectError, Connector, Outcome, PreparedRequest};
use crate::profile::Bounds;

/// The longest head of an answer. The buffer begins at 8 KiB and grows only for those who need it.
const HEAD_BYTES: usize = 64 * 1024;

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

/// Whoever wants to know what the answer says. The load doesn't.
pub(super) trait Listener {
    fn head(&mut self, _status: u16, _headers: &HeaderMap) {}
    fn chunk(&mut self, _bytes: &[u8]) {}
}

impl Listener for () {}

/// One user's connection: made when it is needed, kept as long as it is good.
pub struct Connection {
    connector: Connector,
    // Boxed, so that a user without a connection costs next to nothing.
    kept: Option<Box<Kept>>,
    refusal: Option<ConnectError>,
}

struct Kept {
    sender: http1::SendRequest<Full<Bytes>>,
    driver: Driver,
    meter: Arc<Meter>,
}

/// What is known so far of an exchange that may be cut off at any await.
#[derive(Default)]
struct Trace {
    sent: Option<Instant>,
    done: Option<Instant>,
    bytes: u64,
    connected: bool,
    resent: bool,
}

/// How one attempt ended, and whether the connection may serve another.
struct End {
    outcome: Outcome,
    clean: bool,
}

impl End {
    fn broken(outcome: Outcome) -> End {
        End {
            outcome,
            clean: false,
        }
    }
}

impl Connection {
    /// A connection that is not made yet.
    pub fn new(connector: Connector) -> Connection {
        Connection {
            connector,
            kept: None,
            refusal: None,
        }
    }

    /// Why the last exchange had no connection; `None` when it had one.
    pub fn refusal(&self) -> Option<&ConnectError> {
        self.refusal.as_ref()
    }

    /// Whether a connection is kept; it may have been closed by the target since.
    pub fn is_kept(&self) -> bool {
        self.kept.is_some()
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
        let mut trace = Trace::default();
        self.refusal = None;
        let end = if give_up <= begun {
            None
        } else {
            let attempts = self.attempts(request, bounds, &mut trace, listener);
            timeout_at(limit, attempts).await.ok()
        };
        let sent = trace.sent.or_else(|| self.sent().filter(|_| end.is_none()));
        let outcome = end.unwrap_or_else(|| {
            self.kept = self.kept.take().filter(|_| give_up <= begun);
            match sent {
                _ if limit < give_up => Outcome::Timeout,
                Some(_) => Outcome::CutOff,
                None => Outcome::NotStarted,
            }
        });
        Exchange {
            sent,
            done: trace.done.unwrap_or_else(Instant::now),
            bytes: trace.bytes,
            outcome,
            connected: trace.connected,
            resent: trace.resent,
        }
    }

    async fn attempts(
        &mut self,
        request: &PreparedRequest,
        bounds: &Bounds,
        trace: &mut Trace,
        listener: &mut impl Listener,
    ) -> Outcome {
        let mut reused = self.is_usable().await;
        loop {
            if !reused && let Err(outcome) = self.connect(bounds).await {
                return outcome;
            }
            trace.connected |= !reused;
            let Some(kept) = &mut self.kept else {
                return Outcome::Reset;
            };
            let end = kept.attempt(request, bounds, trace, listener).await;
            let (sent, heard) = (kept.meter.sent(), kept.meter.heard());
            trace.sent = trace.sent.or(sent);
            if !end.clean {
                self.kept = None;
            }
            let stale = reused && !heard && end.outcome == Outcome::Reset;
            if !stale || (sent.is_some() && !request.is_idempotent()) {
                return end.outcome;
            }
            trace.resent = sent.is_some();
            reused = false;
        }
    }

    /// Whether the kept connection can take a request. Asks the connection itself first, for only that
    /// notices that the target has closed it.
    async fn is_usable(&mut self) -> bool {
        let Some(kept) = &mut self.kept else {
            return false;
        };
        kept.meter.reset();
        let usable = poll_fn(|cx| Poll::Ready(kept.is_ready(cx))).await;
        if !usable {
            self.kept = None;
        }
        usable
    }

    async fn connect(&mut self, bounds: &Bounds) -> Result<(), Outcome> {
        self.kept = None;
        let stream = match self.connector.connect(bounds.connect_timeout).await {
            Ok(stream) => stream,
            Err(error) => {
                let outcome = error.outcome();
                self.refusal = Some(error);
                return Err(outcome);
            }
        };
        let (wire, meter) = Wire::new(stream);
        let (sender, connection) = http1::Builder::new()
            .max_buf_size(HEAD_BYTES)
            .handshake(TokioIo::new(wire))
            .await
            .map_err(|_| Outcome::Reset)?;
        self.kept = Some(Box::new(Kept {
            sender,
            driver: Driver(Some(connection)),
            meter,
        }));
        Ok(())
    }

    fn sent(&self) -> Option<Instant> {
        self.kept.as_ref().and_then(|kept| kept.meter.sent())
    }
}

impl Kept {
    fn is_ready(&mut self, cx: &mut Context<'_>) -> bool {
        // The first round may only tell the connection that its last answer was taken.
        for _ in 0..2 {
            if self.driver.poll(cx) {
                return false;
            }
            if let Poll::Ready(ready) = self.sender.poll_ready(cx) {
                return ready.is_ok();
            }
        }
        false
    }

    async fn attempt(
        &mut self,
        request: &PreparedRequest,
        bounds: &Bounds,
        trace: &mut Trace,
        listener: &mut impl Listener,
    ) -> End {
        self.meter.reset();
        let answer = pin!(self.sender.send_request(request.to_http()));
        let answer = match self.driver.along(answer).await {
            Some(Ok(answer)) => answer,
            Some(Err(error)) => return End::broken(cause(&error)),
            None => return End::broken(Outcome::Reset),
        };
        let status = answer.status().as_u16();
        let outcome = request.judge(status);
        listener.head(status, answer.headers());
        let whole = self
            .drain(answer.into_body(), bounds.body_bytes, trace, listener)
            .await;
        trace.done = Some(Instant::now());
        if whole {
            End {
                outcome,
                clean: poll_fn(|cx| Poll::Ready(!self.driver.poll(cx))).await,
            }
        } else if outcome.is_ok() {
            End::broken(Outcome::BadBody)
        } else {
            End::broken(outcome)
        }
    }

    /// Reads a body to its end; says whether it was whole and within its bound.
    async fn drain(
        &mut self,
        mut body: Incoming,
        longest: u64,
        trace: &mut Trace,
        listener: &mut impl Listener,
    ) -> bool {
        if body.size_hint().lower() > longest {
            return false;
        }
        loop {
            let frame = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx));
            let frame = match self.driver.along(pin!(frame)).await {
                Some(Some(Ok(frame))) => frame,
                Some(None) => return true,
                Some(Some(Err(_))) | None => return false,
            };
            let Some(chunk) = frame.data_ref() else {
                continue;
            };
            trace.bytes += chunk.len() as u64;
            if trace.bytes > longest {
                return false;
            }
            listener.chunk(chunk);
        }
    }
}

/// Hyper's side of a connection, polled by the task that waits for the answer: no task of its own, no
/// hand-over between two.
struct Driver(Option<http1::Connection<TokioIo<Wire>, Full<Bytes>>>);

impl Driver {
    /// Does what can be done; says whether the connection has ended.
    fn poll(&mut self, cx: &mut Context<'_>) -> bool {
        let Some(connection) = &mut self.0 else {
            return true;
        };
        // What went wrong is told to the request's own future, if there is one.
        let ended = Pin::new(connection).poll(cx).is_ready();
        if ended {
            self.0 = None;
        }
        ended
    }

    /// Waits for a future that needs the connection; `None` when the connection ended without it.
    async fn along<F: Future>(&mut self, mut future: Pin<&mut F>) -> Option<F::Output> {
        poll_fn(|cx| {
            let ended = self.poll(cx);
            match future.as_mut().poll(cx) {
                Poll::Ready(output) => Poll::Ready(Some(output)),
                Poll::Pending if ended => Poll::Ready(None),
                Poll::Pending => Poll::Pending,
            }
        })
        .await
    }
}

/// What it means that there is no head of an answer.
fn cause(error: &hyper::Error) -> Outcome {
    if error.is_parse() {
        return Outcome::Protocol;
    }
    let ended = error.is_incomplete_message() || error.is_canceled() || error.is_closed();
    // A user's error is how hyper says that the connection went without a word.
    if ended || error.is_user() {
        return Outcome::Reset;
    }
    match error.source().and_then(|s| s.downcast_ref::<io::Error>()) {
        // TLS 1.3 servers refuse a client only after its handshake is over.
        Some(error) if is_tls(error) => Outcome::Tls,
        Some(_) => Outcome::Reset,
        None => Outcome::Protocol,
    }
}

/// Whether TLS itself is what failed.
pub(super) fn is_tls(error: &io::Error) -> bool {
    error
        .get_ref()
        .is_some_and(<dyn Error + Send + Sync>::is::<rustls::Error>)
}
