//! Intervals as a report has them: from a run's record.

use agentos_perf::judge::intervals;

use super::recorded::record;
use super::verdicts::ALPHA;

/// The ends of the interval of the first endpoint's quantile in a run of so many requests per second, each
/// with its endpoint and its response time in milliseconds.
pub(crate) fn interval(
    requests: impl Iterator<Item = (usize, f64)>,
    rate: usize,
    endpoints: usize,
    quantile: f64,
) -> (f64, f64) {
    let found = intervals(&record(requests, rate, endpoints), 1.0 - ALPHA);
    let response = found.endpoints[0].response;
    let found = match quantile {
        0.5 => response.p50,
        0.95 => response.p95,
        0.99 => response.p99,
        other => panic!("no report has a quantile of {other}"),
    };
    (
        found.low.unwrap_or(f64::NEG_INFINITY),
        found.high.unwrap_or(f64::INFINITY),
    )
}
