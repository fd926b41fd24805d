//! HTTP/2 on one connection: one request after the other, never two at a time.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use bytes::Bytes;
use h2::client::{Builder, Connection, ResponseFuture, SendRequest};
use h2::{Error, Reason, RecvStream};
use http::header::{CONTENT_LENGTH, DATE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, Method, Request};
use tokio::time::Instant;

use super::attempt::{AnswerListener, AttemptEnd, ExchangeTiming, cause};
use super::stream_error::StreamError;
use super::{PreparedRequest, Stream, retry_after};
use crate::plan::Bounds;
use crate::record::Outcome;

/// How much of a body may be on its way at once, in bytes: enough that no answer waits for its leave.
const WINDOW: u32 = 1024 * 1024;
/// The longest head of an answer, in bytes, as for HTTP/1.1.
const HEAD_BYTES: u32 = 64 * 1024;

/// A connection that speaks HTTP/2.
pub(super) struct Http2 {
    sender: SendRequest<Bytes>,
    driver: Driver,
}

impl Http2 {
    /// Begins to speak on a stream.
    ///
    /// # Errors
    /// How the exchange ended that needed it.
    pub(super) async fn open(stream: Stream) -> Result<Http2, Outcome> {
        let opened = Builder::new()
            .enable_push(false)
            .initial_window_size(WINDOW)
            .initial_connection_window_size(WINDOW)
            .max_header_list_size(HEAD_BYTES)
            .handshake(stream)
            .await;
        let (sender, connection) = opened.map_err(|error| meaning(&error))?;
        let driver = Driver(Some(connection));
        Ok(Http2 { sender, driver })
    }

    /// Whether a request can be sent.
    pub(super) async fn is_usable(&mut self) -> bool {
        poll_fn(|cx| Poll::Ready(self.is_ready(cx))).await
    }

