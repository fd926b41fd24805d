//! Exchanges on a kept connection.

use std::fmt::Write;
use std::time::Duration;

use agentos_perf::client::{Connection, Connector, Exchange, PreparedRequest};
use agentos_perf::plan::Bounds;
use agentos_perf::profile::Destination;
use agentos_perf::record::Outcome;
use tokio::time::Instant;

use crate::server::{
    LONG, OK, Server, Step, bounds, certificate, destination, endpoint, nowhere, send,
};

const SHORT: Duration = Duration::from_millis(60);

struct User {
    connection: Connection,
    destination: Destination,
    bounds: Bounds,
}

impl User {
    fn of(destination: Destination) -> User {
        User {
            // However late this machine is, an end that comes at once shows at once.
            connection: Connection::new(Connector::new(&destination).unwrap())
                .with_shortest_round_trip(LONG),
            destination,
            bounds: bounds(LONG),
        }
    }

    async fn ask(&mut self, method: &str) -> Exchange {
        self.ask_until(method, Instant::now() + 2 * LONG).await
    }

    async fn ask_until(&mut self, method: &str, give_up: Instant) -> Exchange {
        let endpoint = endpoint(method, "/");
        let request = PreparedRequest::new(&[], &endpoint, &self.destination).unwrap();
        self.connection
            .exchange(&request, &self.bounds, give_up)
            .await
    }
}

fn answers() -> Vec<(&'static str, Vec<Step>)> {
    use Step::{Abort, Hang};
    let ok = "HTTP/1.1 200 OK\r\n";
    let with = |rest: &str| send(&format!("{ok}{rest}"));
    let header = |length: usize| {
        with(&format!(
            "content-length: 0\r\nx: {}\r\n\r\n",
            "x".repeat(length)
        ))
    };
    let body = |length: usize| {
        let text = "x".repeat(length);
        format!("content-length: {length}\r\n\r\n{text}")
    };
    vec![
        ("content-length", vec![send(OK), Hang]),
        (
            "content-length, byte by byte",
            OK.bytes()
                .map(|byte| Step::Send(vec![byte]))
                .chain([Hang])
                .collect(),
        ),
        (
            "chunked, with a trailer",
            vec![
                with("transfer-encoding: chunked\r\ntrailer: x\r\n\r\n"),
                send("2\r\nok\r\n3;a=b\r\nyes\r\n0\r\nx: y\r\n\r\n"),
                Hang,
            ],
        ),
        ("204", vec![send("HTTP/1.1 204 No Content\r\n\r\n"), Hang]),
        ("empty", vec![with("content-length: 0\r\n\r\n"), Hang]),
        (
            "100 first",
            vec![send("HTTP/1.1 100 Continue\r\n\r\n"), send(OK), Hang],
        ),
        (
            "connection: close",
            vec![with(&format!("connection: close\r\n{}", body(2))), Hang],
        ),
        ("until the end", vec![with("\r\nok")]),
        (
            "HTTP/1.0",
            vec![send("HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok"), Hang],
        ),
        ("as long as allowed", vec![with(&body(100)), Hang]),
        ("longer than allowed", vec![with(&body(101)), Hang]),
        (
            "longer than allowed, chunked",
            vec![
                with("transfer-encoding: chunked\r\n\r\n"),
                send(&format!("65\r\n{}\r\n", "x".repeat(101))),
                Hang,
            ],
        ),
        ("closed at once", vec![]),
        ("reset at once", vec![Abort]),
        ("closed in the head", vec![with("content-le")]),
        ("reset in the head", vec![with("content-le"), Abort]),
        ("garbage", vec![send("SSH-2.0-OpenSSH_9.6\r\n\r\n"), Hang]),
        ("30 KB header", vec![header(30_000), Hang]),
        ("500 KB header", vec![header(500_000), Hang]),
        (
            "two lengths",
            vec![
                with("content-length: 2\r\ncontent-length: 3\r\n\r\nok"),
                Hang,
            ],
        ),
        ("cut off", vec![with("content-length: 3\r\n\r\nok")]),
        (
            "cut off, chunked",
            vec![with("transfer-encoding: chunked\r\n\r\n2\r\nok\r\n")],
        ),
        (
            "bad chunk",
            vec![with("transfer-encoding: chunked\r\n\r\nzz\r\n"), Hang],
        ),
        (
            "429",
            vec![send("HTTP/1.1 429 Slow\r\ncontent-length: 0\r\n\r\n"), Hang],
        ),
        (
            "500",
            vec![
                send("HTTP/1.1 500 Bad\r\ncontent-length: 2\r\n\r\nno"),
                Hang,
            ],
        ),
        (
            "500, cut off",
            vec![send("HTTP/1.1 500 Bad\r\ncontent-length: 3\r\n\r\nno")],
        ),
    ]
}

