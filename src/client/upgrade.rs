//! From a connection to a WebSocket: the handshake, and nothing behind it.

use std::fmt;
use std::io;
use std::time::Duration;

use http::header::SEC_WEBSOCKET_PROTOCOL;
use http::{HeaderMap, Request};
use httparse::Response;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::handshake::client::generate_request;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::excerpt::EXCERPT_BYTES;
use super::http1_response::{
    AnswerProgress, AnswerReader, HEAD_BYTES, is, is_interim, tokens, with_headers,
};
use super::retry_after;

/// As much as one read brings: more is a greeting.
const READ: usize = 4 * 1024;
/// How long the body of a refusal may take.
const BODY_PATIENCE: Duration = Duration::from_millis(500);

/// Why a connection did not become a WebSocket.
#[derive(Debug)]
pub(super) enum UpgradeRefusal {
    /// The request cannot be sent.
    Request(String),
    /// The server answered otherwise.
    Status(RefusingAnswer),
    /// The connection ended or broke before the answer was whole.
    Broken(io::Error),
    /// The answer is not that of a WebSocket.
    Answer(&'static str),
}

/// An answer that is not the upgrade.
#[derive(Debug)]
pub(super) struct RefusingAnswer {
    pub(super) status: u16,
    /// How its body begins.
    pub(super) body: Vec<u8>,
    /// How long it asks to wait, in seconds.
    pub(super) retry_after: Option<u32>,
}

impl fmt::Display for UpgradeRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            UpgradeRefusal::Request(why) => write!(f, "the request cannot be sent: {why}"),
            UpgradeRefusal::Status(answered) => write!(f, "it answered {}", answered.status),
            UpgradeRefusal::Broken(error) => write!(f, "the connection ended: {error}"),
            UpgradeRefusal::Answer(why) => f.write_str(why),
        }
    }
}

/// Shakes hands; gives the connection back, and the bytes that came behind the handshake's answer: a server may
/// greet at once.
///
/// # Errors
/// What kept the server from becoming a WebSocket.
pub(super) async fn upgrade<S: AsyncRead + AsyncWrite + Unpin>(
    request: Request<()>,
    mut stream: S,
) -> Result<(S, Vec<u8>), UpgradeRefusal> {
    let wanted = ExpectedHandshake::of(request.headers());
    let (bytes, key) =
        generate_request(request).map_err(|error| UpgradeRefusal::Request(error.to_string()))?;
    let accept = derive_accept_key(key.as_bytes());
    stream
        .write_all(&bytes)
        .await
        .map_err(UpgradeRefusal::Broken)?;
    stream.flush().await.map_err(UpgradeRefusal::Broken)?;
    let mut come = Vec::with_capacity(READ);
    let mut heads = 0;
    loop {
        if stream
            .read_buf(&mut come)
            .await
            .map_err(UpgradeRefusal::Broken)?
            == 0
        {
            return Err(UpgradeRefusal::Broken(io::ErrorKind::UnexpectedEof.into()));
        }
        while let Some((length, answer)) = head(&come, &wanted, &accept)? {
            if let Some(Err(UpgradeRefusal::Status(answered))) = answer {
                return Err(UpgradeRefusal::Status(
                    answered.read(&mut stream, &come).await,
                ));
            }
            come.drain(..length);
            heads += length;
            if let Some(answer) = answer {
                return answer.map(|()| (stream, come));
            }
        }
        if heads + come.len() >= HEAD_BYTES {
            return Err(UpgradeRefusal::Answer(
                "the head of its answer is longer than 64 KiB",
            ));
        }
    }
}

/// The length of a whole head, and what it says; nothing if another one follows (RFC 9110, 15.2).
type HandshakeHead = (usize, Option<Result<(), UpgradeRefusal>>);

fn head(
    bytes: &[u8],
    wanted: &ExpectedHandshake,
    accept: &str,
) -> Result<Option<HandshakeHead>, UpgradeRefusal> {
    let heard = with_headers(bytes, |length, answer| {
        let status = answer.code.unwrap_or_default();
        let said = (!is_interim(status)).then(|| match status {
            101 => wanted.check(answer, accept),
            status => Err(UpgradeRefusal::Status(RefusingAnswer::new(status))),
        });
        (length, said)
    });
    heard.map_err(|_| UpgradeRefusal::Answer("its answer is not HTTP/1.1"))
}

impl RefusingAnswer {
    fn new(status: u16) -> RefusingAnswer {
        RefusingAnswer {
            status,
            body: Vec::new(),
            retry_after: None,
        }
    }

    /// The same with how its body begins, of which `come` has come with the head.
    async fn read(mut self, stream: &mut (impl AsyncRead + Unpin), come: &[u8]) -> RefusingAnswer {
        // The status is what counts: a body that never ends must not make a timeout of it.
        let _ = timeout(BODY_PATIENCE, self.read_body(stream, come)).await;
        let named = self.retry_after;
        self.retry_after = named.or_else(|| retry_after::of_body(&self.body));
        self
    }

