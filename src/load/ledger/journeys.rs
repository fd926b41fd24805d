//! The book's part on journeys: each due one ends in exactly one outcome, and each of its steps was reached or not.

use std::ops::Range;

use super::{Flight, Job, JobTimes, Ledger, LedgerState, unfinished};
use crate::load::messages::EndState;
use crate::load::schedule::{mix, nanos};
use crate::plan::{EndpointKind, Plan, Step};
use crate::record::{EndedJourney, Outcome, Sample, Tally};

/// The journeys of a plan, as the engine needs them.
#[derive(Debug)]
pub(super) struct JourneyPlans {
    all: Vec<JourneyPlan>,
}

/// One journey of a plan.
#[derive(Debug)]
pub(in crate::load) struct JourneyPlan {
    /// The endpoint that stands for it as a whole.
    endpoint: usize,
    /// Its place among the journeys, in the order of their endpoints.
    index: usize,
    /// The endpoints of its steps.
    steps: Range<usize>,
    rules: Vec<Step>,
    seed: u64,
}

/// What the book knows of journeys that have not ended, or that may not count.
#[derive(Debug, Default)]
pub(super) struct JourneyState {
    /// What each lane has on its way.
    open: Vec<Option<OpenJourney>>,
    /// Steps that were due after an end that may still be moved on, with their wait for a connection and their poll's slack.
    steps_beyond: Vec<(Sample, u64, u64)>,
    /// Journeys that were due then.
    beyond: Vec<EndedJourney>,
}

/// A journey on its way.
#[derive(Debug, Default)]
struct OpenJourney {
    /// The sum of the waits for its steps so far.
    waits: u64,
    lag: u64,
    poll_slack: u64,
    reached: Vec<bool>,
    step: Option<OpenStep>,
    ended_by: Option<(usize, Outcome)>,
}

/// A step on its way.
#[derive(Debug, Clone, Copy)]
struct OpenStep {
    index: usize,
    flight: Flight,
}

/// How a step ended, with all requests that it sent.
#[derive(Debug, Clone, Copy)]
pub(in crate::load) struct StepEnd {
    pub(in crate::load) times: JobTimes,
    pub(in crate::load) outcome: Outcome,
    pub(in crate::load) bytes: u64,
    pub(in crate::load) connections: u64,
    pub(in crate::load) resent: u64,
    pub(in crate::load) address: Option<u16>,
    /// How long before its end the last answer came that did not have what the step polls for; 0 without one.
    pub(in crate::load) poll_slack: u64,
}

impl JourneyPlan {
    /// Which of the plan's endpoints the step is.
    pub(in crate::load) fn endpoint(&self, index: usize) -> usize {
        self.steps.start + index
    }

    pub(in crate::load) fn rules(&self) -> &[Step] {
        &self.rules
    }

    /// The time from the answer before to a step's due time, in the journey with this number.
    pub(in crate::load) fn think(&self, index: usize, number: u64) -> u64 {
        let (least, most) = (
            nanos(self.rules[index].think_min),
            nanos(self.rules[index].think_max),
        );
        let drawn = mix(mix(self.seed, number), index as u64);
        let unit = (drawn >> 11) as f64 / (1_u64 << 53) as f64;
        least + (unit * most.saturating_sub(least) as f64) as u64
    }
}

impl JourneyPlans {
    /// `None` for a plan whose requests stand for themselves.
    pub(super) fn of(plan: &Plan) -> Option<JourneyPlans> {
        let endpoints = plan.endpoints.iter().enumerate();
        let journeys = endpoints.filter(|(_, one)| one.kind == EndpointKind::Journey);
        // Apart from the seeds of the due times and of the choice among journeys.
        let seed = mix(plan.seed, 0x7468_696e_6b5f_7469);
        let of = |(index, (endpoint, _)): (usize, (usize, _))| {
            let mut journeys = plan.journeys.iter();
            let journey = journeys.find(|journey| journey.endpoint == endpoint)?;
            let rules = plan.steps(journey).iter();
            Some(JourneyPlan {
                endpoint,
                index,
                steps: journey.steps.clone(),
                rules: rules
                    .map(|step| step.step.clone().unwrap_or_default())
                    .collect(),
                seed,
            })
        };
        let all: Vec<JourneyPlan> = journeys.enumerate().filter_map(of).collect();
        (!all.is_empty()).then_some(JourneyPlans { all })
    }

    fn get(&self, endpoint: usize) -> Option<&JourneyPlan> {
        self.all.iter().find(|journey| journey.endpoint == endpoint)
    }
}

