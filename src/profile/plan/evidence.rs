//! Where figures come from that the load itself does not measure, as a profile names it.

use std::time::Duration;

use serde::Serialize;

use crate::profile::plan::target_rules::TargetRules;
use crate::requirement::Sources;

/// `[evidence]`: who is asked for what.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct EvidencePlan {
    /// The order of the sources, figure by figure.
    pub sources: Sources,
    /// Which figures the target reports about itself; `None` when it is not asked.
    pub target: Option<TargetPages>,
    /// The target's page of counters; `None` when it has none.
    pub prometheus: Option<CounterPage>,
    /// What requests for pages of the target have in common with all others.
    pub rules: TargetRules,
}

/// JSON pages on which the target reports figures about itself.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TargetPages {
    /// Their paths with queries, base path included.
    pub paths: Vec<String>,
    /// Whether the session's token is sent with them.
    pub auth: bool,
    /// From one look to the next.
    pub every: Duration,
    /// How long one answer may take.
    pub timeout: Duration,
    /// Where each figure stands: the first place that holds a number counts.
    pub figures: Vec<FigureSource<Field>>,
    /// Where the table of the target's own endpoints stands, and what it says of each.
    pub endpoints: Option<EndpointTable>,
}

/// A field of a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Field {
    /// The page, by its place among the paths.
    pub page: usize,
    /// The field, dotted for nested ones.
    pub field: String,
}

/// A table with one entry for each endpoint of the target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EndpointTable {
    /// Where it stands.
    pub at: Field,
    /// The field of an entry with the mean time, in milliseconds.
    pub mean: String,
    /// The field of an entry with the 95th percentile, in milliseconds.
    pub p95: String,
    /// The field of an entry with the number of requests.
    pub requests: String,
}

/// A page in the text format of Prometheus.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CounterPage {
    /// Path with query, base path included.
    pub path: Option<String>,
    /// Whether the session's token is sent with it.
    pub auth: bool,
    /// The counters that make up each figure; all their series are summed.
    pub figures: Vec<FigureSource<String>>,
}

/// Where a page has a figure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FigureSource<T> {
    /// The figure.
    pub name: String,
    /// The fields or counters it is read from.
    pub from: Vec<T>,
    /// Whether a counter that is not there throughout the run has counted nothing.
    pub absent_is_zero: bool,
}
