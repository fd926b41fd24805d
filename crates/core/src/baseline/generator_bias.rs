//! How far the load generator itself may have moved what a run measured: the target must not be blamed for that.

use crate::record::{Histogram, RunResult, Summary};

/// Shares of the requests that were late by at most as much; how late is looked up at each of them.
const LADDER: [f64; 11] = [
    0.0, 0.25, 0.5, 0.75, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 1.0,
];

/// What the generator did to a run.
pub(super) struct Blame {
    lag: Histogram,
    /// Requests that failed for want of the generator's own sockets, in percent of all.
    pub(super) failed: f64,
}

impl Blame {
    /// Of a run's judged part, which was summed up.
    pub(super) fn of(run: &RunResult, summary: &Summary) -> Blame {
        let own = summary.outcomes.iter();
        let own = own.filter(|(outcome, _)| outcome.is_generators());
        let failed: u64 = own.map(|(_, count)| *count).sum();
        Blame {
            lag: run.generator.lag.clone(),
            failed: 100.0 * failed as f64 / summary.due.max(1) as f64,
        }
    }

    /// By how much a quantile of `times` may be longer, at most, for requests that were sent late; in milliseconds.
    ///
    /// Which request was how late is not known. But if a share s was later than d, then of the times less their
    /// lateness at most a share q is shorter than the (q − s)-quantile of all times, less d: for every d.
    pub(super) fn moved(&self, times: &Histogram, quantile: f64) -> f64 {
        if self.lag.is_empty() {
            return 0.0;
        }
        let at_least = |punctual: &f64| {
            let rest = quantile - (1.0 - punctual);
            (rest > 0.0).then(|| times.quantile_ms(rest) - self.lag.quantile_ms(*punctual))
        };
        let least = LADDER.iter().filter_map(at_least).fold(0.0, f64::max);
        (times.quantile_ms(quantile) - least).max(0.0)
    }
}

/// The share of a time that is left without what the generator may have added to it and not to the other side, in
/// (0, 1]: a ratio needs some.
pub(super) fn left(time: f64, extra: f64) -> f64 {
    const LEAST: f64 = 1e-3;
    ((time - extra.max(0.0)) / time).max(LEAST)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    fn of(millis: impl Iterator<Item = u64>) -> Histogram {
        let mut times = Histogram::new();
        millis.for_each(|ms| times.record(ms * MS));
        times
    }

    /// In whole milliseconds.
    fn moved(times: &Histogram, lag: Histogram, quantile: f64) -> u64 {
        let blame = Blame { lag, failed: 0.0 };
        blame.moved(times, quantile).round() as u64
    }

    #[test]
    fn a_punctual_generator_moved_nothing() {
        let times = of(1..=100);
        assert_eq!(moved(&times, Histogram::new(), 0.95), 0);
        assert_eq!(moved(&times, of((0..100).map(|_| 0)), 0.95), 0);
    }

    #[test]
    fn all_late_alike_moved_all_by_as_much() {
        let times = of(101..=200);
        assert_eq!(moved(&times, of((0..100).map(|_| 30)), 0.5), 30);
    }

    #[test]
    fn few_that_were_late_moved_little_of_the_middle_and_all_of_the_end() {
        let times = of((1..=98).chain([900, 900]));
        let lag = of((0..98).map(|_| 0).chain([900, 900]));
        assert_eq!(moved(&times, lag.clone(), 0.5), 2);
        assert!(moved(&times, lag, 0.99) > 800);
    }

    #[test]
    fn half_of_them_late_may_have_moved_the_whole_median() {
        let times = of((0..100).map(|n| if n < 50 { 10 } else { 500 }));
        let lag = of((0..100).map(|n| if n < 50 { 0 } else { 490 }));
        assert_eq!(moved(&times, lag, 0.6), 490);
    }
}
