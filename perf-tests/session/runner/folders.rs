//! Folders of reports: refused before the load when they can't be written, and kept apart between sessions at once.

use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use super::plain::{Plain, profile};
use crate::support::{failed, harness, read_report};

fn json(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).expect("a readable file");
    serde_json::from_str(&text).expect("JSON")
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn what_can_not_be_written_is_reported_before_the_load() {
    let server = Plain::quick();
    let folder = TempDir::new().expect("a temporary folder");
    let path = profile(folder.path(), &[("/", 100)], "");
    let path = path.to_str().expect("a plain path");
    let file = folder.path().join("file");
    std::fs::write(&file, "").expect("a file");
    let below = file.join("below.json");
    let below = below.to_str().expect("a plain path");
    let good = folder.path().join("perf");
    let cases: [(&Path, &[&str], &str); 4] = [
        (&file, &[], "--report-dir"),
        (
            &good,
            &["--save-baseline", "../up"],
            "write `up` to keep it in",
        ),
        (&good, &["--baseline", "../up"], "write `up` to keep it in"),
        (&good, &["--save-baseline", below], "file"),
    ];
    for (reports, more, words) in cases {
        let flags = [&["--target-url", &server.url, "--profile", path][..], more].concat();
        let output = harness(reports, &flags).output().expect("it runs");
        assert_eq!(
            output.status.code(),
            Some(2),
            "{more:?}: {}",
            stderr(&output)
        );
        assert!(stderr(&output).contains(words), "{}", stderr(&output));
    }
    assert_eq!(server.total(), 0, "nothing is loaded");
    assert!(!folder.path().join("up").exists() && !folder.path().join("up.json").exists());
}

#[test]
fn sessions_at_once_are_all_kept_and_do_not_mix() {
    let server = Plain::quick();
    let folder = TempDir::new().expect("a temporary folder");
    let path = profile(folder.path(), &[("/", 100)], "");
    let path = path.to_str().expect("a plain path");
    let reports = folder.path().join("perf");
    let flags = [
        "--target-url",
        &server.url,
        "--profile",
        path,
        "--save-baseline",
        "main",
    ];
    let sessions: Vec<_> = (0..3)
        .map(|_| {
            let mut command = harness(&reports, &flags);
            command.stdout(Stdio::null()).stderr(Stdio::piped());
            command.spawn().expect("it starts")
        })
        .collect();
    for session in sessions {
        let output = session.wait_with_output().expect("it ends");
        assert!(
            stderr(&output).contains("Baseline: "),
            "{}",
            stderr(&output)
        );
    }
    let baseline = json(&reports.join("baselines/main.json"));
    assert_eq!(baseline["sessions"].as_array().map(Vec::len), Some(3));
    let latest = read_report(&reports).expect("a report");
    let started = latest["started"].as_str().expect("a time");
    let junit = std::fs::read_to_string(reports.join("latest/junit.xml")).expect("a report");
    assert!(junit.contains(started), "{started}: {junit}");
    let entries = std::fs::read_dir(&reports).expect("a folder");
    let names = entries.map(|entry| entry.expect("an entry").file_name());
    let own = names.filter(|name| name.to_string_lossy().starts_with("20"));
    assert_eq!(own.count(), 3);
}

/// A service at 400 ms does not pass on what its neighbour in the same nextest run was measured at.
#[test]
fn targets_under_one_nextest_run_share_nothing() {
    let quick = Plain::quick();
    let slow = Plain::start(|_| Some((200, Duration::from_millis(400))));
    let folder = TempDir::new().expect("a temporary folder");
    let path = profile(folder.path(), &[("/", 100)], "");
    let path = path.to_str().expect("a plain path");
    let session = |server: &Plain| {
        let flags = [
            "--target-url",
            &server.url,
            "--profile",
            path,
            "--exact",
            "s::p50",
        ];
        let output = harness(folder.path(), &flags)
            .env("NEXTEST_RUN_ID", "one-run")
            .output()
            .expect("it runs");
        let report = read_report(folder.path()).expect("a report");
        (output.status.code(), report)
    };
    let (code, report) = session(&quick);
    assert_eq!((code, failed(&report)), (Some(0), vec![]));
    let (code, report) = session(&slow);
    assert_eq!((code, failed(&report)), (Some(101), vec!["s::p50"]));
    assert_eq!(
        report["target"]
            .as_str()
            .map(|url| url.trim_end_matches('/')),
        Some(slow.url.as_str())
    );
    // The same target again is the same session: it reads the run that is there.
    let asked = quick.total();
    let (code, _) = session(&quick);
    assert_eq!((code, quick.total()), (Some(0), asked));
}

#[test]
fn an_endpoint_that_is_missing_can_be_left_out_as_the_message_says() {
    let server = Plain::start(|path| {
        let status = if path == "/gone" { 404 } else { 200 };
        Some((status, Duration::ZERO))
    });
    let folder = TempDir::new().expect("a temporary folder");
    let path = profile(folder.path(), &[("/", 60), ("/gone", 40)], "");
    let path = path.to_str().expect("a plain path");
    let flags = ["--target-url", &server.url, "--profile", path];
    let output = harness(folder.path(), &flags).output().expect("it runs");
    assert_eq!(output.status.code(), Some(101));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let report = read_report(folder.path()).expect("a report");
    let advice = report["requirements"][0]["advice"][0]
        .as_str()
        .expect("advice");
    let (_, command) = advice.split_once("To test all but that: ").expect(advice);
    let (program, flag) = command.rsplit_once(' ').expect(command);
    assert_eq!(flag, "--without=s/gone");
    assert!(program.contains(&format!("--profile={path}")), "{program}");
    assert!(text.contains("s::p50 is not measured"), "{text}");
    assert!(text.contains("not measured: "), "{text}");

    let flags = [&flags[..], &[flag]].concat();
    let output = harness(folder.path(), &flags).output().expect("it runs");
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let report = read_report(folder.path()).expect("a report");
    let endpoints = report["runs"][0]["endpoints"]
        .as_array()
        .expect("endpoints");
    assert_eq!(endpoints.len(), 1);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("--without=s/gone"), "to repeat it: {text}");
}

#[test]
fn a_target_that_a_load_did_not_reach_was_not_up() {
    let server = Plain::start(|path| (path == "/up").then_some((200, Duration::ZERO)));
    let folder = TempDir::new().expect("a temporary folder");
    let uptime = "[uptime]\npath = \"/up\"\nevery = \"200ms\"\nalone = \"200ms\"\n\
        [[requirement]]\nname = \"health::uptime\"\nmetric = \"outages\"\nlimit = \"<= 0\"\n";
    let path = profile(folder.path(), &[("/", 100)], uptime);
    let path = path.to_str().expect("a plain path");
    let flags = [
        "--target-url",
        &server.url,
        "--profile",
        path,
        "--timeout",
        "300ms",
    ];
    let output = harness(folder.path(), &flags).output().expect("it runs");
    let report = read_report(folder.path()).expect("a report");
    assert_eq!(
        failed(&report),
        ["s::p50", "health::uptime"],
        "{}",
        stderr(&output)
    );
    // Alone, with nothing to load, it is up.
    let flags = [&flags[..], &["health::uptime"]].concat();
    let output = harness(folder.path(), &flags).output().expect("it runs");
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
}
