//! The same over HTTP/2, and how it is agreed on.

use std::fmt::Write;
use std::time::Duration;

use agentos_perf::client::{
    ConnectError, Connection, Connector, Exchange, PreparedRequest, Prober, SideClient, preflight,
};
use agentos_perf::plan::Bounds;
use agentos_perf::profile::{Destination, HttpVersion, UptimeCheck};
use agentos_perf::record::Outcome;
use h2::Reason;
use rustls::ServerConfig;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::time::{Instant, timeout};

use crate::http2_server::{Http2Server, Reply};
use crate::preflights::plan;
use crate::server::{LONG, OK, Server, Step, bounds, certificate, destination, endpoint, send};

const SHORT: Duration = Duration::from_millis(60);

struct User {
    connection: Connection,
    destination: Destination,
    bounds: Bounds,
}

impl User {
    fn of(destination: Destination) -> User {
        User {
            connection: Connection::new(Connector::new(&destination).unwrap())
                .with_shortest_round_trip(LONG),
            destination,
            bounds: bounds(LONG),
        }
    }

    async fn ask(&mut self, method: &str) -> Exchange {
        let endpoint = endpoint(method, "/a?b=c");
        let request = PreparedRequest::new(&[], &endpoint, &self.destination).unwrap();
        let give_up = Instant::now() + 2 * LONG;
        self.connection
            .exchange(&request, &self.bounds, give_up)
            .await
    }
}

/// TLS that picks the first of these that a client offers.
pub(crate) fn speaking(protocols: &[&str]) -> ServerConfig {
    let mut config = certificate(2090);
    config.alpn_protocols = protocols
        .iter()
        .map(|name| name.as_bytes().to_vec())
        .collect();
    config
}

fn answers() -> Vec<(&'static str, Reply)> {
    vec![
        ("ok", Reply::Whole(200, "ok")),
        ("empty", Reply::Whole(204, "")),
        ("trailers", Reply::Trailers),
        ("500", Reply::Whole(500, "no")),
        ("429", Reply::Whole(429, "")),
        ("as long as allowed", Reply::Unpromised(100)),
        ("longer than allowed", Reply::Unpromised(101)),
        ("promises more than allowed", Reply::Promise(101)),
        ("reset", Reply::Reset(Reason::INTERNAL_ERROR)),
        ("closed", Reply::Abort),
        (
            "reset in the body",
            Reply::Part(200, Reason::INTERNAL_ERROR),
        ),
        ("closed in the body", Reply::Cut(200)),
        ("500, reset in the body", Reply::Part(500, Reason::CANCEL)),
        ("500, closed in the body", Reply::Cut(500)),
        ("the last one", Reply::Last),
    ]
}

#[tokio::test]
async fn every_answer_ends_in_its_outcome_over_http2() {
    let mut table = String::new();
    for (name, reply) in answers() {
        let server = Http2Server::plain(vec![vec![reply]]).await;
        let mut user = User::of(server.destination());
        let exchange = user.ask("GET").await;
        assert!(exchange.connected && !exchange.resent, "{name}");
        assert!(exchange.sent.unwrap() <= exchange.done, "{name}");
        let kept = if user.connection.is_kept() {
            "kept"
        } else {
            "dropped"
        };
        let (outcome, bytes) = (exchange.outcome.to_string(), exchange.bytes);
        writeln!(table, "{name:28} {outcome:13} {bytes:>4} {kept}").unwrap();
    }
    insta::assert_snapshot!(table);
}

#[tokio::test]
async fn a_request_says_the_same_over_http2() {
    let script = vec![Reply::Whole(200, "ok"); 2];
    let server = Http2Server::plain(vec![script]).await;
    let mut user = User::of(server.destination());
    user.ask("GET").await;
    user.ask("POST").await;
    let port = server.address.port().to_string();
    let sent = server.requests().join("\n---\n").replace(&port, "PORT");
    insta::assert_snapshot!(sent.replace(env!("CARGO_PKG_VERSION"), "VERSION"));
}

