//! The exact counters of some requests at one endpoint.

use super::coarse::bucket;
use super::result::Counts;
use crate::record::Sample;

/// What a request is charged, held against the run's thresholds: once, however many counters it goes to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Charge {
    pub(super) nanos: u64,
    /// Its bucket in coarse histograms.
    pub(super) bucket: u16,
    /// How many of the thresholds, which ascend, it reaches.
    over: usize,
    /// How many of these are reached by more than the generator's own fault.
    blamed_on_target: usize,
}

impl Charge {
    /// Of a sample that is charged so many nanoseconds.
    pub(super) fn new(sample: &Sample, nanos: u64, thresholds: &[u64]) -> Charge {
        let reached = |time: u64| thresholds.iter().take_while(|at| **at <= time).count();
        let over = reached(nanos);
        Charge {
            nanos,
            bucket: bucket(nanos),
            over,
            blamed_on_target: match sample.outcome {
                _ if over == 0 => 0,
                outcome if outcome.is_generators() => 0,
                outcome if outcome.is_ok() => reached(nanos.saturating_sub(sample.lag)),
                _ => over,
            },
        }
    }
}

impl Charge {
    /// How many of the thresholds are reached however soon after the last answer without it what was polled for came.
    pub(super) fn over_before_poll(&self, slack: u64, thresholds: &[u64]) -> usize {
        let least = self.nanos.saturating_sub(slack);
        thresholds.iter().take_while(|at| **at <= least).count()
    }
}

impl Counts {
    /// Nothing counted yet.
    pub fn empty(thresholds: usize) -> Counts {
        Counts {
            over: vec![0; thresholds],
            over_by_generator: vec![0; thresholds],
            ..Counts::default()
        }
    }

    /// Counts a sample by what it is charged.
    pub(super) fn add(&mut self, sample: &Sample, charge: &Charge) {
        self.due += 1;
        self.time += charge.nanos;
        if !sample.outcome.is_ok() {
            self.failed += 1;
            self.failed_by_generator += u64::from(sample.outcome.is_generators());
            *self.outcomes.entry(sample.outcome).or_default() += 1;
        }
        let over = self.over.iter_mut().take(charge.over);
        over.for_each(|count| *count += 1);
        let own = self.over_by_generator.iter_mut().take(charge.over);
        own.skip(charge.blamed_on_target)
            .for_each(|count| *count += 1);
    }

    /// Adds what was counted elsewhere.
    pub(super) fn merge(&mut self, other: &Counts) {
        self.due += other.due;
        self.failed += other.failed;
        self.failed_by_generator += other.failed_by_generator;
        self.time += other.time;
        let over = self.over.iter_mut().zip(&other.over);
        over.for_each(|(mine, theirs)| *mine += theirs);
        let own = self.over_by_generator.iter_mut();
        let own = own.zip(&other.over_by_generator);
        own.for_each(|(mine, theirs)| *mine += theirs);
        for (outcome, count) in &other.outcomes {
            *self.outcomes.entry(*outcome).or_default() += count;
        }
        self.unreached += other.unreached;
        if !other.over_by_poll.is_empty() {
            self.add_over_by_poll(&other.over_by_poll);
        }
    }

    /// Counts a sample that is over a threshold only because it was asked for again that late: which thresholds are reached
    /// in any case is `before`.
    pub(super) fn add_polled(&mut self, charge: &Charge, before: usize) {
        if charge.over > before {
            let width = self.over.len();
            self.over_by_poll.resize(width, 0);
            let own = self.over_by_poll[before..charge.over].iter_mut();
            own.for_each(|count| *count += 1);
        }
    }

    fn add_over_by_poll(&mut self, other: &[u64]) {
        let width = self.over_by_poll.len().max(other.len());
        self.over_by_poll.resize(width, 0);
        let both = self.over_by_poll.iter_mut().zip(other);
        both.for_each(|(mine, theirs)| *mine += theirs);
    }
}
