//! A user on a journey: what begins is due by schedule, what follows from an answer is due from that answer.

use super::ledger::{Job, JobTimes, JourneyPlan, StepEnd};
use super::messages::RunEnd;
use super::schedule::{ConnectionPolicy, nanos};
use super::users::{User, Users};
use super::worker_loop::{DueUnit, TakenJob, WorkerContext};
use crate::client::Exchange;
use crate::plan::{Poll, Step};
use crate::record::{Excerpt, Outcome};
use crate::timers::Timer;

/// How often a worker looks, past the end of the run, whether all journeys of all workers have ended, in nanoseconds.
const TAIL_CHECK: u64 = 50_000_000;

/// Each number of a stream is a journey's; of a user on a WebSocket a message's as ever.
pub(super) struct Journeys;

impl DueUnit for Journeys {
    fn until(end: &RunEnd) -> u64 {
        end.until_with_tail()
    }

    fn has_come(end: &RunEnd, now: u64) -> bool {
        end.has_come_with_tail(now)
    }

    fn wake(next: u64, now: u64, end: u64) -> u64 {
        if now < end {
            next
        } else {
            next.min(now + TAIL_CHECK)
        }
    }

    fn send<U: Users>(
        work: &WorkerContext<U>,
        lane: usize,
        user: &mut U::User,
        taken: TakenJob,
    ) -> impl Future<Output = u64> {
        walk(work, lane, user, taken)
    }
}

/// A journey under way.
struct Walk<'a, U: Users> {
    work: &'a WorkerContext<U>,
    journey: &'a JourneyPlan,
    lane: usize,
    user: &'a mut U::User,
    timer: Timer,
}

/// Goes all the way of one journey, or sends the message of a user on a WebSocket; returns when the connection was free again.
async fn walk<U: Users>(
    work: &WorkerContext<U>,
    lane: usize,
    user: &mut U::User,
    (job, begun): TakenJob,
) -> u64 {
    let Some(journey) = work.ledger.journey(job.endpoint) else {
        return work.exchange(lane, user, (job, begun)).await;
    };
    work.ledger.begin(lane, job, begun);
    work.ledger.begin_journey(lane, journey);
    let is_new_visitor = matches!(work.connections, ConnectionPolicy::Shared(_));
    user.begin_journey(job.number, is_new_visitor);
    let walk = Walk {
        work,
        journey,
        lane,
        user,
        timer: work.agenda.timer(),
    };
    let free = walk.steps(job, begun).await;
    work.ledger.end_journey(lane, work.end.state());
    free
}

