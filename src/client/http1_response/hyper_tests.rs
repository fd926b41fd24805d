//! Hyper's client as the oracle: of the same bytes in the same pieces both must tell the same.
//!
//! Hyper is set to take as many headers, and headers that go on in the next line. They differ on purpose in two
//! things, where hyper's word hangs on how the bytes happened to be split:
//!
//! - What is wrong in a head that comes in pieces is told at once. Hyper looks at such a head only when its
//!   end has come, so that it waits for the rest of garbage, or calls its end a cut.
//! - All heads of an answer together are at most 64 KiB, to the byte; hyper bounds its buffer, about, and for
//!   each interim head anew. No sample here is that long.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::{Method, Request};
use http_body_util::Empty;
use hyper::body::Body;
use hyper::client::conn::http1::{self, Connection};
use hyper_util::rt::TokioIo;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::reader::HEAD_BYTES;
use super::samples::{ResponseSample, sample};
use super::*;

/// Cases in the test command; `PROPTEST_CASES` asks for more.
const CASES: u32 = 3000;

/// What either side makes of a sample.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Verdict {
    end: End,
    status: Option<u16>,
    body: Vec<u8>,
    /// Whether the connection may serve another request.
    reusable: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Whole,
    Protocol,
    /// Its chunks are none, or it is longer than allowed.
    BadBody,
    /// The connection has ended in the head.
    HeadCut,
    BodyCut,
    /// The connection is open, and more is to come.
    Waiting,
}

fn of_reader(sample: &ResponseSample) -> Verdict {
    let mut reader = AnswerReader::new(sample.of_head_request, sample.longest);
    let mut body = Vec::new();
    let mut end = None;
    let mut pieces = sample.pieces.iter();
    let mut is_alone = !sample.closes;
    for piece in pieces.by_ref() {
        match reader.read(piece, &mut |data| body.extend_from_slice(data)) {
            Ok(AnswerProgress::More) => continue,
            Ok(AnswerProgress::Done { used }) => {
                is_alone &= used == piece.len();
                end = Some(End::Whole);
            }
            Err(AnswerFault::Protocol) => end = Some(End::Protocol),
            Err(AnswerFault::BadBody) => end = Some(End::BadBody),
        }
        break;
    }
    is_alone &= pieces.next().is_none();
    let end = end.unwrap_or_else(|| match (sample.closes, reader.eof()) {
        (false, _) => End::Waiting,
        (true, CloseMeaning::Whole) => End::Whole,
        (true, CloseMeaning::InBody) => End::BodyCut,
        (true, CloseMeaning::InHead | CloseMeaning::Unheard) => End::HeadCut,
    });
    Verdict {
        end,
        status: reader.status(),
        body,
        reusable: is_alone && end == End::Whole && reader.keeps_alive(),
    }
}

/// A connection on which a script arrives, as soon as a request has left.
#[derive(Clone)]
struct Script(Rc<RefCell<State>>);

struct State {
    pieces: VecDeque<Vec<u8>>,
    closes: bool,
    was_asked: bool,
    reads: usize,
}

