//! One open WebSocket: frames are read in place as they come, and written at once.

use std::cell::RefCell;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::frames::{Draft, FrameReader, Heard, Keys, Kind, NO_CODE};

/// As much as one read may bring.
const BUFFER: usize = 64 * 1024;
/// Whoever leaves so many bytes unread misses no answer to its pings.
const UNSENT: usize = 4 * 1024;

thread_local! {
    /// One for all connections of a thread: what a read brings is used up, or held back, before the next one.
    static READ: RefCell<Box<[u8]>> = RefCell::new(vec![0; BUFFER].into_boxed_slice());
    /// The same for what is written.
    static DRAFT: RefCell<Draft> = const { RefCell::new(Draft::new()) };
}

/// A connection that carries frames.
pub(super) struct Framed<S> {
    pipe: Pipe<S>,
    reader: FrameReader,
}

/// The connection, and what is on its way into it.
struct Pipe<S> {
    stream: S,
    keys: Keys,
    /// What of a frame could not be written yet.
    unsent: Vec<u8>,
    is_flushed: bool,
    /// Whether nothing can be written any more.
    is_deaf: bool,
}

/// What can be heard.
#[derive(Debug)]
pub(super) enum Event<'a> {
    /// A message; of bytes that are no text, the nearest text.
    Message(&'a str),
    /// A ping. Its answer is on its way.
    Ping,
}

/// How a WebSocket ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// With a close frame.
    Closed(u16),
    /// Without one.
    Broken,
    /// What came were no frames, or too long ones.
    Protocol,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Framed<S> {
    /// Takes a connection after its handshake; `behind` came with the answer to it. Frames and messages have at
    /// most `longest` bytes.
    pub(super) fn new(stream: S, behind: Vec<u8>, longest: u64) -> Framed<S> {
        Framed {
            pipe: Pipe {
                stream,
                keys: Keys::new(),
                unsent: Vec::new(),
                is_flushed: true,
                is_deaf: false,
            },
            reader: FrameReader::new(behind, longest),
        }
    }

    /// Sends a text when all that was sent before has gone; says whether it did. What can't be written at once
    /// goes with the next polls.
    pub(super) fn try_text(
        &mut self,
        cx: &mut Context<'_>,
        fill: impl FnOnce(&mut Vec<u8>),
    ) -> bool {
        self.pipe.write_on(cx);
        let is_free = self.pipe.unsent.is_empty();
        if is_free {
            self.pipe.send(cx, Kind::Text, fill);
        }
        is_free
    }

    /// Sends a close frame with this code.
    pub(super) fn close(&mut self, cx: &mut Context<'_>, code: u16) {
        self.pipe.close(cx, code);
    }

    /// Ready when all that was sent has gone, or nothing goes any more.
    pub(super) fn poll_sent(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let pipe = &mut self.pipe;
        pipe.write_on(cx);
        if pipe.is_deaf || (pipe.unsent.is_empty() && pipe.is_flushed) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }

    /// Tells what comes until `hear` has heard enough, or the end. Given up at any time, it loses nothing.
    pub(super) fn poll<T>(
        &mut self,
        cx: &mut Context<'_>,
        hear: &mut impl FnMut(Event<'_>) -> Option<T>,
    ) -> Poll<Result<T, End>> {
        let Framed { pipe, reader } = self;
        pipe.write_on(cx);
        if reader.holds_back()
            && let Some(ended) = listen(pipe, reader, cx, &[], hear)
        {
            return Poll::Ready(ended);
        }
        READ.with_borrow_mut(|buffer| {
            loop {
                let mut read = ReadBuf::new(buffer);
                match Pin::new(&mut pipe.stream).poll_read(cx, &mut read) {
                    // Until now a close frame might have come before the connection broke.
                    Poll::Pending if pipe.is_deaf => return Poll::Ready(Err(End::Broken)),
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(Ok(())) if !read.filled().is_empty() => {
                        if let Some(ended) = listen(pipe, reader, cx, read.filled(), hear) {
                            return Poll::Ready(ended);
                        }
                    }
                    Poll::Ready(_) => return Poll::Ready(Err(End::Broken)),
                }
            }
        })
    }
}

/// Tells what these bytes say, and answers what is to be answered; `None` when more is to come.
fn listen<S: AsyncWrite + Unpin, T>(
    pipe: &mut Pipe<S>,
    reader: &mut FrameReader,
    cx: &mut Context<'_>,
    bytes: &[u8],
    hear: &mut impl FnMut(Event<'_>) -> Option<T>,
) -> Option<Result<T, End>> {
    let told = reader.read(bytes, &mut |heard| match heard {
        Heard::Text(text) => hear(Event::Message(text)).map(Ok),
        Heard::Binary(bytes) => hear(Event::Message(&String::from_utf8_lossy(bytes))).map(Ok),
        Heard::Ping(payload) => {
            pipe.pong(cx, payload);
            hear(Event::Ping).map(Ok)
        }
        Heard::Pong => None,
        Heard::Close(code) => {
            // The same back, as the protocol wants it; nobody waits for it.
            pipe.close(cx, code);
            Some(Err(End::Closed(code)))
        }
    });
    told.unwrap_or(Some(Err(End::Protocol)))
}

impl<S: AsyncWrite + Unpin> Pipe<S> {
    fn close(&mut self, cx: &mut Context<'_>, code: u16) {
        let payload = code.to_be_bytes();
        let payload = if code == NO_CODE { &[] } else { &payload[..] };
        self.send(cx, Kind::Close, |out| out.extend_from_slice(payload));
    }

    fn pong(&mut self, cx: &mut Context<'_>, payload: &[u8]) {
        if self.unsent.len() < UNSENT {
            self.send(cx, Kind::Pong, |out| out.extend_from_slice(payload));
        }
    }

    /// Writes a frame, behind what was not written yet.
    fn send(&mut self, cx: &mut Context<'_>, kind: Kind, fill: impl FnOnce(&mut Vec<u8>)) {
        let key = self.keys.next();
        DRAFT.with_borrow_mut(|draft| {
            let frame = draft.frame(kind, key, fill);
            let written = if self.unsent.is_empty() {
                self.write(cx, frame)
            } else {
                0
            };
            self.unsent.extend_from_slice(&frame[written..]);
        });
        self.write_on(cx);
    }

    /// Goes on writing what is left.
    fn write_on(&mut self, cx: &mut Context<'_>) {
        if !self.unsent.is_empty() {
            let mut unsent = std::mem::take(&mut self.unsent);
            let written = self.write(cx, &unsent);
            if written < unsent.len() {
                unsent.drain(..written);
                self.unsent = unsent;
            }
        }
        if self.unsent.is_empty() && !self.is_flushed && !self.is_deaf {
            match Pin::new(&mut self.stream).poll_flush(cx) {
                Poll::Pending => {}
                Poll::Ready(flushed) => {
                    self.is_flushed = true;
                    self.is_deaf = flushed.is_err();
                }
            }
        }
    }

    /// Writes what can be written; says how much it was, or is as good as written as nobody will read it.
    fn write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> usize {
        let mut written = 0;
        while written < bytes.len() && !self.is_deaf {
            match Pin::new(&mut self.stream).poll_write(cx, &bytes[written..]) {
                Poll::Pending => return written,
                Poll::Ready(Ok(count)) if count > 0 => {
                    written += count;
                    self.is_flushed = false;
                }
                // A stream that takes nothing has ended.
                Poll::Ready(_) => self.is_deaf = true,
            }
        }
        bytes.len()
    }
}