impl Ledger {
    /// The same with the journeys of a plan.
    pub(in crate::load) fn with_journeys_of(self, plan: &Plan) -> Ledger {
        Ledger {
            journeys: JourneyPlans::of(plan),
            ..self
        }
    }

    /// Whether what is due are journeys.
    pub(in crate::load) fn has_journeys(&self) -> bool {
        self.journeys.is_some()
    }

    /// The journey that an endpoint stands for.
    pub(in crate::load) fn journey(&self, endpoint: usize) -> Option<&JourneyPlan> {
        self.journeys.as_ref()?.get(endpoint)
    }

    /// Begins the journey that a lane has taken up.
    pub(in crate::load) fn begin_journey(&self, lane: usize, journey: &JourneyPlan) {
        let open = &mut self.state.borrow_mut().journeys.open;
        if open.len() <= lane {
            open.resize_with(lane + 1, || None);
        }
        open[lane] = Some(OpenJourney {
            reached: vec![false; journey.rules.len()],
            ..OpenJourney::default()
        });
    }

    /// A step of a lane's journey is due.
    pub(in crate::load) fn begin_step(&self, lane: usize, index: usize, job: Job, begun: u64) {
        let mut state = self.state.borrow_mut();
        if let Some(open) = state.journeys.open[lane].as_mut() {
            open.reached[index] = true;
            open.step = Some(OpenStep {
                index,
                flight: Flight { job, begun },
            });
        }
    }

    /// Records how the step ended that a lane has on its way.
    pub(in crate::load) fn end_step(&self, lane: usize, ended: &StepEnd, end: EndState) {
        let mut guard = self.state.borrow_mut();
        let state = &mut *guard;
        let Some(open) = state.journeys.open[lane].as_mut() else {
            return;
        };
        let Some(OpenStep { flight, .. }) = open.step.take() else {
            return;
        };
        state.tally.connections += ended.connections;
        state.tally.resent += ended.resent;
        let job = flight.job;
        let sample = Sample {
            endpoint: job.endpoint,
            user: self.users.user(job.number, self.connection(lane)),
            due: job.due,
            sent: ended.times.sent,
            done: ended.times.done,
            lag: job.lag + ended.times.held_up,
            bytes: ended.bytes,
            outcome: ended.outcome,
            address: ended.address,
        };
        open.add(&sample, ended.poll_slack);
        state.record_step(&sample, job.waited, ended.poll_slack, end);
    }

    /// Records a lane's journey, whose last step has ended.
    pub(in crate::load) fn end_journey(&self, lane: usize, end: EndState) {
        let mut guard = self.state.borrow_mut();
        let state = &mut *guard;
        let flight = state.flights[lane].take();
        let open = state.journeys.open[lane].take();
        let (Some(Flight { job, .. }), Some(open)) = (flight, open) else {
            return;
        };
        let Some(journey) = self.journey(job.endpoint) else {
            return;
        };
        let user = self.users.user(job.number, self.connection(lane));
        let ended = open.ended(journey, &job, user);
        if job.due < end.at {
            state.tally.record_journey(&ended);
        } else if end.is_open {
            state.journeys.beyond.push(ended);
        } else {
            state.tally.record_tail_journey(&ended, end.at);
        }
    }

    /// Adds to what is open, with as many journeys of each kind in it, the steps that these may still come to: each of them may
    /// yet be due, or not be reached.
    pub(super) fn add_open_steps(&self, state: &LedgerState, before: u64, open: &mut [u64]) {
        let Some(journeys) = &self.journeys else {
            return;
        };
        for journey in &journeys.all {
            let all = open[journey.endpoint];
            open[journey.steps.clone()]
                .iter_mut()
                .for_each(|step| *step += all);
        }
        for (flight, begun) in state.flights.iter().zip(&state.journeys.open) {
            let (Some(flight), Some(begun)) = (flight, begun) else {
                continue;
            };
            let journey = journeys.get(flight.job.endpoint);
            let Some(journey) = journey.filter(|_| flight.job.due < before) else {
                continue;
            };
            for index in begun.ended_steps() {
                open[journey.endpoint(index)] -= 1;
            }
        }
    }

