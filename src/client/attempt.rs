//! One attempt at an exchange, on one open connection.

use std::future::pending;
use std::io;

use http::{HeaderMap, StatusCode};
use tokio::time::Instant;

use super::excerpt::EXCERPT_BYTES;
use super::http1::Http1;
use super::http2::Http2;
use super::stream_error::StreamError;
use super::{PreparedRequest, Stream, tls_cause};
use crate::plan::Bounds;
use crate::record::Outcome;

/// Receives what the answer says. The load has no use for it.
pub(super) trait AnswerListener {
    /// Bytes of an answer over HTTP/1.1 as they come, framing included.
    fn raw(&mut self, _bytes: &[u8]) {}

    /// The head of an answer over HTTP/2.
    fn head(&mut self, _status: StatusCode, _headers: &HeaderMap) {}

    /// Bytes of the body.
    fn chunk(&mut self, _bytes: &[u8]) {}
}

impl AnswerListener for () {}

/// An open connection between two exchanges, or in one.
pub(super) enum HttpConnection {
    /// HTTP/1.1.
    One(Http1),
    /// HTTP/2. Boxed: it is large, and users of HTTP/1.1 would have its place too.
    Two(Box<Http2>),
}

/// Which HTTP is spoken on a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    /// HTTP/1.1.
    One,
    /// HTTP/2.
    Two,
}

/// What is known so far of an exchange that may be cut off at any await.
#[derive(Default)]
pub(super) struct ExchangeTiming {
    /// The time, when it was read a moment ago: looking at a clock is a good part of what a request costs.
    pub(super) now: Option<Instant>,
    pub(super) sent: Option<Instant>,
    pub(super) done: Option<Instant>,
    pub(super) bytes: u64,
    pub(super) connected: bool,
    pub(super) resent: bool,
    pub(super) address: Option<u16>,
    /// Why the connection broke, if TLS itself is what failed.
    pub(super) tls: Option<Box<rustls::Error>>,
    /// Why HTTP/2 ended the request or its connection.
    pub(super) stream_error: Option<StreamError>,
    /// How the body of an answer begins that was not expected.
    pub(super) excerpt: Vec<u8>,
    /// How long the target asks to wait, in seconds, by the head of its refusal.
    pub(super) retry_after: Option<u32>,
}

impl ExchangeTiming {
    /// Keeps the beginning of a body that belongs to an unexpected answer.
    pub(super) fn keep(&mut self, body: &[u8]) {
        let room = EXCERPT_BYTES - self.excerpt.len();
        self.excerpt
            .extend_from_slice(&body[..body.len().min(room)]);
    }

    /// What it means that the connection failed; of TLS, the reason is kept.
    pub(super) fn cause(&mut self, error: &io::Error) -> Outcome {
        if let Some(tls) = tls_cause::inner(error) {
            self.tls = Some(Box::new(tls.clone()));
        }
        cause(error)
    }
}

/// How one attempt ended.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(super) struct AttemptEnd {
    pub(super) outcome: Outcome,
    /// Whether the connection may serve another.
    pub(super) clean: bool,
    /// Whether any byte left.
    pub(super) wrote: bool,
    /// Whether any byte came back.
    pub(super) heard: bool,
    /// Whether the target said that it has not processed the request (HTTP/2).
    pub(super) is_unprocessed: bool,
}

impl AttemptEnd {
    /// One without a head of an answer.
    pub(super) fn unanswered(outcome: Outcome, wrote: bool) -> AttemptEnd {
        AttemptEnd {
            outcome,
            clean: false,
            wrote,
            heard: false,
            is_unprocessed: false,
        }
    }
}

impl HttpConnection {
    /// Begins to speak HTTP on a stream.
    ///
    /// # Errors
    /// How the exchange ended that needed it.
    pub(super) async fn open(stream: Stream, version: Version) -> Result<HttpConnection, Outcome> {
        match version {
            Version::One => Ok(HttpConnection::One(Http1::new(stream))),
            Version::Two => Http2::open(stream)
                .await
                .map(|open| HttpConnection::Two(Box::new(open))),
        }
    }

    /// Attends to the connection while nothing is asked; returns when it has ended.
    pub(super) async fn idle(&mut self) {
        match self {
            // It has nothing to say unasked, and its end is noticed before the next request.
            HttpConnection::One(_) => pending().await,
            HttpConnection::Two(connection) => connection.idle().await,
        }
    }

    /// Whether a request can be sent: the target may have closed the connection.
    pub(super) async fn is_usable(&mut self) -> bool {
        match self {
            HttpConnection::One(connection) => connection.is_usable().await,
            HttpConnection::Two(connection) => connection.is_usable().await,
        }
    }

    /// Sends a request and reads the answer to its end.
    pub(super) async fn attempt(
        &mut self,
        request: &PreparedRequest,
        bounds: &Bounds,
        trace: &mut ExchangeTiming,
        listener: &mut impl AnswerListener,
    ) -> AttemptEnd {
        match self {
            HttpConnection::One(connection) => {
                connection.attempt(request, bounds, trace, listener).await
            }
            HttpConnection::Two(connection) => {
                connection.attempt(request, bounds, trace, listener).await
            }
        }
    }
}

/// What it means that a connection failed.
pub(super) fn cause(error: &io::Error) -> Outcome {
    // TLS 1.3 servers refuse a client only after its handshake is over.
    if is_tls(error) {
        Outcome::Tls
    } else {
        Outcome::Reset
    }
}

/// Whether TLS itself is what failed. Errors of TLS come wrapped in those of the stream, at times twice.
pub(super) fn is_tls(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| {
        inner.is::<rustls::Error>() || inner.downcast_ref::<io::Error>().is_some_and(is_tls)
    })
}
