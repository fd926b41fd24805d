//! Sessions held against earlier ones: what is the same is not called worse, what got slower is found, and what can't
//! be compared is not.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::support::{Server, harness, output_text, read_report, without_steering};
use serde_json::Value;
use tempfile::TempDir;

const PROFILE: &str = r#"
name = "compared"

[scenario.load]
arrivals = "constant"
rate = "100/s"
duration = "8s"

[[scenario.load.endpoint]]
name = "health"
path = "/health"

[[requirement]]
name = "load::errors"
scenario = "load"
metric = "error_rate"
limit = "< 50 %"
"#;

/// One session against a server with this fault.
fn session(folder: &Path, fault: &str, flags: &[&str]) -> Output {
    let server = Server::start(&[fault]);
    let profile = folder.join("compared.toml");
    std::fs::write(&profile, PROFILE).expect("a profile");
    let profile = profile.to_str().expect("a path");
    let fixed = ["--target-url", &server.url, "--profile", profile];
    harness(folder, &[&fixed, flags].concat())
        .output()
        .expect("it runs")
}

fn compare(folder: &Path, before: &str, after: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_agentos-perf"));
    without_steering(&mut command)
        .args(["compare", before, after, "--report-dir"])
        .arg(folder)
        .output()
        .expect("it runs")
}

fn judgement(folder: &Path) -> Value {
    let report = read_report(folder).expect("a report");
    let requirements = report["requirements"].as_array().expect("requirements");
    let found = requirements
        .iter()
        .find(|one| one["name"] == "baseline::no_regression");
    found.expect("the judgement").clone()
}

#[test]
fn the_same_is_not_worse_and_what_got_slower_is_found() {
    const USUAL: &str = "latency=40ms";
    let folder = TempDir::new().expect("a temporary folder");
    for count in ["(1 session)", "(2 sessions)"] {
        let output = session(folder.path(), USUAL, &["--save-baseline", "main"]);
        assert!(
            output.status.success() && output_text(&output).contains(count),
            "{}",
            output_text(&output)
        );
    }

    let same = session(folder.path(), USUAL, &["--baseline", "main"]);
    assert!(same.status.success(), "{}", output_text(&same));
    assert!(
        output_text(&same).contains("test baseline::no_regression ... ok"),
        "{}",
        output_text(&same)
    );
    let unlike = compare(
        folder.path(),
        "main",
        folder.path().join("latest").to_str().expect("a path"),
    );
    assert_eq!(unlike.status.code(), Some(0), "{}", output_text(&unlike));

    let slower = session(
        folder.path(),
        "latency=60ms",
        &["--baseline", "main", "baseline"],
    );
    assert_eq!(slower.status.code(), Some(101), "{}", output_text(&slower));
    let judged = judgement(folder.path());
    assert_eq!(judged["verdict"], "fail");
    assert!(
        judged["reason"]
            .as_str()
            .is_some_and(|reason| reason.contains("of load is")),
        "{judged}"
    );
    let worse = compare(
        folder.path(),
        "main",
        folder.path().join("latest").to_str().expect("a path"),
    );
    assert!(
        worse.status.code() == Some(1) && output_text(&worse).contains("WORSE"),
        "{}",
        output_text(&worse)
    );
}

#[test]
fn another_plan_is_not_compared_nor_added() {
    let folder = TempDir::new().expect("a temporary folder");
    let flags = ["--duration", "3", "--save-baseline", "main"];
    assert!(
        session(folder.path(), "latency=5ms", &flags)
            .status
            .success()
    );
    let flags = ["--duration", "4", "--save-baseline", "main"];
    let other = session(folder.path(), "latency=5ms", &flags);
    assert_eq!(other.status.code(), Some(2), "{}", output_text(&other));
    let told_why = output_text(&other);
    assert!(
        told_why.contains("can't be added to the baseline") && !told_why.contains("running 1 test"),
        "{told_why}"
    );
    let flags = ["--duration", "4", "--baseline", "main"];
    let other = session(folder.path(), "latency=5ms", &flags);
    assert_eq!(other.status.code(), Some(101));
    let judged = judgement(folder.path());
    assert_eq!(judged["verdict"], "inconclusive");
    assert!(
        judged["reason"]
            .as_str()
            .is_some_and(|reason| reason.contains("the plan of load differs")),
        "{judged}"
    );
}

#[test]
fn a_baseline_that_is_not_there_is_told_before_the_load() {
    let folder = TempDir::new().expect("a temporary folder");
    for (name, content, told_of) in [
        ("none", None, "--save-baseline makes one"),
        ("garbled", Some("{}"), "is not a baseline"),
    ] {
        if let Some(content) = content {
            std::fs::create_dir_all(folder.path().join("baselines")).expect("a folder");
            std::fs::write(
                folder.path().join(format!("baselines/{name}.json")),
                content,
            )
            .expect("a file");
        }
        let output = harness(folder.path(), &["--baseline", name])
            .output()
            .expect("it runs");
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            output.status.code() == Some(2) && told.contains(told_of),
            "{told}"
        );
        assert_eq!(told.trim().lines().count(), 1, "{told}");
        let compared = compare(folder.path(), name, name);
        assert_eq!(compared.status.code(), Some(2));
    }
    // Neither could be kept or shown, and both are told.
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let dashboard = format!("--dashboard={}", taken.local_addr().expect("an address"));
    let output = harness(folder.path(), &["--save-baseline", "garbled", &dashboard])
        .output()
        .expect("it runs");
    let told = output_text(&output);
    let both = told.contains("is not a baseline") && told.contains("choose another address");
    assert!(output.status.code() == Some(2) && both, "{told}");
}

