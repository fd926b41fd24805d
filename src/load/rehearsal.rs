//! A run of a plan in virtual time, against a target that is only imagined.
//!
//! The schedule, the looks, the counters and the record are those of a real run. Nothing is sent and nothing is waited
//! for, so that thousands of sessions can tell how often a verdict is wrong.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use super::checkpoints::{Counters, Looks, Underway};
use super::mix::Mix;
use super::numbering::Numbering;
use super::observer::Observer;
use super::result;
use super::run::TICK;
use super::schedule::{ConnectionPolicy, DueTimes, nanos, streams};
use super::worker::rules;
use crate::plan::Plan;
use crate::record::{Outcome, Sample};
use crate::record::{RunResult, Status, Tally};

/// How an imagined request fares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fare {
    /// From its first byte to the last one of the answer, in nanoseconds.
    pub took: u64,
    /// How it ends.
    pub outcome: Outcome,
}

/// Runs a plan in virtual time. `fares` is called for each request in the order in which they are sent, with its
/// endpoint and that time, in nanoseconds from the start of the run.
///
/// Requests stand for themselves: a plan with journeys can't be rehearsed. A user sends one request at a time; arrivals at a rate never wait for a connection.
pub fn rehearse(
    plan: &Plan,
    observer: &mut dyn Observer,
    fares: &mut dyn FnMut(usize, u64) -> Fare,
) -> RunResult {
    let mut rehearsal = Rehearsal::new(plan, fares);
    let mut looks = Looks::new(plan);
    while rehearsal.now < rehearsal.end {
        rehearsal.now += nanos(looks.pause(rehearsal.now, TICK));
        looks.attend(&mut rehearsal, observer);
    }
    looks.has_planned_part = true;
    let end = rehearsal.end;
    let tally = rehearsal.all(end);
    rehearsal.result(&tally, end, &looks)
}

struct Rehearsal<'a> {
    plan: &'a Plan,
    /// By the time they end.
    samples: Vec<Sample>,
    /// Due times and endpoints, in order.
    due: Vec<(u64, usize)>,
    /// What has ended by now.
    tally: Tally,
    /// How many of the samples that is, and how many of them each endpoint has.
    ended: usize,
    ended_at: Vec<u64>,
    /// How many of them were due before the planned end.
    ended_planned: u64,
    now: u64,
    end: u64,
}

impl<'a> Rehearsal<'a> {
    fn new(plan: &'a Plan, fares: &mut dyn FnMut(usize, u64) -> Fare) -> Rehearsal<'a> {
        let latest = nanos(plan.phases.latest_end());
        let mut samples = samples(plan, latest, fares);
        let mut due: Vec<(u64, usize)> =
            samples.iter().map(|one| (one.due, one.endpoint)).collect();
        due.sort_unstable();
        samples.sort_by_key(|sample| sample.done);
        Rehearsal {
            plan,
            samples,
            due,
            tally: Tally::new(rules(plan)),
            ended: 0,
            ended_at: vec![0; plan.endpoints.len()],
            ended_planned: 0,
            now: 0,
            end: nanos(plan.phases.planned_end()),
        }
    }

    /// Counts what has ended by now.
    fn catch_up(&mut self, planned: u64) {
        while let Some(sample) = self
            .samples
            .get(self.ended)
            .filter(|one| one.done <= self.now)
        {
            self.tally.record(sample);
            self.ended += 1;
            self.ended_at[sample.endpoint] += 1;
            self.ended_planned += u64::from(sample.due < planned);
        }
    }

    /// All that was due before `end`, to the last outcome.
    fn all(&self, end: u64) -> Tally {
        let mut tally = Tally::new(rules(self.plan));
        let due = self.samples.iter().filter(|sample| sample.due < end);
        due.for_each(|sample| tally.record(sample));
        tally
    }
}

impl Underway for Rehearsal<'_> {
    fn now(&self) -> u64 {
        self.now
    }

    fn end(&self) -> u64 {
        self.end
    }

    /// No time passes while it is judged.
    fn is_open(&self) -> bool {
        self.now < self.end
    }

    fn extend_to(&mut self, end: u64) -> bool {
        self.end = end;
        true
    }

    fn fix(&mut self) {}

    fn end_at(&mut self, end: u64) {
        self.end = end;
    }

    fn counters(&mut self, planned: u64, _patience: Duration) -> Option<Counters> {
        self.catch_up(planned);
        let before = |moment: u64| self.due.partition_point(|(due, _)| *due < moment);
        let mut open = vec![0; self.plan.endpoints.len()];
        for (_, endpoint) in &self.due[..before(self.now)] {
            open[*endpoint] += 1;
        }
        let open = open
            .iter()
            .zip(&self.ended_at)
            .map(|(due, ended)| due - ended);
        Some(Counters {
            tally: self.tally.counters(),
            open: open.collect(),
            open_planned: before(self.now.min(planned)) as u64 - self.ended_planned,
        })
    }

    fn result(&self, tally: &Tally, end: u64, looks: &Looks<'_>) -> RunResult {
        let run = result::Run {
            plan: self.plan,
            started: 0,
            status: Status::Complete,
            end,
            extensions: looks.extensions,
            extended_from: looks.extended_from(),
            cpu: &[],
            found: &[],
        };
        run.result(tally)
    }
}

/// All that would be due before `end`, sent in the order of time.
fn samples(plan: &Plan, end: u64, fares: &mut dyn FnMut(usize, u64) -> Fare) -> Vec<Sample> {
    let (groups, connections) = streams(plan, 1);
    let streams: Vec<DueTimes> = groups.into_iter().flatten().collect();
    let mix = Mix::new(plan);
    let numbering = Numbering::new(&plan.arrivals, 0);
    let is_users = connections == ConnectionPolicy::Own;
    let mut next: BinaryHeap<Reverse<(u64, usize, u64)>> = streams
        .iter()
        .enumerate()
        .map(|(index, stream)| Reverse((stream.due(0), index, 0)))
        .collect();
    let mut samples = Vec::new();
    while let Some(Reverse((begun, index, k))) = next.pop() {
        let stream = &streams[index];
        let due = stream.due(k);
        if due >= end {
            continue;
        }
        let endpoint = mix.of(stream, k);
        let fare = fares(endpoint, begun);
        let done = begun + fare.took;
        samples.push(Sample {
            endpoint,
            user: numbering.user(stream.number(k), index as u64),
            due,
            sent: Some(begun),
            done,
            lag: 0,
            bytes: 0,
            outcome: fare.outcome,
            address: None,
        });
        let due = stream.due(k + 1);
        let begins = if is_users { due.max(done) } else { due };
        next.push(Reverse((begins, index, k + 1)));
    }
    samples
}

#[cfg(test)]
mod tests;
