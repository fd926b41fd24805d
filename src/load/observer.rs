//! What a run shows while it is on, and what it asks.

use std::time::Duration;

use crate::record::RunResult;

/// How far a run has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct RunProgress {
    /// Since its start.
    pub elapsed: Duration,
    /// When its due requests end, from its start, as it stands now.
    pub end: Duration,
    /// Requests ended.
    pub done: u64,
    /// Those of them that did not end well.
    pub failed: u64,
}

/// Observes a run in progress.
pub trait Observer {
    /// Called several times a second.
    fn progress(&mut self, progress: RunProgress);

    /// Whether every verdict on the run is settled, if it ended where its window does: `so_far` holds
    /// counters without histograms, and `open` says for each endpoint how many requests are due until then
    /// and have not ended yet.
    fn is_settled(&mut self, so_far: &RunResult, open: &[u64]) -> bool;

    /// Whether every open verdict on the same run would be a pass if its requests were independent of each other, and none is a
    /// failure: more time alone settles it.
    fn is_open_by_correlation_alone(&mut self, _so_far: &RunResult, _open: &[u64]) -> bool {
        false
    }

    /// Whether the run is shown live, so that [`Observer::watch`] is worth its cost.
    fn is_watched(&mut self) -> bool {
        false
    }

    /// Called once a second while the run is shown live: the run so far, as if it had ended.
    fn watch(&mut self, so_far: RunResult) {
        drop(so_far);
    }

    /// Whether the run is to be broken off.
    fn is_interrupted(&mut self) -> bool;

    /// Processor time used by this process so far.
    fn processor_time(&mut self) -> Duration;
}
