//! Servers that speak HTTP/2 by a script.

use std::fmt::Write;
use std::future::{pending, poll_fn};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::task::Poll;

use agentos_perf::profile::{Destination, HttpVersion};
use bytes::Bytes;
use h2::server::{Connection, SendResponse, handshake};
use h2::{Ping, Reason, RecvStream, SendStream};
use http::{HeaderMap, Request, Response};
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::server::destination;

/// What a server does with the next request on one connection.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Reply {
    /// A status and a body.
    Whole(u16, &'static str),
    /// A head that promises this much, and nothing behind it.
    Promise(usize),
    /// A body of this length that no head has promised.
    Unpromised(usize),
    Trailers,
    /// A status with a part of a body, and then an end of the stream.
    Part(u16, Reason),
    /// A status with a part of a body, and then the end of the connection.
    Cut(u16),
    /// A status with a part of a body, and nothing more.
    Slow(u16),
    Reset(Reason),
    /// No answer, ever.
    Hang,
    /// The end of the connection.
    Abort,
    /// 200 and the word that it was the last one.
    Last,
    /// No request: a ping, and the end of the connection once it is answered.
    Pinged,
}

pub(crate) struct Http2Server {
    pub(crate) address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
    scheme: &'static str,
}

impl Http2Server {
    /// Serves the nth connection by the nth script, by prior knowledge, and accepts no further ones. Behind its
    /// script a connection only stays.
    pub(crate) async fn plain(scripts: Vec<Vec<Reply>>) -> Http2Server {
        Http2Server::start(scripts, None).await
    }

    /// The same over TLS.
    pub(crate) async fn encrypted(config: ServerConfig, scripts: Vec<Vec<Reply>>) -> Http2Server {
        Http2Server::start(scripts, Some(TlsAcceptor::from(Arc::new(config)))).await
    }

    async fn start(scripts: Vec<Vec<Reply>>, tls: Option<TlsAcceptor>) -> Http2Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let scheme = if tls.is_some() { "https" } else { "http" };
        let requests = Arc::default();
        let log = Arc::clone(&requests);
        tokio::spawn(async move {
            for script in scripts {
                let (stream, _) = listener.accept().await.unwrap();
                let (tls, log) = (tls.clone(), Arc::clone(&log));
                tokio::spawn(async move {
                    match tls {
                        None => serve(stream, script, log).await,
                        Some(tls) => serve(tls.accept(stream).await.unwrap(), script, log).await,
                    }
                });
            }
            pending::<()>().await;
        });
        Http2Server {
            address,
            requests,
            scheme,
        }
    }

    /// What was asked, in order.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    /// Where it is; any certificate is taken, and HTTP/2 alone is spoken.
    pub(crate) fn destination(&self) -> Destination {
        Destination {
            insecure: true,
            http: HttpVersion::Http2,
            ..destination(&format!("{}://{}", self.scheme, self.address))
        }
    }
}

async fn serve<S>(stream: S, script: Vec<Reply>, log: Arc<Mutex<Vec<String>>>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let Ok(mut connection) = handshake(stream).await else {
        return;
    };
    // What is dropped is ended.
    let (mut unanswered, mut unfinished) = (Vec::new(), Vec::new());
    for reply in script {
        if matches!(reply, Reply::Pinged) {
            return ping(&mut connection).await;
        }
        let Some(Ok((request, mut respond))) = connection.accept().await else {
            return;
        };
        let asked = read(&mut connection, request).await;
        log.lock().unwrap().push(asked);
        match reply {
            Reply::Abort | Reply::Pinged => return,
            Reply::Hang => unanswered.push(respond),
            Reply::Reset(reason) => respond.send_reset(reason),
            Reply::Whole(status, body) => drop(answer(&mut respond, status, None, body, true)),
            Reply::Last => {
                connection.graceful_shutdown();
                drop(answer(&mut respond, 200, None, "ok", true));
            }
            Reply::Promise(length) => {
                unfinished.push(answer(&mut respond, 200, Some(length), "", false));
            }
            Reply::Unpromised(length) => {
                drop(answer(&mut respond, 200, None, &"x".repeat(length), true));
            }
            Reply::Trailers => {
                let mut rest = answer(&mut respond, 200, None, "ok", false);
                rest.send_trailers(HeaderMap::new()).unwrap();
            }
            Reply::Slow(status) => {
                unfinished.push(answer(&mut respond, status, None, "ok", false));
            }
            Reply::Part(status, reason) => {
                let mut rest = answer(&mut respond, status, None, "ok", false);
                flush(&mut connection).await;
                rest.send_reset(reason);
            }
            Reply::Cut(status) => {
                let _rest = answer(&mut respond, status, None, "ok", false);
                flush(&mut connection).await;
                return;
            }
        }
    }
    while let Some(Ok(_)) = connection.accept().await {}
}

fn answer(
    respond: &mut SendResponse<Bytes>,
    status: u16,
    length: Option<usize>,
    body: &str,
    is_all: bool,
) -> SendStream<Bytes> {
    let mut head = Response::builder().status(status);
    if let Some(length) = length {
        head = head.header("content-length", length);
    }
    let mut rest = respond
        .send_response(head.body(()).unwrap(), false)
        .unwrap();
    rest.send_data(body.to_owned().into(), is_all).unwrap();
    rest
}

async fn ping<S>(connection: &mut Connection<S, Bytes>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut pings = connection.ping_pong().unwrap();
    pings.send_ping(Ping::opaque()).unwrap();
    poll_fn(|cx| {
        let _ = connection.poll_closed(cx);
        pings.poll_pong(cx)
    })
    .await
    .unwrap();
}

async fn flush<S>(connection: &mut Connection<S, Bytes>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    poll_fn(|cx| {
        let _ = connection.poll_closed(cx);
        Poll::Ready(())
    })
    .await;
}

/// A request as HTTP/1.1 would have it.
async fn read<S>(connection: &mut Connection<S, Bytes>, request: Request<RecvStream>) -> String
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut text = format!("{} {}\n", request.method(), request.uri());
    for (name, value) in request.headers() {
        writeln!(text, "{name}: {}", value.to_str().unwrap()).unwrap();
    }
    let mut body = request.into_body();
    loop {
        let chunk = poll_fn(|cx| {
            let _ = connection.poll_closed(cx);
            body.poll_data(cx)
        });
        match chunk.await {
            Some(Ok(chunk)) => text.push_str(std::str::from_utf8(&chunk).unwrap()),
            _ => return text,
        }
    }
}
