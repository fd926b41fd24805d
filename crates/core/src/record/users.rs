//! What was asked by each user, or by each group of users where there are many.

use serde::{Deserialize, Serialize};

use super::coarse::CoarseHistogram;
use super::counts::Charge;
use super::journeys::{JourneyCounts, merge_journeys};
use super::result::Counts;
use crate::record::Sample;

/// The most groups that users are counted in: memory and reports stay bounded however many users there are.
///
/// It is a prime, so that the groups do not coincide with the replicas of a balancer that deals users out by turns: a
/// whole replica would look like one group.
const GROUPS: u64 = 61;

/// Counters of the judged requests of one user or of one group of users.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct UserGroup {
    /// One for each endpoint of the plan.
    pub endpoints: Vec<Counts>,
    /// One for each journey of the plan, in the order of their endpoints; empty where there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub journeys: Vec<JourneyCounts>,
    /// Charged response times of all endpoints, coarse.
    pub response: CoarseHistogram,
}

impl UserGroup {
    fn empty(endpoints: usize, thresholds: usize) -> UserGroup {
        UserGroup {
            endpoints: vec![Counts::empty(thresholds); endpoints],
            journeys: Vec::new(),
            response: CoarseHistogram::default(),
        }
    }

    /// Counts a sample by what it is charged.
    pub(super) fn add(&mut self, sample: &Sample, charge: &Charge) {
        self.response.count(charge.bucket);
        self.endpoints[sample.endpoint].add(sample, charge);
    }

    /// Requests due, of all endpoints.
    pub fn due(&self) -> u64 {
        self.endpoints.iter().map(|counts| counts.due).sum()
    }

    /// Those that did not end well.
    pub fn failed(&self) -> u64 {
        self.endpoints.iter().map(|counts| counts.failed).sum()
    }

    fn merge(&mut self, other: &UserGroup) {
        self.response.merge(&other.response);
        for (mine, theirs) in self.endpoints.iter_mut().zip(&other.endpoints) {
            mine.merge(theirs);
        }
        merge_journeys(&mut self.journeys, &other.journeys);
    }
}

/// The group of a user; those before it that nothing fell into are made as well.
pub(super) fn group_of(
    groups: &mut Vec<UserGroup>,
    user: u64,
    (endpoints, thresholds): (usize, usize),
) -> &mut UserGroup {
    let index = (user % GROUPS) as usize;
    if groups.len() <= index {
        groups.resize(index + 1, UserGroup::empty(endpoints, thresholds));
    }
    &mut groups[index]
}

/// Adds what other workers counted of the same groups.
pub(super) fn merge(groups: &mut Vec<UserGroup>, others: &[UserGroup]) {
    let both = groups.len().min(others.len());
    for (mine, theirs) in groups.iter_mut().zip(others) {
        mine.merge(theirs);
    }
    groups.extend_from_slice(&others[both..]);
}
