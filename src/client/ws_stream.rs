//! One open WebSocket: frames are read in place as they come, and written at once.

use std::cell::RefCell;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::frames::{Draft, FrameFault, FrameKind, FrameReader, Keys, NO_CODE, ReceivedFrame};

/// As much as one read may bring.
const BUFFER: usize = 64 * 1024;
/// A peer that leaves so many bytes unread does not miss an answer to its pings.
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
pub(super) enum SocketFrame<'a> {
    /// A message; of bytes that are not text, the nearest text.
    Message(&'a str),
    /// A ping. Its answer is on its way.
    Ping,
}

/// How a WebSocket ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SocketEnd {
    /// With a close frame.
    Closed(u16),
    /// Without one.
    Broken,
    /// What came are not frames, or not text where text is promised.
    Protocol,
    /// A frame or a message is longer than allowed.
    TooLong,
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
            self.pipe.send(cx, FrameKind::Text, fill);
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

    /// Passes what comes to `hear` until it has heard enough, or returns the end. Given up at any time, it loses
    /// nothing.
    pub(super) fn poll<T>(
        &mut self,
        cx: &mut Context<'_>,
        hear: &mut impl FnMut(SocketFrame<'_>) -> Option<T>,
    ) -> Poll<Result<T, SocketEnd>> {
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
                    Poll::Pending if pipe.is_deaf => return Poll::Ready(Err(SocketEnd::Broken)),
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(Ok(())) if !read.filled().is_empty() => {
                        if let Some(ended) = listen(pipe, reader, cx, read.filled(), hear) {
                            return Poll::Ready(ended);
                        }
                    }
                    Poll::Ready(_) => return Poll::Ready(Err(SocketEnd::Broken)),
                }
            }
        })
    }
}

