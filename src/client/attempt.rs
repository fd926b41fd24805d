//! One attempt at an exchange, on one open connection.

use std::error::Error;
use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::{Body, Incoming};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::time::Instant;

use super::wire::{Meter, Wire};
use super::{Outcome, PreparedRequest, Stream};
use crate::profile::Bounds;

/// The longest head of an answer. The buffer begins at 8 KiB and grows only for those who need it.
const HEAD_BYTES: usize = 64 * 1024;

/// Whoever wants to know what the answer says. The load doesn't.
pub(super) trait Listener {
    fn chunk(&mut self, _bytes: &[u8]) {}
}

impl Listener for () {}

/// An open connection between two exchanges, or in one.
pub(super) struct Kept {
    sender: http1::SendRequest<Full<Bytes>>,
    driver: Driver,
    meter: Arc<Meter>,
}

/// What is known so far of an exchange that may be cut off at any await.
#[derive(Default)]
pub(super) struct Trace {
    pub(super) sent: Option<Instant>,
    pub(super) done: Option<Instant>,
    pub(super) bytes: u64,
    pub(super) connected: bool,
    pub(super) resent: bool,
}

/// How one attempt ended, and whether the connection may serve another.
pub(super) struct End {
    pub(super) outcome: Outcome,
    pub(super) clean: bool,
}

impl End {
    fn broken(outcome: Outcome) -> End {
        End {
            outcome,
            clean: false,
        }
    }
}

impl Kept {
    /// Begins to speak HTTP/1.1 on a stream.
    pub(super) async fn open(stream: Stream) -> Result<Kept, Outcome> {
        let (wire, meter) = Wire::new(stream);
        let (sender, connection) = http1::Builder::new()
            .max_buf_size(HEAD_BYTES)
            .handshake(TokioIo::new(wire))
            .await
            .map_err(|_| Outcome::Reset)?;
        Ok(Kept {
            sender,
            driver: Driver(Some(connection)),
            meter,
        })
    }

    /// The instant before the first write of the attempt that the system took.
    pub(super) fn sent(&self) -> Option<Instant> {
        self.meter.sent()
    }

    /// Whether any byte came back in the attempt.
    pub(super) fn heard(&self) -> bool {
        self.meter.heard()
    }

    /// Whether a request can be sent. Asks hyper first, for only that notices that the target has closed
    /// the connection.
    pub(super) async fn is_usable(&mut self) -> bool {
        self.meter.reset();
        poll_fn(|cx| Poll::Ready(self.is_ready(cx))).await
    }

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

    /// Sends a request and reads the answer to its end.
    pub(super) async fn attempt(
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

/// Whether TLS itself is what failed. Errors of TLS come wrapped in those of the stream, at times twice.
pub(super) fn is_tls(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| {
        inner.is::<rustls::Error>() || inner.downcast_ref::<io::Error>().is_some_and(is_tls)
    })
}
