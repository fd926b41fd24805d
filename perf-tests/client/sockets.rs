//! WebSockets against servers that do what they should not.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use agentos_perf::client::{Connector, Exchange, Handshake, WebSocketSession, preflight};
use agentos_perf::plan::{Arrivals, Endpoint, EndpointKind, Plan, Socket, ThinkingUsers};
use agentos_perf::profile::{Destination, HttpVersion, Identity};
use agentos_perf::record::{Outcome, SocketEvents};
use agentos_perf::secret::Secret;
use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Bytes, Message, Utf8Bytes};
use tokio_tungstenite::{WebSocketStream, accept_async, accept_hdr_async};
use url::Url;

/// What a server does with the messages of one connection, one after the other.
#[derive(Clone, Copy)]
enum Reply {
    /// Answers with the number it was sent, as it was sent.
    Pong,
    /// The same as a real number.
    RealPong,
    /// Broadcasts and greetings first, then the answer.
    Chatter,
    /// The answer to another message first, then its own.
    Stale,
    /// Nothing.
    Silence,
    /// Asks with a control ping, and answers when the pong has come.
    ControlPing,
    /// Closes with this code.
    Close(u16),
    /// Ends the connection without a word.
    Drop,
    /// Sends a frame that no server may send.
    Garbage,
}

type Served = WebSocketStream<TcpStream>;

/// A server; the nth connection is served by the nth script, further ones are refused with 503.
async fn serve(scripts: Vec<Vec<Reply>>) -> Url {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let mut scripts = scripts.into_iter();
        while let Ok((stream, _)) = listener.accept().await {
            let script = scripts.next();
            tokio::spawn(connection(stream, script));
        }
    });
    url.parse().unwrap()
}

