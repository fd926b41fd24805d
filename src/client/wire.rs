//! Open connections, and a stream that remembers when an exchange's first byte left, and whether any came back.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_rustls::client::TlsStream;

/// An open connection, encrypted or not.
pub enum Stream {
    /// TCP alone.
    Plain(TcpStream),
    /// TLS over TCP.
    Tls(Box<TlsStream<TcpStream>>),
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(stream) => Pin::new(stream).poll_read(cx, buffer),
            Stream::Tls(stream) => Pin::new(stream).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Stream::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Stream::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Stream::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Stream::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}

/// What went over the wire since the last [`Meter::reset`]. Shared with the stream that hyper owns; always
/// used by one task, so that no ordering is needed.
pub(super) struct Meter {
    base: Instant,
    /// Nanoseconds from `base` to the first write, plus one; 0 when nothing was written.
    wrote: AtomicU64,
    heard: AtomicBool,
}

impl Meter {
    pub(super) fn reset(&self) {
        self.wrote.store(0, Relaxed);
        self.heard.store(false, Relaxed);
    }

    /// The instant before the first write that the system took.
    pub(super) fn sent(&self) -> Option<Instant> {
        let nanos = self.wrote.load(Relaxed).checked_sub(1)?;
        Some(self.base + Duration::from_nanos(nanos))
    }

    /// Whether any byte came back.
    pub(super) fn heard(&self) -> bool {
        self.heard.load(Relaxed)
    }
}

/// Not vectored: hyper then puts head and body of a small request into one write.
pub(super) struct Wire {
    stream: Stream,
    meter: Arc<Meter>,
}

impl Wire {
    pub(super) fn new(stream: Stream) -> (Wire, Arc<Meter>) {
        let meter = Arc::new(Meter {
            base: Instant::now(),
            wrote: AtomicU64::new(0),
            heard: AtomicBool::new(false),
        });
        let wire = Wire {
            stream,
            meter: Arc::clone(&meter),
        };
        (wire, meter)
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let filled = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if buffer.filled().len() > filled {
            self.meter.heard.store(true, Relaxed);
        }
        read
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.meter.wrote.load(Relaxed) != 0 {
            return Pin::new(&mut self.stream).poll_write(cx, bytes);
        }
        let before = self.meter.base.elapsed();
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        if matches!(written, Poll::Ready(Ok(1..))) {
            let nanos = before.as_nanos() as u64;
            self.meter.wrote.store(nanos + 1, Relaxed);
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