    /// Ends the journey that a lane has on its way, and the step in it.
    pub(super) fn cut_off_journey(
        &self,
        state: &mut LedgerState,
        (lane, flight): (usize, Flight),
        journey: &JourneyPlan,
        (end, now): (u64, u64),
    ) {
        let user = self.users.user(flight.job.number, self.connection(lane));
        let open = state.journeys.open.get_mut(lane).and_then(Option::take);
        let mut open = open.unwrap_or_else(|| OpenJourney::not_begun(journey, flight));
        if let Some(OpenStep { flight, .. }) = open.step.take() {
            let sample = unfinished(flight.job, user, Some(flight.begun), now, Outcome::CutOff);
            open.add(&sample, 0);
            state.record_step(&sample, 0, 0, EndState::closed_at(end));
        }
        if open.ended_by.is_none() {
            let next = open.reached.iter().position(|reached| !reached);
            let step = next.unwrap_or(journey.rules.len().saturating_sub(1));
            open.ended_by = Some((journey.endpoint(step), Outcome::CutOff));
        }
        let ended = open.ended(journey, &flight.job, user);
        state.tally.record_journey(&ended);
    }

    /// Ends a journey of which not even the first step was sent.
    pub(super) fn not_started_journey(
        &self,
        tally: &mut Tally,
        job: Job,
        journey: &JourneyPlan,
        now: u64,
    ) {
        let user = self.users.user(job.number, job.number);
        let first = Job {
            endpoint: journey.endpoint(0),
            ..job
        };
        let sample = unfinished(first, user, None, now, Outcome::NotStarted);
        let mut open = OpenJourney::not_begun(journey, Flight { job, begun: now });
        open.add(&sample, 0);
        tally.record(&sample);
        tally.record_journey(&open.ended(journey, &job, user));
    }
}

impl LedgerState {
    fn record_step(&mut self, sample: &Sample, waited: u64, slack: u64, end: EndState) {
        if sample.due < end.at {
            self.tally.record_polled(sample, waited, slack);
        } else if end.is_open {
            self.journeys.steps_beyond.push((*sample, waited, slack));
        } else {
            self.tally.record_tail(sample, end.at);
        }
    }

    /// Records what was due after an earlier end of the run and is due before this one.
    pub(super) fn admit_journeys(&mut self, end: u64) {
        let JourneyState {
            steps_beyond,
            beyond,
            ..
        } = &mut self.journeys;
        for (sample, waited, slack) in steps_beyond.extract_if(.., |(one, ..)| one.due < end) {
            self.tally.record_polled(&sample, waited, slack);
        }
        for ended in beyond.extract_if(.., |ended| ended.sample.due < end) {
            self.tally.record_journey(&ended);
        }
    }

    /// Records what was due after the end, now that this is final.
    pub(super) fn record_tail(&mut self, end: u64) {
        for (sample, _) in self.beyond.drain(..) {
            self.tally.record_tail(&sample, end);
        }
        for (sample, ..) in self.journeys.steps_beyond.drain(..) {
            self.tally.record_tail(&sample, end);
        }
        for ended in self.journeys.beyond.drain(..) {
            self.tally.record_tail_journey(&ended, end);
        }
    }
}

impl OpenJourney {
    /// One of which nothing but the first step is due.
    fn not_begun(journey: &JourneyPlan, flight: Flight) -> OpenJourney {
        let first = Job {
            endpoint: journey.endpoint(0),
            ..flight.job
        };
        OpenJourney {
            reached: (0..journey.rules.len()).map(|index| index == 0).collect(),
            step: Some(OpenStep {
                index: 0,
                flight: Flight {
                    job: first,
                    ..flight
                },
            }),
            ..OpenJourney::default()
        }
    }

    /// Adds the wait for a step, unless it only cleans up after the one that ended the journey.
    fn add(&mut self, sample: &Sample, poll_slack: u64) {
        if self.ended_by.is_some() {
            return;
        }
        self.waits += sample.done.saturating_sub(sample.due);
        self.lag += sample.lag;
        self.poll_slack += poll_slack;
        if !sample.outcome.is_ok() {
            self.ended_by = Some((sample.endpoint, sample.outcome));
        }
    }

    /// The steps that were due and have ended.
    fn ended_steps(&self) -> impl Iterator<Item = usize> {
        let on_its_way = self.step.map(|step| step.index);
        let reached = self.reached.iter().enumerate();
        reached
            .filter(move |(index, reached)| **reached && Some(*index) != on_its_way)
            .map(|(index, _)| index)
    }

    fn ended(self, journey: &JourneyPlan, job: &Job, user: u64) -> EndedJourney {
        EndedJourney {
            sample: Sample {
                endpoint: journey.endpoint,
                user,
                due: job.due,
                sent: None,
                done: job.due + self.waits,
                lag: self.lag,
                bytes: 0,
                outcome: self.ended_by.map_or(Outcome::Ok, |(_, outcome)| outcome),
                address: None,
            },
            index: journey.index,
            steps: journey.steps.clone(),
            reached: self.reached,
            ended_by: self.ended_by.map(|(step, _)| step),
            poll_slack: self.poll_slack,
        }
    }
}
