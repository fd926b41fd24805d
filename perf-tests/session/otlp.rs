//! A session's figures, sent to a receiver at its end: once, with what it was told to send along, and without harm to
//! the session when they are not taken.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::Command;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use crate::support::{Server, harness, output_text};
use serde_json::Value;
use tempfile::TempDir;

const QUICK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/profiles/quick.toml");

/// A requirement that needs no load.
const HEALTH: &str = "health::endpoint";

/// What must not be shown anywhere.
const SECRET: &str = "a-secret-of-this-test";

/// What came to a receiver.
struct Came {
    line: String,
    headers: Vec<String>,
    body: Value,
}

/// A receiver that answers each request so; an empty answer is none, ever.
struct Collector {
    url: String,
    came: Receiver<Came>,
}

impl Collector {
    fn start(answer: &'static str) -> Collector {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let (sender, came) = channel();
        std::thread::spawn(move || {
            let mut kept = Vec::new();
            for stream in listener.incoming().flatten() {
                let mut reader = BufReader::new(stream);
                let mut lines = Vec::new();
                loop {
                    let mut line = String::new();
                    reader.read_line(&mut line).expect("a line");
                    if line.trim().is_empty() {
                        break;
                    }
                    lines.push(line.trim().to_owned());
                }
                let length = lines
                    .iter()
                    .find_map(|line| {
                        line.to_lowercase()
                            .strip_prefix("content-length: ")?
                            .parse()
                            .ok()
                    })
                    .unwrap_or(0);
                let mut body = vec![0; length];
                reader.read_exact(&mut body).expect("a body");
                let came = Came {
                    line: lines.remove(0),
                    headers: lines,
                    body: serde_json::from_slice(&body).expect("JSON"),
                };
                let _ = sender.send(came);
                if answer.is_empty() {
                    kept.push(reader);
                } else {
                    let _ = reader.get_mut().write_all(answer.as_bytes());
                }
            }
        });
        Collector { url, came }
    }

    /// All that has come. The session is over, so nothing more does.
    fn all(&self) -> Vec<Came> {
        self.came.try_iter().collect()
    }
}

fn session(server: &Server, folder: &Path, requirement: &str) -> Command {
    let mut command = harness(folder, &["--target-url", &server.url, "--profile", QUICK]);
    command
        .args(["--exact", requirement])
        .env("PERF_TOKEN", &server.token);
    command
}

fn warnings(told: &str) -> Vec<&str> {
    told.lines()
        .filter(|line| line.starts_with("warning"))
        .collect()
}

/// The values that an attribute has in the points of a metric.
fn values(body: &Value, metric: &str, attribute: &str) -> Vec<String> {
    let metrics = &body["resourceMetrics"][0]["scopeMetrics"][0]["metrics"];
    let mut values: Vec<String> = metrics
        .as_array()
        .expect("metrics")
        .iter()
        .filter(|one| one["name"] == metric)
        .flat_map(|one| one["gauge"]["dataPoints"].as_array().expect("points"))
        .flat_map(|point| point["attributes"].as_array().expect("attributes"))
        .filter(|one| one["key"] == attribute)
        .map(|one| {
            one["value"]["stringValue"]
                .as_str()
                .expect("text")
                .to_owned()
        })
        .collect();
    values.dedup();
    values
}

const TAKEN: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}";

#[test]
fn a_session_is_sent_once_with_its_headers() {
    let (server, collector) = (Server::start(&[]), Collector::start(TAKEN));
    let folder = TempDir::new().expect("a temporary folder");
    let output = session(&server, folder.path(), HEALTH)
        .env(
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            format!("{}/otlp", collector.url),
        )
        .env(
            "OTEL_EXPORTER_OTLP_HEADERS",
            format!("Authorization=Bearer%20{SECRET},X-Scope=7"),
        )
        .output()
        .expect("it runs");
    let told = output_text(&output);
    assert!(output.status.success(), "{told}");
    assert!(
        !told.contains(SECRET) && warnings(&told).is_empty(),
        "{told}"
    );
    assert!(
        told.contains(&format!("OTLP: {}/otlp/v1/metrics", collector.url)),
        "{told}"
    );
    let [came] = collector.all().try_into().ok().expect("one request");
    assert_eq!(came.line, "POST /otlp/v1/metrics HTTP/1.1");
    for header in [
        "content-type: application/json",
        &format!("authorization: Bearer {SECRET}"),
        "x-scope: 7",
    ] {
        let is_there = |line: &String| line.eq_ignore_ascii_case(header);
        assert!(came.headers.iter().any(is_there), "{:?}", came.headers);
    }
    let requirements = values(
        &came.body,
        "agentos_perf.requirement.verdict",
        "requirement",
    );
    assert_eq!(requirements, [HEALTH]);
    let report = folder.path().join("latest/report.json");
    let report = std::fs::read_to_string(report).expect("a report");
    assert!(!report.contains(SECRET));
}