async fn connection(stream: TcpStream, script: Option<Vec<Reply>>) {
    let refuse = script.is_none();
    #[expect(clippy::result_large_err, reason = "the library's signature")]
    let check = |request: &Request, response: Response| {
        let mut refusal = ErrorResponse::new(None);
        if refuse {
            *refusal.status_mut() = http::StatusCode::SERVICE_UNAVAILABLE;
            return Err(refusal);
        }
        if request.uri().path() != "/ws/ann" || request.uri().query() != Some("token=t%2F1") {
            *refusal.status_mut() = http::StatusCode::FORBIDDEN;
            return Err(refusal);
        }
        Ok(response)
    };
    let Ok(mut served) = accept_hdr_async(stream, check).await else {
        return;
    };
    text(&mut served, r#"{"type":"connection_established"}"#).await;
    for reply in script.unwrap_or_default() {
        let Some(id) = next_id(&mut served).await else {
            return;
        };
        if !answer(&mut served, reply, &id).await {
            return;
        }
    }
    // Stays until the client goes.
    while let Some(Ok(_)) = served.next().await {}
}

async fn text(served: &mut Served, frame: &str) {
    let _ = served.send(Message::Text(Utf8Bytes::from(frame))).await;
}

async fn pong(served: &mut Served, id: &str) {
    text(served, &format!(r#"{{"type":"pong","timestamp":{id}}}"#)).await;
}

/// What stands behind `timestamp` in the next message.
async fn next_id(served: &mut Served) -> Option<String> {
    loop {
        if let Message::Text(text) = served.next().await?.ok()? {
            let value: serde_json::Value = serde_json::from_str(&text).ok()?;
            return Some(value["timestamp"].to_string());
        }
    }
}

/// Says whether the connection goes on.
async fn answer(served: &mut Served, reply: Reply, id: &str) -> bool {
    match reply {
        Reply::Pong => pong(served, id).await,
        Reply::RealPong => pong(served, &format!("{id}.0")).await,
        Reply::Chatter => {
            for frame in [
                r#"{"type":"ping","timestamp":1}"#,
                r#"{"type":"pong"}"#,
                "no JSON",
                "[]",
            ] {
                text(served, frame).await;
            }
            let binary = Message::Binary(Bytes::from_static(&[0xff, 0, 1]));
            let _ = served.send(binary).await;
            pong(served, id).await;
        }
        Reply::Stale => {
            pong(served, "1").await;
            pong(served, id).await;
        }
        Reply::Silence => {}
        Reply::ControlPing => {
            let _ = served
                .send(Message::Ping(Bytes::from_static(b"well?")))
                .await;
            while let Some(Ok(frame)) = served.next().await {
                if matches!(frame, Message::Pong(ref bytes) if bytes.as_ref() == b"well?") {
                    pong(served, id).await;
                    return true;
                }
            }
            return false;
        }
        Reply::Close(code) => {
            let frame = CloseFrame {
                code: code.into(),
                reason: Utf8Bytes::default(),
            };
            let _ = served.send(Message::Close(Some(frame))).await;
            return false;
        }
        Reply::Drop => return false,
        Reply::Garbage => {
            use tokio::io::AsyncWriteExt as _;
            let _ = served.get_mut().write_all(&[0xf3, 0]).await;
            return false;
        }
    }
    true
}

fn socket() -> Socket {
    Socket {
        users: 1,
        every_min: Duration::from_secs(1),
        every_max: Duration::from_secs(1),
        path: "/ws/{user}?token={token}".to_owned(),
        message: r#"{"type":"ping","timestamp":{id}}"#.to_owned(),
        reply: vec![("type".to_owned(), "pong".to_owned())],
        matching: "timestamp".to_owned(),
        auth: false,
        connect_timeout: Duration::from_secs(5),
        reply_timeout: Duration::from_millis(300),
        frame_bytes: 1024,
    }
}

fn destination(origin: Url, user: &str) -> Destination {
    Destination {
        origin,
        token: None,
        insecure: false,
        http: HttpVersion::Auto,
        users: [Identity {
            user: user.to_owned(),
            token: Some(Secret::new("t/1")),
            headers: Vec::new(),
        }]
        .into(),
    }
}

struct User {
    line: WebSocketSession,
    connector: Connector,
    socket: Socket,
}

impl User {
    fn new(origin: Url, name: &str) -> User {
        let destination = destination(origin, name);
        let handshake = Handshake::new(&socket(), &[], &destination, 0).unwrap();
        User {
            line: WebSocketSession::new(handshake, 1_000_000_000),
            connector: Connector::new(&destination).unwrap(),
            socket: socket(),
        }
    }

    async fn connect(&mut self) -> Outcome {
        self.line
            .connect(&self.connector, &self.socket)
            .await
            .outcome
    }

    async fn exchange(&mut self) -> Exchange {
        self.line.exchange(&self.connector, &self.socket).await
    }
}

async fn against(script: &[Reply]) -> (Vec<Outcome>, SocketEvents) {
    let mut user = User::new(serve(vec![script.to_vec()]).await, "ann");
    assert_eq!(user.connect().await, Outcome::Ok);
    let mut outcomes = Vec::new();
    for _ in script {
        outcomes.push(user.exchange().await.outcome);
    }
    (outcomes, user.line.take_socket_events())
}

#[tokio::test]
async fn a_reply_is_known_by_what_it_repeats() {
    use Reply::{Chatter, ControlPing, Pong, RealPong, Silence, Stale};
    const OK: Outcome = Outcome::Ok;
    // The greeting comes unasked on every connection.
    type Case = (&'static [Reply], &'static [Outcome], (u64, u64, u64));
    let cases: [Case; 5] = [
        (&[Pong, Pong, RealPong], &[OK, OK, OK], (1, 0, 0)),
        (&[Chatter, Pong], &[OK, OK], (6, 0, 0)),
        (&[Stale, Pong], &[OK, OK], (1, 0, 1)),
        (&[Silence, Pong], &[Outcome::Timeout, OK], (1, 0, 0)),
        (&[ControlPing, Pong], &[OK, OK], (1, 1, 0)),
    ];
    for (script, expected, (unasked, control_pings, late_replies)) in cases {
        let (outcomes, talk) = against(script).await;
        assert_eq!(outcomes, expected);
        let wanted = SocketEvents {
            // One of the chatter says that it is a pong, and to nothing.
            unasked: unasked - u64::from(unasked == 6),
            late_replies: late_replies + u64::from(unasked == 6),
            control_pings,
            ..SocketEvents::default()
        };
        assert_eq!(talk, wanted);
    }
}

#[tokio::test]
async fn each_end_of_a_connection_has_its_cause() {
    for (reply, outcome, code) in [
        (Reply::Close(1011), Outcome::Closed(1011), 1011),
        (Reply::Close(1008), Outcome::Closed(1008), 1008),
        (Reply::Drop, Outcome::Closed(1006), 1006),
        (Reply::Garbage, Outcome::Protocol, 1002),
    ] {
        let (outcomes, talk) = against(&[reply]).await;
        assert_eq!((outcomes, talk.closed), (vec![outcome], Some(code)));
    }
}

#[tokio::test]
async fn a_lost_line_is_told_once_and_made_again() {
    let origin = serve(vec![vec![Reply::Drop], vec![Reply::Pong]]).await;
    let mut user = User::new(origin, "ann");
    assert_eq!(user.connect().await, Outcome::Ok);
    assert_eq!(user.exchange().await.outcome, Outcome::Closed(1006));
    user.line.idle(&user.socket).await;
    let again = tokio::time::timeout(Duration::from_millis(20), user.line.idle(&user.socket));
    assert!(again.await.is_err(), "told a second time");
    assert_eq!(user.connect().await, Outcome::Ok);
    assert_eq!(user.exchange().await.outcome, Outcome::Ok);
    let talk = user.line.take_socket_events();
    assert_eq!((talk.reconnects, talk.closed), (1, Some(1006)));
}

#[tokio::test]
async fn a_line_lost_while_idle_is_noticed() {
    let mut user = User::new(
        serve(vec![vec![Reply::Pong, Reply::Close(1012)]]).await,
        "ann",
    );
    assert_eq!(user.exchange().await.outcome, Outcome::Ok);
    // The server closes when it has read one more message, to which nobody waits for a reply.
    user.socket.reply_timeout = Duration::ZERO;
    let sent = user.exchange().await.outcome;
    assert!(
        matches!(sent, Outcome::Timeout | Outcome::Closed(1012)),
        "{sent}"
    );
    user.line.idle(&user.socket).await;
    assert!(!user.line.is_open());
    assert_eq!(user.line.take_socket_events().closed, Some(1012));
}

#[tokio::test]
async fn a_refused_handshake_tells_its_status() {
    let mut user = User::new(serve(Vec::new()).await, "ann");
    assert_eq!(user.connect().await, Outcome::Status(503));
    let mut user = User::new(serve(vec![Vec::new()]).await, "bob");
    assert_eq!(user.connect().await, Outcome::Status(403));
    assert_eq!(user.exchange().await.outcome, Outcome::Status(503));
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", closed.local_addr().unwrap());
    drop(closed);
    let mut user = User::new(url.parse().unwrap(), "ann");
    assert_eq!(user.connect().await, Outcome::Connect);
}

#[tokio::test]
async fn over_tls_it_is_the_same() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin: Url = format!("https://{}/", listener.local_addr().unwrap())
        .parse()
        .unwrap();
    let mut config = super::server::certificate(2090);
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // A client that does not trust the certificate ends the handshake.
            let Ok(stream) = acceptor.accept(stream).await else {
                continue;
            };
            let mut served = accept_async(stream).await.unwrap();
            while let Some(Ok(Message::Text(text))) = served.next().await {
                let answer = text.replace("ping", "pong");
                let _ = served.send(Message::Text(answer.into())).await;
            }
        }
    });
    // A socket begins with HTTP/1.1, whatever requests are sent in.
    for (insecure, http, expected) in [
        (false, HttpVersion::Auto, Outcome::Tls),
        (true, HttpVersion::Auto, Outcome::Ok),
        (true, HttpVersion::Http2, Outcome::Ok),
    ] {
        let destination = Destination {
            insecure,
            http,
            ..destination(origin.clone(), "ann")
        };
        let handshake = Handshake::new(&socket(), &[], &destination, 0).unwrap();
        let mut user = User {
            line: WebSocketSession::new(handshake, 1),
            connector: Connector::new(&destination).unwrap(),
            socket: socket(),
        };
        assert_eq!(user.connect().await, expected);
        if insecure {
            assert_eq!(user.exchange().await.outcome, Outcome::Ok);
        }
    }
}

