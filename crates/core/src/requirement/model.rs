//! A requirement as the profile states it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::limit::Limit;
use super::metric::Metric;

/// How much a missed requirement matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// A miss fails the test.
    Critical,
    /// A miss fails the test.
    Important,
    /// A miss is a warning, and fails the test under `--strict` only.
    Target,
}

impl Severity {
    /// Reads a severity as a profile names it.
    pub fn parse(name: &str) -> Option<Severity> {
        match name {
            "critical" => Some(Severity::Critical),
            "important" => Some(Severity::Important),
            "target" => Some(Severity::Target),
            _ => None,
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Severity::Critical => "critical",
            Severity::Important => "important",
            Severity::Target => "target",
        })
    }
}

/// Which requests of a scenario a check looks at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// All of them together.
    All,
    /// Each endpoint by itself; the worst one decides.
    EachEndpoint,
    /// One endpoint, by name.
    Endpoint(String),
    /// The users of one kind.
    Population(Population),
    /// Each address of the target's name by itself; the worst one decides.
    EachAddress,
}

/// The users of a scenario, by the way they speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Population {
    /// Those who send requests.
    Http,
    /// Those on a WebSocket.
    WebSocket,
}

impl Population {
    /// Every name a profile may use.
    pub const NAMES: [&'static str; 2] = ["http", "websocket"];

    /// Reads a population as a profile names it.
    pub fn parse(name: &str) -> Option<Population> {
        match name {
            "http" => Some(Population::Http),
            "websocket" => Some(Population::WebSocket),
            _ => None,
        }
    }

    /// Whether users belong to it who are on a WebSocket or not.
    pub fn holds(self, on_socket: bool) -> bool {
        (self == Population::WebSocket) == on_socket
    }
}

impl fmt::Display for Population {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Population::Http => "http",
            Population::WebSocket => "websocket",
        })
    }
}

/// One thing that is measured and held against a limit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Check {
    /// What is measured.
    pub metric: Metric,
    /// On which requests.
    pub scope: Scope,
    /// What it must keep.
    pub limit: Limit,
}

/// One requirement: one test. It passes when all its checks do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Requirement {
    /// The test's name, such as `response_time::p95`.
    pub name: String,
    /// How much a miss matters.
    pub severity: Severity,
    /// The scenario whose run is judged; `None` speaks of the whole session.
    pub scenario: Option<String>,
    /// At least one.
    pub checks: Vec<Check>,
}
