//! From a connection to a WebSocket: the handshake, and nothing behind it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::Request;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_tungstenite::client_async_with_config;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

/// The handshake's library makes a buffer for frames too, which is thrown away.
const FRAME_BUFFER: usize = 64;

/// Shakes hands; gives the connection back, and the bytes that came behind the handshake's answer: a server may
/// greet at once.
///
/// # Errors
/// What kept the server from becoming a WebSocket.
pub(super) async fn upgrade<S: AsyncRead + AsyncWrite + Unpin>(
    request: Request<()>,
    stream: S,
) -> Result<(S, Vec<u8>), Error> {
    let config = WebSocketConfig::default().read_buffer_size(FRAME_BUFFER);
    let head = HeadAlone::new(stream);
    let (socket, _) = client_async_with_config(request, head, Some(config)).await?;
    let HeadAlone { stream, behind, .. } = socket.into_inner();
    Ok((stream, behind))
}

/// A connection of which no read goes beyond an empty line.
///
/// So whoever reads a head from it, and stops reading then, has read nothing behind the head; and whoever reads
/// on gets all that comes.
struct HeadAlone<S> {
    stream: S,
    /// What has come and was not asked for.
    behind: Vec<u8>,
    /// Whether all bytes of the line so far are CR.
    is_line_empty: bool,
}

impl<S> HeadAlone<S> {
    fn new(stream: S) -> HeadAlone<S> {
        HeadAlone {
            stream,
            behind: Vec::new(),
            is_line_empty: true,
        }
    }

    /// How many of these bytes there are up to the end of an empty line.
    fn within_head(&mut self, bytes: &[u8]) -> usize {
        for (at, byte) in bytes.iter().enumerate() {
            match byte {
                b'\n' if self.is_line_empty => return at + 1,
                b'\n' => self.is_line_empty = true,
                b'\r' => {}
                _ => self.is_line_empty = false,
            }
        }
        bytes.len()
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for HeadAlone<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        if this.behind.is_empty() {
            ready!(Pin::new(&mut this.stream).poll_read(cx, buffer))?;
        } else {
            let part = this.behind.len().min(buffer.remaining());
            buffer.put_slice(&this.behind[..part]);
            this.behind.drain(..part);
        }
        let head = this.within_head(&buffer.filled()[before..]);
        let mut behind = buffer.filled()[before + head..].to_vec();
        behind.append(&mut this.behind);
        this.behind = behind;
        buffer.set_filled(before + head);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for HeadAlone<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}
