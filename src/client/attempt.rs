//! One attempt at an exchange, on one open connection.

use std::io;

use tokio::time::Instant;

use super::http1::Http1;
use super::{Outcome, PreparedRequest, Stream};
use crate::profile::Bounds;

/// Whoever wants to know what the answer says. The load doesn't.
pub(super) trait Listener {
    fn chunk(&mut self, _bytes: &[u8]) {}
}

impl Listener for () {}

/// An open connection between two exchanges, or in one.
pub(super) enum Kept {
    /// HTTP/1.1.
    One(Http1),
}

/// What is known so far of an exchange that may be cut off at any await.
#[derive(Default)]
pub(super) struct Trace {
    /// The time, when it was read a moment ago: looking at a clock is a good part of what a request costs.
    pub(super) now: Option<Instant>,
    pub(super) sent: Option<Instant>,
    pub(super) done: Option<Instant>,
    pub(super) bytes: u64,
    pub(super) connected: bool,
    pub(super) resent: bool,
}

/// How one attempt ended.
#[derive(Debug, Clone, Copy)]
pub(super) struct End {
    pub(super) outcome: Outcome,
    /// Whether the connection may serve another.
    pub(super) clean: bool,
    /// Whether any byte left.
    pub(super) wrote: bool,
    /// Whether any byte came back.
    pub(super) heard: bool,
}

impl Kept {
    /// Begins to speak HTTP on a stream.
    pub(super) fn open(stream: Stream) -> Kept {
        Kept::One(Http1::new(stream))
    }

    /// Whether a request can be sent: the target may have closed the connection.
    pub(super) async fn is_usable(&mut self) -> bool {
        match self {
            Kept::One(connection) => connection.is_usable().await,
        }
    }

    /// Sends a request and reads the answer to its end.
    pub(super) async fn attempt(
        &mut self,
        request: &PreparedRequest,
        bounds: &Bounds,
        trace: &mut Trace,
        listener: &mut impl Listener,
    ) -> End {
        match self {
            Kept::One(connection) => connection.attempt(request, bounds, trace, listener).await,
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