    async fn read_body(&mut self, stream: &mut (impl AsyncRead + Unpin), come: &[u8]) {
        let mut reader = AnswerReader::new(false, u64::MAX);
        let mut bytes = come.to_vec();
        loop {
            let body = &mut self.body;
            let progress = reader.read(&bytes, &mut |chunk| {
                let room = EXCERPT_BYTES - body.len();
                body.extend_from_slice(&chunk[..chunk.len().min(room)]);
            });
            self.retry_after = reader.retry_after();
            if progress != Ok(AnswerProgress::More) || self.body.len() == EXCERPT_BYTES {
                return;
            }
            bytes.clear();
            if !matches!(stream.read_buf(&mut bytes).await, Ok(1..)) {
                return;
            }
        }
    }
}

/// What the answer must fit.
struct ExpectedHandshake {
    protocols: Option<Vec<Vec<u8>>>,
}

impl ExpectedHandshake {
    fn of(headers: &HeaderMap) -> ExpectedHandshake {
        let all = headers.get_all(SEC_WEBSOCKET_PROTOCOL);
        let listed: Vec<Vec<u8>> = all
            .iter()
            .flat_map(|value| tokens(value.as_bytes()))
            .map(<[u8]>::to_vec)
            .collect();
        ExpectedHandshake {
            protocols: (!listed.is_empty()).then_some(listed),
        }
    }

    /// The checks of RFC 6455, 4.1. Proxies name further options of the connection beside the upgrade.
    fn check(&self, answer: &Response<'_, '_>, accept: &str) -> Result<(), UpgradeRefusal> {
        let mut said = HandshakeHeaders::default();
        for header in answer.headers.iter() {
            said.add(header.name.as_bytes(), header.value, accept);
        }
        if !said.is_websocket {
            return refuse("its answer has no `Upgrade: websocket`: does a proxy take it away?");
        }
        if !said.is_upgrade {
            return refuse("its answer has no `Connection: Upgrade`: does a proxy take it away?");
        }
        if !said.is_accepted {
            return refuse("its answer has no valid `Sec-WebSocket-Accept`");
        }
        if said.has_extensions {
            return refuse(
                "its answer names an extension (`Sec-WebSocket-Extensions`) that was not offered",
            );
        }
        match (&self.protocols, said.protocol) {
            (None, None) => Ok(()),
            (Some(offered), Some(chosen)) if offered.contains(&chosen) => Ok(()),
            (Some(_), None) => {
                refuse("it chose none of the offered subprotocols (`Sec-WebSocket-Protocol`)")
            }
            (_, Some(_)) => refuse(
                "it chose a subprotocol (`Sec-WebSocket-Protocol`) that was not offered: offer it by the headers of \
                 [target]",
            ),
        }
    }
}

fn refuse(why: &'static str) -> Result<(), UpgradeRefusal> {
    Err(UpgradeRefusal::Answer(why))
}

/// The headers that count.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a header of its own")]
struct HandshakeHeaders {
    is_websocket: bool,
    is_upgrade: bool,
    is_accepted: bool,
    has_extensions: bool,
    protocol: Option<Vec<u8>>,
}

impl HandshakeHeaders {
    fn add(&mut self, name: &[u8], value: &[u8], accept: &str) {
        if is(name, b"upgrade") {
            self.is_websocket |= tokens(value).any(|token| is(token, b"websocket"));
        } else if is(name, b"connection") {
            self.is_upgrade |= tokens(value).any(|token| is(token, b"upgrade"));
        } else if is(name, b"sec-websocket-accept") {
            self.is_accepted = value.trim_ascii() == accept.as_bytes();
        } else if is(name, b"sec-websocket-extensions") {
            self.has_extensions |= !value.trim_ascii().is_empty();
        } else if is(name, b"sec-websocket-protocol") {
            self.protocol = Some(value.trim_ascii().to_vec());
        }
    }
}

