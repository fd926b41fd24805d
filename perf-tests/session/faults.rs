//! Each fault of the embedded server, and exactly the requirements that fail because of it.

use std::io::{BufRead, BufReader};
use std::time::{Duration, Instant};

use crate::support::{Judged, Server};

const QUICK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/profiles/quick.toml");
const STALL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/profiles/stall.toml");

const P50: &str = "response_time::p50";
const P95: &str = "response_time::p95";
const ERRORS: &str = "errors::rate";
const API: &str = "scenario::api";
const BURST: &str = "concurrency::users";
const MIXED: &str = "scenario::mixed";
const OWN: &str = "target::endpoint_times";
const HEALTH: &str = "health::endpoint";
const UPTIME: &str = "health::uptime";

/// Faults, the tests that fail, and what one of them has to tell.
type Case = (
    &'static [&'static str],
    &'static [&'static str],
    Option<(&'static str, &'static str)>,
);

const CASES: [Case; 7] = [
    (&[], &[], None),
    (
        &["latency=300ms"],
        &[HEALTH, P50, P95, API, BURST, MIXED, OWN],
        Some((P95, "took 200 ms or more")),
    ),
    (
        &["latency=300ms:/api/v1/workflows"],
        &[P95, API, OWN],
        Some((API, "workflows")),
    ),
    // Two in a hundred of all requests, none of them for the health.
    (
        &["errors=8%:/api/v1/agents/", "errors=4%:/api/v1/auth/me"],
        &[ERRORS, API, BURST, MIXED],
        Some((ERRORS, "failed")),
    ),
    // All of its failures fall into one second of eight, which leaves open how many there are in general; and
    // the service forgets what it counted of its queries.
    (
        &["restart=300ms@3s"],
        &[P95, ERRORS, API, "database::error_rate", UPTIME],
        Some((UPTIME, "1 restarts")),
    ),
    (&["degraded"], &[HEALTH], Some((HEALTH, "degraded"))),
    (&["close-every=100"], &[], None),
];

#[test]
fn each_fault_fails_exactly_what_it_breaks() {
    let mut wrong = Vec::new();
    for (faults, expected, told) in CASES {
        let server = Server::start(faults);
        let judged = Judged::against(&server.url, &server.token, QUICK, &[]);
        let failed = judged.failed();
        if failed != expected {
            let reasons: Vec<_> = failed.iter().map(|name| judged.told(name)).collect();
            wrong.push(format!(
                "{faults:?}: failed {failed:?}, not {expected:?}: {reasons:#?}"
            ));
        }
        if let Some((name, words)) = told.filter(|(name, words)| !judged.told(name).contains(words))
        {
            wrong.push(format!(
                "{faults:?}: {name} does not tell {words:?}: {}",
                judged.told(name)
            ));
        }
        let code = if failed.is_empty() { 0 } else { 101 };
        assert_eq!(judged.output.status.code(), Some(code), "{faults:?}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_stall_shows_in_the_response_time_and_not_in_the_service_time() {
    let server = Server::start(&["stall=2s@5s"]);
    let judged = Judged::against(&server.url, &server.token, STALL, &[]);
    let run = judged.run("users");
    let quantile = |times: &str| run[times]["p95"]["value"].as_f64().expect("a number");
    let (response, service) = (quantile("response_time_ms"), quantile("service_time_ms"));
    assert_eq!(run["due"], 4000, "{run}");
    assert!(
        (900.0..1_200.0).contains(&response),
        "response time {response} ms"
    );
    assert!(service < 200.0, "service time {service} ms");
    assert_eq!(judged.failed(), ["response_time::p95"]);
    let open = judged.run("rate")["response_time_ms"]["p95"]["value"]
        .as_f64()
        .expect("a number");
    assert!(
        open < 200.0,
        "the stall comes once, and was in the first run: {open} ms"
    );
}

#[test]
fn what_recurs_is_told_with_its_period() {
    // As often as they come in the whole run: one that stayed away would speak against a period.
    let server = Server::start(&[
        "stall=400ms@4s",
        "stall=400ms@9s",
        "stall=400ms@14s",
        "stall=400ms@19s",
    ]);
    let judged = Judged::against(&server.url, &server.token, STALL, &[]);
    let told = String::from_utf8_lossy(&judged.output.stdout).into_owned();
    let line = told.lines().find(|line| line.contains("recurring"));
    let line = line.unwrap_or_else(|| panic!("nothing recurs:\n{told}"));
    assert!(line.contains("every 5.0 s, 4 times"), "{line}");
}

#[test]
fn a_rate_limit_is_named_and_does_not_pass_for_speed() {
    let server = Server::start(&["rate-limit=10/60s"]);
    let judged = Judged::against(
        &server.url,
        &server.token,
        QUICK,
        &["response_time", "errors"],
    );
    assert_eq!(judged.failed(), [P50, P95, ERRORS]);
    assert!(
        judged.told(ERRORS).contains("429"),
        "{}",
        judged.told(ERRORS)
    );
}

#[test]
fn bodies_cut_in_half_are_errors_and_nothing_else() {
    let server = Server::start(&["drop-body=2%"]);
    let judged = Judged::against(
        &server.url,
        &server.token,
        QUICK,
        &["response_time", "errors"],
    );
    assert_eq!(judged.failed(), [ERRORS]);
    let bad = judged.run("api")["outcomes"]["bad_body"]
        .as_u64()
        .expect("a number");
    assert!((10..120).contains(&bad), "{bad} of 2,000");
}

#[test]
fn a_target_that_refuses_for_a_while_is_an_outage() {
    let server = Server::start(&["refuse=2s@3s"]);
    let judged = Judged::against(&server.url, &server.token, QUICK, &["errors", "uptime"]);
    assert_eq!(judged.failed(), [ERRORS, UPTIME]);
    let refused = judged.run("api")["outcomes"]["connect"].as_u64();
    assert!(refused > Some(100), "{}", judged.run("api")["outcomes"]);
}

#[test]
fn a_target_that_dies_in_mid_run_fails_everything_that_loads_it() {
    let mut server = Server::start(&[]);
    let folder = tempfile::TempDir::new().expect("a temporary folder");
    let flags = ["--profile", QUICK, "--target-url", &server.url];
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
    // Its pipe has to be read to the end, or it could not go on.
    lines.map_while(Result::ok).for_each(drop);
    assert_eq!(harness.wait().expect("it ends").code(), Some(101));
    let report = crate::support::read_report(folder.path()).expect("a report");
    let broken = [P50, P95, ERRORS, API, "throughput::rps", BURST, UPTIME];
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
        judged.told(P95).contains("Is the service running"),
        "{}",
        judged.told(P95)
    );
    assert!(begun.elapsed() < Duration::from_secs(15));
}