#[tokio::test]
async fn an_own_host_goes_along_over_http2() {
    let server = Http2Server::plain(vec![vec![Reply::Whole(200, "ok")]]).await;
    let mut user = User::of(server.destination());
    let common = [
        ("Host".to_owned(), "shop.example".to_owned()),
        ("Connection".to_owned(), "keep-alive".to_owned()),
    ];
    let request = PreparedRequest::new(&common, &endpoint("GET", "/"), &user.destination).unwrap();
    let give_up = Instant::now() + LONG;
    let exchange = user.connection.exchange(&request, &user.bounds, give_up);
    assert_eq!(exchange.await.outcome, Outcome::Ok);
    let asked = server.requests().remove(0);
    assert!(asked.starts_with("GET http://shop.example/\n"), "{asked}");
    assert!(!asked.contains("connection"), "{asked}");
}

#[tokio::test]
async fn a_hundred_requests_go_over_one_http2_connection() {
    let script = vec![Reply::Whole(200, "ok"); 100];
    let server = Http2Server::encrypted(speaking(&["h2"]), vec![script]).await;
    let mut user = User::of(server.destination());
    for nth in 0..100 {
        let exchange = user.ask(if nth % 2 == 0 { "GET" } else { "POST" }).await;
        assert_eq!((exchange.outcome, exchange.bytes), (Outcome::Ok, 2));
        assert_eq!((exchange.connected, exchange.resent), (nth == 0, false));
    }
    assert_eq!(server.requests().len(), 100);
}

#[tokio::test]
async fn a_target_that_wants_no_more_requests_is_connected_to_anew() {
    let server = Http2Server::plain(vec![vec![Reply::Last]; 3]).await;
    let mut user = User::of(server.destination());
    for _ in 0..3 {
        let exchange = user.ask("POST").await;
        assert_eq!((exchange.outcome, exchange.connected), (Outcome::Ok, true));
        assert!(!exchange.resent);
    }
}

#[tokio::test]
async fn what_ends_at_once_is_sent_again_once_over_http2() {
    let fine = Reply::Whole(200, "ok");
    {
        let end = Reply::Abort;
        let server = Http2Server::plain(vec![vec![fine, end], vec![fine]]).await;
        let mut user = User::of(server.destination());
        user.ask("GET").await;
        let begun = Instant::now();
        let again = user.ask("GET").await;
        assert_eq!((again.outcome, again.resent), (Outcome::Ok, true));
        assert!(again.connected && again.sent.unwrap() >= begun);
        assert_eq!(server.requests().len(), 3);

        let server = Http2Server::plain(vec![vec![fine, end], vec![end]]).await;
        let mut user = User::of(server.destination());
        user.ask("GET").await;
        let again = user.ask("GET").await;
        assert_eq!((again.outcome, again.resent), (Outcome::Reset, true));

        let server = Http2Server::plain(vec![vec![fine, end], vec![fine]]).await;
        let mut user = User::of(server.destination());
        user.ask("GET").await;
        let post = user.ask("POST").await;
        assert_eq!((post.outcome, post.resent), (Outcome::Reset, false));
    }
}

const REFUSED: Reply = Reply::Reset(Reason::REFUSED_STREAM);

#[tokio::test]
async fn what_the_target_has_refused_to_process_is_sent_again_whatever_it_is() {
    let fine = Reply::Whole(200, "ok");
    for method in ["GET", "POST"] {
        for script in [vec![REFUSED, fine], vec![REFUSED, REFUSED, REFUSED, fine]] {
            let refusals = script.len();
            let server = Http2Server::plain(vec![script]).await;
            let mut user = User::of(server.destination());
            let again = user.ask(method).await;
            assert_eq!((again.outcome, again.resent), (Outcome::Ok, true));
            // A refused stream is not the end of its connection.
            assert_eq!(server.requests().len(), refusals);
        }
        let server = Http2Server::plain(vec![vec![REFUSED; 8]]).await;
        let mut user = User::of(server.destination());
        let given_up = user.ask(method).await;
        assert_eq!((given_up.outcome, given_up.resent), (Outcome::Reset, true));
        assert_eq!(server.requests().len(), 7);
    }
}

