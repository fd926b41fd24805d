//! What was asked of each address of a target that has several.

use serde::{Deserialize, Serialize};

use super::histogram::Histogram;
use super::result::{Counts, RunResult, Second};
use super::summary::Outcomes;

/// What was asked of one address in the judged part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AddressResult {
    /// The address, such as `192.0.2.1:443`.
    pub address: String,
    /// Why it got no load, if it was left out.
    pub left_out: Option<String>,
    /// How its requests ended.
    pub outcomes: Outcomes,
    /// Charged response times of all of them: a failed one is charged at least its timeout.
    pub response: Histogram,
}

impl AddressResult {
    /// How many requests were sent to it, or were to be.
    pub fn due(&self) -> u64 {
        self.outcomes.values().sum()
    }

    /// Those that did not end well.
    pub fn failed(&self) -> u64 {
        let failed = self.outcomes.iter().filter(|(outcome, _)| !outcome.is_ok());
        failed.map(|(_, count)| count).sum()
    }

    fn merge(&mut self, other: &AddressResult) {
        for (outcome, count) in &other.outcomes {
            *self.outcomes.entry(*outcome).or_default() += count;
        }
        self.response.merge(&other.response);
        if other.left_out.is_none() {
            self.left_out = None;
        }
    }
}

impl RunResult {
    /// Adds what was asked of the addresses in another run; its seconds come back with the addresses in this run's
    /// order.
    pub(crate) fn merge_addresses(&mut self, other: &RunResult) -> Vec<Second> {
        let mut places = Vec::new();
        for theirs in &other.addresses {
            let known = self.addresses.iter_mut();
            let found = known
                .enumerate()
                .find(|(_, mine)| mine.address == theirs.address);
            if let Some((place, mine)) = found {
                mine.merge(theirs);
                places.push(place);
            } else {
                places.push(self.addresses.len());
                self.addresses.push(theirs.clone());
            }
        }
        let empty = Counts::empty(self.thresholds.len());
        let width = places.iter().max().map_or(0, |last| last + 1);
        let moved = |second: &Second| {
            let mut second = second.clone();
            if second.addresses.is_empty() {
                return second;
            }
            let theirs = std::mem::replace(&mut second.addresses, vec![empty.clone(); width]);
            for (place, counts) in places.iter().zip(theirs) {
                second.addresses[*place] = counts;
            }
            second
        };
        other.seconds.iter().map(moved).collect()
    }
}
