//! Health, uptime and the control client.

use std::fmt::Write;
use std::time::Duration;

use agentos_perf::client::{
    Connection, Connector, PreparedRequest, ProbeAnswer, Prober, SideClient, SideError,
    check_health, login_request,
};
use agentos_perf::profile::{HealthCheck, TargetRules, UptimeCheck};
use agentos_perf::record::Outcome;

use tokio::time::Instant;

use crate::server::{
    LONG, OK, Server, Step, bounds, certificate, destination, endpoint, nowhere, send,
};

fn json(status: u16, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\n\r\n{body}")
}

fn health(requests: u32) -> HealthCheck {
    HealthCheck {
        rules: TargetRules::default(),
        path: "/health".into(),
        auth: false,
        field: "status".into(),
        healthy: vec!["Healthy".into(), "ok".into()],
        requests,
        timeout: Duration::from_millis(500),
    }
}

#[tokio::test]
async fn health_says_why_not() {
    let answers = [
        json(200, r#"{"status": "healthy"}"#),
        json(200, r#"{"status": "OK", "load": NaN}"#),
        json(200, r#"{"status": "degraded"}"#),
        json(200, r#"{"status": null}"#),
        json(200, r#"{"state": "healthy"}"#),
        json(200, r#"["healthy"]"#),
        json(200, "<html>healthy</html>"),
        json(503, r#"{"status": "healthy"}"#),
        json(429, "{}"),
        "what?\r\n\r\n".to_owned(),
        "HTTP/1.1 200 OK\r\ncontent-length: 2000000\r\n\r\n".to_owned(),
    ];
    let mut table = String::new();
    for answer in answers {
        let server = Server::scripted(vec![vec![Step::Read, send(&answer), Step::Hang]]).await;
        let samples = check_health(&health(1), &server.destination())
            .await
            .unwrap();
        let shown = answer.rsplit('\n').next().unwrap();
        writeln!(table, "{shown:32} {:?}", samples[0].healthy).unwrap();
    }
    for script in [vec![Step::Read], vec![Step::Read, Step::Hang]] {
        let server = Server::scripted(vec![script]).await;
        let samples = check_health(&health(1), &server.destination())
            .await
            .unwrap();
        writeln!(table, "{:?}", samples[0].healthy).unwrap();
    }
    insta::assert_snapshot!(table);
}

#[tokio::test]
async fn health_is_asked_as_often_as_it_says_on_one_connection() {
    let answer = vec![Step::Read, send(&json(200, r#"{"status": "ok"}"#))];
    let server = Server::scripted(vec![vec![answer; 5].concat()]).await;
    let samples = check_health(&health(5), &server.destination())
        .await
        .unwrap();
    assert_eq!(samples.len(), 5);
    assert!(samples.iter().all(|sample| sample.healthy == Ok(())));
    assert!(!server.requests()[0].contains("authorization"));
}

#[tokio::test]
async fn a_health_without_field_takes_any_body() {
    let server = Server::scripted(vec![vec![Step::Read, send(OK), Step::Hang]]).await;
    let mut check = health(1);
    check.field = String::new();
    let samples = check_health(&check, &server.destination()).await.unwrap();
    assert_eq!(samples[0].healthy, Ok(()));
}

fn uptime() -> UptimeCheck {
    UptimeCheck {
        rules: TargetRules::default(),
        path: "/up".into(),
        auth: true,
        every: Duration::from_secs(1),
        uptime_field: "data.uptime_seconds".into(),
        timeout: Duration::from_millis(500),
        alone: Duration::from_secs(1),
    }
}

fn answer(uptime_seconds: Option<f64>, failure: Option<&str>) -> ProbeAnswer {
    ProbeAnswer {
        uptime_seconds,
        failure: failure.map(str::to_owned),
        reconnected: false,
        rate_limited: false,
    }
}

#[tokio::test]
async fn a_probe_tells_uptime_and_outages() {
    let up = |body: &str| send(&json(200, body));
    let first = vec![
        Step::Read,
        up(r#"{"data": {"uptime_seconds": 12.5}}"#),
        Step::Read,
        up(r#"{"data": {"uptime_seconds": "13.5"}}"#),
        Step::Read,
        up(r#"{"data": {"uptime_seconds": NaN}}"#),
        Step::Read,
        up("fine"),
        Step::Read,
        send(&json(429, "")),
        Step::Read,
        send(&json(500, "")),
    ];
    let second = vec![Step::Read, up(r#"{"data": {"uptime_seconds": 0.5}}"#)];
    let server = Server::scripted(vec![first, second]).await;
    let mut prober = Prober::new(&uptime(), &server.destination()).unwrap();
    assert_eq!(prober.probe().await, answer(Some(12.5), None));
    assert_eq!(prober.probe().await, answer(Some(13.5), None));
    assert_eq!(prober.probe().await, answer(None, None));
    assert_eq!(prober.probe().await, answer(None, None));
    let limited = ProbeAnswer {
        rate_limited: true,
        ..answer(None, None)
    };
    assert_eq!(prober.probe().await, limited);
    assert_eq!(prober.probe().await, answer(None, Some("status 500")));
    let restarted = ProbeAnswer {
        reconnected: true,
        ..answer(Some(0.5), None)
    };
    assert_eq!(prober.probe().await, restarted);
}

#[tokio::test]
async fn a_probe_without_answer_says_what_it_met() {
    let server = Server::scripted(vec![vec![Step::Hang]]).await;
    let mut prober = Prober::new(&uptime(), &server.destination()).unwrap();
    let silent = answer(None, Some("no answer within 500ms"));
    assert_eq!(prober.probe().await, silent);
    let mut prober = Prober::new(&uptime(), &nowhere()).unwrap();
    let failure = prober.probe().await.failure.unwrap();
    assert!(
        failure.starts_with("cannot connect to 127.0.0.1:"),
        "{failure}"
    );
}

#[tokio::test]
async fn the_control_client_reads_json_and_says_what_it_cannot() {
    let mut table = String::new();
    for reply in [
        json(200, r#"{"p95": Infinity, "n": 1}"#),
        json(200, "nothing"),
        json(404, "{}"),
        "HTTP/1.1 307 X\r\nlocation: /there\r\ncontent-length: 0\r\n\r\n".to_owned(),
        "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{}".to_owned(),
        "what?\r\n\r\n".to_owned(),
        String::new(),
    ] {
        let server = Server::scripted(vec![vec![Step::Read, send(&reply)]]).await;
        let client = SideClient::new(&server.destination(), LONG).unwrap();
        let read = client.get_json("/x?token=s3cret", true, LONG).await;
        let shown = match read {
            Ok(value) => value.to_string(),
            Err(error) => error.to_string(),
        };
        writeln!(table, "{:?}: {shown}", reply.lines().last().unwrap_or("")).unwrap();
    }
    let server = Server::scripted(vec![vec![Step::Hang]]).await;
    let client = SideClient::new(&server.destination(), LONG).unwrap();
    let short = Duration::from_millis(50);
    let error = client.get_json("/x", true, short).await.unwrap_err();
    writeln!(table, "hangs: {error}").unwrap();
    let nowhere = nowhere();
    let client = SideClient::new(&nowhere, LONG).unwrap();
    let error = client.get_json("/x?token=s3cret", true, LONG).await;
    let error = error.unwrap_err().to_string();
    let port = nowhere.origin.port().unwrap().to_string();
    writeln!(table, "nowhere: {}", error.replace(&port, "PORT")).unwrap();
    insta::assert_snapshot!(table);
}

#[tokio::test]
async fn the_control_client_reads_a_bounded_body() {
    let body = "x".repeat(1024 * 1024 + 1);
    let chunked = format!(
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n",
        body.len()
    );
    for answer in [json(200, &body), chunked] {
        let server = Server::scripted(vec![vec![Step::Read, send(&answer)]]).await;
        let client = SideClient::new(&server.destination(), LONG).unwrap();
        let error = client.fetch("/", true, LONG).await.unwrap_err();
        assert_eq!(error, SideError::TooLong(1024 * 1024));
    }
}

fn rules() -> TargetRules {
    TargetRules {
        headers: vec![("X-Tenant".into(), "acme".into())],
        ..TargetRules::default()
    }
}

/// Answers paths that end with a slash, and redirects all others there, as `FastAPI` and Django do.
async fn strict(body: &'static str) -> Server {
    Server::answering(move |line, _| {
        let path = line.split(' ').nth(1).unwrap();
        Some(if path.ends_with('/') {
            json(200, body)
        } else {
            format!("HTTP/1.1 307 X\r\nlocation: {path}/\r\ncontent-length: 0\r\n\r\n")
        })
    })
    .await
}

#[tokio::test]
async fn what_is_asked_beside_the_load_has_its_headers_and_follows_its_redirects() {
    let server = strict(r#"{"status": "ok", "data": {"uptime_seconds": 7}}"#).await;
    let destination = server.destination();
    let mut check = health(3);
    check.rules = rules();
    let samples = check_health(&check, &destination).await.unwrap();
    assert!(samples.iter().all(|sample| sample.healthy == Ok(())));
    let mut check = uptime();
    check.rules = rules();
    let mut prober = Prober::new(&check, &destination).unwrap();
    for _ in 0..2 {
        assert_eq!(prober.probe().await, answer(Some(7.0), None));
    }
    let client = SideClient::new(&destination, LONG)
        .unwrap()
        .with_rules(&rules());
    for _ in 0..2 {
        assert_eq!(
            client.get_json("/stats", true, LONG).await.unwrap()["status"],
            "ok"
        );
    }
    let body = serde_json::json!({"user": "ann"});
    let own = [("X-Forwarded-For".to_owned(), "10.0.0.1".to_owned())];
    let request = login_request(
        "/login",
        &body,
        [&rules().headers[..], &own[..]],
        &destination,
    )
    .unwrap();
    assert_eq!(client.send_on(&request, LONG).await.unwrap().status, 200);
    let requests = server.requests();
    assert!(
        requests
            .iter()
            .all(|request| request.contains("x-tenant: acme\r\n"))
    );
    let lines: Vec<&str> = requests
        .iter()
        .map(|request| request.lines().next().unwrap())
        .collect();
    // A redirect is found out once.
    insta::assert_snapshot!(lines.join("\n"), @r"
    GET /health HTTP/1.1
    GET /health/ HTTP/1.1
    GET /health/ HTTP/1.1
    GET /health/ HTTP/1.1
    GET /up HTTP/1.1
    GET /up/ HTTP/1.1
    GET /up/ HTTP/1.1
    GET /stats HTTP/1.1
    GET /stats/ HTTP/1.1
    GET /stats/ HTTP/1.1
    POST /login HTTP/1.1
    POST /login/ HTTP/1.1
    ");
    assert!(requests[11].contains("x-forwarded-for: 10.0.0.1\r\n"));
    assert!(requests[11].ends_with(r#"{"user":"ann"}"#));
}

#[tokio::test]
async fn a_refusal_of_what_is_asked_beside_the_load_says_why() {
    let server =
        Server::answering(|_, _| Some(json(403, r#"{"detail": "no key s3cret-token"}"#))).await;
    let samples = check_health(&health(1), &server.destination())
        .await
        .unwrap();
    assert_eq!(
        samples[0].healthy,
        Err("status 403: no key s3cret-token".to_owned())
    );
    let client = SideClient::new(&server.destination(), LONG).unwrap();
    let error = client.get_json("/x", true, LONG).await.unwrap_err();
    assert_eq!(error.to_string(), "status 403: no key ***");
}

#[tokio::test]
async fn the_control_client_takes_any_certificate_only_when_told() {
    let script = vec![Step::Read, send(OK)];
    let server = Server::encrypted(certificate(2090), vec![script; 2]).await;
    let mut target = destination(&format!("https://{}", server.address));
    if let Ok(client) = SideClient::new(&target, LONG) {
        let error = client.fetch("/", true, LONG).await.unwrap_err();
        assert!(
            error.to_string().starts_with("the TLS handshake failed: "),
            "{error}"
        );
    } else {
        let server = Server::encrypted(certificate(2090), vec![vec![Step::Read, send(OK)]]).await;
        target.origin = format!("https://{}", server.address).parse().unwrap();
    }
    target.insecure = true;
    let client = SideClient::new(&target, LONG).unwrap();
    assert_eq!(client.fetch("/", true, LONG).await.unwrap().body, b"ok");
}

#[tokio::test]
async fn a_failed_request_of_the_load_keeps_how_its_answer_begins() {
    let body = r#"{"detail": "no room for s3cret-token"}"#;
    let length = body.len();
    let head = format!("HTTP/1.1 500 X\r\ncontent-length: {length}\r\n\r\n");
    let whole = format!("{head}{body}");
    let chunked = format!(
        "HTTP/1.1 500 X\r\ntransfer-encoding: chunked\r\n\r\n{length:x}\r\n{body}\r\n0\r\n\r\n"
    );
    let said = "no room for ***";
    let waiting =
        format!("HTTP/1.1 429 X\r\nretry-after: 60\r\ncontent-length: {length}\r\n\r\n{body}");
    let dated = "HTTP/1.1 503 X\r\ndate: Fri, 27 Nov 2026 10:00:00 GMT\r\n\
                 Retry-After: Fri, 27 Nov 2026 10:00:07 GMT\r\ncontent-length: 0\r\n\r\n";
    for (script, outcome, expected) in [
        (vec![send(&whole)], Outcome::Status(500), (said, None)),
        (vec![send(&chunked)], Outcome::Status(500), (said, None)),
        (
            vec![send(&head), send(body)],
            Outcome::Status(500),
            (said, None),
        ),
        (
            vec![send(&json(429, body))],
            Outcome::RateLimited,
            (said, None),
        ),
        (vec![send(&waiting)], Outcome::RateLimited, (said, Some(60))),
        (vec![send(dated)], Outcome::Status(503), ("", Some(7))),
        (
            vec![send(&json(429, r#"{"detail": "no", "retry_after": 5}"#))],
            Outcome::RateLimited,
            ("no", Some(5)),
        ),
        (vec![send(OK)], Outcome::Ok, ("", None)),
        (vec![send(&json(500, ""))], Outcome::Status(500), ("", None)),
    ] {
        let script = [vec![Step::Read], script, vec![Step::Hang]].concat();
        let server = Server::scripted(vec![script]).await;
        let target = server.destination();
        let request = PreparedRequest::new(&[], &endpoint("GET", "/"), &target).unwrap();
        let mut connection = Connection::new(Connector::new(&target).unwrap());
        let give_up = Instant::now() + 2 * LONG;
        let exchange = connection.exchange(&request, &bounds(LONG), give_up).await;
        assert_eq!(exchange.outcome, outcome);
        let said = connection.excerpt(&request);
        assert_eq!((&*said, connection.retry_after()), expected);
    }
    let target = nowhere();
    let request = PreparedRequest::new(&[], &endpoint("GET", "/"), &target).unwrap();
    let mut connection = Connection::new(Connector::new(&target).unwrap());
    let give_up = Instant::now() + 2 * LONG;
    connection.exchange(&request, &bounds(LONG), give_up).await;
    let said = connection.excerpt(&request);
    assert!(said.starts_with("cannot connect to 127.0.0.1:"), "{said}");
}