#[cfg(test)]
mod tests {
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
                // A client that waits for more must have got all of the first part by then.
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
            let refusal = "HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\nHTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\nno";
            server.write_all(refusal.as_bytes()).await.unwrap();
            server
        };
        let (opened, _server) = tokio::join!(upgrade(request(), client), serve);
        match opened.map(|_| ()) {
            Err(UpgradeRefusal::Status(answered)) => {
                assert_eq!((answered.status, answered.body), (403, b"no".to_vec()));
            }
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_keeps_how_its_body_begins_and_the_wait() {
        let long = "x".repeat(2 * EXCERPT_BYTES);
        for (head, pieces, body, wait) in [
            (
                "403 X\r\ncontent-length: 5",
                vec!["fo", "rbi"],
                "forbi",
                None,
            ),
            ("429 X\r\nretry-after: 7", vec!["slow"], "slow", Some(7)),
            (
                "429 X\r\ntransfer-encoding: chunked",
                vec!["11\r\n{\"retry_af", "ter\":9}\r\n0\r\n\r\n"],
                "{\"retry_after\":9}",
                Some(9),
            ),
            ("500 X", vec![&long], &long[..EXCERPT_BYTES], None),
            ("401 X\r\ncontent-length: 0", vec![], "", None),
            // The rest never comes.
            ("403 X\r\ncontent-length: 9", vec!["part"], "part", None),
        ] {
            let (client, mut server) = duplex(4096);
            let serve = async {
                answer_to_request(&mut server).await;
                let head = format!("HTTP/1.1 {head}\r\n\r\n");
                server.write_all(head.as_bytes()).await.unwrap();
                for piece in pieces {
                    tokio::task::yield_now().await;
                    server.write_all(piece.as_bytes()).await.unwrap();
                }
                server
            };
            let (opened, _server) = tokio::join!(upgrade(request(), client), serve);
            let Err(UpgradeRefusal::Status(answered)) = opened.map(|_| ()) else {
                panic!("{head}");
            };
            assert_eq!(String::from_utf8_lossy(&answered.body), body, "{head}");
            assert_eq!(answered.retry_after, wait, "{head}");
        }
    }

    /// What becomes of an answer whose head has these lines, and `{accept}` in them.
    async fn handshake_outcome(head: &str) -> String {
        let (client, mut server) = duplex(64 * 1024);
        let serve = async {
            let valid = answer_to_request(&mut server).await;
            let accept = valid
                .lines()
                .find_map(|line| line.strip_prefix("sec-websocket-accept: "));
            let head = head
                .replace("{accept}", accept.unwrap())
                .replace('\n', "\r\n");
            server.write_all(head.as_bytes()).await.unwrap();
            drop(server);
        };
        let (opened, ()) = tokio::join!(upgrade(request(), client), serve);
        match opened {
            Ok((_, behind)) => format!("open, {} bytes behind", behind.len()),
            Err(refusal) => refusal.to_string(),
        }
    }

    #[tokio::test]
    async fn each_answer_is_taken_or_says_why_not() {
        let open = "HTTP/1.1 101 Switching Protocols\nupgrade: websocket\nsec-websocket-accept: {accept}\n";
        let with = |lines: &str| format!("{open}{lines}\n");
        let many = "x-more: y\n".repeat(150);
        let cases = [
            ("plain", with("connection: Upgrade\n")),
            ("a list", with("connection: keep-alive, Upgrade\n")),
            (
                "the list the other way round",
                with("connection: upgrade,keep-alive\n"),
            ),
            (
                "two headers",
                with("connection: keep-alive\nconnection: Upgrade\n"),
            ),
            (
                "capitals",
                with("Connection: UPGRADE\n").replace("websocket\n", "WebSocket\n"),
            ),
            (
                "a list of protocols",
                with("connection: Upgrade\n").replace("websocket\n", "h2c, websocket\n"),
            ),
            (
                "100 first",
                format!("HTTP/1.1 100 Continue\n\n{}", with("connection: Upgrade\n")),
            ),
            (
                "103 first",
                format!(
                    "HTTP/1.1 103 Early Hints\nlink: </x>\n\n{}",
                    with("connection: Upgrade\n")
                ),
            ),
            (
                "a folded header",
                with("connection: keep-alive,\n Upgrade\nx: a\n\tb\n"),
            ),
            ("150 headers", with(&format!("{many}connection: Upgrade\n"))),
            (
                "a greeting behind it",
                with("connection: Upgrade\n") + "hello",
            ),
            (
                "no upgrade of the connection",
                with("connection: keep-alive\n"),
            ),
            (
                "another protocol",
                with("connection: Upgrade\n").replace("websocket\n", "h2c\n"),
            ),
            (
                "another key",
                with("connection: Upgrade\n").replace("{accept}", "x{accept}"),
            ),
            (
                "an extension",
                with("connection: Upgrade\nsec-websocket-extensions: permessage-deflate\n"),
            ),
            (
                "a subprotocol",
                with("connection: Upgrade\nsec-websocket-protocol: chat\n"),
            ),
            ("200", "HTTP/1.1 200 OK\ncontent-length: 0\n\n".to_owned()),
            (
                "403",
                "HTTP/1.1 403 Forbidden\ncontent-length: 0\n\n".to_owned(),
            ),
            ("nothing but 103", "HTTP/1.1 103 Early Hints\n\n".to_owned()),
            ("another thing", "SSH-2.0-OpenSSH_9.6\n".to_owned()),
            ("nothing", String::new()),
            ("no end", open.to_owned()),
        ];
        let mut table = String::new();
        for (name, head) in cases {
            let told = handshake_outcome(&head).await;
            table += &format!("{name:28} {told}\n");
        }
        insta::assert_snapshot!(table);
    }
}
