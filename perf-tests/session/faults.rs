//! One fault of each family of the embedded server on real sockets, and exactly the requirements that fail because
//! of it.

use std::io::{BufRead, BufReader};
use std::time::{Duration, Instant};

use crate::support::{Judged, Server};

const QUICK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/profiles/quick.toml");

const P50: &str = "response_time::p50";
const P95: &str = "response_time::p95";
const ERRORS: &str = "errors::rate";
const API: &str = "scenario::api";
const OWN: &str = "target::endpoint_times";
const HEALTH: &str = "health::endpoint";
const UPTIME: &str = "health::uptime";

/// How many seconds are loaded, faults, the tests that are run, those that fail, and what some of them must tell.
type Case = (
    u32,
    &'static [&'static str],
    &'static [&'static str],
    &'static [&'static str],
    &'static [(&'static str, &'static str)],
);

/// One of each family; the whole matrix is in virtual time, in `harness::scripted`.
const CASES: [Case; 3] = [
    // Each on a path of its own; a connection that is cut costs a new one, and nothing fails because of it.
    (
        4,
        &[
            "latency=300ms:/api/v1/workflows",
            "errors=30%:/api/v1/agents/",
            "degraded",
            "close-every=100",
        ],
        &[
            "health::endpoint",
            "response_time",
            "errors",
            "scenario::api",
            "target",
        ],
        &[HEALTH, P95, ERRORS, API, OWN],
        &[(HEALTH, "degraded"), (ERRORS, "failed"), (API, "workflows")],
    ),
    (
        4,
        &["drop-body=5%"],
        &["response_time::p50", "errors"],
        &[ERRORS],
        &[(ERRORS, "a body that was cut off")],
    ),
    // The service forgets what it counted of its queries, which takes a longer load to matter.
    (
        8,
        &["restart=300ms@3s"],
        &["errors", "database::error", "uptime"],
        &[ERRORS, "database::error_rate", UPTIME],
        &[(UPTIME, "1 restarts"), (ERRORS, "no connection")],
    ),
];

/// A few seconds of the api alone.
fn short(seconds: u32) -> (tempfile::TempDir, String) {
    let folder = tempfile::TempDir::new().expect("a temporary folder");
    let file = folder.path().join("short.toml");
    let text = format!(
        "extends = {QUICK:?}\n[scenario.api]\nramp_up = \"0s\"\nduration = \"{seconds}s\"\n\
         [scenario.throughput]\nwarm_up = \"0s\"\nduration = \"1s\"\n"
    );
    std::fs::write(&file, text).expect("a profile");
    let path = file.to_str().expect("UTF-8").to_owned();
    (folder, path)
}

#[test]
fn each_family_of_faults_fails_exactly_what_it_breaks() {
    let mut wrong = Vec::new();
    for (seconds, faults, filters, expected, told) in CASES {
        let (_folder, profile) = short(seconds);
        let server = Server::start(faults);
        let judged = Judged::against(&server.url, &server.token, &profile, filters);
        let failed = judged.failed();
        if failed != expected {
            let reasons: Vec<_> = failed
                .iter()
                .map(|name| judged.reason_and_advice(name))
                .collect();
            wrong.push(format!(
                "{faults:?}: failed {failed:?}, not {expected:?}: {reasons:#?}"
            ));
        }
        for (name, words) in told {
            let told = judged.reason_and_advice(name);
            if !told.contains(words) {
                wrong.push(format!(
                    "{faults:?}: {name} does not tell {words:?}: {told}"
                ));
            }
        }
        assert_eq!(judged.output.status.code(), Some(101), "{faults:?}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_target_that_dies_in_mid_run_fails_everything_that_loads_it() {
    let mut server = Server::start(&[]);
    let (folder, profile) = short(3);
    // Two loads, the second of which finds nobody any more.
    let tests = [
        "response_time",
        "errors",
        "scenario::api",
        "throughput",
        "uptime",
    ];
    let flags = ["--profile", &profile, "--target-url", &server.url];
    let flags = [&flags[..], &tests[..]].concat();
    let mut harness = crate::support::harness(folder.path(), &flags)
        .env("PERF_TOKEN", &server.token)
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut lines = BufReader::new(harness.stderr.take().expect("a pipe")).lines();
    let loading = lines
        .by_ref()
        .map_while(Result::ok)
        .any(|line| line.contains("perf: api:"));
    assert!(loading, "the load has begun");
    server.kill();
    // Its pipe must be read to the end, or it could not go on.
    lines.map_while(Result::ok).for_each(drop);
    assert_eq!(harness.wait().expect("it ends").code(), Some(101));
    let report = crate::support::read_report(folder.path()).expect("a report");
    let broken = [P50, P95, ERRORS, API, "throughput::rps", UPTIME];
    let failed = crate::support::failed(&report);
    for name in broken {
        assert!(failed.contains(&name), "{name} passed; failed: {failed:?}");
    }
}

#[test]
fn nothing_listening_fails_every_test_and_soon() {
    let begun = Instant::now();
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", free.local_addr().expect("an address"));
    drop(free);
    let judged = Judged::against(&url, "none", "phase8", &[]);
    assert_eq!(judged.failed().len(), judged.requirements().len());
    assert_eq!(judged.requirements().len(), 22);
    assert_eq!(judged.output.status.code(), Some(101));
    assert!(
        judged
            .reason_and_advice(P95)
            .contains("Is the service running"),
        "{}",
        judged.reason_and_advice(P95)
    );
    assert!(begun.elapsed() < Duration::from_secs(15));
}
