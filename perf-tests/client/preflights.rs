//! What the preflight makes of each answer.

use std::fmt::Write;
use std::time::Duration;

use agentos_perf::client::{Asking, PreflightProgress, preflight, preflight_with};
use agentos_perf::plan::{Arrivals, Bounds, Bursts, Phases, Plan};
use agentos_perf::profile::{Destination, Redirects};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::time::Instant;

use crate::server::{LONG, OK, Server, Step, destination, endpoint, nowhere, send};

pub(crate) fn plan(paths: &[&str]) -> Plan {
    Plan {
        socket: None,
        values: agentos_perf::template::PlanValues::default(),
        journeys: Vec::new(),
        scenario: "api".into(),
        arrivals: Arrivals::Burst(Bursts {
            count: 1,
            every: Duration::from_secs(1),
        }),
        phases: Phases {
            ramp_up: Duration::ZERO,
            warm_up: Duration::ZERO,
            measure: Duration::from_secs(1),
            extend: Duration::ZERO,
            settle: None,
        },
        endpoints: paths.iter().map(|path| endpoint("GET", path)).collect(),
        headers: Vec::new(),
        bounds: Bounds {
            timeout: LONG,
            connect_timeout: LONG,
            body_bytes: 1000,
        },
        thresholds: Vec::new(),
        seed: 1,
        workers: 1,
        search: None,
    }
}

/// What came of it, and how often it asked.
async fn preflight_outcome(plan: &Plan, server: &Server, destination: &Destination) -> String {
    let outcome = match preflight(plan, destination).await {
        Ok(done) => {
            let paths: Vec<_> = done
                .plan
                .endpoints
                .iter()
                .map(|e| e.path.as_str())
                .collect();
            format!("load {}\n  notes: {:?}", paths.join(" "), done.notes)
        }
        Err(failure) => {
            assert!(!format!("{failure:?}").contains("s3cret"));
            let kind = if failure.unreachable {
                "unreachable"
            } else {
                "fail"
            };
            format!("{kind}: {}\n  advice: {}", failure.what, failure.advice)
        }
    };
    let origin = &destination.origin.origin().ascii_serialization();
    let asked = server.requests().len();
    format!("{outcome}\n  asked: {asked}").replace(origin, "ORIGIN")
}

fn status(status: u16) -> String {
    format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\n\r\n")
}

fn to(status: u16, location: &str) -> String {
    format!("HTTP/1.1 {status} X\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n")
}

#[tokio::test]
async fn each_status_says_what_to_do() {
    let mut table = String::new();
    for code in [
        200, 204, 201, 304, 400, 401, 403, 404, 405, 418, 429, 500, 503,
    ] {
        let server = Server::answering(move |_, _| Some(status(code))).await;
        let told = preflight_outcome(&plan(&["/x"]), &server, &server.destination()).await;
        writeln!(table, "{code} {told}").unwrap();
    }
    for code in [401, 403] {
        for (auth, token) in [(true, false), (false, true)] {
            let server = Server::answering(move |_, _| Some(status(code))).await;
            let mut destination = server.destination();
            destination.token = destination.token.filter(|_| token);
            let mut plan = plan(&["/x"]);
            plan.endpoints[0].auth = auth;
            let told = preflight_outcome(&plan, &server, &destination).await;
            writeln!(table, "{code} auth {auth} token {token} {told}").unwrap();
        }
    }
    insta::assert_snapshot!(table);
}

#[tokio::test]
async fn redirects_are_followed_once_and_not_away() {
    let mut table = String::new();
    for location in [
        "/x/",
        "x/?b=2#part",
        "/y",
        "/401",
        "/503",
        "https://example.com/x?token=1",
        "//example.com/x",
        "http://[",
    ] {
        let server = Server::answering(move |line, _| {
            let path = line.split(' ').nth(1).unwrap();
            Some(
                match path {
                    "/x?a=1" => None,
                    "/y" => Some(to(301, "/z")),
                    "/401" => Some(status(401)),
                    "/503" => Some(status(503)),
                    _ => Some(OK.to_owned()),
                }
                .unwrap_or_else(|| to(308, location)),
            )
        })
        .await;
        let told = preflight_outcome(&plan(&["/x?a=1"]), &server, &server.destination()).await;
        writeln!(table, "{location} {told}").unwrap();
    }
    insta::assert_snapshot!(table);
}

