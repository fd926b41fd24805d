//! Sources of evidence that hang, talk nonsense or are not there leave the load's figures alone.

use std::fmt::Write as _;
use std::io::Write as _;
use std::net::{TcpListener, TcpStream};

use crate::support::{Server, harness, read_report};
use serde_json::Value;
use tempfile::TempDir;

const QUICK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/profiles/quick.toml");

/// A port at which every connection is served so.
fn port(serve: fn(TcpStream)) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            std::thread::spawn(move || serve(stream));
        }
    });
    address
}

fn hang(stream: TcpStream) {
    // Open as long as this process lives.
    std::mem::forget(stream);
}

fn garble(mut stream: TcpStream) {
    let nonsense: Vec<u8> = (0..4096_u32).map(|n| (n * 7 % 251) as u8).collect();
    while stream.write_all(&nonsense).is_ok() {}
}

fn nothing() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").to_string()
}

/// The report of a session whose sources are all at this address. Its server is a fresh one: what an earlier session left
/// in it would be part of the difference.
fn session(sources: Option<&str>) -> Value {
    let server = Server::start(&[]);
    let folder = TempDir::new().expect("a temporary folder");
    let profile = folder.path().join("short.toml");
    let text = format!("extends = {QUICK:?}\n[scenario.api]\nduration = \"3s\"\n");
    std::fs::write(&profile, text).expect("a profile");
    let profile = profile.to_str().expect("UTF-8");
    let flags = ["--target-url", &server.url, "--profile", profile];
    let tests = ["response_time", "cache", "database::error"];
    let mut command = harness(folder.path(), &[&flags[..], &tests[..]].concat());
    command.env("PERF_TOKEN", &server.token);
    if let Some(address) = sources {
        command
            .env("PERF_REDIS_URL", format!("redis://{address}"))
            .env("PERF_DATABASE_URL", format!("postgres://u:p@{address}/d"))
            .env("PERF_METRICS_URL", format!("http://{address}"));
    }
    command.output().expect("it runs");
    read_report(folder.path()).expect("a report")
}

fn time(report: &Value, figure: &str) -> f64 {
    report["runs"][0]["response_time_ms"][figure]["value"]
        .as_f64()
        .expect("a number")
}

/// So often a case is tried when it looks disturbed: what a monitor does it does each time, a machine that was busy
/// elsewhere does not.
const ATTEMPTS: usize = 3;

/// p50 and p95 in milliseconds, of a session that tells what its sources were missing.
fn times(sources: Option<&str>) -> [f64; 2] {
    let report = session(sources);
    let told = report.to_string();
    let is_told = told.contains("redis") && told.contains("postgres");
    assert_eq!(
        is_told,
        sources.is_some(),
        "{sources:?}: what was missing is told"
    );
    ["p50", "p95"].map(|figure| time(&report, figure))
}

#[test]
fn whatever_monitors_meet_the_load_goes_on_as_ever() {
    let cases = [
        ("hung", port(hang)),
        ("garbled", port(garble)),
        ("gone", nothing()),
    ];
    let mut alone = times(None);
    for (name, sources) in cases {
        let mut table = String::new();
        let is_undisturbed = (0..ATTEMPTS).any(|attempt| {
            if attempt > 0 {
                alone = times(None);
            }
            let beside = times(Some(&sources));
            for (what, [p50, p95]) in [("none", alone), (name, beside)] {
                let _ = writeln!(table, "{what:8} p50 {p50:.2} ms, p95 {p95:.2} ms");
            }
            // The machine itself moves them by a half; a look on the generator's runtime would by a factor.
            beside[0] / alone[0] < 2.0 && beside[1] / alone[1] < 3.0
        });
        println!("{table}");
        assert!(is_undisturbed, "{table}");
    }
}