#[test]
fn nothing_is_sent_where_nobody_asked_or_it_is_off() {
    let (server, collector) = (Server::start(&[]), Collector::start(TAKEN));
    let folder = TempDir::new().expect("a temporary folder");
    let plain = session(&server, folder.path(), HEALTH).output();
    let off = session(&server, folder.path(), HEALTH)
        .args(["--otlp", "off"])
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url)
        .output();
    let listed = session(&server, folder.path(), HEALTH)
        .args(["--otlp", &collector.url, "--list"])
        .output();
    for output in [plain, off, listed] {
        let told = output_text(&output.expect("it runs"));
        assert!(!told.contains("OTLP"), "{told}");
    }
    assert!(collector.all().is_empty());
}

#[test]
fn what_is_not_taken_is_a_warning_and_nothing_else() {
    let server = Server::start(&[]);
    let refusing = Collector::start(
        "HTTP/1.1 401 Unauthorized\r\nContent-Length: 57\r\nConnection: close\r\n\r\n{\"code\":16,\"message\":\"unknown key a-secret-of-this-test\"}",
    );
    let partial = Collector::start(
        "HTTP/1.1 200 OK\r\nContent-Length: 72\r\nConnection: close\r\n\r\n{\"partialSuccess\":{\"rejectedDataPoints\":\"7\",\"errorMessage\":\"too old\"}}  ",
    );
    let gone = {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        format!("http://{}", listener.local_addr().expect("an address"))
    };
    let table = [
        (
            refusing.url.as_str(),
            "it was answered 401 (unknown key ***)",
        ),
        (
            partial.url.as_str(),
            "7 of its points were rejected (too old)",
        ),
        (gone.as_str(), "is this its port for OTLP over HTTP"),
    ];
    for (url, expected) in table {
        let folder = TempDir::new().expect("a temporary folder");
        let output = session(&server, folder.path(), HEALTH)
            .args(["--otlp", url])
            .env(
                "PERF_OTLP_HEADERS",
                format!("Authorization=Basic%20{SECRET}"),
            )
            .output()
            .expect("it runs");
        let told = output_text(&output);
        assert!(output.status.success(), "{told}");
        let [warning] = warnings(&told).try_into().expect("one warning");
        assert!(
            warning.contains(&format!("the session is not at {url}/v1/metrics")),
            "{warning}"
        );
        assert!(warning.contains(expected), "{warning}");
        assert!(!told.contains(SECRET), "{told}");
    }
}

#[test]
fn nobody_waits_longer_than_is_allowed() {
    let (server, collector) = (Server::start(&[]), Collector::start(""));
    let folder = TempDir::new().expect("a temporary folder");
    let begun = Instant::now();
    let output = session(&server, folder.path(), HEALTH)
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url)
        .env("OTEL_EXPORTER_OTLP_TIMEOUT", "700")
        .output()
        .expect("it runs");
    let (took, told) = (begun.elapsed(), output_text(&output));
    assert!(output.status.success(), "{told}");
    let [warning] = warnings(&told).try_into().expect("one warning");
    assert!(warning.contains("no answer within 700ms"), "{warning}");
    assert!(
        took < Duration::from_secs(9),
        "less than the usual timeout: {took:?}"
    );
    assert_eq!(collector.all().len(), 1);
}

#[test]
fn of_several_processes_each_sends_its_own_part() {
    let (server, collector) = (Server::start(&[]), Collector::start(TAKEN));
    let folder = TempDir::new().expect("a temporary folder");
    let parts = ["response_time::p50", "response_time::p95", HEALTH];
    for requirement in parts {
        let output = session(&server, folder.path(), requirement)
            .args(["--otlp", &collector.url])
            .env("NEXTEST_RUN_ID", "one-run")
            .env("NEXTEST_ATTEMPT", "1")
            .output()
            .expect("it runs");
        let told = output_text(&output);
        assert!(told.contains("OTLP: "), "{told}");
    }
    let came = collector.all();
    assert_eq!(came.len(), parts.len());
    for (came, requirement) in came.iter().zip(parts) {
        let sent = values(
            &came.body,
            "agentos_perf.requirement.verdict",
            "requirement",
        );
        assert_eq!(sent, [requirement]);
    }
    let runs = |came: &Came| values(&came.body, "agentos_perf.run.status", "scenario").len();
    let runs: Vec<usize> = came.iter().map(runs).collect();
    assert_eq!(
        runs,
        [1, 0, 0],
        "the first made the run, the second read it"
    );
}
