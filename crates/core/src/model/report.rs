//! All that a report shows: the sole input of every renderer.

use serde::{Deserialize, Serialize};

use crate::record::{Machine, RunResult};
use crate::requirement::{Judgement, RunIntervals};

/// A session, judged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Where the load went; without credentials.
    pub target: String,
    /// The profile's name.
    pub profile: String,
    /// When the session began, in milliseconds since 1970.
    pub started: u64,
    /// How long it took, in milliseconds.
    pub took: u64,
    /// The confidence of the verdicts, in (0.5, 1).
    pub confidence: f64,
    /// Whether missed targets fail.
    pub strict: bool,
    /// On what it was made; `None` when that was not given.
    #[serde(default)]
    pub machine: Option<Machine>,
    /// The command line that makes the same session again, without secrets; empty when that was not given.
    #[serde(default)]
    pub repeat: String,
    /// The requirements that were judged, in the profile's order.
    pub judgements: Vec<Judgement>,
    /// The runs they were judged on.
    pub runs: Vec<RunReport>,
}

/// A run, and how sure its percentiles are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunReport {
    /// What was recorded.
    pub run: RunResult,
    /// The intervals of its percentiles, at the report's confidence.
    pub intervals: RunIntervals,
}
