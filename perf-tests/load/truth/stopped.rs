//! A load generator that stood still itself says so, and does not blame the target.

use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use super::bench::alone;
use super::server::Server;
use super::simulation::{MS, Nanos};
use crate::support::{harness, read_report};

/// When it is stopped: after so many requests of 200/s.
const AFTER: usize = 300;
const STOP: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_secs(60);

fn signal(child: &Child, name: &str) {
    let mut kill = Command::new("kill");
    let status = kill.args([name, &child.id().to_string()]).status();
    assert!(status.expect("kill runs").success());
}

fn profile(arrivals: &str, limit: &str) -> String {
    format!(
        "[target]\ntimeout = '5s'\n[scenario.case]\n{arrivals}\nduration = '5s'\n\
         [[scenario.case.endpoint]]\npath = '/'\n\
         [[requirement]]\nname = 'response'\nseverity = 'critical'\nscenario = 'case'\n{limit}\n\
         [[requirement]]\nname = 'generator::headroom'\nseverity = 'critical'\n\
         metric = 'generator_lateness_p99'\nlimit = '< 50 ms'\n"
    )
}

/// The report of a load whose generator is stopped in the middle of it, on a target that takes so long.
fn stopped(work: Nanos, profile: &str) -> Value {
    let server = Server::http(Box::new(move |at, _| at + work));
    let folder = TempDir::new().expect("a temporary folder");
    let file = folder.path().join("stopped.toml");
    std::fs::write(&file, profile).expect("a profile");
    let path = file.to_str().expect("a path");
    let mut child = harness(
        folder.path(),
        &["--target-url", &server.url(), "--profile", path],
    )
    .stdout(Stdio::null())
    .stderr(Stdio::null())
    .spawn()
    .expect("it starts");
    let begun = Instant::now();
    while server.count() < AFTER && begun.elapsed() < PATIENCE {
        thread::sleep(Duration::from_millis(5));
    }
    signal(&child, "-STOP");
    thread::sleep(STOP);
    signal(&child, "-CONT");
    child.wait().expect("it ends");
    read_report(folder.path()).expect("a report")
}

fn requirement<'a>(report: &'a Value, name: &str) -> &'a Value {
    let mut all = report["requirements"]
        .as_array()
        .expect("requirements")
        .iter();
    all.find(|one| one["name"] == name).expect(name)
}

/// What was on its way meanwhile is met in virtual time, in `harness::scripted`.
#[test]
fn what_was_due_while_it_stood_still_is_its_own_fault() {
    let _alone = alone();
    let rate = "arrivals = 'constant'\nrate = '200/s'";
    let report = stopped(
        20 * MS,
        &profile(rate, "metric = 'response_time_p95'\nlimit = '< 200 ms'"),
    );
    let headroom = requirement(&report, "generator::headroom");
    assert_eq!(headroom["verdict"], "fail", "{headroom:#}");
    let response = requirement(&report, "response");
    let named = response.to_string().contains("generator");
    assert!(
        response["verdict"] == "inconclusive" && named,
        "{response:#}\n{headroom:#}"
    );
}
