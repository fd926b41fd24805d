//! The exact counters of some requests at one endpoint.

use super::result::Counts;
use crate::client::Sample;

impl Counts {
    /// Nothing counted yet.
    pub fn empty(thresholds: usize) -> Counts {
        Counts {
            over: vec![0; thresholds],
            over_by_generator: vec![0; thresholds],
            ..Counts::default()
        }
    }

    /// Counts a sample, which is charged so many nanoseconds.
    pub(super) fn add(&mut self, sample: &Sample, charged: u64, thresholds: &[u64]) {
        let on_time = charged.saturating_sub(sample.lag);
        self.due += 1;
        self.time += charged;
        if !sample.outcome.is_ok() {
            self.failed += 1;
            self.failed_by_generator += u64::from(sample.outcome.is_generators());
            *self.outcomes.entry(sample.outcome).or_default() += 1;
        }
        let blameless = sample.outcome.is_ok() || sample.outcome.is_generators();
        let thresholds = thresholds.iter().enumerate();
        for (i, threshold) in thresholds.filter(|(_, t)| charged >= **t) {
            self.over[i] += 1;
            let own_fault = sample.outcome.is_generators() || on_time < *threshold;
            self.over_by_generator[i] += u64::from(blameless && own_fault);
        }
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
    }
}
