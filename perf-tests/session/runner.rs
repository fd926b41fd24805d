//! The command line as test runners and people use it.

mod folders;
mod plain;
mod streams;

use std::io::{BufRead, BufReader};
use std::process::{Output, Stdio};

use crate::support::{Judged, Server, harness};
use tempfile::TempDir;

const QUICK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/profiles/quick.toml");

fn run(arguments: &[&str]) -> Output {
    let folder = TempDir::new().expect("a temporary folder");
    harness(folder.path(), arguments).output().expect("it runs")
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn a_list_is_names_and_nothing_else() {
    let names = "health::endpoint: test\nresponse_time::p50: test\nresponse_time::p95: test\n\
        response_time::p99: test\nerrors::rate: test\nscenario::api: test\nthroughput::rps: test\n\
        concurrency::users: test\nscenario::websocket: test\nscenario::mixed: test\n\
        cache::hit_rate: test\ndatabase::mean_query_time: test\ndatabase::p95_query_time: test\n\
        database::error_rate: test\nsystem::cpu: test\nsystem::memory: test\ntarget::endpoint_times: test\n\
        scenario::stress: test\nstress::recovery: test\nstress::degradation: test\n\
        generator::headroom: test\nhealth::uptime: test\n";
    // A target where nothing listens shows that nothing is asked.
    let nowhere = ["--target-url", "http://127.0.0.1:9"];
    for flags in [
        &["--list"][..],
        &["--list", "--format", "terse"],
        &["--list", "--format=terse", "-Zunstable-options"],
    ] {
        let output = run(&[&nowhere[..], flags].concat());
        assert_eq!(
            (stdout(&output).as_str(), output.status.code()),
            (names, Some(0)),
            "{flags:?}"
        );
    }
    let ignored = run(&["--list", "--format", "terse", "--ignored"]);
    assert_eq!(stdout(&ignored), "");
    let some = run(&["--list", "p50", "errors", "--skip", "p99"]);
    assert_eq!(
        stdout(&some),
        "response_time::p50: test\nerrors::rate: test\n"
    );
    let one = run(&["--list", "--exact", "response_time::p95"]);
    assert_eq!(stdout(&one), "response_time::p95: test\n");
}

#[test]
fn one_requirement_pays_for_its_own_load_alone() {
    let server = Server::start(&[]);
    let flags = ["--exact", "health::endpoint"];
    let health = Judged::against(&server.url, &server.token, QUICK, &flags);
    assert_eq!((health.failed().len(), health.requirements().len()), (0, 1));
    let asked = server.requests()["total"].as_u64().expect("a number");
    assert!(
        asked < 60,
        "no load for a look at the health: {asked} requests"
    );
    let throughput = Judged::against(&server.url, &server.token, QUICK, &["throughput"]);
    assert_eq!(throughput.report["runs"].as_array().map(Vec::len), Some(1));
    let due = throughput.run("throughput")["due"]
        .as_u64()
        .expect("a number");
    assert_eq!(due, 480);
}

/// 200 requests a second for 9 s, 2 s more if need be, over after 3 s at the earliest.
fn settling(folder: &TempDir, errors: &str) -> String {
    let profile = format!(
        "name = \"settling\"\n\
         [scenario.rate]\narrivals = \"constant\"\nrate = \"200/s\"\nconnections = 50\n\
         warm_up = \"1s\"\nduration = \"9s\"\nextend = \"2s\"\nsettle = \"3s\"\n\
         [[scenario.rate.endpoint]]\npath = \"/health\"\n\
         [[requirement]]\nname = \"response_time::p95\"\nscenario = \"rate\"\nseverity = \"critical\"\n\
         metric = \"response_time_p95\"\nlimit = \"< 1 s\"\n\
         [[requirement]]\nname = \"errors::rate\"\nscenario = \"rate\"\nseverity = \"critical\"\n\
         metric = \"error_rate\"\nlimit = \"< {errors}\"\n"
    );
    let path = folder.path().join("settling.toml");
    std::fs::write(&path, profile).expect("a file");
    path.to_str().expect("a plain path").to_owned()
}

#[test]
fn a_run_ends_as_soon_as_all_is_settled_and_loses_nothing() {
    let server = Server::start(&[]);
    let folder = TempDir::new().expect("a temporary folder");
    let judged = Judged::against(&server.url, &server.token, &settling(&folder, "5 %"), &[]);
    assert_eq!(judged.failed(), [""; 0], "{}", stdout(&judged.output));
    let run = judged.run("rate");
    let window = &run["window"];
    let to = window["to_ms"].as_f64().expect("a number");
    assert_eq!(
        (&window["settled"], &window["extensions"]),
        (&true.into(), &0.into())
    );
    assert_eq!(window["planned_to_ms"], 10_000.0);
    // The warm-up, the least length, and a second or more as the machine lets it.
    assert!((4_000.0..10_000.0).contains(&to), "{window}");
    // Of a constant rate it is known what is due until the end: all of it was asked, and nothing after it.
    assert_eq!(run["due"].as_f64(), Some((to - 1_000.0) / 5.0), "{window}");
    assert_eq!(run["unjudged"]["due"], 200);
    assert!(
        stdout(&judged.output).contains("settled"),
        "{}",
        stdout(&judged.output)
    );
    // Who wants all of it says so.
    let flags = ["--settle=off", "--duration", "5s"];
    let whole = Judged::against(
        &server.url,
        &server.token,
        &settling(&folder, "5 %"),
        &flags,
    );
    let window = &whole.run("rate")["window"];
    assert_eq!(
        (&window["settled"], &window["to_ms"]),
        (&false.into(), &6_000.0.into())
    );
}

#[test]
fn a_run_that_can_not_settle_takes_its_budget() {
    let server = Server::start(&[]);
    let folder = TempDir::new().expect("a temporary folder");
    // Two thousand requests without an error can't show that fewer than one in a thousand fail.
    let judged = Judged::against(&server.url, &server.token, &settling(&folder, "0.1 %"), &[]);
    assert_eq!(judged.failed(), ["errors::rate"]);
    let window = &judged.run("rate")["window"];
    assert_eq!(
        (&window["settled"], &window["to_ms"]),
        (&false.into(), &12_000.0.into())
    );
    assert_eq!(window["extensions"], 3);
}

#[test]
fn no_match_starts_nothing_and_passes() {
    let output = run(&["no_such_requirement"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(
        stdout(&output).contains("0 passed; 0 failed"),
        "{}",
        stdout(&output)
    );
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let output = run(&[
        "--users",
        "many",
        "--duratoin",
        "5s",
        "--target-url",
        "localhost:8000",
    ]);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2));
    for word in ["--users", "--duration", "http://localhost:8000"] {
        assert!(told.contains(word), "{told}");
    }
}

#[test]
fn json_is_alone_on_stdout() {
    let server = Server::start(&[]);
    let flags = [
        "--format",
        "json",
        "-Z",
        "unstable-options",
        "health::endpoint",
    ];
    let judged = Judged::against(&server.url, &server.token, QUICK, &flags);
    for line in stdout(&judged.output).lines() {
        let event: serde_json::Value = serde_json::from_str(line).expect(line);
        assert!(event["type"].is_string(), "{line}");
    }
}

#[test]
fn the_embedded_target_comes_with_the_command_and_leaves_nothing_behind() {
    let [folder, temporary] = [(); 2].map(|()| TempDir::new().expect("a temporary folder"));
    let output = harness(folder.path(), &["--profile", QUICK, "health::endpoint"])
        .env("TMPDIR", temporary.path())
        .output();
    let output = output.expect("it runs");
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let junit = std::fs::read_to_string(folder.path().join("latest/junit.xml")).expect("a report");
    assert!(junit.contains("health::endpoint"), "{junit}");
    let left = std::fs::read_dir(temporary.path()).expect("a folder");
    let left: Vec<_> = left.map(|entry| entry.expect("an entry").path()).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_the_load_and_still_tells() {
    let server = Server::start(&[]);
    let folder = TempDir::new().expect("a temporary folder");
    let flags = [
        "--profile",
        QUICK,
        "--target-url",
        &server.url,
        "--duration",
        "60s",
        "errors",
    ];
    let mut child = harness(folder.path(), &flags)
        .env("PERF_TOKEN", &server.token)
        .stderr(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut lines = BufReader::new(child.stderr.take().expect("a pipe")).lines();
    let loading = lines
        .by_ref()
        .map_while(Result::ok)
        .any(|line| line.contains("perf: api:"));
    assert!(loading, "the load has begun");
    let pid = child.id().to_string();
    let sent = std::process::Command::new("kill")
        .args(["-INT", &pid])
        .status()
        .expect("kill runs");
    assert!(sent.success());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(101));
    let report =
        std::fs::read_to_string(folder.path().join("latest/report.json")).expect("a report");
    let report: serde_json::Value = serde_json::from_str(&report).expect("JSON");
    assert_eq!(report["runs"][0]["status"], "partial");
    assert_eq!(report["requirements"][0]["verdict"], "inconclusive");
}
