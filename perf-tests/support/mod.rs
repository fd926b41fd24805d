//! A server with faults and the harness against it, as processes of their own.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

const COMMAND: &str = env!("CARGO_BIN_EXE_agentos-perf");

/// A running `agentos-perf serve`; it ends with this.
pub(crate) struct Server {
    child: Child,
    pub(crate) url: String,
    pub(crate) token: String,
}

impl Server {
    pub(crate) fn start(faults: &[&str]) -> Server {
        let folder = TempDir::new().expect("a temporary folder");
        let token_file = folder.path().join("token");
        let mut command = Command::new(COMMAND);
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
    #[allow(dead_code, reason = "each test binary uses its own part of this file")]
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

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `agentos-perf test`, without any variable of this process that would steer it.
pub(crate) fn harness(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(COMMAND);
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("PERF_") || text.starts_with("NEXTEST") {
            command.env_remove(&name);
        }
    }
    command
        .arg("test")
        .arg("--report-dir")
        .arg(folder)
        .args(arguments);
    command
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
            .output()
            .expect("it runs");
        let file = folder.path().join("latest").join("report.json");
        let report = std::fs::read_to_string(&file).unwrap_or_else(|error| {
            panic!(
                "no report: {error}\n{}",
                String::from_utf8_lossy(&output.stderr)
            )
        });
        Judged {
            output,
            report: serde_json::from_str(&report).expect("JSON"),
        }
    }

    pub(crate) fn requirements(&self) -> &[Value] {
        self.report["requirements"]
            .as_array()
            .expect("requirements")
    }

    /// The names of the tests that failed, in order.
    pub(crate) fn failed(&self) -> Vec<&str> {
        let failed = self
            .requirements()
            .iter()
            .filter(|one| one["test"] == "fail");
        failed
            .map(|one| one["name"].as_str().expect("a name"))
            .collect()
    }

    /// Why a requirement was judged as it was, with its advice.
    #[allow(dead_code, reason = "each test binary uses its own part of this file")]
    pub(crate) fn told(&self, name: &str) -> String {
        let one = self
            .requirements()
            .iter()
            .find(|one| one["name"] == name)
            .expect(name);
        format!("{} {}", one["reason"], one["advice"])
    }

    #[allow(dead_code, reason = "each test binary uses its own part of this file")]
    pub(crate) fn run(&self, scenario: &str) -> &Value {
        let runs = self.report["runs"].as_array().expect("runs");
        runs.iter()
            .find(|run| run["scenario"] == scenario)
            .expect(scenario)
    }
}