impl AsyncRead for Script {
    fn poll_read(
        self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let state = &mut *self.0.borrow_mut();
        if !state.was_asked {
            return Poll::Pending;
        }
        let Some(piece) = state.pieces.front_mut() else {
            let end = if state.closes {
                Poll::Ready(Ok(()))
            } else {
                Poll::Pending
            };
            return end;
        };
        state.reads += 1;
        let part = piece.len().min(buffer.remaining());
        buffer.put_slice(&piece[..part]);
        piece.drain(..part);
        if piece.is_empty() {
            state.pieces.pop_front();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Script {
    fn poll_write(
        self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.0.borrow_mut().was_asked = true;
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// Hyper's side, turned by hand until nothing moves any more.
struct Hyper {
    connection: Option<Connection<TokioIo<Script>, Empty<Bytes>>>,
    script: Script,
}

impl Hyper {
    /// Turns the connection; says whether it has ended.
    fn turn(&mut self, cx: &mut Context<'_>) -> bool {
        let connection = self.connection.as_mut();
        if connection.is_some_and(|connection| Pin::new(connection).poll(cx).is_ready()) {
            self.connection = None;
        }
        self.connection.is_none()
    }

    /// What a future comes to; `None` when it waits for bytes that don't come.
    fn along<F: Future>(&mut self, mut future: Pin<&mut F>) -> Option<F::Output> {
        let cx = &mut Context::from_waker(Waker::noop());
        let mut idle = 0;
        while idle < 3 {
            let before = self.script.0.borrow().reads;
            self.turn(cx);
            if let Poll::Ready(output) = future.as_mut().poll(cx) {
                return Some(output);
            }
            let is_idle = self.script.0.borrow().reads == before;
            idle = if is_idle { idle + 1 } else { 0 };
        }
        None
    }

    fn settle(&mut self) {
        self.along(pin!(std::future::pending::<()>()));
    }
}

fn of_hyper(sample: &ResponseSample) -> Verdict {
    let script = Script(Rc::new(RefCell::new(State {
        pieces: sample.pieces.iter().cloned().collect(),
        closes: sample.closes,
        was_asked: false,
        reads: 0,
    })));
    let mut hyper = Hyper {
        connection: None,
        script: script.clone(),
    };
    let handshake = http1::Builder::new()
        .max_buf_size(HEAD_BYTES)
        .max_headers(1000)
        .allow_obsolete_multiline_headers_in_responses(true)
        .handshake(TokioIo::new(script));
    let handshake = hyper.along(pin!(handshake));
    let (mut sender, connection) = handshake.expect("no wait").expect("a connection");
    hyper.connection = Some(connection);
    let method = if sample.of_head_request {
        Method::HEAD
    } else {
        Method::GET
    };
    let request = Request::builder().method(method).uri("/");
    let request = request.body(Empty::new()).expect("a request");
    let mut verdict = Verdict {
        end: End::Waiting,
        status: None,
        body: Vec::new(),
        reusable: false,
    };
    match hyper.along(pin!(sender.send_request(request))) {
        None => {}
        Some(Err(error)) if error.is_parse() => verdict.end = End::Protocol,
        Some(Err(error)) => {
            assert!(error.is_incomplete_message(), "{error:?}");
            verdict.end = End::HeadCut;
        }
        Some(Ok(answer)) => {
            verdict.status = Some(answer.status().as_u16());
            verdict.end = drain(&mut hyper, answer.into_body(), sample, &mut verdict.body);
        }
    }
    hyper.settle();
    let is_whole = verdict.end == End::Whole;
    verdict.reusable = is_whole && hyper.connection.is_some() && sender.is_ready();
    verdict
}

fn drain(
    hyper: &mut Hyper,
    mut body: hyper::body::Incoming,
    sample: &ResponseSample,
    heard: &mut Vec<u8>,
) -> End {
    if body.size_hint().lower() > sample.longest {
        return End::BadBody;
    }
    let longest = sample.longest as usize;
    loop {
        let frame = std::future::poll_fn(|cx| Pin::new(&mut body).poll_frame(cx));
        match hyper.along(pin!(frame)) {
            None => return End::Waiting,
            Some(None) => return End::Whole,
            Some(Some(Ok(frame))) => heard.extend(frame.data_ref().into_iter().flatten()),
            Some(Some(Err(error))) => {
                let cause = std::error::Error::source(&error);
                let cause = cause.and_then(|cause| cause.downcast_ref::<io::Error>());
                let is_cut = cause.is_some_and(|e| e.kind() == io::ErrorKind::UnexpectedEof);
                return if is_cut { End::BodyCut } else { End::BadBody };
            }
        }
        if heard.len() > longest {
            heard.truncate(longest);
            return End::BadBody;
        }
    }
}

/// What is wrong in a head is told at once, and by hyper only with the head's end.
fn is_told_earlier(ours: &Verdict, hypers: &Verdict, sample: &ResponseSample) -> bool {
    let hyper_waits = matches!(hypers.end, End::Waiting | End::HeadCut) && hypers.status.is_none();
    sample.pieces.len() > 1 && ours.end == End::Protocol && hyper_waits
}

fn check(sample: &ResponseSample) -> Result<(), TestCaseError> {
    let whole = sample.pieces.concat();
    let hypers = of_hyper(sample);
    let ours = of_reader(sample);
    if !is_told_earlier(&ours, &hypers, sample) {
        prop_assert_eq!(&ours, &hypers, "in pieces: {}", whole.escape_ascii());
    }
    if !whole.is_empty() {
        let at_once = ResponseSample {
            pieces: vec![whole.clone()],
            ..sample.clone()
        };
        let hypers = of_hyper(&at_once);
        prop_assert_eq!(&ours, &hypers, "at once: {}", whole.escape_ascii());
    }
    Ok(())
}

fn config() -> ProptestConfig {
    let asked = std::env::var("PROPTEST_CASES").ok();
    ProptestConfig {
        cases: asked.and_then(|cases| cases.parse().ok()).unwrap_or(CASES),
        rng_seed: RngSeed::Fixed(1),
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn the_reader_says_what_hyper_says(sample in sample()) {
        check(&sample)?;
    }
}