/// So often two targets are compared anew when the machine was too busy to tell: a real difference is found then, and a
/// wrong one is not accepted.
const ATTEMPTS: usize = 3;

/// What a comparison of two targets by turns comes to, which is not to be the opposite.
fn by_turns(turns: &str, [before, after]: [&Server; 2], expected: i32, opposite: &str) {
    let folder = TempDir::new().expect("a temporary folder");
    let profile = folder.path().join("compared.toml");
    std::fs::write(&profile, PROFILE).expect("a profile");
    let mut instead = String::new();
    for _ in 0..ATTEMPTS {
        let mut command = Command::new(env!("CARGO_BIN_EXE_agentos-perf"));
        let output = without_steering(&mut command)
            .args(["compare", "--ab", &before.url, &after.url])
            .args(["--turns", turns, "--", "--profile"])
            .arg(&profile)
            .output()
            .expect("it runs");
        let told = output_text(&output);
        assert!(!told.contains(opposite), "{told}");
        if output.status.code() == Some(expected) {
            assert_eq!(told.contains("WORSE"), expected == 1, "{told}");
            return;
        }
        instead += &told;
    }
    panic!("{instead}");
}

/// How often a verdict is wrong is settled by simulation; here it is the way through.
#[test]
fn of_two_targets_the_slower_one_is_found_and_the_same_is_not() {
    let [usual, same, slower] =
        ["latency=40ms", "latency=40ms", "latency=60ms"].map(|fault| Server::start(&[fault]));
    by_turns("4", [&usual, &slower], 1, "better");
    by_turns("6", [&usual, &same], 0, "WORSE");
}

#[test]
fn what_is_wrong_with_either_target_is_told_before_the_load() {
    for arguments in [
        &["compare", "--ab", "no url at all", "http://127.0.0.1:1"][..],
        &[
            "compare",
            "--ab",
            "http://127.0.0.1:1",
            "http://127.0.0.1:1",
            "--",
            "--duratoin",
            "3",
        ],
        &["compare", "a.json", "b.json", "--", "--duration", "3"],
        &["compare", "a.json", "b.json", "--turns", "6"],
        &[
            "compare",
            "--ab",
            "http://127.0.0.1:1",
            "http://127.0.0.1:1",
            "--turns",
            "3",
        ],
        &[
            "compare",
            "--ab",
            "http://127.0.0.1:1",
            "http://127.0.0.1:1",
            "--report-dir",
            "x",
        ],
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_agentos-perf"));
        let output = without_steering(&mut command)
            .args(arguments)
            .output()
            .expect("it runs");
        assert_eq!(
            output.status.code(),
            Some(2),
            "{arguments:?}: {}",
            output_text(&output)
        );
    }
}

#[test]
fn what_is_wrong_with_both_targets_is_told_at_once() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_agentos-perf"));
    let output = without_steering(&mut command)
        .args(["compare", "--ab", "ftp://here", "no url at all"])
        .output()
        .expect("it runs");
    let told = output_text(&output);
    assert!(
        told.contains("ftp") && told.contains("no url at all"),
        "{told}"
    );
}

#[test]
fn an_interrupt_ends_the_turns_and_nothing_is_called_as_good() {
    let folder = TempDir::new().expect("a temporary folder");
    let profile = folder.path().join("compared.toml");
    std::fs::write(&profile, PROFILE).expect("a profile");
    let server = Server::start(&["latency=5ms"]);
    let mut command = Command::new(env!("CARGO_BIN_EXE_agentos-perf"));
    let mut child = without_steering(&mut command)
        .args([
            "compare",
            "--ab",
            &server.url,
            &server.url,
            "--",
            "--profile",
        ])
        .arg(&profile)
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("it runs");
    let mut lines = BufReader::new(child.stderr.take().expect("a pipe")).lines();
    let second = lines.find(|line| line.as_ref().is_ok_and(|line| line.contains("turn 2")));
    assert!(second.is_some(), "a second turn");
    let sent = Command::new("kill")
        .args(["-s", "INT", &child.id().to_string()])
        .status();
    assert!(sent.expect("kill runs").success());
    let rest: Vec<String> = lines.map_while(Result::ok).collect();
    assert_eq!(child.wait().expect("it ends").code(), Some(2), "{rest:?}");
    assert!(
        rest.iter().any(|line| line.contains("interrupted")),
        "{rest:?}"
    );
}

#[test]
fn with_a_process_for_each_test_the_baseline_is_held_against_the_shared_load() {
    let folder = TempDir::new().expect("a temporary folder");
    let saved = session(folder.path(), "latency=40ms", &["--save-baseline", "main"]);
    assert!(saved.status.success(), "{}", output_text(&saved));
    let server = Server::start(&["latency=60ms"]);
    let profile = folder.path().join("compared.toml");
    let profile = profile.to_str().expect("a path");
    let one = |name: &str| {
        let fixed = [
            "--target-url",
            &server.url,
            "--profile",
            profile,
            "--baseline",
            "main",
        ];
        harness(folder.path(), &[&fixed[..], &["--exact", name]].concat())
            .env("NEXTEST_RUN_ID", "of this test")
            .env("NEXTEST_EXECUTION_MODE", "process-per-test")
            .env("NEXTEST", "1")
            .output()
            .expect("it runs")
    };
    let errors = one("load::errors");
    assert!(errors.status.success(), "{}", output_text(&errors));
    let asked = server.requests();
    let regression = one("baseline::no_regression");
    assert_eq!(
        regression.status.code(),
        Some(101),
        "{}",
        output_text(&regression)
    );
    assert!(
        output_text(&regression).contains("more"),
        "{}",
        output_text(&regression)
    );
    assert_eq!(server.requests(), asked, "the load is shared");
}
