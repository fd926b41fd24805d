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

#[cfg(test)]
mod tests {
    use http::StatusCode;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
    use tokio_tungstenite::tungstenite::client::IntoClientRequest;
    use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

    use super::*;

    /// Reads a request; gives the answer that opens a WebSocket.
    async fn answer_to_request(server: &mut DuplexStream) -> String {
        let mut request = String::new();
        while !request.ends_with("\r\n\r\n") {
            request.push(char::from(server.read_u8().await.unwrap()));
        }
        let key = request.lines().find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            name.eq_ignore_ascii_case("sec-websocket-key")
                .then_some(value)
        });
        let accept = derive_accept_key(key.unwrap().as_bytes());
        format!(
            "HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\
             sec-websocket-accept: {accept}\r\n\r\n"
        )
    }

    fn request() -> Request<()> {
        "ws://localhost/".into_client_request().unwrap()
    }

    #[tokio::test]
    async fn what_comes_behind_the_answer_is_kept() {
        // Among it are empty lines, and what comes later.
        let greeting = b"\x81\x04a\n\r\n\x81\x00\n\n";
        for at in 0..160 {
            let (client, mut server) = duplex(1024);
            let serve = async {
                let mut bytes = answer_to_request(&mut server).await.into_bytes();
                let head = bytes.len();
                bytes.extend_from_slice(greeting);
                let (a, b) = bytes.split_at(at.min(bytes.len()));
                server.write_all(a).await.unwrap();
                // Whoever waits for more must have got all of the first part by then.
                tokio::task::yield_now().await;
                server.write_all(b).await.unwrap();
                assert!(head < 160);
                drop(server);
            };
            let (opened, ()) = tokio::join!(upgrade(request(), client), serve);
            let (mut client, mut all) = opened.unwrap();
            client.read_to_end(&mut all).await.unwrap();
            assert_eq!(all, greeting, "split at {at}");
        }
    }

    #[tokio::test]
    async fn a_refusal_is_told_as_before() {
        let (client, mut server) = duplex(1024);
        let serve = async {
            answer_to_request(&mut server).await;
            let refusal = "\r\nHTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\nno";
            server.write_all(refusal.as_bytes()).await.unwrap();
            server
        };
        let (opened, _server) = tokio::join!(upgrade(request(), client), serve);
        match opened.map(|_| ()) {
            Err(Error::Http(answer)) => assert_eq!(answer.status(), StatusCode::FORBIDDEN),
            other => panic!("{other:?}"),
        }
    }
}
