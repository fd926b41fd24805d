//! The WebSocket of the embedded `AgentOS`, as a client sees it.

use std::time::{Duration, Instant};

use agentos_perf::reference::{DEMO_ORGANIZATION, Options, SigningSecret, mint_token};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use super::{AGES, HOUR, Running, start, start_with};

const SECRET: &str = "of this test";

async fn start_sockets(faults: &[&str]) -> Running {
    start_sockets_with(faults, |_| {}).await
}

async fn start_sockets_with(faults: &[&str], change: impl FnOnce(&mut Options)) -> Running {
    start_with(faults, |options| {
        options.secret = SigningSecret::from(SECRET.to_owned());
        change(options);
    })
    .await
}

fn token(user: &str, organization: &str) -> String {
    mint_token(&SECRET.to_owned().into(), user, organization, HOUR)
}

struct Socket(WebSocketStream<TcpStream>);

impl Socket {
    /// `Err` is the status of a refused handshake.
    async fn try_open(server: &Running, target: &str) -> Result<Self, u16> {
        let stream = TcpStream::connect(server.addr).await.unwrap();
        let url = format!("ws://{}{target}", server.addr);
        match client_async(url, stream).await {
            Ok((socket, _)) => Ok(Self(socket)),
            Err(Error::Http(answer)) => Err(answer.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }

    /// Opens one and reads its welcome.
    async fn open(server: &Running, user: &str, organization: &str) -> Self {
        let token = token(user, organization);
        let target = format!("/api/v1/ws/{user}?token={token}");
        let mut socket = Self::try_open(server, &target).await.unwrap();
        assert_eq!(socket.json().await["type"], "connection_established");
        socket
    }

    async fn say(&mut self, text: &str) {
        self.0.send(Message::text(text)).await.unwrap();
    }

    async fn next(&mut self) -> Option<Result<Message, Error>> {
        timeout(AGES, self.0.next()).await.expect("an answer")
    }

    async fn text(&mut self) -> String {
        match self.next().await {
            Some(Ok(Message::Text(text))) => text.to_string(),
            other => panic!("{other:?}"),
        }
    }

    async fn json(&mut self) -> Value {
        serde_json::from_str(&self.text().await).unwrap()
    }

    async fn ask(&mut self, text: &str) -> Value {
        self.say(text).await;
        self.json().await
    }

    /// Pings with this number and expects it back before anything else.
    async fn ping(&mut self, number: u32) {
        self.say(&ping(number)).await;
        assert_eq!(self.text().await, pong(number));
    }

    /// How it ended: with this close code, or with none.
    async fn end(&mut self) -> Option<u16> {
        loop {
            match self.next().await {
                Some(Ok(Message::Close(frame))) => return frame.map(|frame| frame.code.into()),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return None,
            }
        }
    }
}

fn ping(number: u32) -> String {
    format!(r#"{{"type":"ping","timestamp":{number}}}"#)
}

fn pong(number: u32) -> String {
    format!(r#"{{"type":"pong","timestamp":{number}}}"#)
}

#[tokio::test]
async fn only_who_the_path_names_is_let_in() {
    let server = start_sockets(&[]).await;
    let stranger = mint_token(&SigningSecret::random(), "u", "o", HOUR);
    let table = [
        (String::new(), 403),
        ("?token=".to_owned(), 403),
        ("?token=nonsense".to_owned(), 403),
        (format!("?token={stranger}"), 403),
        (format!("?token={}", token("other", "o")), 403),
        (format!("?token={}", token("u", "")), 403),
        (
            format!("?token={}&token={}", token("u", "o"), token("u", "o")),
            403,
        ),
        (format!("?token={}", token("u", "o")), 101),
        (
            format!("?x=y&channels=a&token={}", token("u%20ser", "o")),
            403,
        ),
    ];
    for (query, status) in &table {
        let answered = Socket::try_open(&server, &format!("/api/v1/ws/u{query}")).await;
        assert_eq!(answered.err().unwrap_or(101), *status, "{query}");
    }
    let target = format!("/api/v1/ws/u%20ser?token={}", token("u ser", "o"));
    assert!(Socket::try_open(&server, &target).await.is_ok());
    let target = format!("/api/v1/ws/u?token={}", token("u", "o"));
    assert_eq!(server.get(&target).await.status, 404, "no handshake");
    let figures = server.get("/api/v1/performance/websocket").await.json();
    assert_eq!(figures["data"]["websocket"]["refused_connections"], 8);
    server.stop().await;
}

#[tokio::test]
async fn a_timestamp_comes_back_digit_by_digit() {
    let server = start_sockets(&[]).await;
    let mut socket = Socket::open(&server, "u", "o").await;
    let timestamps = [
        "1.10",
        "1e3",
        "-0",
        "18446744073709551615",
        "1732469268.123456789",
        r#""2026-01-01""#,
        "null",
        r#"{"a": [1.0, 2]}"#,
    ];
    for timestamp in timestamps {
        socket
            .say(&format!(r#"{{"type":"ping","timestamp": {timestamp} }}"#))
            .await;
        let expected = format!(r#"{{"type":"pong","timestamp":{timestamp}}}"#);
        assert_eq!(socket.text().await, expected);
    }
    server.stop().await;
}

#[tokio::test]
async fn channels_are_remembered() {
    let server = start_sockets(&[]).await;
    let target = format!("/api/v1/ws/u?channels=b,,a&token={}", token("u", "o"));
    let mut socket = Socket::try_open(&server, &target).await.unwrap();
    let welcome = socket.json().await;
    assert_eq!(welcome["type"], "connection_established");
    assert_eq!(welcome["channels"], json!(["a", "b"]));
    assert!(welcome["timestamp"].as_f64().unwrap() > 1.7e9);
    let subscribed = socket.ask(r#"{"type":"subscribe","channel":"c"}"#).await;
    assert_eq!(subscribed, json!({ "type": "subscribed", "channel": "c" }));
    socket.ask(r#"{"type":"unsubscribe","channel":"a"}"#).await;
    let channels = socket.ask(r#"{"type":"get_channels"}"#).await;
    assert_eq!(channels["channels"], json!(["b", "c"]));
    for n in 0..200 {
        let frame = format!(r#"{{"type":"subscribe","channel":"many-{n}"}}"#);
        let kind = if n < 98 { "subscribed" } else { "error" };
        assert_eq!(socket.ask(&frame).await["type"], kind, "{n}");
    }
    server.stop().await;
}

#[tokio::test]
async fn what_it_does_not_know_it_says() {
    let server = start_sockets(&[]).await;
    let mut socket = Socket::open(&server, "u", "o").await;
    let table = [
        (r#"{"type":"dance"}"#, "Unknown message type: dance"),
        ("{", "Invalid JSON format"),
    ];
    for (frame, message) in table {
        let answer = socket.ask(frame).await;
        assert_eq!(answer, json!({ "type": "error", "message": message }));
    }
    socket.0.send(Message::binary(vec![0xff])).await.unwrap();
    assert_eq!(socket.json().await["type"], "error");
    let control = Message::Ping("control".into());
    socket.0.send(control).await.unwrap();
    assert_eq!(
        socket.next().await.unwrap().unwrap(),
        Message::Pong("control".into())
    );
    socket.ping(1).await;
    server.stop().await;
}

#[tokio::test]
async fn a_broadcast_stays_in_its_organization() {
    let server = start_sockets(&[]).await;
    let mut one = Socket::open(&server, "one", "o").await;
    let mut two = Socket::open(&server, "two", "o").await;
    let mut other = Socket::open(&server, "three", "p").await;
    one.say(r#"{"type":"broadcast_to_org","message":{"n":1.10}}"#)
        .await;
    for socket in [&mut one, &mut two] {
        let frame = socket.text().await;
        assert!(
            frame.contains(r#""from":"one","message":{"n":1.10},"#),
            "{frame}"
        );
    }
    other.ping(1).await;
    server.stop().await;
}

#[tokio::test]
async fn everybody_is_pinged_at_times() {
    let server = start_sockets_with(&[], |options| {
        options.websocket_ping = Some(Duration::from_millis(50));
    })
    .await;
    let mut one = Socket::open(&server, "one", "o").await;
    let mut two = Socket::open(&server, "two", "p").await;
    for socket in [&mut one, &mut two] {
        let frame = socket.json().await;
        assert_eq!(frame["type"], "ping");
        assert!(frame["timestamp"].as_f64().unwrap() > 1.7e9);
    }
    server.stop().await;
}

#[tokio::test]
async fn a_message_that_is_too_long_ends_the_socket() {
    let server = start_sockets(&[]).await;
    let mut socket = Socket::open(&server, "u", "o").await;
    let long = format!(r#"{{"type":"{}"}}"#, "x".repeat(60_000));
    assert_eq!(socket.ask(&long).await["type"], "error");
    socket.say(&"x".repeat(100_000)).await;
    assert_eq!(socket.end().await, Some(1009));
    server.stop().await;
}

#[tokio::test]
async fn sockets_are_counted() {
    let server = start_sockets(&[]).await;
    let mut one = Socket::open(&server, "one", "o").await;
    let two = Socket::open(&server, "two", "o").await;
    one.ping(1).await;
    one.ask("{").await;
    drop(two);
    let summary = loop {
        let summary = server.get("/api/v1/performance/summary").await.json();
        if summary["websocket"]["active_connections"] == 1 {
            break summary;
        }
    };
    let expected = json!({
        "active_connections": 1,
        "total_connections": 2,
        "refused_connections": 0,
        "messages_received": 2,
        "messages_sent": 4,
        "errors": 1,
    });
    assert_eq!(summary["websocket"], expected);
    let figures = server.get("/api/v1/performance/websocket").await.json();
    assert_eq!(figures["data"]["websocket"], expected);
    let stats = one.ask(r#"{"type":"get_stats"}"#).await;
    assert_eq!(stats["stats"]["total_connections"], 2);
    let observed = server.observed().await;
    assert_eq!(observed["by_path"]["GET:/api/v1/ws"], 2);
    let api = &server.get("/api/v1/performance/api").await.json()["data"]["api"];
    assert_eq!(
        api.get("GET:/api/v1/ws"),
        None,
        "no response time of a socket"
    );
    server.stop().await;
}

#[tokio::test]
async fn http_may_come_before_on_the_same_connection() {
    let server = start_sockets(&["close-every=2"]).await;
    let mut socket = Socket::open(&server, "u", "o").await;
    for number in 0..5 {
        socket.ping(number).await;
    }
    server.stop().await;
}

#[tokio::test]
async fn the_end_is_announced() {
    let server = start_sockets(&[]).await;
    let mut socket = Socket::open(&server, "u", "o").await;
    let mut silent = Socket::open(&server, "silent", "o").await;
    let end = tokio::spawn(async move { socket.end().await });
    timeout(AGES, server.stop()).await.unwrap();
    assert_eq!(end.await.unwrap(), Some(1001));
    assert_eq!(silent.end().await, Some(1001), "it had no time to answer");
}

#[tokio::test]
async fn an_outage_drops_the_sockets() {
    let server = start_sockets(&["restart=100ms@500ms"]).await;
    let mut socket = Socket::open(&server, "u", DEMO_ORGANIZATION).await;
    assert_eq!(socket.end().await, None);
    let begun = Instant::now();
    while TcpStream::connect(server.addr).await.is_err() {
        assert!(begun.elapsed() < AGES);
    }
    let mut again = Socket::open(&server, "u", DEMO_ORGANIZATION).await;
    again.ping(1).await;
    let figures = server.get("/api/v1/performance/websocket").await.json();
    assert_eq!(figures["data"]["websocket"]["total_connections"], 1);
    server.stop().await;
}

#[tokio::test]
async fn a_stall_holds_sockets_too() {
    let server = start_sockets(&["stall=1s@0s"]).await;
    let begun = Instant::now();
    Socket::open(&server, "u", "o").await;
    assert!(begun.elapsed() >= Duration::from_secs(1));
    server.stop().await;
}

#[tokio::test]
async fn a_handshake_can_fail_like_any_request() {
    let server = start(&["errors=100%:/api/v1/ws"]).await;
    let answered = Socket::try_open(&server, "/api/v1/ws/u?token=t").await;
    assert_eq!(answered.err(), Some(500));
    server.stop().await;
}

#[tokio::test]
async fn replies_alone_come_later() {
    let server = start_sockets(&["ws-latency=300ms"]).await;
    let mut socket = Socket::open(&server, "u", "o").await;
    let begun = Instant::now();
    socket.say(&ping(1)).await;
    socket.say(r#"{"type":"get_channels"}"#).await;
    socket.say(&ping(2)).await;
    assert_eq!(socket.json().await["type"], "channels");
    for number in [1, 2] {
        assert_eq!(socket.text().await, pong(number));
        assert!(begun.elapsed() >= Duration::from_millis(300));
    }
    server.stop().await;
}

#[tokio::test]
async fn replies_of_different_delays_overtake_each_other() {
    let server = start_sockets(&["ws-latency=uniform(0ms,300ms)"]).await;
    let mut socket = Socket::open(&server, "u", "o").await;
    for number in 0..50 {
        socket.say(&ping(number)).await;
    }
    let mut came = Vec::new();
    for _ in 0..50 {
        came.push(socket.json().await["timestamp"].as_u64().unwrap());
    }
    assert!(!came.is_sorted(), "{came:?}");
    came.sort_unstable();
    assert_eq!(came, (0..50).collect::<Vec<_>>());
    server.stop().await;
}

#[tokio::test]
async fn chatter_comes_between_a_ping_and_its_reply() {
    let server = start_sockets(&["ws-chatter=3"]).await;
    let mut socket = Socket::open(&server, "u", "o").await;
    socket.say(&ping(7)).await;
    for number in 1..=3 {
        let frame = socket.json().await;
        assert_eq!(frame["type"], "notification");
        assert_eq!(frame["number"], number);
    }
    assert_eq!(socket.text().await, pong(7));
    server.stop().await;
}

#[tokio::test]
async fn lost_replies_never_come() {
    let server = start_sockets(&["ws-lose=100%"]).await;
    let mut socket = Socket::open(&server, "u", "o").await;
    socket.say(&ping(1)).await;
    let next = socket.ask(r#"{"type":"get_channels"}"#).await;
    assert_eq!(next["type"], "channels");
    server.stop().await;
}

#[tokio::test]
async fn sockets_end_when_they_are_told_to() {
    for (fault, code) in [
        ("ws-close=4321@200ms", Some(4321)),
        ("ws-close=1006@200ms", None),
        ("ws-close=drop@0s", None),
    ] {
        let server = start_sockets(&[fault]).await;
        let mut socket = Socket::open(&server, "u", "o").await;
        assert_eq!(socket.end().await, code, "{fault}");
        assert_eq!(server.get("/health").await.status, 200);
        server.stop().await;
    }
}

#[tokio::test]
async fn handshakes_are_refused_in_their_share() {
    let server = start_sockets(&["ws-refuse=50%"]).await;
    let target = format!("/api/v1/ws/u?token={}", token("u", "o"));
    let mut refused = 0;
    for _ in 0..100 {
        match Socket::try_open(&server, &target).await {
            Ok(_) => {}
            Err(503) => refused += 1,
            Err(status) => panic!("{status}"),
        }
    }
    assert!((25..75).contains(&refused), "{refused}");
    server.stop().await;
}
