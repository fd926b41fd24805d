//! The worker's book of due requests: whatever happens, each of them ends in exactly one outcome.

mod journeys;

use std::cell::RefCell;

pub(super) use self::journeys::{JourneyPlan, StepEnd};
use self::journeys::{JourneyPlans, JourneyState};
use super::mix::Mix;
use super::numbering::Numbering;
use super::schedule::DueTimes;
use crate::client::Exchange;
use crate::record::{Excerpt, Tally};
use crate::record::{Outcome, Sample, SocketEvents};

/// A due request that has been taken up.
#[derive(Debug, Clone, Copy)]
pub(super) struct Job {
    pub(super) endpoint: usize,
    /// The number of the request in the whole plan: the user of a shared connection and the address depend on it.
    pub(super) number: u64,
    pub(super) due: u64,
    /// The generator's own part of the wait so far.
    pub(super) lag: u64,
    /// The part of that in which all connections that the plan allows were busy.
    pub(super) waited: u64,
}

/// When what happened to a job, in nanoseconds from the start of the run.
#[derive(Debug, Clone, Copy)]
pub(super) struct JobTimes {
    pub(super) sent: Option<u64>,
    pub(super) done: u64,
    /// How long the generator was held up meanwhile.
    pub(super) held_up: u64,
}

/// A job on its way.
#[derive(Debug, Clone, Copy)]
struct Flight {
    job: Job,
    begun: u64,
}

/// All due requests of one worker.
pub(super) struct Ledger {
    streams: Vec<DueTimes>,
    mix: Mix,
    users: Numbering,
    journeys: Option<JourneyPlans>,
    state: RefCell<LedgerState>,
}

struct LedgerState {
    tally: Tally,
    /// The first request of each stream that is not taken up yet.
    next: Vec<NextDue>,
    /// What each lane has on its way.
    flights: Vec<Option<Flight>>,
    /// What has ended and was due after an end that may still be moved on, with its wait for a connection.
    beyond: Vec<(Sample, u64)>,
    journeys: JourneyState,
}

impl LedgerState {
    fn admit(&mut self, end: u64) {
        let due = self.beyond.extract_if(.., |(sample, _)| sample.due < end);
        due.for_each(|(sample, waited)| self.tally.record_after(&sample, waited));
        self.admit_journeys(end);
    }
}

/// A request that is not taken up yet.
#[derive(Debug, Clone, Copy)]
struct NextDue {
    k: u64,
    due: u64,
}

impl NextDue {
    fn of(stream: &DueTimes, k: u64) -> NextDue {
        NextDue {
            k,
            due: stream.due(k),
        }
    }
}

impl Ledger {
    pub(super) fn new(streams: Vec<DueTimes>, mix: Mix, users: Numbering, tally: Tally) -> Ledger {
        let next = streams
            .iter()
            .map(|stream| NextDue::of(stream, 0))
            .collect();
        let state = LedgerState {
            tally,
            next,
            flights: Vec::new(),
            beyond: Vec::new(),
            journeys: JourneyState::default(),
        };
        Ledger {
            streams,
            mix,
            users,
            journeys: None,
            state: RefCell::new(state),
        }
    }

    pub(super) fn streams(&self) -> usize {
        self.streams.len()
    }

    /// A new lane; its number is the handle for the calls below.
    pub(super) fn open_lane(&self) -> usize {
        let flights = &mut self.state.borrow_mut().flights;
        flights.push(None);
        flights.len() - 1
    }

    /// When the stream's next request is due.
    pub(super) fn next_due(&self, stream: usize) -> u64 {
        self.state.borrow().next[stream].due
    }

    /// Takes up the stream's next request.
    pub(super) fn take(&self, stream: usize, lag: u64) -> Job {
        let next = &mut self.state.borrow_mut().next[stream];
        let stream = &self.streams[stream];
        let NextDue { k, due } = *next;
        *next = NextDue::of(stream, k + 1);
        Job {
            endpoint: self.mix.of(stream, k),
            number: stream.number(k),
            due,
            lag,
            waited: 0,
        }
    }

    /// Takes up the stream's next request for a connection that has just become free, if it is due
    /// by `now`: all of its wait was for a connection, unless the generator itself was `held_up` for most of it.
    pub(super) fn take_waiting(
        &self,
        stream: usize,
        now: u64,
        end: u64,
        held_up: impl Fn(u64, u64) -> u64,
    ) -> Option<Job> {
        let due = self.next_due(stream);
        (due <= now && due < end).then(|| {
            self.state.borrow_mut().tally.waited_for_connection += 1;
            let wait = now - due;
            // Held up for a little while a connection was awaited anyway, it made nothing later.
            let held_up = Some(held_up(due, now)).filter(|held_up| 2 * held_up >= wait);
            Job {
                waited: wait.saturating_sub(held_up.unwrap_or(0)),
                ..self.take(stream, wait)
            }
        })
    }

    /// Whether a stream's user holds a WebSocket.
    pub(super) fn is_socket(&self, stream: usize) -> bool {
        self.streams[stream].is_socket()
    }

    /// The number of a stream's first request in the whole plan: of a user's own stream, the user's.
    pub(super) fn first_number(&self, stream: usize) -> u64 {
        self.streams[stream].number(0)
    }

    /// A stream's connection that is due now because the last one was lost.
    pub(super) fn reconnect(&self, stream: usize, now: u64) -> Job {
        Job {
            endpoint: self.mix.connect(),
            number: self.first_number(stream),
            due: now,
            lag: 0,
            waited: 0,
        }
    }

