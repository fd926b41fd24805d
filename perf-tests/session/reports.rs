//! What a session leaves behind: files in the formats that were asked for, a folder of its own, and GitHub's part.

use std::path::Path;
use std::process::{Command, Output};

use crate::support::{Server, harness, output_text};
use agentos_perf::Format;
use tempfile::TempDir;

const QUICK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/profiles/quick.toml");

/// Requirements that need no load, one of which can't be kept: `/health` answers too late for it.
const WITHOUT_LOAD: [&str; 2] = ["health::endpoint", "health::uptime"];
const LATE: &str = "latency=200ms:/health";

fn session(server: &Server, folder: &Path, arguments: &[&str]) -> Command {
    let mut command = harness(folder, &["--target-url", &server.url, "--profile", QUICK]);
    command
        .args(["--exact"])
        .args(arguments)
        .env("PERF_TOKEN", &server.token);
    command
}

/// The names in a folder, in order.
fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    let mut names: Vec<String> = entries
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    names.sort();
    names
}

/// The folders of sessions, without those that all sessions share.
fn dated(folder: &Path) -> Vec<String> {
    let mut names = names(folder);
    names.retain(|name| ![".lock", "latest", "sessions"].contains(&name.as_str()));
    names
}

#[test]
fn a_session_has_all_formats_or_those_that_were_named() {
    let server = Server::start(&[]);
    let folder = TempDir::new().expect("a temporary folder");
    let output = session(&server, folder.path(), &["health::endpoint"])
        .output()
        .expect("it runs");
    assert!(output.status.success(), "{}", output_text(&output));
    let latest = folder.path().join("latest");
    let written = names(&latest);
    assert!(
        Format::ALL
            .iter()
            .all(|format| written.contains(&format.file().to_owned())),
        "{written:?}"
    );
    let [first] = dated(folder.path()).try_into().expect("one session");
    assert_eq!(names(&folder.path().join(&first)), written);

    let output = session(&server, folder.path(), &["health::endpoint"])
        .env("PERF_REPORT", "csv,json")
        .output()
        .expect("it runs");
    assert!(output.status.success(), "{}", output_text(&output));
    assert_eq!(names(&latest), ["report.json", "seconds.csv"]);
    assert_eq!(dated(folder.path()).len(), 2);
    assert_eq!(
        names(&folder.path().join(&first)),
        written,
        "the first is left as it was"
    );
}

#[test]
fn an_unknown_format_is_told_before_anything_is_asked() {
    let folder = TempDir::new().expect("a temporary folder");
    let output = harness(folder.path(), &["--report", "json,markdwon"])
        .output()
        .expect("it runs");
    let told = output_text(&output);
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(told.contains("`markdwon` is not a report format"), "{told}");
    assert!(told.contains("did you mean `markdown`?"), "{told}");
    assert!(names(folder.path()).is_empty());
}

#[test]
fn github_is_told_in_one_process() {
    let server = Server::start(&[LATE]);
    let folder = TempDir::new().expect("a temporary folder");
    let summary = folder.path().join("summary.md");
    let output = session(&server, &folder.path().join("perf"), &WITHOUT_LOAD)
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_STEP_SUMMARY", &summary)
        .output()
        .expect("it runs");
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(101), "{}", output_text(&output));
    let errors: Vec<&str> = stdout
        .lines()
        .filter(|line| line.starts_with("::error"))
        .collect();
    let [error] = errors.as_slice() else {
        panic!("one requirement is missed: {stdout}")
    };
    assert!(
        error.starts_with("::error title=health%3A%3Aendpoint missed::"),
        "{error}"
    );
    let text = std::fs::read_to_string(&summary).expect("a summary");
    assert_eq!(
        text.matches("## ❌ Performance: 1 of 2").count(),
        1,
        "{text}"
    );
    let file = folder.path().join("perf/latest/report.md");
    let markdown = std::fs::read_to_string(file).expect("a report");
    assert!(text.contains(&markdown));
}

#[test]
fn elsewhere_nothing_is_annotated() {
    let server = Server::start(&[LATE]);
    let folder = TempDir::new().expect("a temporary folder");
    let output = session(&server, folder.path(), &["health::endpoint"])
        .output()
        .expect("it runs");
    assert!(
        !output_text(&output).contains("::error")
            && !output_text(&output).contains("::stop-commands")
    );
}

/// As nextest does it: a process for each test, the same run id in all of them.
#[test]
fn processes_of_one_session_share_a_folder_and_a_section() {
    let server = Server::start(&[LATE]);
    let folder = TempDir::new().expect("a temporary folder");
    let (perf, summary) = (folder.path().join("perf"), folder.path().join("summary.md"));
    std::fs::write(&summary, "of another step\n").expect("written");
    let run = |name: &str, id: &str| {
        session(&server, &perf, &[name])
            .env("NEXTEST_RUN_ID", id)
            .env("GITHUB_ACTIONS", "true")
            .env("GITHUB_STEP_SUMMARY", &summary)
            .output()
            .expect("it runs")
    };
    let outputs = WITHOUT_LOAD.map(|name| run(name, "one"));
    let errors = |output: &Output| {
        let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
        stdout
            .lines()
            .filter(|line| line.starts_with("::error"))
            .count()
    };
    assert_eq!(
        outputs.each_ref().map(errors),
        [1, 0],
        "each process annotates its own test"
    );
    assert_eq!(dated(&perf).len(), 1);
    let text = std::fs::read_to_string(&summary).expect("a summary");
    assert!(text.starts_with("of another step\n"), "{text}");
    assert_eq!(text.matches("## ").count(), 1, "{text}");
    assert!(text.contains("1 of 2 requirements failed"), "{text}");

    run(WITHOUT_LOAD[0], "two");
    assert_eq!(dated(&perf).len(), 2);
    let text = std::fs::read_to_string(&summary).expect("a summary");
    assert_eq!(text.matches("## ").count(), 2, "{text}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_report_that_cannot_be_written_is_one_line() {
    let server = Server::start(&[]);
    let folder = TempDir::new().expect("a temporary folder");
    let taken = folder.path().join("taken");
    std::fs::write(&taken, "a file").expect("written");
    let output = session(&server, &taken, &["health::endpoint"])
        .output()
        .expect("it runs");
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    let lines: Vec<&str> = stderr
        .lines()
        .filter(|line| line.contains("taken"))
        .collect();
    assert_eq!(lines.len(), 1, "{stderr}");
    assert!(lines[0].contains("--report-dir"), "{stderr}");
}
