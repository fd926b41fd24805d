//! Every requirement a process of its own, as `cargo nextest` runs them: each load once, verdicts as in one
//! process.

use std::process::Command;

use crate::support::{Judged, KEY, Server, without_steering};
use serde_json::Value;
use tempfile::TempDir;

const QUICK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/profiles/quick.toml");

/// The paths of the api scenario that nothing but the loads and their preflights ask for.
const LOADED: [&str; 2] = ["/api/v1/auth/me", "/api/v1/workflows"];

/// The job's summary, in the report folder.
const SUMMARY: &str = "summary.md";

/// Once for each of the five runs, at most.
const PREFLIGHTS: u64 = 5;

fn verdicts(report: &Value) -> Vec<(&str, &str)> {
    let requirements = report["requirements"].as_array().expect("requirements");
    requirements
        .iter()
        .map(|one| {
            let name = one["name"].as_str().expect("a name");
            (name, one["verdict"].as_str().expect("a verdict"))
        })
        .collect()
}

/// Requests to `path` that were due in all runs, ramp-up included.
fn due(report: &Value, path: &str) -> u64 {
    let runs = report["runs"].as_array().expect("runs");
    runs.iter().map(|run| due_in_run(run, path)).sum()
}

fn due_in_run(run: &Value, path: &str) -> u64 {
    let endpoints = run["endpoints"].as_array().expect("endpoints");
    let asks = |endpoint: &Value| endpoint["request"] == format!("GET {path}");
    let Some(index) = endpoints.iter().position(asks) else {
        return 0;
    };
    let seconds = run["seconds"].as_array().expect("seconds");
    let due = |second: &Value| second["endpoints"][index]["due"].as_u64();
    seconds
        .iter()
        .map(|second| due(second).expect("a number"))
        .sum()
}

/// `cargo nextest run --test perf` against `server`, and its exit code.
fn nextest(server: &Server, folder: &TempDir) -> (Option<i32>, Value, String) {
    let mut command = Command::new(env!("CARGO"));
    // What cargo tells this test of its package would make the other cargo build dependencies anew.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_MANIFEST") || text.starts_with("CARGO_PKG") {
            command.env_remove(&name);
        }
    }
    let output = without_steering(&mut command)
        .args([
            "nextest",
            "run",
            "--locked",
            // As the tests themselves are built, or features make it another build.
            "--workspace",
            "--no-fail-fast",
            "--test",
            "perf",
        ])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("PERF_TARGET_URL", &server.url)
        .env("PERF_TOKEN", &server.token)
        .env("PERF_JWT_SECRET", KEY)
        .env("PERF_PROFILE", QUICK)
        .env("PERF_REPORT_DIR", folder.path())
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_STEP_SUMMARY", folder.path().join(SUMMARY))
        .output()
        .expect("cargo runs");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    let report = crate::support::read_report(folder.path())
        .unwrap_or_else(|error| panic!("no report: {error}; is cargo-nextest installed?\n{told}"));
    (output.status.code(), report, told)
}

#[test]
fn each_load_is_run_once_and_judged_as_in_one_process() {
    // Slow enough for clear failures, so that the same verdicts are more than all of them passing.
    let faults = ["latency=300ms:/api/v1/workflows"];
    let server = Server::start(&faults);
    let alone = Judged::against(&server.url, &server.token, QUICK, &[]);

    let server = Server::start(&faults);
    let folder = TempDir::new().expect("a temporary folder");
    let (code, report, told) = nextest(&server, &folder);
    assert_eq!(code, Some(100), "some tests fail:\n{told}");
    assert_eq!(verdicts(&report), verdicts(&alone.report), "{told}");
    assert_eq!(report["runs"].as_array().map(Vec::len), Some(5));
    assert_one_summary(&folder, &report, &told);

    let asked = server.requests();
    for path in LOADED {
        let due = due(&report, path);
        let asked = asked["by_path"][format!("GET:{path}")].as_u64();
        assert!(due > 100, "{path}: a second load would not show");
        assert!(
            asked.is_some_and(|asked| (due..=due + PREFLIGHTS).contains(&asked)),
            "{path}: {due} were due, the server counted {asked:?}"
        );
    }
}

/// All processes write one summary and one folder; each annotates what it judged itself.
fn assert_one_summary(folder: &TempDir, report: &Value, told: &str) {
    let summary = std::fs::read_to_string(folder.path().join(SUMMARY)).expect("a summary");
    let headings = summary.lines().filter(|line| line.starts_with("## "));
    assert_eq!(headings.count(), 1, "{summary}");
    let markdown = folder.path().join("latest/report.md");
    let markdown = std::fs::read_to_string(markdown).expect("a report");
    assert!(
        summary.contains(&markdown),
        "the last word of all processes"
    );
    let entries = std::fs::read_dir(folder.path()).expect("a folder");
    let names = entries.map(|entry| entry.expect("an entry").file_name());
    let sessions = names.filter(|name| name.to_string_lossy().starts_with("20"));
    assert_eq!(sessions.count(), 1);
    // A runner takes a command for one wherever the line begins.
    let errors = told
        .lines()
        .filter(|line| line.trim_start().starts_with("::error title="));
    assert_eq!(
        errors.count(),
        crate::support::failed(report).len(),
        "{told}"
    );
}
