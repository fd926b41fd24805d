//! Sessions that are shown.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStderr, Command, Stdio};

use tempfile::TempDir;

use crate::support::{Server, harness};

pub(crate) const PROFILE: &str = r#"
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
pub(crate) struct Shown {
    pub(crate) child: Child,
    pub(crate) stderr: BufReader<ChildStderr>,
    pub(crate) url: String,
    pub(crate) folder: TempDir,
    _server: Server,
}

impl Shown {
    pub(crate) fn start(flags: &[&str]) -> Shown {
        Shown::with_profile(PROFILE, flags)
    }

    pub(crate) fn with_profile(text: &str, flags: &[&str]) -> Shown {
        let server = Server::start(&[]);
        let folder = TempDir::new().expect("a temporary folder");
        let profile = folder.path().join("watched.toml");
        std::fs::write(&profile, text).expect("a profile");
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
    pub(crate) fn interrupt(&self) {
        self.signal("-INT");
    }

    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .args([name, &self.child.id().to_string()])
            .status();
        assert!(sent.expect("kill").success());
    }

    pub(crate) fn address(&self) -> &str {
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

pub(crate) fn line_with(from: &mut impl BufRead, beginning: &str) -> String {
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
pub(crate) fn status(address: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("a connection");
    stream.write_all(request.as_bytes()).expect("a request");
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).expect("a status line");
    String::from_utf8_lossy(&answer[9..]).into_owned()
}

/// The whole answer to a request that asks nothing more, from its status on.
pub(crate) fn answer(address: &str, path: &str, host: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("a connection");
    let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("a request");
    let answer = std::io::read_to_string(stream).expect("an answer");
    answer
        .strip_prefix("HTTP/1.1 ")
        .expect("a status")
        .to_owned()
}
