//! Users on WebSockets, who they are, and users of both kinds together: the harness against the embedded
//! server and its faults.

mod distance;

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use crate::support::{KEY, Server, failed, harness, read_report};
use serde_json::Value;
use tempfile::TempDir;

const QUICK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/profiles/quick.toml");
const SOCKETS: &str = "scenario::websocket";

/// Runs the harness with a signing key.
fn minted(server: &Server, flags: &[&str]) -> Value {
    let folder = TempDir::new().expect("a temporary folder");
    let fixed = ["--target-url", &server.url, "--profile", QUICK];
    let output = harness(folder.path(), &[&fixed, flags].concat())
        .env("PERF_JWT_SECRET", KEY)
        .output()
        .expect("it runs");
    read_report(folder.path())
        .unwrap_or_else(|error| panic!("{error}\n{}", String::from_utf8_lossy(&output.stderr)))
}

fn run<'a>(report: &'a Value, scenario: &str) -> &'a Value {
    let runs = report["runs"].as_array().expect("runs");
    runs.iter()
        .find(|run| run["scenario"] == scenario)
        .expect(scenario)
}

fn endpoint<'a>(report: &'a Value, scenario: &str, name: &str) -> &'a Value {
    let endpoints = run(report, scenario)["endpoints"].as_array();
    endpoints
        .expect("endpoints")
        .iter()
        .find(|endpoint| endpoint["name"] == name)
        .expect(name)
}

fn told(report: &Value) -> String {
    let one = &report["requirements"][0];
    format!("{} {}", one["reason"], one["advice"])
}

/// On the way to any service that is not on the same machine a message is on its way at every moment.
#[test]
fn a_healthy_service_twenty_milliseconds_away_passes_the_built_in_profile() {
    let server = Server::start(&[]);
    let there = server.url.parse::<url::Url>().expect("a URL");
    let there = there.socket_addrs(|| None).expect("an address")[0];
    let url = format!(
        "http://{}",
        distance::away(there, Duration::from_millis(10))
    );
    let folder = TempDir::new().expect("a temporary folder");
    let output = harness(folder.path(), &["--target-url", &url, SOCKETS])
        .env("PERF_JWT_SECRET", KEY)
        .output()
        .expect("it runs");
    let report = read_report(folder.path())
        .unwrap_or_else(|error| panic!("{error}\n{}", String::from_utf8_lossy(&output.stderr)));
    assert_eq!(failed(&report), [""; 0], "{}", told(&report));
    for name in ["connect", "message"] {
        let p50 = &endpoint(&report, "websocket", name)["response_time_ms"]["p50"]["value"];
        assert!(p50.as_f64().is_some_and(|ms| ms >= 20.0), "{name}: {p50}");
    }
}

