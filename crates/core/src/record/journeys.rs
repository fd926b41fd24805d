//! What is counted of journeys as wholes: they are no requests, and stand beside those of their steps.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::coarse::CoarseHistogram;
use super::counts::Charge;
use super::result::Counts;
use super::{Outcome, Sample};

/// One due journey, ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndedJourney {
    /// It as a whole: due when its first step was, and done after the sum of its steps' waits, think times left out. Its
    /// outcome is that of the step that ended it.
    pub sample: Sample,
    /// Which of the plan's journeys it is, in the order of their endpoints.
    pub index: usize,
    /// Which of the plan's endpoints are its steps.
    pub steps: Range<usize>,
    /// Which of its steps were due.
    pub reached: Vec<bool>,
    /// The step that ended it before its last one had succeeded, by its endpoint.
    pub ended_by: Option<usize>,
    /// The part of its waits in which what was polled for may have been there already, in nanoseconds.
    pub poll_slack: u64,
}

/// How often a step ended a journey in one way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct JourneyEnding {
    /// The step, by its place among the endpoints of the run.
    pub step: usize,
    /// How it ended.
    pub outcome: Outcome,
    /// How many journeys it ended.
    pub count: u64,
}

/// Exact counters of the journeys of one kind that were due in one second, or that one group of users made.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct JourneyCounts {
    /// Journeys, counted as requests are.
    pub counts: Counts,
    /// Their charged response times, coarse.
    pub response: CoarseHistogram,
}

impl EndedJourney {
    /// The endpoints of the steps that it did not reach.
    pub(super) fn unreached(&self) -> impl Iterator<Item = usize> {
        let steps = self.steps.clone().zip(&self.reached);
        steps
            .filter(|(_, reached)| !**reached)
            .map(|(step, _)| step)
    }
}

impl JourneyCounts {
    fn empty(thresholds: usize) -> JourneyCounts {
        JourneyCounts {
            counts: Counts::empty(thresholds),
            response: CoarseHistogram::default(),
        }
    }

    /// Counts a journey by what it is charged; `before` of the thresholds are reached whatever the interval of its polls.
    pub(super) fn add(&mut self, sample: &Sample, charge: &Charge, before: usize) {
        self.response.count(charge.bucket);
        self.counts.add(sample, charge);
        self.counts.add_polled(charge, before);
    }

    fn merge(&mut self, other: &JourneyCounts) {
        self.counts.merge(&other.counts);
        self.response.merge(&other.response);
    }
}

/// The counters of a journey; those before it that nothing fell into are made as well.
pub(super) fn journey_at(
    journeys: &mut Vec<JourneyCounts>,
    index: usize,
    thresholds: usize,
) -> &mut JourneyCounts {
    if journeys.len() <= index {
        journeys.resize(index + 1, JourneyCounts::empty(thresholds));
    }
    &mut journeys[index]
}

/// Adds what was counted elsewhere of the same journeys.
pub(super) fn merge_journeys(mine: &mut Vec<JourneyCounts>, theirs: &[JourneyCounts]) {
    for (index, theirs) in theirs.iter().enumerate() {
        journey_at(mine, index, theirs.counts.over.len()).merge(theirs);
    }
}

/// Adds what ended the journeys of another run.
pub(super) fn merge_endings(mine: &mut Vec<JourneyEnding>, theirs: &[JourneyEnding]) {
    for ending in theirs {
        let mut known = mine.iter_mut();
        let is_same =
            |one: &&mut JourneyEnding| (one.step, one.outcome) == (ending.step, ending.outcome);
        match known.find(is_same) {
            Some(one) => one.count += ending.count,
            None => mine.push(*ending),
        }
    }
    sort_endings(mine);
}

/// The most frequent first.
pub(super) fn sort_endings(endings: &mut [JourneyEnding]) {
    endings.sort_by_key(|one| (std::cmp::Reverse(one.count), one.step, one.outcome));
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
pub(super) fn is_zero(count: &u64) -> bool {
    *count == 0
}