    /// Records what a user's WebSocket met beside its due messages.
    pub(super) fn talk(&self, talk: &SocketEvents) {
        self.state.borrow_mut().tally.sockets.add(talk);
    }

    /// The number of a lane's connection among those of all workers, where arrivals share connections.
    fn connection(&self, lane: usize) -> u64 {
        self.streams
            .first()
            .map_or(0, |stream| stream.number(lane as u64))
    }

    pub(super) fn begin(&self, lane: usize, job: Job, begun: u64) {
        self.state.borrow_mut().flights[lane] = Some(Flight { job, begun });
    }

    /// Records how a job ended; `times` says when. What was due at the `end` of the run or later is kept
    /// until it is known whether that is final.
    pub(super) fn end(&self, lane: usize, exchange: &Exchange, times: JobTimes, end: u64) {
        let mut state = self.state.borrow_mut();
        let Some(Flight { job, .. }) = state.flights[lane].take() else {
            return;
        };
        state.tally.connections += u64::from(exchange.connected);
        state.tally.resent += u64::from(exchange.resent);
        let sample = Sample {
            endpoint: job.endpoint,
            user: self.users.user(job.number, self.connection(lane)),
            due: job.due,
            sent: times.sent,
            done: times.done,
            lag: job.lag + times.held_up,
            bytes: exchange.bytes,
            outcome: exchange.outcome,
            address: exchange.address,
        };
        if job.due < end {
            state.tally.record_after(&sample, job.waited);
        } else {
            state.beyond.push((sample, job.waited));
        }
    }

    /// Records what was due after an earlier end of the run and is due before this one.
    pub(super) fn admit(&self, end: u64) {
        self.state.borrow_mut().admit(end);
    }

    /// Whether it is not known yet what requests that end like this are answered.
    pub(super) fn lacks_excerpt(&self, outcome: Outcome) -> bool {
        !outcome.is_ok() && self.state.borrow().tally.excerpts.lacks(outcome)
    }

    /// Keeps what a failed request was answered.
    pub(super) fn add_excerpt(&self, outcome: Outcome, excerpt: Excerpt) {
        let excerpts = &mut self.state.borrow_mut().tally.excerpts;
        excerpts.add(outcome, excerpt);
    }

    /// The counters so far, without histograms.
    pub(super) fn counters(&self) -> Tally {
        self.state.borrow().tally.counters()
    }

    /// All but the seconds before `from`.
    pub(super) fn recent(&self, from: usize) -> Tally {
        self.state.borrow().tally.recent(from)
    }

    /// Requests due before a moment that have not ended, for each endpoint. Those of the ramp-up count as well:
    /// requests that are still open then are not a reason to judge early.
    pub(super) fn open(&self, before: u64) -> Vec<u64> {
        let state = self.state.borrow();
        let mut open = vec![0; state.tally.endpoints.len()];
        let flights = state.flights.iter().flatten();
        for flight in flights.filter(|flight| flight.job.due < before) {
            open[flight.job.endpoint] += 1;
        }
        for (stream, next) in self.streams.iter().zip(&state.next) {
            let mut k = next.k;
            while stream.due(k) < before {
                open[self.mix.of(stream, k)] += 1;
                k += 1;
            }
        }
        self.add_open_steps(&state, before, &mut open);
        open
    }

    /// Whether nothing that is due before `end` is waiting or on its way.
    pub(super) fn is_idle(&self, end: u64) -> bool {
        let state = self.state.borrow();
        let mut flights = state.flights.iter().flatten();
        flights.all(|flight| flight.job.due >= end) && state.next.iter().all(|next| next.due >= end)
    }

    /// Ends all that is still open: on its way means cut off, waiting or not taken up means never started. What was
    /// due at the end or later is not part of the run.
    pub(super) fn close(&self, end: u64, now: u64) -> Tally {
        let mut guard = self.state.borrow_mut();
        let state = &mut *guard;
        state.admit(end);
        for (lane, flight) in std::mem::take(&mut state.flights).into_iter().enumerate() {
            let Some(flight) = flight.filter(|one| one.job.due < end) else {
                continue;
            };
            if let Some(journey) = self.journey(flight.job.endpoint) {
                self.cut_off_journey(state, (lane, flight), journey, (end, now));
            } else {
                let Flight { job, begun } = flight;
                let user = self.users.user(job.number, self.connection(lane));
                let sample = unfinished(job, user, Some(begun), now, Outcome::CutOff);
                state.tally.record(&sample);
            }
        }
        for (stream, next) in self.streams.iter().zip(&mut state.next) {
            while next.due < end {
                let job = Job {
                    endpoint: self.mix.of(stream, next.k),
                    number: stream.number(next.k),
                    due: next.due,
                    lag: 0,
                    waited: 0,
                };
                if let Some(journey) = self.journey(job.endpoint) {
                    self.not_started_journey(&mut state.tally, job, journey, now);
                } else {
                    // It has no connection, and no connection is to blame.
                    let user = self.users.user(job.number, job.number);
                    let sample = unfinished(job, user, None, now, Outcome::NotStarted);
                    state.tally.record(&sample);
                }
                *next = NextDue::of(stream, next.k + 1);
            }
        }
        if self.has_journeys() {
            state.record_tail(end);
        }
        state.tally.clone()
    }
}

fn unfinished(job: Job, user: u64, sent: Option<u64>, now: u64, outcome: Outcome) -> Sample {
    let done = now.max(job.due);
    Sample {
        endpoint: job.endpoint,
        user,
        due: job.due,
        sent,
        done,
        lag: job.lag,
        bytes: 0,
        outcome,
        address: None,
    }
}
