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

/// Three seconds of each load.
fn short(folder: &Path, more: &str) -> String {
    let file = folder.join("short.toml");
    let scenarios = ["api", "websocket", "mixed"];
    let scenarios = scenarios.map(|name| format!("[scenario.{name}]\nduration = \"3s\"\n"));
    let text = format!("extends = {QUICK:?}\n{}{more}", scenarios.concat());
    std::fs::write(&file, text).expect("a profile");
    file.to_str().expect("UTF-8").to_owned()
}

/// Runs the harness with a signing key.
fn minted(server: &Server, flags: &[&str]) -> Value {
    let folder = TempDir::new().expect("a temporary folder");
    let profile = short(folder.path(), "");
    let fixed = ["--target-url", &server.url, "--profile", &profile];
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

fn reason_and_advice(report: &Value) -> String {
    let one = &report["requirements"][0];
    format!("{} {}", one["reason"], one["advice"])
}

/// On the way to any service that is not on the same machine a message is on its way at every moment.
#[test]
fn a_healthy_service_twenty_milliseconds_away_passes() {
    let server = Server::start(&[]);
    let there = server.url.parse::<url::Url>().expect("a URL");
    let there = there.socket_addrs(|| None).expect("an address")[0];
    let url = format!(
        "http://{}",
        distance::away(there, Duration::from_millis(10))
    );
    let folder = TempDir::new().expect("a temporary folder");
    let profile = short(folder.path(), "");
    let flags = ["--target-url", &url, "--profile", &profile, SOCKETS];
    let output = harness(folder.path(), &flags)
        .env("PERF_JWT_SECRET", KEY)
        .output()
        .expect("it runs");
    let report = read_report(folder.path())
        .unwrap_or_else(|error| panic!("{error}\n{}", String::from_utf8_lossy(&output.stderr)));
    assert_eq!(failed(&report), [""; 0], "{}", reason_and_advice(&report));
    for name in ["connect", "message"] {
        let p50 = &endpoint(&report, "websocket", name)["response_time_ms"]["p50"]["value"];
        assert!(p50.as_f64().is_some_and(|ms| ms >= 20.0), "{name}: {p50}");
    }
}

/// The other faults are met in virtual time, in `harness::scripted`.
#[test]
fn a_slow_and_chatty_socket_is_told_by_its_cause() {
    let server = Server::start(&["ws-latency=400ms", "ws-chatter=3"]);
    let report = minted(&server, &[SOCKETS]);
    assert_eq!(failed(&report), [SOCKETS]);
    assert!(
        reason_and_advice(&report).contains("took 200 ms or more"),
        "{}",
        reason_and_advice(&report)
    );
    let messages = endpoint(&report, "websocket", "message");
    let p50 = messages["response_time_ms"]["p50"]["value"].as_f64();
    let p50 = p50.expect("a number");
    assert!((400.0..404.0).contains(&p50), "{p50} ms");
    let unasked = run(&report, "websocket")["sockets"]["unasked"].as_u64();
    let asked = messages["due"].as_u64().expect("a number");
    assert!(unasked >= Some(3 * asked), "{unasked:?} of {asked}");
}

#[test]
fn one_token_for_all_is_told_before_the_load_and_a_file_of_users_passes() {
    let server = Server::start(&[]);
    let one = by_token_alone(&server);
    assert_eq!(failed(&one), [SOCKETS]);
    for words in ["one token for all", "--users-file", "PERF_JWT_SECRET"] {
        assert!(
            reason_and_advice(&one).contains(words),
            "{}",
            reason_and_advice(&one)
        );
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
    assert_eq!(failed(&report), [""; 0], "{}", reason_and_advice(&report));

    write_users(&users, 99);
    let report = from_file(&server, &users);
    assert_eq!(failed(&report), [SOCKETS]);
    assert!(
        reason_and_advice(&report).contains("users.csv has 99"),
        "{}",
        reason_and_advice(&report)
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
    let secret = agentos_perf::reference::SigningSecret::from(KEY.to_owned());
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
    let profile = short(folder.path(), "");
    let users = users.to_str().expect("text");
    let flags = [
        "--target-url",
        &server.url,
        "--profile",
        &profile,
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
    let login = "[identity]\nuser = \"user-{n}\"\n\
         [identity.login]\npath = \"/api/v1/auth/login\"\nrate = \"100/s\"\n\
         json = { email = \"{user}@example.com\", password = \"{password}\" }\n";
    let profile = &short(folder.path(), login);
    for (password, expected) in [("reference", &[][..]), ("wrong-one", &[SOCKETS][..])] {
        let flags = ["--target-url", &server.url, "--profile", profile, SOCKETS];
        let output = harness(folder.path(), &flags)
            .env("PERF_LOGIN_PASSWORD", password)
            .output()
            .expect("it runs");
        let report = read_report(folder.path()).expect("a report");
        assert_eq!(failed(&report), expected, "{}", reason_and_advice(&report));
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
    // 70 users every 400 ms and 30 every 400 ms for 3 s, whatever the api scenario did before.
    assert!((650..870).contains(&sum), "{sum}");
}