impl<U: Users> Walk<'_, U> {
    /// Sends one step after the other; after one that failed only those that are always sent.
    async fn steps(mut self, job: Job, begun: u64) -> u64 {
        let mut free = begun;
        let mut has_failed = false;
        for (index, step) in self.journey.rules().iter().enumerate() {
            // What an earlier step did not come to leave behind needs no clean-up.
            let endpoint = self.journey.endpoint(index);
            if has_failed && !(step.always && self.user.can_send(endpoint, job.number)) {
                continue;
            }
            let (job, begun) = match index {
                0 => (self.first(job), begun),
                _ => self.next(index, job.number, free).await,
            };
            let outcome;
            (free, outcome) = self.step(index, step, (job, begun)).await;
            has_failed |= !outcome.is_ok();
        }
        free
    }

    fn first(&self, journey: Job) -> Job {
        Job {
            endpoint: self.journey.endpoint(0),
            ..journey
        }
    }

    /// Waits until a step is due: one think time after the answer before.
    async fn next(&mut self, index: usize, number: u64, answered: u64) -> TakenJob {
        let due = answered + self.journey.think(index, number);
        let now = self.pause(due).await;
        let job = Job {
            endpoint: self.journey.endpoint(index),
            number,
            due,
            // Nothing but the generator is between a user and its next step.
            lag: now - due,
            waited: 0,
        };
        (job, now)
    }

    /// Waits until `at`, and attends to the connection meanwhile; returns the time then.
    async fn pause(&mut self, at: u64) -> u64 {
        while self.work.agenda.now() < at {
            tokio::select! {
                biased;
                () = self.timer.sleep_until(at) => {}
                () = self.user.idle() => {}
            }
        }
        self.work.agenda.now().max(at)
    }

    /// Sends a step's request, and again where it polls; returns when the connection was free, and how the step ended.
    async fn step(&mut self, index: usize, step: &Step, (job, begun): TakenJob) -> (u64, Outcome) {
        self.work.ledger.begin_step(self.lane, index, job, begun);
        let mut seen = Seen::default();
        let mut begun = begun;
        let (free, outcome) = loop {
            let exchange = self.user.exchange(job.endpoint, job.number).await;
            let done = self.work.agenda.nanos(exchange.done);
            let held_up = self.work.agenda.stalled_for(begun, done);
            let sent = exchange.sent.map(|sent| self.work.agenda.nanos(sent));
            seen.add(&exchange, sent, done, held_up);
            match Polled::of(step.poll, &exchange, job.due, done) {
                Polled::Ended(outcome) => break (done, outcome),
                Polled::Again(at) => {
                    begun = self.pause(at).await;
                    seen.held_up += begun - at;
                }
                Polled::GivenUp(at) => {
                    self.pause(at).await;
                    break (done.max(at), Outcome::Timeout);
                }
            }
        };
        let give_up = step.poll.map(|poll| job.due + nanos(poll.within));
        let has_timed_out = outcome == Outcome::Timeout && step.poll.is_some();
        seen.done = match give_up.filter(|_| has_timed_out) {
            Some(give_up) => give_up.min(free),
            None => free,
        };
        let ended = seen.end(outcome);
        let end = self.work.end.state();
        self.work.ledger.end_step(self.lane, &ended, end);
        self.keep_excerpt(&job, outcome);
        self.work.gauge.count(outcome.is_ok());
        (free, outcome)
    }

    fn keep_excerpt(&self, job: &Job, outcome: Outcome) {
        if self.work.ledger.lacks_excerpt(outcome) {
            let excerpt = Excerpt {
                endpoint: job.endpoint,
                text: self.user.excerpt(job.endpoint, job.number),
                wait_s: self.user.retry_after(),
            };
            self.work.ledger.add_excerpt(outcome, excerpt);
        }
    }
}

/// What follows from one answer to a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Polled {
    /// The step has ended.
    Ended(Outcome),
    /// It is asked again then.
    Again(u64),
    /// Its time is over then, and no answer before can have what it waits for.
    GivenUp(u64),
}

impl Polled {
    fn of(poll: Option<Poll>, exchange: &Exchange, due: u64, done: u64) -> Polled {
        let Some(poll) = poll.filter(|_| exchange.outcome.is_ok()) else {
            return Polled::Ended(exchange.outcome);
        };
        let give_up = due + nanos(poll.within);
        let again = done + nanos(poll.every);
        match exchange.is_pending {
            _ if done > give_up => Polled::Ended(Outcome::Timeout),
            false => Polled::Ended(Outcome::Ok),
            true if again < give_up => Polled::Again(again),
            true => Polled::GivenUp(give_up),
        }
    }
}

/// What was seen of a step's requests.
#[derive(Debug, Default)]
struct Seen {
    sent: Option<u64>,
    done: u64,
    held_up: u64,
    bytes: u64,
    connections: u64,
    resent: u64,
    address: Option<u16>,
    /// When the last answer came that did not have what the step polls for.
    pending_at: Option<u64>,
}

impl Seen {
    fn add(&mut self, exchange: &Exchange, sent: Option<u64>, done: u64, held_up: u64) {
        self.sent = self.sent.or(sent);
        self.done = done;
        self.held_up += held_up;
        self.bytes += exchange.bytes;
        self.connections += u64::from(exchange.connected);
        self.resent += u64::from(exchange.resent);
        self.address = exchange.address;
        if exchange.is_pending {
            self.pending_at = Some(done);
        }
    }

    fn end(&self, outcome: Outcome) -> StepEnd {
        let pending_at = self.pending_at.filter(|_| outcome.is_ok());
        StepEnd {
            times: JobTimes {
                sent: self.sent,
                done: self.done,
                held_up: self.held_up,
            },
            outcome,
            bytes: self.bytes,
            connections: self.connections,
            resent: self.resent,
            address: self.address,
            poll_slack: pending_at.map_or(0, |at| self.done.saturating_sub(at)),
        }
    }
}

#[cfg(test)]
mod tests;
