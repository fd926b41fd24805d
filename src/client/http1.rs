//! HTTP/1.1 on one connection: a prepared request is written as it is, and its answer is read in place.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::Method;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use super::attempt::{AnswerListener, AttemptEnd, ExchangeTiming};
use super::http1_response::{AnswerFault, AnswerProgress, AnswerReader, CloseMeaning};
use super::{PreparedRequest, Stream};
use crate::plan::Bounds;
use crate::record::Outcome;

/// As much as one read may bring.
const BUFFER: usize = 64 * 1024;

thread_local! {
    /// One for all connections of a thread: what a read brings is used up before the next one.
    static READ: RefCell<Box<[u8]>> = RefCell::new(vec![0; BUFFER].into_boxed_slice());
}

/// A connection that speaks HTTP/1.1, one exchange after another.
pub(super) struct Http1 {
    stream: Stream,
}

/// One exchange on its way.
struct Attempt<'a, L> {
    request: &'a PreparedRequest,
    /// What of the request is still to be written.
    left: &'a [u8],
    is_flushed: bool,
    /// Why no more of it could be written: an answer may have come all the same.
    refused: Option<Outcome>,
    wrote: bool,
    heard: bool,
    answer: AnswerReader,
    trace: &'a mut ExchangeTiming,
    listener: &'a mut L,
}

impl Http1 {
    pub(super) fn new(stream: Stream) -> Http1 {
        Http1 { stream }
    }

    /// Whether a request can be sent.
    pub(super) async fn is_usable(&mut self) -> bool {
        poll_fn(|cx| Poll::Ready(self.stream.is_silent(cx))).await
    }

    /// Sends a request and reads the answer to its end.
    pub(super) async fn attempt<L: AnswerListener>(
        &mut self,
        request: &PreparedRequest,
        bounds: &Bounds,
        trace: &mut ExchangeTiming,
        listener: &mut L,
    ) -> AttemptEnd {
        let mut attempt = Attempt {
            request,
            left: request.wire(),
            is_flushed: false,
            refused: None,
            wrote: false,
            heard: false,
            answer: AnswerReader::new(request.method() == Method::HEAD, bounds.body_bytes),
            trace,
            listener,
        };
        poll_fn(|cx| attempt.poll(&mut self.stream, cx)).await
    }
}

impl<L: AnswerListener> Attempt<'_, L> {
    fn poll(&mut self, stream: &mut Stream, cx: &mut Context<'_>) -> Poll<AttemptEnd> {
        self.write(stream, cx);
        READ.with_borrow_mut(|buffer| {
            loop {
                let mut read = ReadBuf::new(buffer);
                match Pin::new(&mut *stream).poll_read(cx, &mut read) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(Err(error)) => return Poll::Ready(self.failed(&error)),
                    Poll::Ready(Ok(())) if read.filled().is_empty() => {
                        return Poll::Ready(self.ended());
                    }
                    Poll::Ready(Ok(())) => {
                        if let Some(end) = self.take(read.filled()) {
                            return Poll::Ready(end);
                        }
                    }
                }
            }
        })
    }

    /// Writes what can be written.
    fn write(&mut self, stream: &mut Stream, cx: &mut Context<'_>) {
        while !self.is_flushed && self.refused.is_none() {
            let before = self.trace.sent.or(self.trace.now.take());
            let before = before.unwrap_or_else(Instant::now);
            let stream = Pin::new(&mut *stream);
            let written = if self.left.is_empty() {
                stream.poll_flush(cx).map_ok(|()| {
                    self.is_flushed = true;
                    0
                })
            } else {
                stream
                    .poll_write(cx, self.left)
                    .map(|written| written.and_then(some))
            };
            match written {
                Poll::Pending => return,
                Poll::Ready(Ok(count)) => {
                    self.left = &self.left[count..];
                    self.wrote |= count > 0;
                    self.trace.sent = self.trace.sent.or((count > 0).then_some(before));
                }
                Poll::Ready(Err(error)) => self.refused = Some(self.trace.cause(&error)),
            }
        }
    }

    /// Reads a part of the answer; returns how it ended, if it did.
    fn take(&mut self, bytes: &[u8]) -> Option<AttemptEnd> {
        self.heard = true;
        let listener = &mut *self.listener;
        listener.raw(bytes);
        // Where the body begins in these bytes, and how far its first piece goes.
        let mut body = 0..0;
        let progress = self.answer.read(bytes, &mut |chunk| {
            if body.is_empty() {
                let from = (chunk.as_ptr() as usize).wrapping_sub(bytes.as_ptr() as usize);
                body = from..from.wrapping_add(chunk.len());
            }
            listener.chunk(chunk);
        });
        self.trace.bytes = self.answer.body_bytes();
        let end = match progress {
            Ok(AnswerProgress::More) => {
                let status = self.answer.status();
                if status.is_some_and(|status| !self.request.expects(status)) {
                    self.trace.keep(bytes.get(body).unwrap_or_default());
                }
                return None;
            }
            Ok(AnswerProgress::Done { used }) => {
                self.trace.done = Some(Instant::now());
                let is_alone = used == bytes.len() && self.is_flushed;
                self.whole(is_alone && self.answer.keeps_alive())
            }
            Err(AnswerFault::Protocol) => self.broken(Outcome::Protocol),
            Err(AnswerFault::BadBody) => self.broken(Outcome::BadBody),
        };
        if matches!(end.outcome, Outcome::Status(_) | Outcome::RateLimited) {
            self.trace.retry_after = self.answer.retry_after();
            self.trace.keep(bytes.get(body).unwrap_or_default());
        }
        Some(end)
    }

    /// The connection has ended.
    fn ended(&mut self) -> AttemptEnd {
        match self.answer.eof() {
            CloseMeaning::Whole => self.whole(false),
            CloseMeaning::InBody => self.broken(Outcome::BadBody),
            CloseMeaning::InHead | CloseMeaning::Unheard => {
                self.broken(self.refused.unwrap_or(Outcome::Reset))
            }
        }
    }

    fn failed(&mut self, error: &io::Error) -> AttemptEnd {
        if self.answer.status().is_some() {
            return self.broken(Outcome::BadBody);
        }
        let cause = self.trace.cause(error);
        self.broken(self.refused.unwrap_or(cause))
    }

    fn whole(&self, clean: bool) -> AttemptEnd {
        let status = self.answer.status().unwrap_or_default();
        self.end(self.request.judge(status), clean)
    }

    /// An unexpected status outweighs a broken body.
    fn broken(&self, outcome: Outcome) -> AttemptEnd {
        let judged = self
            .answer
            .status()
            .map(|status| self.request.judge(status));
        let worse = judged.filter(|judged| outcome == Outcome::BadBody && !judged.is_ok());
        self.end(worse.unwrap_or(outcome), false)
    }

    fn end(&self, outcome: Outcome, clean: bool) -> AttemptEnd {
        AttemptEnd {
            outcome,
            clean,
            wrote: self.wrote,
            heard: self.heard,
            is_unprocessed: false,
        }
    }
}

/// A stream that takes nothing has ended.
fn some(written: usize) -> io::Result<usize> {
    match written {
        0 => Err(io::ErrorKind::WriteZero.into()),
        count => Ok(count),
    }
}
