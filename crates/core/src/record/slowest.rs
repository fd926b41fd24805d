//! The slowest requests of a run, each by itself: a percentile says how many, these say which and when.

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};

use crate::record::{Outcome, Sample};

/// So many are kept, however long the run.
const MOST: usize = 10;

/// One of the slowest requests; times in nanoseconds from the start of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlowRequest {
    /// Its endpoint, by its place in the run.
    pub endpoint: usize,
    /// When it was due.
    pub due_ns: u64,
    /// When its first byte left; `None` when it was not sent.
    pub sent_ns: Option<u64>,
    /// When it ended.
    pub done_ns: u64,
    /// The generator's own part of the wait.
    pub lag_ns: u64,
    /// How it ended.
    pub outcome: Outcome,
}

/// The slowest of some requests, the slowest first; those that took as long in the order in which they were due.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Slowest(Vec<SlowRequest>);

impl SlowRequest {
    /// How long a user waited for it, in nanoseconds.
    pub fn took(&self) -> u64 {
        self.done_ns.saturating_sub(self.due_ns)
    }

    fn rank(&self) -> (Reverse<u64>, u64, usize) {
        (Reverse(self.took()), self.due_ns, self.endpoint)
    }
}

impl Slowest {
    /// Takes a request in if it is slow enough.
    #[inline]
    pub(super) fn add(&mut self, sample: &Sample) {
        let took = sample.done.saturating_sub(sample.due);
        if self.0.len() < MOST || self.0.last().is_some_and(|last| took >= last.took()) {
            self.take(SlowRequest {
                endpoint: sample.endpoint,
                due_ns: sample.due,
                sent_ns: sample.sent,
                done_ns: sample.done,
                lag_ns: sample.lag,
                outcome: sample.outcome,
            });
        }
    }

    /// Adds another worker's.
    pub(super) fn merge(&mut self, other: &Slowest) {
        other.0.iter().for_each(|slow| self.take(*slow));
    }

    /// Adds those of a run that began `by` nanoseconds later.
    pub fn append(&mut self, other: &Slowest, by: u64) {
        for slow in &other.0 {
            self.take(SlowRequest {
                due_ns: slow.due_ns + by,
                sent_ns: slow.sent_ns.map(|sent| sent + by),
                done_ns: slow.done_ns + by,
                ..*slow
            });
        }
    }

    /// All of them, the slowest first.
    pub fn all(&self) -> &[SlowRequest] {
        &self.0
    }

    fn take(&mut self, slow: SlowRequest) {
        let place = self.0.partition_point(|known| known.rank() <= slow.rank());
        if place < MOST {
            self.0.insert(place, slow);
            self.0.truncate(MOST);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn samples() -> impl Strategy<Value = Vec<Sample>> {
        let sample = (0..4_usize, 0..50_u64, 0..20_u64).prop_map(|(endpoint, due, took)| Sample {
            endpoint,
            user: 0,
            due,
            sent: Some(due),
            done: due + took,
            lag: 0,
            bytes: 0,
            outcome: Outcome::Ok,
            address: None,
        });
        prop::collection::vec(sample, 0..40)
    }

    fn of(samples: &[Sample]) -> Slowest {
        let mut slowest = Slowest::default();
        for sample in samples {
            slowest.add(sample);
        }
        slowest
    }

    proptest! {
        #[test]
        fn they_are_the_slowest_in_whatever_order_they_came(samples in samples()) {
            let mut all: Vec<(Reverse<u64>, u64, usize)> = samples.iter()
                .map(|sample| (Reverse(sample.done - sample.due), sample.due, sample.endpoint))
                .collect();
            all.sort_unstable();
            all.truncate(MOST);
            let kept: Vec<_> = of(&samples).all().iter().map(SlowRequest::rank).collect();
            prop_assert_eq!(kept, all);
        }

        #[test]
        fn merged_they_are_those_of_all(a in samples(), b in samples()) {
            let mut merged = of(&a);
            merged.merge(&of(&b));
            prop_assert_eq!(merged, of(&[b, a].concat()));
        }
    }

    #[test]
    fn of_a_later_run_they_come_later() {
        let sample = Sample {
            endpoint: 0,
            user: 0,
            due: 5,
            sent: Some(6),
            done: 9,
            lag: 1,
            bytes: 0,
            outcome: Outcome::Timeout,
            address: None,
        };
        let mut whole = Slowest::default();
        whole.append(&of(&[sample]), 100);
        let slow = whole.all()[0];
        assert_eq!(
            (
                slow.due_ns,
                slow.sent_ns,
                slow.done_ns,
                slow.took(),
                slow.lag_ns
            ),
            (105, Some(106), 109, 4, 1)
        );
    }
}