#[test]
fn each_fault_of_a_socket_is_told_by_its_cause() {
    let cases: [(&str, &[&str], &[&str]); 5] = [
        ("ws-chatter=3", &[], &[]),
        ("ws-latency=400ms", &[SOCKETS], &["took 200 ms or more"]),
        (
            "ws-lose=10%",
            &[SOCKETS],
            &["messages had no reply in time"],
        ),
        (
            "ws-close=1011@3s",
            &[SOCKETS],
            &["1011", "an error of its own"],
        ),
        ("ws-refuse=40%", &[SOCKETS], &["connect"]),
    ];
    let mut wrong = String::new();
    for (fault, expected, words) in cases {
        let server = Server::start(&[fault]);
        let report = minted(&server, &[SOCKETS]);
        let told = told(&report);
        if failed(&report) != expected {
            let _ = writeln!(wrong, "{fault}: failed {:?}: {told}", failed(&report));
        }
        for word in words.iter().filter(|word| !told.contains(**word)) {
            let _ = writeln!(wrong, "{fault}: {word:?} is not told: {told}");
        }
        if fault == "ws-latency=400ms" {
            let p50 = endpoint(&report, "websocket", "message")["response_time_ms"]["p50"]["value"]
                .as_f64();
            let p50 = p50.expect("a number");
            if !(400.0..404.0).contains(&p50) {
                let _ = writeln!(wrong, "{fault}: the round trip takes {p50} ms");
            }
        }
        if fault == "ws-chatter=3" {
            let unasked = run(&report, "websocket")["sockets"]["unasked"].as_u64();
            let messages = endpoint(&report, "websocket", "message")["due"].as_u64();
            if unasked < messages.map(|count| 3 * count) {
                let _ = writeln!(wrong, "{fault}: {unasked:?} unasked, {messages:?} messages");
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn one_token_for_all_is_told_before_the_load_and_a_file_of_users_passes() {
    let server = Server::start(&[]);
    let one = by_token_alone(&server);
    assert_eq!(failed(&one), [SOCKETS]);
    for words in ["one token for all", "--users-file", "PERF_JWT_SECRET"] {
        assert!(told(&one).contains(words), "{}", told(&one));
    }
    assert_eq!(
        server.requests()["by_path"]["GET:/api/v1/ws"],
        Value::Null,
        "no handshake"
    );

    let folder = TempDir::new().expect("a temporary folder");
    let users = folder.path().join("users.csv");
    write_users(&users, 100);
    let report = from_file(&server, &users);
    assert_eq!(failed(&report), [""; 0], "{}", told(&report));

    write_users(&users, 99);
    let report = from_file(&server, &users);
    assert_eq!(failed(&report), [SOCKETS]);
    assert!(
        told(&report).contains("users.csv has 99"),
        "{}",
        told(&report)
    );
}

fn by_token_alone(server: &Server) -> Value {
    let folder = TempDir::new().expect("a temporary folder");
    let flags = ["--target-url", &server.url, "--profile", QUICK, SOCKETS];
    let mut command = harness(folder.path(), &flags);
    command.env("PERF_TOKEN", &server.token);
    command.output().expect("it runs");
    read_report(folder.path()).expect("a report")
}

fn write_users(file: &Path, count: u32) {
    let secret = agentos_perf::reference::Secret::from(KEY.to_owned());
    let life = std::time::Duration::from_secs(3600);
    let mut text = "user_id,token\n".to_owned();
    for n in 1..=count {
        let name = format!("somebody-{n}");
        let token = agentos_perf::reference::mint_token(&secret, &name, "org-1", life);
        let _ = writeln!(text, "{name},{token}");
    }
    std::fs::write(file, text).expect("a file");
}

fn from_file(server: &Server, users: &Path) -> Value {
    let folder = TempDir::new().expect("a temporary folder");
    let users = users.to_str().expect("text");
    let flags = [
        "--target-url",
        &server.url,
        "--profile",
        QUICK,
        "--users-file",
        users,
        SOCKETS,
    ];
    harness(folder.path(), &flags).output().expect("it runs");
    read_report(folder.path()).expect("a report")
}

#[test]
fn users_log_in_once_each_and_before_the_load() {
    let server = Server::start(&[]);
    let folder = TempDir::new().expect("a temporary folder");
    let profile = folder.path().join("login.toml");
    let text = format!(
        "extends = {QUICK:?}\n\
         [identity]\nuser = \"user-{{n}}\"\n\
         [identity.login]\npath = \"/api/v1/auth/login\"\nrate = \"100/s\"\n\
         json = {{ email = \"{{user}}@example.com\", password = \"{{password}}\" }}\n"
    );
    std::fs::write(&profile, text).expect("a file");
    let profile = profile.to_str().expect("text");
    for (password, expected) in [("reference", &[][..]), ("wrong-one", &[SOCKETS][..])] {
        let flags = ["--target-url", &server.url, "--profile", profile, SOCKETS];
        let output = harness(folder.path(), &flags)
            .env("PERF_LOGIN_PASSWORD", password)
            .output()
            .expect("it runs");
        let report = read_report(folder.path()).expect("a report");
        assert_eq!(failed(&report), expected, "{}", told(&report));
        let shown = format!("{report}{}", String::from_utf8_lossy(&output.stdout));
        assert!(!shown.contains("wrong-one"), "the password is shown");
    }
    // A hundred for the first session; the second one stopped at its first.
    let logins = server.requests()["by_path"]["POST:/api/v1/auth/login"].as_u64();
    assert_eq!(logins, Some(101));
}

#[test]
fn a_mixed_run_holds_its_own_requests_alone() {
    let server = Server::start(&[]);
    let flags = ["--settle=off", "scenario::api", "scenario::mixed"];
    let report = minted(&server, &flags);
    assert_eq!(failed(&report), [""; 0], "{report:#}");
    let mixed = run(&report, "mixed");
    let names: Vec<&str> = mixed["endpoints"]
        .as_array()
        .expect("endpoints")
        .iter()
        .filter_map(|endpoint| endpoint["name"].as_str())
        .collect();
    assert_eq!(names, ["health", "summary", "agents", "connect", "message"]);
    // Thirty of a hundred users are on a WebSocket, and each of them connects once.
    assert_eq!(endpoint(&report, "mixed", "connect")["due"], 30);
    let sum: u64 = mixed["endpoints"]
        .as_array()
        .expect("endpoints")
        .iter()
        .filter_map(|endpoint| endpoint["due"].as_u64())
        .sum();
    assert_eq!(mixed["due"].as_u64(), Some(sum));
    // 70 users every 400 ms and 30 every 400 ms for 6 s, whatever the api scenario did before.
    assert!((1_300..1_700).contains(&sum), "{sum}");
}

#[test]
fn a_slow_half_fails_by_itself() {
    let server = Server::start(&["ws-latency=300ms"]);
    let report = minted(&server, &["scenario::mixed"]);
    assert_eq!(failed(&report), ["scenario::mixed"]);
    let told = told(&report);
    assert!(told.contains("websocket users: "), "{told}");
    assert!(!told.contains("http users: "), "{told}");
}
