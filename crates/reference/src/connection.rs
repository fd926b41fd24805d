use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use axum::http::Request;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::gate::{Gate, Peer};
use super::websocket;

/// Serves one connection until either side ends it; when `closing` changes, after the current answer.
pub(super) async fn serve(
    stream: TcpStream,
    from: SocketAddr,
    gate: Gate,
    mut closing: watch::Receiver<()>,
) {
    // Without it answers would wait for acknowledgements; a socket that refuses is slow, not broken.
    let _ = stream.set_nodelay(true);
    let cut = Arc::new(AtomicBool::new(false));
    let peer = Arc::new(Peer::new(from.ip(), Arc::clone(&cut)));
    let answering = Arc::clone(&peer);
    let app = gate.app();
    let service = service_fn(move |request| {
        let answer = gate.clone().answer(Arc::clone(&answering), request);
        async move { Ok::<_, Infallible>(answer.await) }
    });
    speak_http(Cuttable { stream, cut }, service, &mut closing).await;
    if let Some(upgrade) = peer.upgraded() {
        drop(peer);
        websocket::serve::<Cuttable>(&app, upgrade, closing).await;
    }
}

/// Answers requests until the connection ends or becomes something else.
async fn speak_http<S>(stream: Cuttable, service: S, closing: &mut watch::Receiver<()>)
where
    S: Service<Request<Incoming>, Response = Response, Error = Infallible>,
{
    // Users think for longer than any header should take: idle connections are kept.
    let mut connection = pin!(
        http1::Builder::new()
            .header_read_timeout(None)
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades()
    );
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = closing.changed() => connection.as_mut().graceful_shutdown(),
    }
    // What the connection has become meanwhile is to know it too.
    closing.mark_changed();
    // However the peer has left, there is no one to report to.
    let _ = connection.await;
}

/// A stream that seems to end once it is cut.
///
/// The HTTP layer then closes an idle connection, as it would for a peer that has left: without
/// the announcement that its own way of closing puts into the last answer.
struct Cuttable {
    stream: TcpStream,
    cut: Arc<AtomicBool>,
}

impl AsyncRead for Cuttable {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.cut.load(Ordering::Acquire) {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Cuttable {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
