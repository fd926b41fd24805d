//! Between which times the percentiles of a run lie.

use serde::{Deserialize, Serialize};

/// The interval of one percentile, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Interval {
    /// Its lower end; `None` where too few times lie below to have one.
    pub low: Option<f64>,
    /// Its upper end; `None` where too few times lie above to have one.
    pub high: Option<f64>,
}

/// The intervals of some times' percentiles.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Intervals {
    /// Of the median.
    pub p50: Interval,
    /// Of the 90th percentile.
    pub p90: Interval,
    /// Of the 95th percentile.
    pub p95: Interval,
    /// Of the 99th percentile.
    pub p99: Interval,
    /// Of the 99.9th percentile.
    pub p999: Interval,
}

/// The intervals of all percentiles that are shown of a run.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct RunIntervals {
    /// Of its requests.
    pub times: PartIntervals,
    /// Of how late the generator sent by its own fault.
    pub lateness: Intervals,
    /// Of each endpoint, in the run's order.
    pub endpoints: Vec<PartIntervals>,
    /// Of each step of a search, in its order; empty for a run at one load.
    pub steps: Vec<StepIntervals>,
}

/// The intervals of some requests' times.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct PartIntervals {
    /// Of charged response times.
    pub response: Intervals,
    /// Of the response times of the successful ones.
    pub answered: Intervals,
    /// Of the service times of those answered at all.
    pub service: Intervals,
}

/// The intervals of a step's times.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct StepIntervals {
    /// Of charged response times.
    pub response: Intervals,
    /// Of the response times of the successful ones.
    pub answered: Intervals,
    /// Of how late the generator sent by its own fault.
    pub lateness: Intervals,
}
