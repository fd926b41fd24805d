//! The dashboard in a real browser: what it shows is what the report says, while the session is on, when the
//! page is loaded again, and when the session is over or lost.

mod browser;
mod support;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::{Duration, Instant};

use browser::Browser;
use serde_json::{Value, json};
use support::{Server, harness, read_report};
use tempfile::TempDir;

const PROFILE: &str = r#"
name = "watched"

[scenario.load]
arrivals = "constant"
rate = "60/s"
duration = "120s"

[[scenario.load.endpoint]]
name = "health"
path = "/health"

[[requirement]]
name = "load::p95"
scenario = "load"
metric = "response_time_p95"
limit = "< 5 s"

[[requirement]]
name = "load::impossible"
scenario = "load"
metric = "response_time_p50"
limit = "< 0.001 ms"

[[requirement]]
name = "load::errors"
scenario = "load"
metric = "error_rate"
limit = "< 50 %"
"#;

/// A session that is shown, and where.
struct Shown {
    child: Child,
    stderr: BufReader<ChildStderr>,
    url: String,
    folder: TempDir,
    _server: Server,
}

impl Shown {
    fn start(flags: &[&str]) -> Shown {
        let server = Server::start(&[]);
        let folder = TempDir::new().expect("a temporary folder");
        let profile = folder.path().join("watched.toml");
        std::fs::write(&profile, PROFILE).expect("a profile");
        let profile = profile.to_str().expect("a path");
        let fixed = ["--target-url", &server.url, "--profile", profile];
        let mut child = harness(folder.path(), &[&fixed, flags].concat())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut stderr = BufReader::new(child.stderr.take().expect("a pipe"));
        let url = line_with(&mut stderr, "Dashboard: http");
        let url = url.trim_start_matches("Dashboard: ").trim().to_owned();
        Shown {
            child,
            stderr,
            url,
            folder,
            _server: server,
        }
    }

    /// Ctrl-C.
    fn interrupt(&self) {
        let sent = Command::new("kill")
            .args(["-INT", &self.child.id().to_string()])
            .status();
        assert!(sent.expect("kill").success());
    }