    /// Answers what the target asks meanwhile; returns when the connection has ended.
    pub(super) async fn idle(&mut self) {
        poll_fn(|cx| {
            if self.driver.poll(cx) {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
    }

    fn is_ready(&mut self, cx: &mut Context<'_>) -> bool {
        // The connection first, for only that notices that the target wants no more requests.
        !self.driver.poll(cx) && matches!(self.sender.poll_ready(cx), Poll::Ready(Ok(())))
    }

    /// Sends a request and reads the answer to its end.
    pub(super) async fn attempt(
        &mut self,
        request: &PreparedRequest,
        bounds: &Bounds,
        trace: &mut ExchangeTiming,
        listener: &mut impl AnswerListener,
    ) -> AttemptEnd {
        let Some(asked) = request.http2() else {
            return AttemptEnd::unanswered(Outcome::Protocol, false);
        };
        let mut answer = match self.send(asked.clone(), request.body()) {
            Ok(answer) => answer,
            Err(error) => return self.unanswered(&error, false, trace).await,
        };
        // Whatever is written is written by the connection, when it is polled for the first time.
        trace.sent = trace.sent.or_else(|| Some(Instant::now()));
        let answer = match self.driver.along(pin!(&mut answer)).await {
            Some(Ok(answer)) => answer,
            Some(Err(error)) => return self.unanswered(&error, true, trace).await,
            None => return AttemptEnd::unanswered(Outcome::Reset, true),
        };
        let outcome = request.judge(answer.status().as_u16());
        if matches!(answer.status().as_u16(), 429 | 503) && !outcome.is_ok() {
            trace.retry_after = wait(answer.headers());
        }
        listener.head(answer.status(), answer.headers());
        let (head, mut body) = answer.into_parts();
        let has_body = !body.is_end_stream() && request.method() != Method::HEAD;
        let fits = !has_body || length(&head.headers).is_none_or(|all| all <= bounds.body_bytes);
        let expected = outcome.is_ok();
        let is_whole = fits
            && self
                .drain(&mut body, bounds, trace, (listener, expected))
                .await;
        trace.done = Some(Instant::now());
        AttemptEnd {
            // An unexpected status outweighs a broken body.
            outcome: if is_whole || !outcome.is_ok() {
                outcome
            } else {
                Outcome::BadBody
            },
            clean: is_whole && self.is_usable().await,
            wrote: true,
            heard: true,
            is_unprocessed: false,
        }
    }

    async fn unanswered(
        &mut self,
        error: &Error,
        wrote: bool,
        trace: &mut ExchangeTiming,
    ) -> AttemptEnd {
        if let Some(error) = error.get_io() {
            trace.cause(error);
        }
        trace.stream_error = StreamError::of(error);
        let is_refused = error.is_reset() && error.reason() == Some(Reason::REFUSED_STREAM);
        AttemptEnd {
            // A refused stream does not end its connection.
            clean: is_refused && self.is_usable().await,
            heard: is_answer(error),
            is_unprocessed: is_unprocessed(error),
            ..AttemptEnd::unanswered(meaning(error), wrote)
        }
    }

    fn send(&mut self, asked: Request<()>, body: Bytes) -> Result<ResponseFuture, Error> {
        let (answer, mut rest) = self.sender.send_request(asked, body.is_empty())?;
        if !body.is_empty() {
            rest.send_data(body, true)?;
        }
        Ok(answer)
    }

    /// Reads a body to its end; says whether it was whole and within its bound.
    async fn drain(
        &mut self,
        body: &mut RecvStream,
        bounds: &Bounds,
        trace: &mut ExchangeTiming,
        (listener, expected): (&mut impl AnswerListener, bool),
    ) -> bool {
        while !body.is_end_stream() {
            let chunk = poll_fn(|cx| body.poll_data(cx));
            let chunk = match self.driver.along(pin!(chunk)).await {
                Some(Some(Ok(chunk))) => chunk,
                // Trailers may follow, and how a stream ends that had none is told there alone.
                Some(None) => return self.has_ended_well(body, trace).await,
                Some(Some(Err(error))) => {
                    trace.stream_error = StreamError::of(&error);
                    return false;
                }
                None => return false,
            };
            trace.bytes += chunk.len() as u64;
            let is_taken = body.flow_control().release_capacity(chunk.len()).is_ok();
            if trace.bytes > bounds.body_bytes || !is_taken {
                return false;
            }
            if !expected {
                trace.keep(&chunk);
            }
            listener.chunk(&chunk);
        }
        true
    }

    async fn has_ended_well(&mut self, body: &mut RecvStream, trace: &mut ExchangeTiming) -> bool {
        let trailers = poll_fn(|cx| body.poll_trailers(cx));
        match self.driver.along(pin!(trailers)).await {
            Some(Ok(_)) => true,
            Some(Err(error)) => {
                trace.stream_error = StreamError::of(&error);
                false
            }
            None => false,
        }
    }
}

/// The connection's own side, polled by the task that waits for the answer: no task of its own, no hand-over
/// between two.
struct Driver(Option<Connection<Stream, Bytes>>);

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

fn wait(headers: &HeaderMap) -> Option<u32> {
    let date = headers.get(DATE).map(HeaderValue::as_bytes);
    retry_after::of_header(headers.get(RETRY_AFTER)?.as_bytes(), date)
}

fn length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// What it means that there is no head of an answer.
fn meaning(error: &Error) -> Outcome {
    match error.get_io() {
        Some(error) => cause(error),
        None if error.is_remote() => Outcome::Reset,
        None => Outcome::Protocol,
    }
}

/// Whether the target has processed the request and then ended it.
fn is_answer(error: &Error) -> bool {
    error.is_reset() && error.is_remote() && !is_unprocessed(error)
}

/// Whether the target said that it has not processed the request (RFC 9113, 8.7): the stream was refused, or lies
/// above the last one that a GOAWAY names. The library ends no other stream with a GOAWAY of the target's.
fn is_unprocessed(error: &Error) -> bool {
    let is_refused = error.is_reset() && error.reason() == Some(Reason::REFUSED_STREAM);
    error.is_remote() && (is_refused || error.is_go_away())
}