/// A server that meets the request of its nth connection with the nth bytes.
async fn meeting_with(answers: Vec<Vec<u8>>) -> Destination {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        for answer in answers {
            let (mut stream, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                stream.read_exact(&mut [0; 24]).await.unwrap();
                stream.write_all(&frame(4, 0, 0, &[])).await.unwrap();
                let mut kind = 0;
                while kind != 1 {
                    let mut head = [0; 9];
                    stream.read_exact(&mut head).await.unwrap();
                    let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
                    let mut payload = vec![0; length as usize];
                    stream.read_exact(&mut payload).await.unwrap();
                    kind = head[3];
                }
                stream.write_all(&answer).await.unwrap();
                std::future::pending::<()>().await;
            });
        }
        std::future::pending::<()>().await;
    });
    Destination {
        http: HttpVersion::Http2,
        ..destination(&format!("http://{address}"))
    }
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = (payload.len() as u32).to_be_bytes();
    let stream = stream.to_be_bytes();
    [&length[1..], &[kind, flags], &stream[..], payload].concat()
}

/// The end of the connection, before which streams up to `last` were processed.
fn goaway(last: u32) -> Vec<u8> {
    frame(7, 0, 0, &[last.to_be_bytes(), [0; 4]].concat())
}

#[tokio::test]
async fn a_stream_above_the_last_one_of_a_goaway_is_sent_again() {
    // 200 is the eighth entry of the table that every encoder knows.
    let fine = frame(1, 5, 1, &[0x88]);
    for method in ["GET", "POST"] {
        let mut user = User::of(meeting_with(vec![goaway(0), goaway(0), fine.clone()]).await);
        let again = user.ask(method).await;
        assert_eq!((again.outcome, again.resent), (Outcome::Ok, true));
        // One that was processed ends as it ends.
        let processed = [goaway(1), frame(3, 0, 1, &[0, 0, 0, 2])].concat();
        let mut user = User::of(meeting_with(vec![processed, fine.clone()]).await);
        let failed = user.ask(method).await;
        assert_eq!((failed.outcome, failed.resent), (Outcome::Reset, false));
    }
}

#[tokio::test]
async fn a_failure_of_the_target_is_not_hidden_by_sending_again() {
    let failed = Reply::Reset(Reason::INTERNAL_ERROR);
    let server = Http2Server::plain(vec![vec![Reply::Whole(200, "ok"), failed]]).await;
    let mut user = User::of(server.destination());
    user.ask("GET").await;
    let failed = user.ask("GET").await;
    assert_eq!((failed.outcome, failed.resent), (Outcome::Reset, false));
}

#[tokio::test]
async fn what_takes_too_long_is_a_timeout_over_http2() {
    for reply in [Reply::Hang, Reply::Slow(200), Reply::Promise(50)] {
        let server = Http2Server::plain(vec![vec![reply]]).await;
        let mut user = User::of(server.destination());
        user.bounds = bounds(SHORT);
        let begun = Instant::now();
        let exchange = user.ask("GET").await;
        assert_eq!(exchange.outcome, Outcome::Timeout);
        assert!(exchange.done - begun >= SHORT);
        assert!(!user.connection.is_kept());
    }
}

#[tokio::test]
async fn an_idle_connection_answers_pings_and_is_dropped_when_it_ends() {
    let script = vec![Reply::Whole(200, "ok"), Reply::Pinged];
    let server = Http2Server::plain(vec![script]).await;
    let mut user = User::of(server.destination());
    user.ask("GET").await;
    assert!(user.connection.is_kept());
    // The server ends the connection once its ping is answered.
    let ended = async {
        while user.connection.is_kept() {
            assert!(timeout(SHORT, user.connection.idle()).await.is_err());
        }
    };
    timeout(LONG, ended).await.unwrap();
}

/// What a user meets, and how it was connected.
async fn met(http: HttpVersion, protocols: &[&str]) -> (Outcome, Option<String>) {
    let fine = vec![Step::Read, send(OK), Step::Hang];
    let server = if protocols.first() == Some(&"h2") && http != HttpVersion::Http11 {
        None
    } else {
        Some(Server::encrypted(speaking(protocols), vec![fine]).await)
    };
    let http2 = Http2Server::encrypted(speaking(protocols), vec![vec![Reply::Whole(200, "ok")]]);
    let http2 = http2.await;
    let address = server
        .as_ref()
        .map_or(http2.address, |server| server.address);
    let mut user = User::of(Destination {
        http,
        insecure: true,
        ..destination(&format!("https://{address}"))
    });
    let outcome = user.ask("GET").await.outcome;
    (outcome, user.connection.refusal().map(ToString::to_string))
}