fn plan() -> Plan {
    let endpoint = |name: &str, kind| Endpoint {
        name: name.to_owned(),
        kind,
        ..super::server::endpoint("GET", "/ws/ann")
    };
    Plan {
        scenario: "websocket".to_owned(),
        arrivals: Arrivals::Users(ThinkingUsers {
            count: 1,
            think_min: Duration::from_secs(1),
            think_max: Duration::from_secs(1),
        }),
        endpoints: vec![
            endpoint("connect", EndpointKind::Connect),
            endpoint("message", EndpointKind::Message),
        ],
        socket: Some(socket()),
        ..super::preflights::plan(&[])
    }
}

/// What the preflight says when its handshake is answered with this, and its message with these bytes.
async fn said(handshake: &'static str, reply: Vec<u8>, headers: &[(&str, &str)]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin: Url = format!("http://{}/", listener.local_addr().unwrap())
        .parse()
        .unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let reply = reply.clone();
            tokio::spawn(async move {
                let mut request = String::new();
                while !request.ends_with("\r\n\r\n") {
                    request.push(char::from(stream.read_u8().await.unwrap()));
                }
                let key = request
                    .lines()
                    .find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "));
                let accept = derive_accept_key(key.unwrap().as_bytes());
                let answer = handshake.replace("{accept}", &accept).replace('\n', "\r\n");
                stream.write_all(answer.as_bytes()).await.unwrap();
                // Whatever the message is.
                if stream.read_u8().await.is_ok() {
                    let _ = stream.write_all(&reply).await;
                }
                std::future::pending::<()>().await;
            });
        }
    });
    let mut plan = plan();
    plan.headers = headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let failure = preflight(&plan, &destination(origin, "ann"))
        .await
        .unwrap_err();
    format!("{}\n    {}", failure.what, failure.advice)
}

