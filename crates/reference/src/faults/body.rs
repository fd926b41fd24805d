use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use axum::body::Body;
use bytes::Bytes;
use hyper::body::{Body as HttpBody, Frame, SizeHint};

/// The first half of a body, then an error, at which the HTTP layer closes the connection.
pub(super) struct Torn {
    half: Option<Bytes>,
    flushed: bool,
}

impl Torn {
    pub(super) fn new(whole: &Bytes) -> Self {
        Self {
            half: Some(whole.slice(..whole.len() / 2)),
            flushed: false,
        }
    }
}

impl HttpBody for Torn {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if let Some(half) = self.half.take() {
            return Poll::Ready(Some(Ok(Frame::data(half))));
        }
        // The HTTP layer flushes what it has when a body keeps it waiting; an error would discard it.
        if !self.flushed {
            self.flushed = true;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Some(Err(io::Error::other(
            "the body was dropped on purpose",
        ))))
    }
}

/// A body that raises a flag with its last frame: when the head is long written.
pub(super) struct Last {
    body: Body,
    sent: Arc<AtomicBool>,
}

impl Last {
    pub(super) fn new(body: Body, sent: Arc<AtomicBool>) -> Self {
        Self { body, sent }
    }
}

impl HttpBody for Last {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        if frame.is_none() || self.body.is_end_stream() {
            self.sent.store(true, Ordering::Release);
        }
        Poll::Ready(frame)
    }

    // `is_end_stream` stays false, so that even an empty body is asked for its frames.
    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
