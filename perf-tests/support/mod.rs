//! A server with faults and the harness against it, as processes of their own.

#![allow(dead_code, reason = "each test binary uses its own part of this file")]

pub(crate) mod authority;
pub(crate) mod servers;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// What servers sign tokens with, and harnesses too.
pub(crate) const KEY: &str = "a key of these tests alone";

const COMMAND: &str = env!("CARGO_BIN_EXE_agentos-perf");

/// A running `agentos-perf serve`; it ends with this.
pub(crate) struct Server {
    child: Child,
    pub(crate) url: String,
    pub(crate) token: String,
}

impl Server {
    pub(crate) fn start(faults: &[&str]) -> Server {
        Server::with_key(KEY, faults)
    }

    /// One that signs tokens with this key.
    pub(crate) fn with_key(key: &str, faults: &[&str]) -> Server {
        let mut command = Command::new(COMMAND);
        command.env("PERF_JWT_SECRET", key);
        Server::launch(command, faults)
    }

    fn launch(mut command: Command, faults: &[&str]) -> Server {
        let folder = TempDir::new().expect("a temporary folder");
        let token_file = folder.path().join("token");
        command.args([
            "serve",
            "--exit-on-stdin-close",
            "--threads",
            "1",
            "--token-file",
        ]);
        command.arg(&token_file);
        for fault in faults {
            command.args(["--fault", fault]);
        }
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the server starts");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("a pipe");
        BufReader::new(stdout)
            .read_line(&mut line)
            .expect("a first line");
        let url = line
            .trim()
            .strip_prefix("listening on ")
            .expect("an address")
            .to_owned();
        let token = std::fs::read_to_string(token_file)
            .expect("a token")
            .trim()
            .to_owned();
        Server { child, url, token }
    }

    /// What the server itself counted.
    pub(crate) fn requests(&self) -> Value {
        let address = self.url.strip_prefix("http://").expect("a plain URL");
        let mut stream = std::net::TcpStream::connect(address).expect("a connection");
        let request = "GET /__requests HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        std::io::Write::write_all(&mut stream, request.as_bytes()).expect("a request");
        let answer = std::io::read_to_string(stream).expect("an answer");
        let body = answer.split_once("\r\n\r\n").expect("a head").1;
        serde_json::from_str(body).expect("JSON")
    }
}

impl Server {
    /// Ends it at once, with all its connections.
    pub(crate) fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Takes from `command` the variables of this process that would steer a harness.
pub(crate) fn without_steering(command: &mut Command) -> &mut Command {
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        let steers = ["PERF_", "NEXTEST", "GITHUB_", "OTEL_"];
        if steers.iter().any(|prefix| text.starts_with(prefix)) {
            command.env_remove(&name);
        }
    }
    command
}

/// `agentos-perf test`, steered by its arguments alone.
pub(crate) fn harness(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(COMMAND);
    without_steering(&mut command)
        .arg("test")
        .arg("--report-dir")
        .arg(folder)
        .args(arguments);
    command
}

/// The report that a session left in `folder`.
///
/// # Errors
/// When there is none.
pub(crate) fn read_report(folder: &Path) -> std::io::Result<Value> {
    let text = std::fs::read_to_string(folder.join("latest").join("report.json"))?;
    Ok(serde_json::from_str(&text).expect("JSON"))
}

/// The names of the tests that failed, in order.
pub(crate) fn failed(report: &Value) -> Vec<&str> {
    let requirements = report["requirements"].as_array().expect("requirements");
    let failed = requirements.iter().filter(|one| one["test"] == "fail");
    failed
        .map(|one| one["name"].as_str().expect("a name"))
        .collect()
}

/// What a harness came to.
pub(crate) struct Judged {
    pub(crate) output: Output,
    pub(crate) report: Value,
}

impl Judged {
    /// Runs the harness to its end and reads its report.
    pub(crate) fn against(url: &str, token: &str, profile: &str, filters: &[&str]) -> Judged {
        let folder = TempDir::new().expect("a temporary folder");
        let mut command = harness(folder.path(), &["--target-url", url, "--profile", profile]);
        let output = command
            .args(filters)
            .env("PERF_TOKEN", token)
            .env("PERF_JWT_SECRET", KEY)
            .output()
            .expect("it runs");
        let report = read_report(folder.path()).unwrap_or_else(|error| {
            panic!(
                "no report: {error}\n{}",
                String::from_utf8_lossy(&output.stderr)
            )
        });
        Judged { output, report }
    }

    pub(crate) fn requirements(&self) -> &[Value] {
        self.report["requirements"]
            .as_array()
            .expect("requirements")
    }

    /// The names of the tests that failed, in order.
    pub(crate) fn failed(&self) -> Vec<&str> {
        failed(&self.report)
    }

    /// Why a requirement was judged as it was, with its advice.
    pub(crate) fn reason_and_advice(&self, name: &str) -> String {
        let one = self
            .requirements()
            .iter()
            .find(|one| one["name"] == name)
            .expect(name);
        format!("{} {}", one["reason"], one["advice"])
    }

    pub(crate) fn run(&self, scenario: &str) -> &Value {
        let runs = self.report["runs"].as_array().expect("runs");
        runs.iter()
            .find(|run| run["scenario"] == scenario)
            .expect(scenario)
    }
}

/// All that a process has printed: stdout, then stderr.
pub(crate) fn output_text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}
