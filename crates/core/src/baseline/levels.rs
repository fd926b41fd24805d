//! How often the ends of a comparison may miss.

use crate::statistics::RunNoise;

/// The intervals of both sides are made for a verdict on one run: they allow for the most correlation that its seconds
/// could hide, each of them. Together they err far less often than they may; with this many times the error, a comparison
/// still errs less often than it may, and finds what is there. Measured by `perf-tests/pure/regression.rs`. What the spread of
/// runs makes of the interval is exact, and has no such spare.
const SPARE: f64 = 3.0;
/// The figures that are judged; others are reported with their intervals.
pub(super) const JUDGED: f64 = 3.0;

/// By how much the times of two runs of the same target are taken to differ, as the standard deviation of their
/// logarithms, where too few runs tell it: machines that are shared do by 5 to 10 %.
pub(super) const ASSUMED_NOISE: f64 = 0.1;

/// The error probabilities of one end.
#[derive(Debug, Clone, Copy)]
pub(super) struct ChangeLevels {
    /// Of the runs' own intervals.
    pub(super) own: f64,
    /// Of what differs from run to run.
    between: f64,
}

impl ChangeLevels {
    /// The error that the confidence allows, divided among the figures of all scenarios (Bonferroni).
    pub(super) fn of(confidence: f64, scenarios: usize) -> ChangeLevels {
        let between = (1.0 - confidence) / (JUDGED * scenarios.max(1) as f64);
        ChangeLevels {
            own: (SPARE * between).min(0.25),
            between,
        }
    }

    /// For logarithms of times.
    pub(super) fn of_times(self) -> RunNoise {
        RunNoise {
            alpha: self.between,
            assumed: ASSUMED_NOISE,
        }
    }

    /// For shares of requests and for rates: what they may differ by is below what is called a change.
    pub(super) fn of_shares(self) -> RunNoise {
        RunNoise {
            alpha: self.between,
            assumed: 0.0,
        }
    }
}
