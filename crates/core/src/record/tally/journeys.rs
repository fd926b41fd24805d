//! Counting journeys, their steps' polls, and what comes after the end of the run.

use super::super::counts::Charge;
use super::super::journeys::{EndedJourney, JourneyEnding, journey_at, sort_endings};
use super::super::users::group_of;
use super::{EndpointTally, SECOND, Tally, second_at};
use crate::record::Sample;

impl Tally {
    /// Counts one request, or one step, whose last `slack` nanoseconds are the interval of its poll: what it waited for may
    /// have been there all the while.
    ///
    /// # Panics
    /// When the sample's endpoint is none of the plan's.
    pub fn record_polled(&mut self, sample: &Sample, waited: u64, slack: u64) {
        self.record_after(sample, waited);
        if slack == 0 || !sample.outcome.is_ok() {
            return;
        }
        let (charge, before) = self.charge(sample, slack);
        let second = second_at(&mut self.seconds, &self.rules, sample.due);
        second.endpoints[sample.endpoint].add_polled(&charge, before);
        if self.is_judged(sample) {
            let size = (self.rules.endpoints.len(), self.rules.thresholds.len());
            let group = group_of(&mut self.users, sample.user, size);
            group.endpoints[sample.endpoint].add_polled(&charge, before);
        }
    }

    /// Counts one request that was due after the end of the run: in its second, and nowhere else. `end` says when that was: in
    /// the second that it cuts there is no telling such a request from a judged one, and it is left out.
    ///
    /// # Panics
    /// When the sample's endpoint is none of the plan's.
    pub fn record_tail(&mut self, sample: &Sample, end: u64) {
        if sample.due < end.next_multiple_of(SECOND) {
            return;
        }
        let (charge, _) = self.charge(sample, 0);
        self.count(sample, &charge);
        if sample.outcome.is_ok() {
            second_at(&mut self.seconds, &self.rules, sample.done).done_ok += 1;
        }
    }

    /// Counts one journey that has ended.
    ///
    /// # Panics
    /// When its endpoint or one of its steps is none of the plan's.
    pub fn record_journey(&mut self, ended: &EndedJourney) {
        self.count_journey(ended);
        let sample = &ended.sample;
        if !self.is_judged(sample) {
            return;
        }
        let (charge, before) = self.charge(sample, ended.poll_slack);
        let size = (self.rules.endpoints.len(), self.rules.thresholds.len());
        self.endpoints[sample.endpoint].record(sample, charge.nanos);
        if let Some(step) = ended.ended_by {
            let endings = &mut self.endpoints[sample.endpoint].ended_by;
            *endings.entry((step, sample.outcome)).or_default() += 1;
        }
        for (step, reached) in ended.steps.clone().zip(&ended.reached) {
            let step = &mut self.endpoints[step];
            step.reached += u64::from(*reached);
            step.unreached += u64::from(!*reached);
        }
        let group = group_of(&mut self.users, sample.user, size);
        journey_at(&mut group.journeys, ended.index, size.1).add(sample, &charge, before);
        for step in ended.unreached() {
            group.endpoints[step].unreached += 1;
        }
    }

    /// Counts one journey that was due after the end of the run, as [`Tally::record_tail`] does a request.
    ///
    /// # Panics
    /// When its endpoint or one of its steps is none of the plan's.
    pub fn record_tail_journey(&mut self, ended: &EndedJourney, end: u64) {
        if ended.sample.due >= end.next_multiple_of(SECOND) {
            self.count_journey(ended);
        }
    }

    fn count_journey(&mut self, ended: &EndedJourney) {
        let sample = &ended.sample;
        let (charge, before) = self.charge(sample, ended.poll_slack);
        let thresholds = self.rules.thresholds.len();
        let second = second_at(&mut self.seconds, &self.rules, sample.due);
        journey_at(&mut second.journeys, ended.index, thresholds).add(sample, &charge, before);
        for step in ended.unreached() {
            second.endpoints[step].unreached += 1;
        }
    }

    /// What a sample is charged, and how many of the thresholds it reaches even without its last `slack` nanoseconds.
    fn charge(&self, sample: &Sample, slack: u64) -> (Charge, usize) {
        let response = sample.done.saturating_sub(sample.due);
        let charged = if sample.outcome.is_ok() {
            response
        } else {
            response.max(self.rules.endpoints[sample.endpoint].timeout)
        };
        let charge = Charge::new(sample, charged, &self.rules.thresholds);
        // A failure is charged whatever was polled.
        let slack = if sample.outcome.is_ok() { slack } else { 0 };
        let before = charge.over_before_poll(slack, &self.rules.thresholds);
        (charge, before)
    }

    fn is_judged(&self, sample: &Sample) -> bool {
        sample.due >= self.rules.endpoints[sample.endpoint].judged_from
    }
}

impl EndpointTally {
    /// Which steps ended a journey, and how; the most frequent first.
    pub fn ended_by(&self) -> Vec<JourneyEnding> {
        let endings = self.ended_by.iter();
        let mut endings: Vec<JourneyEnding> = endings
            .map(|(&(step, outcome), &count)| JourneyEnding {
                step,
                outcome,
                count,
            })
            .collect();
        sort_endings(&mut endings);
        endings
    }

    pub(super) fn merge_journeys(&mut self, other: &EndpointTally) {
        self.reached += other.reached;
        self.unreached += other.unreached;
        for (ending, count) in &other.ended_by {
            *self.ended_by.entry(*ending).or_default() += count;
        }
    }
}
