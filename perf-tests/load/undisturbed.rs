//! Sources of evidence that hang, talk nonsense or are not there leave the load's figures alone.

use std::fmt::Write as _;
use std::io::Write as _;
use std::net::{TcpListener, TcpStream};

use crate::support::{Server, harness, read_report};
use serde_json::Value;
use tempfile::TempDir;

const QUICK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/profiles/quick.toml");
const ROUNDS: usize = 2;

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

/// The report of a session whose sources are all at this address.
fn session(server: &Server, sources: Option<&str>) -> Value {
    let folder = TempDir::new().expect("a temporary folder");
    let flags = ["--target-url", &server.url, "--profile", QUICK];
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

#[test]
fn whatever_monitors_meet_the_load_goes_on_as_ever() {
    let server = Server::start(&[]);
    let cases = [
        ("none", None),
        ("hung", Some(port(hang))),
        ("garbled", Some(port(garble))),
        ("gone", Some(nothing())),
    ];
    let mut times = [[0.0_f64; 2]; 4];
    for _ in 0..ROUNDS {
        for (sums, (name, sources)) in times.iter_mut().zip(&cases) {
            let report = session(&server, sources.as_deref());
            sums[0] += time(&report, "p50");
            sums[1] += time(&report, "p95");
            let told = report.to_string();
            let is_told = told.contains("redis") && told.contains("postgres");
            assert_eq!(
                is_told,
                sources.is_some(),
                "{name}: what was missing is told"
            );
        }
    }
    let mut table = String::new();
    for ((name, _), [p50, p95]) in cases.iter().zip(times) {
        let rounds = ROUNDS as f64;
        let _ = writeln!(
            table,
            "{name:8} p50 {:.2} ms, p95 {:.2} ms",
            p50 / rounds,
            p95 / rounds
        );
    }
    println!("{table}");
    // The machine itself moves them by a half; a look on the generator's runtime would by a factor.
    for [p50, p95] in &times[1..] {
        assert!(
            p50 / times[0][0] < 2.0 && p95 / times[0][1] < 3.0,
            "{table}"
        );
    }
}
