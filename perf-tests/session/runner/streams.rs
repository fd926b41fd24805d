//! Standard streams that are closed or full: results are kept, exit codes stay right, nothing panics.
#![cfg(target_os = "linux")]

use std::fs::OpenOptions;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use super::plain::{Plain, profile};
use crate::support::{harness, without_steering};

const COMMAND: &str = env!("CARGO_BIN_EXE_agentos-perf");
/// Nothing listens there, so that a session fails without a load.
const NOWHERE: &str = "http://127.0.0.1:9";

#[derive(Debug, Clone, Copy)]
enum Stream {
    /// Its reader has gone.
    Closed,
    /// The disk behind it has no room.
    Full,
}

fn full() -> Stdio {
    let file = OpenOptions::new().write(true).open("/dev/full");
    file.expect("a device that is always full").into()
}

/// The exit code and what is on stderr, unless that is the stream in question.
fn with_stdout(command: &mut Command, stream: Stream) -> (Option<i32>, String) {
    let output = match stream {
        Stream::Full => command.stdout(full()).output().expect("it runs"),
        Stream::Closed => {
            let mut child = command
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .expect("it starts");
            drop(child.stdout.take());
            child.wait_with_output().expect("it ends")
        }
    };
    let Output { status, stderr, .. } = output;
    (status.code(), String::from_utf8_lossy(&stderr).into_owned())
}

fn session(folder: &Path, url: &str, more: &[&str]) -> Command {
    let path = profile(folder, &[("/", 100)], "");
    let path = path.to_str().expect("a plain path").to_owned();
    let flags = [&["--target-url", url, "--profile", &path][..], more].concat();
    harness(&folder.join("perf"), &flags)
}

fn agentos_perf(arguments: &[&str]) -> Command {
    let mut command = Command::new(COMMAND);
    without_steering(&mut command).args(arguments);
    command
}

#[test]
fn a_session_keeps_its_report_and_its_exit_code() {
    let passing = Plain::quick();
    let json = ["--format", "json", "-Z", "unstable-options"];
    let cases = [
        (Stream::Closed, NOWHERE, &[][..], 101),
        (Stream::Full, NOWHERE, &[], 101),
        (Stream::Full, NOWHERE, &json, 101),
        (Stream::Full, passing.url.as_str(), &[], 0),
    ];
    for (stream, url, flags, code) in cases {
        let folder = TempDir::new().expect("a temporary folder");
        let (exit, stderr) = with_stdout(&mut session(folder.path(), url, flags), stream);
        assert_eq!(exit, Some(code), "{stream:?} {url}: {stderr}");
        assert!(!stderr.contains("panicked"), "{stream:?}: {stderr}");
        assert!(folder.path().join("perf/latest/report.json").exists());
        let is_said = stderr.contains("standard output");
        assert_eq!(is_said, matches!(stream, Stream::Full), "{stderr}");
    }
    let folder = TempDir::new().expect("a temporary folder");
    let output = session(folder.path(), NOWHERE, &[]).stderr(full()).output();
    assert_eq!(output.expect("it runs").status.code(), Some(101));
    assert!(folder.path().join("perf/latest/report.json").exists());
}

#[test]
fn what_is_only_printed_ends_quietly_or_says_that_it_is_lost() {
    let folder = TempDir::new().expect("a temporary folder");
    let ended = session(folder.path(), NOWHERE, &[]).output();
    assert_eq!(ended.expect("it runs").status.code(), Some(101));
    let latest = folder.path().join("perf/latest");
    let latest = latest.to_str().expect("a plain path");
    let commands: [&[&str]; 9] = [
        &["--help"],
        &["--version"],
        &["test", "--help"],
        &["test", "--version"],
        &["test", "--list"],
        &["test", "--fingerprint"],
        &["report", latest],
        &["report", latest, "--csv", "-"],
        &["serve", "--help"],
    ];
    for command in commands {
        for (stream, code) in [(Stream::Closed, 0), (Stream::Full, 2)] {
            let (exit, stderr) = with_stdout(&mut agentos_perf(command), stream);
            assert_eq!(exit, Some(code), "{command:?} {stream:?}: {stderr}");
            assert_eq!(stderr.lines().count(), usize::from(code == 2), "{stderr}");
        }
    }
}

#[test]
fn a_log_file_is_written_beside_standard_output_or_refused_before_the_load() {
    let server = Plain::quick();
    let folder = TempDir::new().expect("a temporary folder");
    let log = folder.path().join("log");
    let log = log.to_str().expect("a plain path");
    let output = session(folder.path(), &server.url, &["--logfile", log]).output();
    let output = output.expect("it runs");
    let logged = std::fs::read_to_string(log).expect("a log");
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(logged.contains("test s::p50 ... ok"), "{logged}");
    assert!(printed.starts_with(&logged), "{printed}");

    let asked = server.total();
    let more = ["--logfile", "/proc/none/log"];
    let output = session(folder.path(), &server.url, &more).output();
    let output = output.expect("it runs");
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.starts_with("error: --logfile: "), "{stderr}");
    assert_eq!(server.total(), asked, "nothing is loaded");

    // Nothing fits there: the results are on standard output and in the report, and the log was asked for.
    for (url, code) in [(server.url.as_str(), 2), (NOWHERE, 101)] {
        let full = session(folder.path(), url, &["--logfile", "/dev/full"]).output();
        let full = full.expect("it runs");
        let stderr = String::from_utf8_lossy(&full.stderr).into_owned();
        assert_eq!(full.status.code(), Some(code), "{stderr}");
        assert!(stderr.contains("error: --logfile: "), "{stderr}");
        let printed = String::from_utf8_lossy(&full.stdout);
        assert!(printed.contains("test s::p50 ... "), "{printed}");
        assert!(folder.path().join("perf/latest/report.json").exists());
    }
    let listing = session(
        folder.path(),
        NOWHERE,
        &["--list", "--logfile", "/dev/full"],
    )
    .output();
    assert_eq!(listing.expect("it runs").status.code(), Some(2));
}

#[test]
fn a_filter_that_matches_nothing_is_a_warning() {
    let folder = TempDir::new().expect("a temporary folder");
    for (filters, warnings) in [
        (&["s::p05"][..], 1),
        (&["nothing", "p50"], 1),
        (&["p50"], 0),
        (&[], 0),
    ] {
        let flags = [&["--list"][..], filters].concat();
        let output = session(folder.path(), NOWHERE, &flags).output();
        let output = output.expect("it runs");
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(0));
        assert_eq!(
            stderr.matches("matches no test").count(),
            warnings,
            "{stderr}"
        );
        let is_meant = filters.contains(&"s::p05");
        assert_eq!(
            stderr.contains("did you mean `s::p50`?"),
            is_meant,
            "{stderr}"
        );
    }
}