#[tokio::test]
async fn an_absolute_redirect_to_the_same_origin_is_followed() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    listener.set_nonblocking(true).unwrap();
    let location = format!("http://{address}/x/");
    let first = vec![
        Step::Read,
        send(&to(307, &location)),
        Step::Read,
        send(OK),
        Step::Hang,
    ];
    let server = Server::on(listener, vec![first]);
    let told = preflight_outcome(&plan(&["/x"]), &server, &server.destination()).await;
    insta::assert_snapshot!(told);
}

#[tokio::test]
async fn what_is_asked_before_the_load_is_filled_in_as_the_load_is() {
    let server = Server::answering(|line, _| {
        let path = line.split(' ').nth(1).unwrap();
        Some(match path {
            path if path.starts_with("/orders/") && path.contains("/?") => OK.to_owned(),
            path if path.starts_with("/orders/") => to(308, &path.replace('?', "/?")),
            path if path.starts_with("/found/") => to(301, "/found/it"),
            _ => status(404),
        })
    })
    .await;
    let mut plan = plan(&["/orders/{id}?user={user}", "/found/{uuid}"]);
    plan.values.user = "load user {n}".to_owned();
    plan.endpoints[0].headers = vec![("X-Run".to_owned(), "{n} {{n}".to_owned())];
    let ready = preflight(&plan, &server.destination()).await.unwrap();
    let paths: Vec<&str> = ready
        .plan
        .endpoints
        .iter()
        .map(|one| one.path.as_str())
        .collect();
    // A slash is added to the template; what one number was redirected to is not where all go.
    assert_eq!(paths, ["/orders/{id}/?user={user}", "/found/{uuid}"]);
    assert!(
        ready
            .notes
            .iter()
            .any(|note| note.contains("GET /found/{uuid} answered 301")),
        "{:?}",
        ready.notes
    );
    let asked = server.requests();
    let begins = |line: &str| asked.iter().any(|request| request.starts_with(line));
    assert!(
        begins("GET /orders/2000000001?user=load%20user%201 HTTP/1.1"),
        "{asked:?}"
    );
    assert!(
        begins("GET /orders/2000000001/?user=load%20user%201 HTTP/1.1"),
        "{asked:?}"
    );
    assert!(
        asked
            .iter()
            .any(|request| request.contains("\r\nx-run: 1 {n}\r\n")),
        "{asked:?}"
    );
    let mut bad = plan.clone();
    bad.endpoints[1].path = "/gone/{id}".to_owned();
    let failure = preflight(&bad, &server.destination()).await.unwrap_err();
    assert_eq!(failure.what, "GET /gone/{id} answered 404");
}

#[tokio::test]
async fn a_redirect_that_is_not_permanent_is_reported_and_not_followed() {
    let mut table = String::new();
    for (method, status, location) in [
        ("POST", 301, "/x/17"),
        ("POST", 302, "/x/17"),
        ("POST", 303, "/x/17"),
        ("POST", 303, "https://example.com/?token=1"),
        ("GET", 302, "/s/abc"),
        ("GET", 307, "/s/abc?token=1"),
    ] {
        let server = Server::answering(move |_, _| Some(to(status, location))).await;
        let mut plan = plan(&["/x"]);
        plan.endpoints[0].method = method.to_owned();
        let told = preflight_outcome(&plan, &server, &server.destination()).await;
        writeln!(table, "{method} {status} {location} {told}").unwrap();
    }
    // Expected, it is an answer like any other.
    let server = Server::answering(|_, _| Some(to(303, "/x/17"))).await;
    let mut plan = plan(&["/x"]);
    plan.endpoints[0].expect = vec![303];
    let told = preflight_outcome(&plan, &server, &server.destination()).await;
    writeln!(table, "expected {told}").unwrap();
    insta::assert_snapshot!(table);
}