    fn address(&self) -> &str {
        let rest = self.url.strip_prefix("http://").expect("a plain URL");
        rest.split('/').next().expect("an address")
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn line_with(from: &mut impl BufRead, beginning: &str) -> String {
    let mut line = String::new();
    while from.read_line(&mut line).expect("a line") > 0 {
        if line.starts_with(beginning) {
            return line;
        }
        line.clear();
    }
    panic!("no line begins with `{beginning}`");
}

/// The status of an answer to a bare request.
fn status(address: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("a connection");
    stream.write_all(request.as_bytes()).expect("a request");
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).expect("a status line");
    String::from_utf8_lossy(&answer[9..]).into_owned()
}

#[test]
fn the_page_tells_what_the_report_says() {
    let mut browser = Browser::start();
    let mut shown = Shown::start(&["--dashboard=0"]);
    browser.open(&shown.url);
    browser.wait_for(
        "document.body.innerText.includes('so far')",
        "a verdict so far",
    );
    browser.wait_for(
        "document.querySelector('#scenario-0 svg') !== null",
        "a chart of the run so far",
    );
    shown.interrupt();
    browser.wait_for("document.querySelector('[data-over]') !== null", "the end");
    let told = line_with(&mut shown.stderr, "Report: ");
    assert!(told.contains("report.json"));
    let report = read_report(shown.folder.path()).expect("a report");
    let requirements = report["requirements"].as_array().expect("requirements");
    let rows = browser.texts("#requirements tbody tr");
    assert_eq!(rows.len(), requirements.len());
    for (row, requirement) in rows.iter().zip(requirements) {
        let name = requirement["name"].as_str().expect("a name");
        let verdict = requirement["verdict"].as_str().expect("a verdict");
        assert!(row.contains(name) && row.contains(verdict), "{row}");
        // A number in the report has its thousands set apart on the page.
        let samples = requirement["samples"].as_u64();
        let digits: String = row.chars().filter(char::is_ascii_digit).collect();
        let told = samples.is_none_or(|samples| digits.ends_with(&samples.to_string()));
        assert!(told, "{samples:?} in {row}");
    }
    let due = report["runs"][0]["due"].as_u64().expect("a count");
    let heading = browser.text("#scenario-0 p.quiet");
    assert!(
        heading.starts_with(&format!("{due} requests judged")),
        "{heading}"
    );
    // Loaded again after the end, it is all there.
    browser.open(&shown.url);
    browser.wait_for(
        "document.querySelector('[data-over]') !== null",
        "the end once more",
    );
    assert_eq!(browser.texts("#requirements tbody tr"), rows);
    assert!(
        browser.complaints().is_empty(),
        "{:?}",
        browser.complaints()
    );
    // The session ends with the last page.
    drop(browser);
    let begun = Instant::now();
    while shown.child.try_wait().expect("a child").is_none() {
        assert!(begun.elapsed() < Duration::from_secs(60), "it does not end");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_session_that_is_lost_is_told_and_its_last_figures_stay() {
    let mut browser = Browser::start();
    let mut shown = Shown::start(&["--dashboard=0"]);
    browser.open(&shown.url);
    browser.wait_for(
        "document.body.innerText.includes('so far')",
        "a verdict so far",
    );
    shown.child.kill().expect("it is killed");
    browser.wait_for(
        "!document.getElementById('connection').hidden",
        "that it is lost",
    );
    assert!(browser.text("#requirements").contains("load::p95"));
}

/// A report of an hour, of a target that names everything as badly as it can.
fn long_and_hostile(folder: &Path) -> PathBuf {
    let server = Server::start(&[]);
    let profile = folder.join("short.toml");
    std::fs::write(&profile, PROFILE.replace("120s", "4s")).expect("a profile");
    let profile = profile.to_str().expect("a path");
    let flags = ["--target-url", &server.url, "--profile", profile];
    harness(folder, &flags).output().expect("it runs");
    let mut report = read_report(folder).expect("a report");
    let bad =
        "<img src=x onerror=\"document.title='taken'\"><script>document.title='taken'</script>";
    report["target"] = bad.into();
    let run = &mut report["runs"][0];
    run["notes"] = json!([bad, bad]);
    run["endpoints"][0]["name"] = bad.into();
    run["endpoints"][0]["request"] = bad.into();
    let seconds = run["seconds"].as_array().expect("seconds").clone();
    let hour: Vec<Value> = seconds.iter().cycle().take(3_600).cloned().collect();
    run["seconds"] = hour.into();
    let file = folder.join("hour.json");
    std::fs::write(&file, report.to_string()).expect("a report");
    file
}

#[test]
fn a_stored_report_is_a_page_that_stands_alone() {
    let folder = TempDir::new().expect("a temporary folder");
    let stored = long_and_hostile(folder.path());
    let page = folder.path().join("hour.html");
    let made = Command::new(env!("CARGO_BIN_EXE_agentos-perf"))
        .arg("report")
        .arg(&stored)
        .arg("--html")
        .arg(&page)
        .output()
        .expect("it runs");
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
    let size = std::fs::metadata(&page).expect("a page").len();
    assert!(size < 2_000_000, "{size} bytes");
    let mut browser = Browser::start();
    browser.open(&format!("file://{}", page.display()));
    assert!(browser.text("#requirements").contains("load::impossible"));
    assert!(browser.holds("document.querySelectorAll('figure svg').length >= 4"));
    assert!(
        browser.text("dl").contains("onerror"),
        "what the target says is shown as text"
    );
    assert!(!browser.holds("document.title === 'taken' || document.querySelector('img') !== null"));
    for width in [1_280, 390] {
        browser.widen(width);
        let fits = format!("document.documentElement.scrollWidth <= {width}");
        assert!(browser.holds(&fits), "it is wider than {width} pixels");
    }
    assert!(
        browser.complaints().is_empty(),
        "{:?}",
        browser.complaints()
    );
}

#[test]
fn a_stored_report_is_served() {
    let folder = TempDir::new().expect("a temporary folder");
    let stored = long_and_hostile(folder.path());
    let mut child = Command::new(env!("CARGO_BIN_EXE_agentos-perf"))
        .arg("report")
        .arg(&stored)
        .arg("--serve=0")
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let url = line_with(
        &mut BufReader::new(child.stderr.take().expect("a pipe")),
        "Dashboard: http",
    );
    let mut browser = Browser::start();
    browser.open(url.trim_start_matches("Dashboard: ").trim());
    browser.wait_for("document.querySelector('[data-over]') !== null", "the end");
    assert!(browser.text("#requirements").contains("load::impossible"));
    assert!(!browser.holds("document.title === 'taken' || document.querySelector('img') !== null"));
    child.kill().expect("it is ended");
    child.wait().expect("it has ended");
}

#[test]
fn only_the_own_page_is_answered() {
    let shown = Shown::start(&["--dashboard=0"]);
    let address = shown.address();
    for path in ["/dashboard/performance", "/dashboard/events"] {
        let get = |head: &str| status(address, &format!("GET {path} HTTP/1.1\r\n{head}\r\n\r\n"));
        assert_eq!(get(&format!("Host: {address}")), "200", "{path}");
        assert_eq!(get("Host: evil.example"), "403", "{path}");
        assert_eq!(
            get(&format!("Host: {address}\r\nOrigin: http://evil.example")),
            "403",
            "{path}"
        );
        let post = format!("POST {path} HTTP/1.1\r\nHost: {address}\r\nContent-Length: 0\r\n\r\n");
        assert_eq!(status(address, &post), "405", "{path}");
    }
}

#[test]
fn others_need_a_token_and_a_taken_port_is_told_before_the_load() {
    let folder = TempDir::new().expect("a temporary folder");
    let output = harness(folder.path(), &["--dashboard=0.0.0.0:0"])
        .output()
        .expect("it runs");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.code() == Some(2) && told.contains("PERF_DASHBOARD_TOKEN"),
        "{told}"
    );

    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let flag = format!("--dashboard={}", taken.local_addr().expect("an address"));
    let output = harness(folder.path(), &[&flag]).output().expect("it runs");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.code() == Some(2) && told.contains("choose another address"),
        "{told}"
    );
    assert_eq!(told.trim().lines().count(), 1, "{told}");
}