#[tokio::test]
async fn every_answer_ends_in_its_outcome() {
    let mut table = String::new();
    for (name, answer) in answers() {
        let script = [vec![Step::Read], answer].concat();
        let server = Server::scripted(vec![script]).await;
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
async fn a_request_is_sent_as_prepared() {
    let script = vec![Step::Read, send(OK), Step::Read, send(OK), Step::Hang];
    let server = Server::scripted(vec![script]).await;
    let mut user = User::of(server.destination());
    user.ask("GET").await;
    user.ask("POST").await;
    let port = server.address.port().to_string();
    let sent = server.requests().join("\n---\n").replace(&port, "PORT");
    insta::assert_snapshot!(sent.replace(env!("CARGO_PKG_VERSION"), "VERSION"));
}

#[tokio::test]
async fn a_connection_is_kept_for_the_next_request() {
    let answer = vec![Step::Read, send(OK)];
    let server = Server::scripted(vec![vec![answer; 50].concat()]).await;
    let mut user = User::of(server.destination());
    for nth in 0..50 {
        let exchange = user.ask("GET").await;
        assert_eq!((exchange.outcome, exchange.bytes), (Outcome::Ok, 2));
        assert_eq!((exchange.connected, exchange.resent), (nth == 0, false));
    }
}

#[tokio::test]
async fn a_kept_connection_that_ends_before_the_answer_is_made_anew() {
    let fine = vec![Step::Read, send(OK), Step::Hang];
    let ends = vec![Step::Read, send(OK), Step::Read];
    for end in [vec![], vec![Step::Abort]] {
        let server = Server::scripted(vec![[ends.clone(), end].concat(), fine.clone()]).await;
        let mut user = User::of(server.destination());
        assert!(!user.ask("GET").await.resent);
        let begun = Instant::now();
        let again = user.ask("GET").await;
        assert_eq!(again.outcome, Outcome::Ok);
        assert!(again.resent && again.connected);
        assert!(again.sent.unwrap() >= begun);
        assert_eq!(server.requests().len(), 3);
    }
}

#[tokio::test]
async fn a_request_that_was_worked_on_and_dropped_is_a_failure() {
    for end in [vec![], vec![Step::Abort]] {
        for work in [5, 30] {
            let work = Step::Work(Duration::from_millis(work));
            let drops = [vec![Step::Read, send(OK), Step::Read, work], end.clone()].concat();
            let fine = vec![Step::Read, send(OK), Step::Hang];
            let server = Server::scripted(vec![drops, fine]).await;
            let mut user = User::of(server.destination());
            user.connection = Connection::new(Connector::new(&user.destination).unwrap());
            user.ask("GET").await;
            let dropped = user.ask("GET").await;
            assert_eq!((dropped.outcome, dropped.resent), (Outcome::Reset, false));
            assert_eq!(server.requests().len(), 2);
            assert_eq!(user.ask("GET").await.outcome, Outcome::Ok);
        }
    }
}

#[tokio::test]
async fn a_request_is_sent_again_once_alone() {
    let ends = vec![Step::Read, send(OK), Step::Read];
    let server = Server::scripted(vec![ends, vec![Step::Read]]).await;
    let mut user = User::of(server.destination());
    user.ask("GET").await;
    let again = user.ask("GET").await;
    assert_eq!((again.outcome, again.resent), (Outcome::Reset, true));
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn what_must_not_be_done_twice_is_not_sent_twice() {
    let ends = vec![Step::Read, send(OK), Step::Read];
    let server = Server::scripted(vec![ends, vec![Step::Read, send(OK)]]).await;
    let mut user = User::of(server.destination());
    user.ask("GET").await;
    let post = user.ask("POST").await;
    assert_eq!((post.outcome, post.resent), (Outcome::Reset, false));
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn an_answer_that_had_begun_is_not_asked_for_again() {
    let ends = vec![Step::Read, send(OK), Step::Read, send("HTTP/1.1 2")];
    let server = Server::scripted(vec![ends, vec![Step::Read, send(OK)]]).await;
    let mut user = User::of(server.destination());
    user.ask("GET").await;
    let cut = user.ask("GET").await;
    assert_eq!((cut.outcome, cut.resent), (Outcome::Reset, false));
    let next = user.ask("GET").await;
    assert_eq!((next.outcome, next.connected), (Outcome::Ok, true));
}

#[tokio::test]
async fn what_takes_too_long_is_a_timeout() {
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n";
    for (part, bytes) in [
        ("", 0),
        (&head[..20], 0),
        (head, 0),
        (&OK[..OK.len() - 1], 1),
    ] {
        let script = vec![Step::Read, send(part), Step::Hang];
        let server = Server::scripted(vec![script]).await;
        let mut user = User::of(server.destination());
        user.bounds = bounds(SHORT);
        let begun = Instant::now();
        let exchange = user.ask("GET").await;
        assert_eq!(exchange.outcome, Outcome::Timeout);
        assert!(exchange.done - begun >= SHORT);
        assert!(exchange.bytes <= bytes);
        assert!(!user.connection.is_kept());
    }
}

#[tokio::test]
async fn the_end_of_the_run_cuts_off_what_was_sent() {
    let script = vec![Step::Read, send(OK), Step::Read, Step::Hang];
    let server = Server::scripted(vec![script]).await;
    let mut user = User::of(server.destination());
    user.ask("GET").await;
    let give_up = Instant::now() + SHORT;
    let exchange = user.ask_until("GET", give_up).await;
    assert_eq!(exchange.outcome, Outcome::CutOff);
    assert!(exchange.sent.unwrap() < give_up && exchange.done >= give_up);
}

#[tokio::test]
async fn after_the_end_of_the_run_nothing_is_started() {
    let script = vec![Step::Read, send(OK), Step::Read, send(OK)];
    let server = Server::scripted(vec![script]).await;
    let mut user = User::of(server.destination());
    user.ask("GET").await;
    let exchange = user.ask_until("GET", Instant::now()).await;
    assert_eq!(
        (exchange.outcome, exchange.sent),
        (Outcome::NotStarted, None)
    );
    let next = user.ask("GET").await;
    assert_eq!((next.outcome, next.connected), (Outcome::Ok, false));
}

#[tokio::test]
async fn a_handshake_without_end_is_a_timeout_or_never_started() {
    for (within, give_up, outcome) in [
        (SHORT, LONG, Outcome::Timeout),
        (LONG, SHORT, Outcome::NotStarted),
    ] {
        let server = Server::scripted(vec![vec![Step::Hang]]).await;
        let mut destination = destination(&format!("https://{}", server.address));
        destination.insecure = true;
        let mut user = User::of(destination);
        user.bounds.connect_timeout = within;
        let exchange = user.ask_until("GET", Instant::now() + give_up).await;
        assert_eq!((exchange.outcome, exchange.sent), (outcome, None));
        assert!(!exchange.connected);
    }
}

#[tokio::test]
async fn a_port_without_listener_is_no_connection() {
    let mut user = User::of(nowhere());
    for _ in 0..2 {
        let exchange = user.ask("GET").await;
        assert_eq!((exchange.outcome, exchange.sent), (Outcome::Connect, None));
        assert!(
            user.connection
                .refusal()
                .unwrap()
                .to_string()
                .contains("refused")
        );
    }
}

#[tokio::test]
async fn of_a_name_with_many_addresses_the_one_that_answers_is_found() {
    let script = vec![Step::Read, send(OK)];
    let server = Server::scripted(vec![script.clone(), script]).await;
    let origin = format!("http://localhost:{}", server.address.port());
    let connector = Connector::new(&destination(&origin)).unwrap();
    for _ in 0..2 {
        let mut user = User::of(destination(&origin));
        user.connection = Connection::new(connector.clone());
        assert_eq!(user.ask("GET").await.outcome, Outcome::Ok);
    }
}

#[tokio::test]
async fn a_certificate_that_nobody_signed_is_taken_only_if_any_is() {
    for year in [2002, 2090] {
        let script = vec![Step::Read, send(OK), Step::Read, send(OK), Step::Hang];
        let server = Server::encrypted(certificate(year), vec![script.clone(), script]).await;
        let origin = format!("https://{}", server.address);
        let mut trusting = destination(&origin);
        // Without any root certificate on this machine the connector says so itself.
        let outcome = match Connector::new(&trusting) {
            Ok(_) => User::of(trusting.clone()).ask("GET").await.outcome,
            Err(error) => error.outcome(),
        };
        assert_eq!(outcome, Outcome::Tls);
        trusting.insecure = true;
        let server = Server::encrypted(
            certificate(year),
            vec![vec![Step::Read, send(OK), Step::Read, send(OK), Step::Hang]],
        )
        .await;
        trusting.origin = format!("https://{}", server.address).parse().unwrap();
        let mut user = User::of(trusting);
        for connected in [true, false] {
            let exchange = user.ask("GET").await;
            assert_eq!(
                (exchange.outcome, exchange.connected),
                (Outcome::Ok, connected)
            );
        }
    }
}