#[tokio::test]
async fn over_tls_the_target_picks_and_a_wish_is_kept_to() {
    let all = ["h2", "http/1.1"];
    assert_eq!(met(HttpVersion::Auto, &all).await, (Outcome::Ok, None));
    assert_eq!(met(HttpVersion::Http2, &all).await, (Outcome::Ok, None));
    assert_eq!(met(HttpVersion::Http11, &all).await, (Outcome::Ok, None));
    for old in [&["http/1.1"][..], &[]] {
        assert_eq!(met(HttpVersion::Auto, old).await, (Outcome::Ok, None));
        let (outcome, refusal) = met(HttpVersion::Http2, old).await;
        assert_eq!(outcome, Outcome::Protocol);
        assert_eq!(refusal, Some(ConnectError::NoHttp2.to_string()));
    }
}

#[tokio::test]
async fn over_plain_tcp_only_a_wish_is_http2() {
    for http in [HttpVersion::Auto, HttpVersion::Http11] {
        let fine = vec![Step::Read, send(OK), Step::Hang];
        let server = Server::scripted(vec![fine]).await;
        let mut user = User::of(Destination {
            http,
            ..server.destination()
        });
        assert_eq!(user.ask("GET").await.outcome, Outcome::Ok);
    }
    let refusal = "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n";
    let server = Server::scripted(vec![vec![send(refusal), Step::Hang]]).await;
    let mut user = User::of(Destination {
        http: HttpVersion::Http2,
        ..server.destination()
    });
    assert_eq!(user.ask("GET").await.outcome, Outcome::Protocol);
}

#[tokio::test]
async fn whoever_asks_beside_the_load_speaks_the_same() {
    let told = Reply::Whole(200, r#"{"up": 12.5}"#);
    for tls in [false, true] {
        let scripts = vec![vec![told; 2]; 2];
        let server = if tls {
            Http2Server::encrypted(speaking(&["h2"]), scripts).await
        } else {
            Http2Server::plain(scripts).await
        };
        let check = UptimeCheck {
            rules: agentos_perf::profile::TargetRules::default(),
            path: "/up".into(),
            auth: true,
            every: LONG,
            uptime_field: "up".into(),
            timeout: LONG,
            alone: LONG,
        };
        let mut prober = Prober::new(&check, &server.destination()).unwrap();
        for _ in 0..2 {
            assert_eq!(prober.probe().await.uptime_seconds, Some(12.5));
        }
        let client = SideClient::new(&server.destination(), LONG).unwrap();
        let read = client.get_json("/up", true, LONG).await.unwrap();
        assert_eq!(read["up"], 12.5);
        let asked = server.requests();
        assert!(!asked[2].contains("host:"), "{}", asked[2]);
    }
}

#[tokio::test]
async fn the_preflight_tells_which_http_is_spoken_and_what_to_do_without() {
    let both = ["h2", "http/1.1"];
    let scripts = vec![vec![Reply::Whole(200, "ok")]];
    let server = Http2Server::encrypted(speaking(&both), scripts).await;
    let seen = Destination {
        http: HttpVersion::Auto,
        ..server.destination()
    };
    let ready = preflight(&plan(&["/"]), &seen).await.unwrap();
    assert_eq!(
        ready.notes,
        ["requests go over HTTP/2, one at a time on each connection"]
    );
    let old = Server::encrypted(speaking(&["http/1.1"]), vec![Vec::new()]).await;
    let wanted = Destination {
        http: HttpVersion::Http2,
        insecure: true,
        ..destination(&format!("https://{}", old.address))
    };
    let failure = preflight(&plan(&["/"]), &wanted).await.unwrap_err();
    let told = failure
        .to_string()
        .replace(&old.address.to_string(), "ADDRESS");
    insta::assert_snapshot!(told);
}