#[tokio::test]
async fn a_profile_may_have_every_redirect_followed_or_none() {
    let outcome = async |redirects, status| {
        let server = Server::answering(move |line, _| {
            let there = line.contains("/there");
            Some(if there {
                OK.to_owned()
            } else {
                to(status, "/there")
            })
        })
        .await;
        let asking = Asking {
            redirects,
            minted: false,
        };
        let done = preflight_with(&plan(&["/x"]), &server.destination(), asking, &mut |_| {}).await;
        done.unwrap().plan.endpoints[0].path.clone()
    };
    assert_eq!(outcome(Redirects::All, 302).await, "/there");
    assert_eq!(outcome(Redirects::None, 308).await, "/x");
}

#[tokio::test]
async fn the_preflight_sends_what_the_load_sends() {
    let paths = [
        "/a/../b",
        "/%7Euser/%2e%2e/x",
        "/items?filter={a:1}",
        "/a|b",
        "/a//b",
    ];
    let server = Server::answering(|_, _| Some(OK.to_owned())).await;
    preflight(&plan(&paths), &server.destination())
        .await
        .unwrap();
    let mut asked: Vec<String> = server
        .requests()
        .iter()
        .map(|request| request.split(' ').nth(1).unwrap().to_owned())
        .collect();
    let mut expected = paths.map(str::to_owned).to_vec();
    asked.sort();
    expected.sort();
    assert_eq!(asked, expected);
}

#[tokio::test]
async fn what_the_load_would_not_take_is_not_taken() {
    let mut table = String::new();
    let long = "x".repeat(70_000);
    for (name, answer) in [
        (
            "a long head",
            format!("HTTP/1.1 200 OK\r\nx: {long}\r\ncontent-length: 0\r\n\r\n"),
        ),
        (
            "a long body",
            format!("HTTP/1.1 200 OK\r\ncontent-length: 70000\r\n\r\n{long}"),
        ),
        (
            "events",
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: 1\n\n".to_owned(),
        ),
        (
            "a slow body",
            "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok".to_owned(),
        ),
    ] {
        let server = Server::scripted(vec![vec![Step::Read, send(&answer), Step::Hang]; 3]).await;
        let mut plan = plan(&["/x"]);
        plan.bounds.timeout = Duration::from_millis(500);
        let told = preflight_outcome(&plan, &server, &server.destination()).await;
        writeln!(table, "{name}: {told}").unwrap();
    }
    insta::assert_snapshot!(table);
}

#[tokio::test]
async fn a_refusal_says_why_and_whose_fault_it_is() {
    let mut table = String::new();
    for (status, body, minted) in [
        (
            403,
            r#"{"detail":"Organization membership required"}"#,
            true,
        ),
        (
            403,
            r#"{"detail":"Organization membership required"}"#,
            false,
        ),
        (401, r#"{"detail":"User not found"}"#, true),
        (
            401,
            r#"{"detail":"Invalid authentication token s3cret-token"}"#,
            true,
        ),
    ] {
        let length = body.len();
        let answer = format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\n\r\n{body}");
        let server = Server::answering(move |_, _| Some(answer.clone())).await;
        let asking = Asking {
            minted,
            ..Asking::default()
        };
        let (plan, destination) = (plan(&["/x"]), server.destination());
        let asked = preflight_with(&plan, &destination, asking, &mut |_| {}).await;
        writeln!(table, "minted {minted}: {}", asked.unwrap_err()).unwrap();
    }
    insta::assert_snapshot!(table);
}

/// Answers nobody before so many requests have come.
async fn together(count: usize) -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let mut held = Vec::new();
        for _ in 0..count {
            let mut stream = listener.accept().await.unwrap().0;
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                request.push(stream.read_u8().await.unwrap());
            }
            held.push(stream);
        }
        for stream in &mut held {
            stream.write_all(OK.as_bytes()).await.unwrap();
        }
        std::future::pending::<()>().await;
    });
    address
}

