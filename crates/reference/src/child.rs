use std::env::{self, VarError};
use std::io::{self, Write};
use std::process::ExitCode;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{Announcement, Fault, Options, RateLimit, SigningSecret, serve_blocking};

/// The environment variable with the child's [`ChildOptions`] as JSON.
pub const CHILD_OPTIONS: &str = "AGENTOS_PERF_REFERENCE";

/// The environment variable with the secret that tokens are signed with.
pub const CHILD_SECRET: &str = "PERF_JWT_SECRET";

const USAGE: u8 = 2;
const FAILURE: u8 = 1;

/// The settings that a parent passes to the server that it starts.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ChildOptions {
    /// Fault specs, such as `latency=300ms`.
    pub faults: Vec<String>,
    /// As `100/60s`; off by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_limit: Option<String>,
    /// How many threads answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threads: Option<usize>,
}

#[derive(Debug, Error)]
enum UsageError {
    #[error("the variable {name} of a reference server: {source}; its parent process must set it")]
    Variable {
        name: &'static str,
        source: VarError,
    },
    #[error(
        "the variable {CHILD_OPTIONS}: {0}; it must be the JSON of a reference server's options"
    )]
    Json(#[from] serde_json::Error),
    #[error(transparent)]
    Fault(#[from] super::FaultError),
    #[error(transparent)]
    RateLimit(#[from] super::RateLimitError),
}

impl ChildOptions {
    fn options(&self, secret: SigningSecret) -> Result<Options, UsageError> {
        let mut options = Options::new(secret);
        options.exit_on_stdin_close = true;
        options.faults = self
            .faults
            .iter()
            .map(|spec| spec.parse::<Fault>())
            .collect::<Result<_, _>>()?;
        options.rate_limit = self
            .rate_limit
            .as_deref()
            .map(str::parse::<RateLimit>)
            .transpose()?;
        if let Some(threads) = self.threads {
            options.threads = threads;
        }
        Ok(options)
    }
}

/// The whole life of a server that another process of ours has started.
///
/// It takes its options from [`CHILD_OPTIONS`] and its secret from [`CHILD_SECRET`], prints
/// its address in the first line of standard output, and ends when standard input does.
pub fn child_main() -> ExitCode {
    let options = match options_from_environment() {
        Ok(options) => options,
        Err(error) => return ended(&error, USAGE),
    };
    match serve_blocking(options, announce_on_stdout) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => ended(&error, FAILURE),
    }
}

fn options_from_environment() -> Result<Options, UsageError> {
    let variable = |name| env::var(name).map_err(|source| UsageError::Variable { name, source });
    let child: ChildOptions = serde_json::from_str(&variable(CHILD_OPTIONS)?)?;
    child.options(SigningSecret::from(variable(CHILD_SECRET)?))
}

fn ended(error: &dyn std::error::Error, code: u8) -> ExitCode {
    // A parent that has closed its end does not want to know.
    let _ = writeln!(io::stderr(), "reference server: {error}");
    ExitCode::from(code)
}

/// Prints the address to standard output, at once.
pub fn announce_on_stdout(announcement: &Announcement) {
    let mut stdout = io::stdout().lock();
    // A reader that has closed it does not want to know.
    let _ = writeln!(stdout, "{announcement}").and_then(|()| stdout.flush());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(json: &str) -> Result<Options, UsageError> {
        let child: ChildOptions = serde_json::from_str(json)?;
        child.options(SigningSecret::random())
    }

    #[test]
    fn a_child_does_as_it_is_told() {
        let told = r#"{"faults": ["degraded", "errors=2%"], "rate_limit": "5/1s", "threads": 3}"#;
        let options = options(told).unwrap();
        assert_eq!(options.faults.iter().count(), 2);
        assert_eq!(options.rate_limit.unwrap().requests.get(), 5);
        assert_eq!(options.threads, 3);
        assert!(options.exit_on_stdin_close);
    }

    #[test]
    fn nothing_told_is_the_default() {
        assert_eq!(options("{}").unwrap().rate_limit, None);
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        let table = [
            ("{", CHILD_OPTIONS),
            (r#"{"fault": []}"#, "fault"),
            (r#"{"faults": ["slow"]}"#, "`slow`"),
            (r#"{"rate_limit": "5"}"#, "`5`"),
        ];
        for (json, named) in table {
            let message = options(json).unwrap_err().to_string();
            assert!(message.contains(named), "{message}");
        }
    }
}