#[tokio::test]
async fn each_failure_of_a_socket_says_its_cause_and_what_to_do() {
    const OPEN: &str = "HTTP/1.1 101 X\nupgrade: websocket\nconnection: upgrade\nsec-websocket-accept: {accept}\n\n";
    let origin = [("Origin", "https://app.example")];
    // A text of 1,025 bytes: one more than allowed.
    let long = [&[0x81, 126, 4, 1][..], &[b'x'; 1025]].concat();
    let forbidden = "HTTP/1.1 403 Forbidden\ncontent-length: 0\n\n";
    let mut table = String::new();
    for (name, handshake, reply, headers) in [
        ("403 without Origin", forbidden, vec![], &[][..]),
        ("403 with Origin", forbidden, vec![], &origin[..]),
        (
            "a proxy that takes Upgrade away",
            "HTTP/1.1 101 X\nconnection: keep-alive\nsec-websocket-accept: {accept}\n\n",
            vec![],
            &[],
        ),
        (
            "a subprotocol that was not offered",
            "HTTP/1.1 101 X\nupgrade: websocket\nconnection: upgrade\nsec-websocket-accept: {accept}\n\
             sec-websocket-protocol: chat\n\n",
            vec![],
            &[],
        ),
        ("no HTTP", "SSH-2.0-OpenSSH_9.6\n", vec![], &[]),
        ("a frame over the limit", OPEN, long, &[]),
        ("no frame", OPEN, vec![0xff; 4], &[]),
    ] {
        let said = said(handshake, reply, headers).await;
        writeln!(table, "{name}\n    {said}").unwrap();
    }
    insta::assert_snapshot!(table);
}

#[tokio::test]
async fn the_preflight_says_what_is_wrong_with_a_socket() {
    let look = |origin: Url, user: &'static str| async move {
        preflight(&plan(), &destination(origin, user)).await
    };
    let good = serve(vec![vec![Reply::Pong]]).await;
    assert!(look(good, "ann").await.is_ok());
    let lossy = serve(vec![vec![Reply::Silence, Reply::Pong]]).await;
    assert!(
        look(lossy, "ann").await.is_ok(),
        "one lost reply is none too few"
    );
    for (origin, user, words) in [
        (
            serve(vec![Vec::new(); 3]).await,
            "bob",
            ["refused with 403", "--users-file"],
        ),
        (
            serve(Vec::new()).await,
            "ann",
            ["answered 503", "leave the scenario out"],
        ),
        (
            serve(vec![vec![Reply::Silence; 3]]).await,
            "ann",
            ["no message had a reply", "match"],
        ),
    ] {
        let failure = look(origin, user).await.unwrap_err().to_string();
        for word in words {
            assert!(failure.contains(word), "{failure}");
        }
        assert!(
            !failure.contains("t/1") && !failure.contains("t%2F1"),
            "{failure}"
        );
    }
}