/// Passes on what these bytes say, and answers what must be answered; `None` when more is to come.
fn listen<S: AsyncWrite + Unpin, T>(
    pipe: &mut Pipe<S>,
    reader: &mut FrameReader,
    cx: &mut Context<'_>,
    bytes: &[u8],
    hear: &mut impl FnMut(SocketFrame<'_>) -> Option<T>,
) -> Option<Result<T, SocketEnd>> {
    let told = reader.read(bytes, &mut |heard| match heard {
        ReceivedFrame::Text(text) => hear(SocketFrame::Message(text)).map(Ok),
        ReceivedFrame::Binary(bytes) => {
            hear(SocketFrame::Message(&String::from_utf8_lossy(bytes))).map(Ok)
        }
        ReceivedFrame::Ping(payload) => {
            pipe.pong(cx, payload);
            hear(SocketFrame::Ping).map(Ok)
        }
        ReceivedFrame::Pong => None,
        ReceivedFrame::Close(code) => {
            // The same back, as the protocol wants it; it is not awaited.
            pipe.close(cx, code);
            Some(Err(SocketEnd::Closed(code)))
        }
    });
    told.unwrap_or_else(|fault| {
        Some(Err(match fault {
            FrameFault::TooLong => SocketEnd::TooLong,
            FrameFault::Frame | FrameFault::Text => SocketEnd::Protocol,
        }))
    })
}

impl<S: AsyncWrite + Unpin> Pipe<S> {
    fn close(&mut self, cx: &mut Context<'_>, code: u16) {
        let payload = code.to_be_bytes();
        let payload = if code == NO_CODE { &[] } else { &payload[..] };
        self.send(cx, FrameKind::Close, |out| out.extend_from_slice(payload));
    }

    fn pong(&mut self, cx: &mut Context<'_>, payload: &[u8]) {
        if self.unsent.len() < UNSENT {
            self.send(cx, FrameKind::Pong, |out| out.extend_from_slice(payload));
        }
    }

    /// Writes a frame, behind what was not written yet.
    fn send(&mut self, cx: &mut Context<'_>, kind: FrameKind, fill: impl FnOnce(&mut Vec<u8>)) {
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

    /// Continues to write what is left.
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

    /// Writes what can be written; says how much it was, or is as good as written because it will not be read.
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

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use futures_util::{SinkExt as _, StreamExt as _};
    use tokio::io::{DuplexStream, duplex};
    use tokio_tungstenite::WebSocketStream;
    use tokio_tungstenite::tungstenite::protocol::Role;
    use tokio_tungstenite::tungstenite::{Bytes, Message};

    use super::*;

    /// A client and a server that are connected by so many bytes.
    async fn connected(bytes: usize) -> (Framed<DuplexStream>, WebSocketStream<DuplexStream>) {
        let (client, server) = duplex(bytes);
        let server = WebSocketStream::from_raw_socket(server, Role::Server, None).await;
        (Framed::new(client, Vec::new(), 1000), server)
    }

    /// The next message, or how the connection ended; `None` for a ping.
    async fn next(client: &mut Framed<DuplexStream>) -> Result<Option<String>, SocketEnd> {
        poll_fn(|cx| {
            client.poll(cx, &mut |event| {
                Some(match event {
                    SocketFrame::Message(text) => Some(text.to_owned()),
                    SocketFrame::Ping => None,
                })
            })
        })
        .await
    }

    #[tokio::test]
    async fn what_fits_not_at_once_goes_with_the_next_polls() {
        let (mut client, mut server) = connected(16).await;
        let long = "abc".repeat(300);
        let fill = |out: &mut Vec<u8>| out.extend_from_slice(long.as_bytes());
        let (first, second) = poll_fn(|cx| {
            let first = client.try_text(cx, fill);
            Poll::Ready((first, client.try_text(cx, fill)))
        })
        .await;
        assert!(first && !second, "one at a time");
        let reply = async {
            let heard = server.next().await.unwrap().unwrap();
            assert_eq!(heard, Message::text(long.clone()));
            server.send(heard).await.unwrap();
        };
        let (heard, ()) = tokio::join!(next(&mut client), reply);
        assert_eq!(heard, Ok(Some(long.clone())));
        assert_eq!(client.pipe.unsent.capacity(), 0);
    }

    #[tokio::test]
    async fn pings_are_answered_and_closes_too() {
        let (mut client, mut server) = connected(1024).await;
        let ping = Message::Ping(Bytes::from_static(b"well?"));
        server.send(ping).await.unwrap();
        server.send(Message::Pong(Bytes::new())).await.unwrap();
        server.send(Message::text("a")).await.unwrap();
        server.send(Message::binary(&b"\xff"[..])).await.unwrap();
        assert_eq!(next(&mut client).await, Ok(None));
        // All of it came with the first read.
        assert_eq!(next(&mut client).await, Ok(Some("a".to_owned())));
        assert_eq!(next(&mut client).await, Ok(Some("\u{fffd}".to_owned())));
        let pong = Message::Pong(Bytes::from_static(b"well?"));
        assert_eq!(server.next().await.unwrap().unwrap(), pong);
        server.close(None).await.unwrap();
        assert_eq!(next(&mut client).await, Err(SocketEnd::Closed(NO_CODE)));
        let told = server.next().await.unwrap().unwrap();
        assert_eq!(told, Message::Close(None));
    }

    #[tokio::test]
    async fn who_reads_nothing_misses_no_pongs() {
        let (mut client, mut server) = connected(64).await;
        let ping = Message::Ping(Bytes::from(vec![0; 100]));
        let serve = async {
            for _ in 0..200 {
                server.send(ping.clone()).await.unwrap();
            }
        };
        let hear = async {
            for _ in 0..200 {
                assert_eq!(next(&mut client).await, Ok(None));
            }
        };
        tokio::join!(serve, hear);
        assert!(client.pipe.unsent.len() < UNSENT + 200);
    }

    #[tokio::test]
    async fn an_end_without_a_word_is_told_when_nothing_more_can_be_read() {
        let (mut client, mut server) = connected(1024).await;
        server.send(Message::text("last words")).await.unwrap();
        drop(server);
        let sent = poll_fn(|cx| Poll::Ready(client.try_text(cx, |_| ()))).await;
        assert!(sent && client.pipe.is_deaf);
        assert_eq!(next(&mut client).await, Ok(Some("last words".to_owned())));
        assert_eq!(next(&mut client).await, Err(SocketEnd::Broken));
    }

    #[tokio::test]
    async fn a_goodbye_ends_when_it_is_written() {
        let (mut client, mut server) = connected(4).await;
        poll_fn(|cx| {
            client.close(cx, 1000);
            Poll::Ready(())
        })
        .await;
        let (heard, ()) = tokio::join!(server.next(), poll_fn(|cx| client.poll_sent(cx)));
        let Some(Ok(Message::Close(Some(close)))) = heard else {
            panic!("{heard:?}");
        };
        assert_eq!(u16::from(close.code), 1000);
    }
}
