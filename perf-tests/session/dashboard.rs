//! The dashboard in a real browser: what it shows is what the report says, while the session is on, when the
//! page is loaded again, and when the session is over or lost; and who may look.

mod browser;
mod looks;
mod reader;
mod shown;

use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::{Server, harness, read_report};
use browser::Browser;
use serde_json::{Value, json};
use shown::{PROFILE, Shown, answer, line_with, status};
use tempfile::TempDir;

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

/// A stored report as a page.
fn render(stored: &Path, page: &Path) {
    let made = Command::new(env!("CARGO_BIN_EXE_agentos-perf"))
        .arg("report")
        .arg(stored)
        .arg("--html")
        .arg(page)
        .output()
        .expect("it runs");
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
}

#[test]
fn a_stored_report_is_a_page_that_stands_alone() {
    let folder = TempDir::new().expect("a temporary folder");
    let stored = long_and_hostile(folder.path());
    let page = folder.path().join("hour.html");
    render(&stored, &page);
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
fn who_is_refused_is_told_what_is_served() {
    let shown = Shown::start(&["--dashboard=0"]);
    let address = shown.address();
    let port = address.rsplit(':').next().expect("a port");
    let told = answer(address, "/dashboard/performance", "localhost:8080");
    assert!(told.starts_with("403"), "{told}");
    assert!(told.contains(&format!("http://localhost:{port}")), "{told}");
    assert!(told.contains(&format!("ssh -L {port}:")), "{told}");
}

#[test]
fn a_token_is_kept_on_the_way_to_the_page_and_never_told() {
    let flags = ["--dashboard=0.0.0.0:0", "--dashboard-token", "s3cret"];
    let shown = Shown::start(&flags);
    assert!(
        !shown.url.contains("s3cret") && !shown.url.contains("0.0.0.0"),
        "{}",
        shown.url
    );
    assert!(shown.url.contains("?token="), "{}", shown.url);
    let address = shown.address();
    for near in ["/", "/dashboard", "/dashboard/performance/"] {
        let told = answer(address, &format!("{near}?token=s3cret"), address);
        let place = "location: /dashboard/performance?token=s3cret";
        assert!(
            told.starts_with("307") && told.contains(place),
            "{near}: {told}"
        );
    }
    let asked = |query: &str| answer(address, &format!("/dashboard/performance?{query}"), address);
    assert!(asked("token=s3cret").starts_with("200"));
    for query in [
        "token=a&token=b",
        "token=a&token=s3cret",
        "token=%ff",
        "token",
        "",
    ] {
        assert!(asked(query).starts_with("401"), "{query}");
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
