//! Every format of a report, read back by readers that are not ours: what they read is what the report's JSON says.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

const COMMAND: &str = env!("CARGO_BIN_EXE_agentos-perf");
const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Formats with a foreign reader, and something of each that can be changed without breaking its form.
const FORMATS: [(&str, &str, &str); 6] = [
    ("junit", "type=\"missed\"", "type=\"inconclusive\""),
    (
        "markdown",
        "| 97.3 | 2.6 % |\n",
        "| 97.3 | 2.6 % |\n| all | 1 ms (1–2) | 1 ms (1–2) | 1 ms (1–2) | 1 ms (1–2) | 1 ms | 1 | 1 % |\n",
    ),
    ("csv", "status_503=2;timeout=1", "status_503=3;timeout=1"),
    (
        "hdrlog",
        "Tag=api/health/service,2.000,",
        "Tag=api/health/service,2.125,",
    ),
    (
        "openmetrics",
        "outcome=\"timeout\"} 3",
        "outcome=\"timeout\"} 4",
    ),
    ("otlp", "\"asDouble\":43.21", "\"asDouble\":43.25"),
];

/// Stored reports: the usual kinds of everything, names with all signs of markup, searches, and figures held
/// against a baseline.
const REPORTS: [&str; 4] = ["usual", "hostile", "searches", "baseline"];

fn readers() -> PathBuf {
    Path::new(ROOT).join("perf-tests/readers")
}

/// The Python that has the readers.
fn python() -> PathBuf {
    let python = Path::new(ROOT).join("target/tools/readers/bin/python");
    assert!(
        python.exists(),
        "the readers are missing: run ./test.sh, or python3 -m venv target/tools/readers && \
         target/tools/readers/bin/pip install -r perf-tests/readers/requirements.txt"
    );
    python
}

fn stored(name: &str) -> PathBuf {
    readers().join("reports").join(format!("{name}.json"))
}

fn render(report: &Path, format: &str, to: &Path) -> Output {
    Command::new(COMMAND)
        .arg("report")
        .arg(report)
        .arg(format!("--{format}"))
        .arg(to)
        .output()
        .expect("it runs")
}

fn read(report: &Path, format: &str, file: &Path) -> Output {
    Command::new(python())
        .arg("-B")
        .arg(readers().join("read.py"))
        .args([report.as_os_str(), format.as_ref(), file.as_os_str()])
        .output()
        .expect("Python runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn what_is_read_is_what_the_report_says() {
    let folder = TempDir::new().expect("a temporary folder");
    for name in REPORTS {
        for (format, _, _) in FORMATS {
            let file = folder.path().join(format!("{name}.{format}"));
            let written = render(&stored(name), format, &file);
            assert!(written.status.success(), "{}", text(&written.stderr));
            let told = read(&stored(name), format, &file);
            assert!(told.status.success(), "{name}: {}", text(&told.stderr));
            let compared: u32 = text(&told.stdout).trim().parse().expect("a count");
            // The searches have no requirements, so their JUnit has its sums alone.
            let least = if format == "junit" { 4 } else { 100 };
            assert!(
                compared >= least,
                "{name}: {format}: only {compared} values"
            );
        }
    }
}

#[test]
fn a_reader_notices_another_value() {
    let folder = TempDir::new().expect("a temporary folder");
    for (format, ours, other) in FORMATS {
        let file = folder.path().join(format);
        render(&stored("usual"), format, &file);
        let right = std::fs::read_to_string(&file).expect("a file");
        let wrong = right.replacen(ours, other, 1);
        assert!(right != wrong, "{format}: there is no {ours}");
        std::fs::write(&file, wrong).expect("written");
        let told = read(&stored("usual"), format, &file);
        let said = text(&told.stderr);
        assert!(!told.status.success(), "{format}: nothing was noticed");
        assert!(said.starts_with(&format!("{format}: ")), "{said}");
    }
}

#[test]
fn json_comes_out_as_it_went_in() {
    let told = render(&stored("usual"), "json", Path::new("-"));
    assert!(told.status.success() && told.stderr.is_empty());
    let before = std::fs::read_to_string(stored("usual")).expect("a report");
    assert!(text(&told.stdout) == before);
}

#[test]
fn without_a_format_the_tables_are_shown() {
    let output = Command::new(COMMAND)
        .arg("report")
        .arg(stored("usual"))
        .output()
        .expect("it runs");
    let told = text(&output.stdout);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(
        told.starts_with("phase8 against http://localhost:8000/"),
        "{told}"
    );
    assert!(!told.contains('\u{1b}'), "no colours in a pipe");
}

#[test]
fn what_cannot_be_done_is_told_in_a_line() {
    let folder = TempDir::new().expect("a temporary folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let report = stored("usual").display().to_string();
    std::fs::write(path("other.json"), "{\"schema\":\"agentos-perf/report/9\"}").expect("written");
    std::fs::write(path("text"), "no report").expect("written");
    let table = [
        (vec![path("missing.json")], "can't read"),
        (vec![folder.path().display().to_string()], "report.json"),
        (vec![path("text")], "not a report of schema"),
        (vec![path("other.json")], "agentos-perf/report/9"),
        (
            vec![report.clone(), "--csv".to_owned(), path("no/folder")],
            "can't write",
        ),
        (
            vec![report.clone(), "--csv".to_owned(), "--markdown".to_owned()],
            "standard output",
        ),
        (
            vec![report.clone(), "--csv".to_owned(), report.clone()],
            "the report itself",
        ),
    ];
    for (arguments, expected) in table {
        let output = Command::new(COMMAND)
            .arg("report")
            .args(&arguments)
            .output()
            .expect("it runs");
        let told = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(told.contains(expected), "{arguments:?}: {told}");
        assert_eq!(told.lines().count(), 1, "{told}");
        assert!(output.stdout.is_empty());
    }
}