#[tokio::test]
async fn endpoints_are_asked_side_by_side_and_progress_is_reported() {
    let address = together(4).await;
    let mut plan = plan(&["/a", "/b", "/c", "/d"]);
    plan.arrivals = Arrivals::Burst(Bursts {
        count: 4,
        every: Duration::from_secs(1),
    });
    let mut seen = Vec::new();
    let to = destination(&format!("http://{address}"));
    let mut told = |asked| seen.push(asked);
    let asked = preflight_with(&plan, &to, Asking::default(), &mut told).await;
    assert_eq!(asked.unwrap().notes, Vec::<String>::new());
    let expected: Vec<PreflightProgress> = (1..=4)
        .map(|settled| PreflightProgress { settled, of: 4 })
        .collect();
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn all_failing_endpoints_are_named() {
    let server = Server::answering(|line, _| {
        let code = line.split(['/', ' ']).nth(2).unwrap();
        Some(status(code.parse().unwrap()))
    })
    .await;
    let paths = ["/401", "/200", "/404", "/500", "/405", "/403", "/204"];
    let told = preflight_outcome(&plan(&paths), &server, &server.destination()).await;
    insta::assert_snapshot!(told);
}

#[tokio::test]
async fn what_fails_for_a_moment_is_asked_again() {
    let server =
        Server::answering(|_, before| Some(if before < 2 { status(503) } else { OK.into() })).await;
    let done = preflight(&plan(&["/x"]), &server.destination())
        .await
        .unwrap();
    assert_eq!((done.notes.len(), server.requests().len()), (0, 3));
}

#[tokio::test]
async fn an_answer_that_does_not_come_whole_is_told() {
    let mut table = String::new();
    for (name, answer) in [
        ("closed", vec![]),
        ("garbage", vec![send("what?\r\n\r\n")]),
        (
            "cut off",
            vec![send("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok")],
        ),
        (
            "cut off, not expected",
            vec![send("HTTP/1.1 201 OK\r\ncontent-length: 9\r\n\r\nok")],
        ),
        ("hangs", vec![Step::Hang]),
    ] {
        let script = [vec![Step::Read], answer].concat();
        let server = Server::scripted(vec![script; 3]).await;
        let mut plan = plan(&["/x"]);
        plan.bounds.timeout = Duration::from_millis(100);
        let told = preflight_outcome(&plan, &server, &server.destination()).await;
        writeln!(table, "{name}: {told}").unwrap();
    }
    insta::assert_snapshot!(table);
}

#[tokio::test]
async fn one_silent_endpoint_fails_with_its_name() {
    let server =
        Server::answering(|line, _| (!line.contains("hangs")).then(|| OK.to_owned())).await;
    let mut plan = plan(&["/hangs", "/x"]);
    plan.bounds.timeout = Duration::from_millis(300);
    insta::assert_snapshot!(preflight_outcome(&plan, &server, &server.destination()).await);
}

#[tokio::test]
async fn a_target_that_is_not_there_is_unreachable_at_once() {
    let begun = Instant::now();
    let destination = nowhere();
    let failure = preflight(&plan(&["/x", "/y"]), &destination)
        .await
        .unwrap_err();
    let origin = destination.origin.origin().ascii_serialization();
    let address = origin.trim_start_matches("http://");
    let failure_text = failure.to_string();
    insta::assert_snapshot!(
        failure_text
            .replace(&origin, "ORIGIN")
            .replace(address, "ADDRESS")
    );
    assert!(failure.unreachable);
    assert!(begun.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn a_wrong_destination_is_told_before_anything_is_sent() {
    let mut table = String::new();
    let mut try_one = async |plan: &Plan, destination: &Destination| {
        let failure = preflight(plan, destination).await.unwrap_err();
        writeln!(table, "{failure}").unwrap();
    };
    try_one(&plan(&["/x"]), &destination("ftp://localhost:1")).await;
    try_one(&plan(&["x"]), &destination("http://localhost:1")).await;
    let mut broken = destination("http://localhost:1");
    broken.token = Some(agentos_perf::secret::Secret::new("s3cret\n"));
    try_one(&plan(&["/x"]), &broken).await;
    insta::assert_snapshot!(table);
}

#[tokio::test]
async fn a_certificate_that_nobody_signed_is_told() {
    let server = Server::encrypted(crate::server::certificate(2090), vec![vec![]]).await;
    let destination = destination(&format!("https://{}", server.address));
    let failure = preflight(&plan(&["/x"]), &destination).await.unwrap_err();
    assert!(failure.unreachable);
    assert!(failure.advice.contains("--insecure"), "{failure}");
}
