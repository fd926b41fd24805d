//! The worker's book of due requests: whatever happens, each of them ends in exactly one outcome.

use std::cell::RefCell;
use std::collections::VecDeque;

use super::mix::Mix;
use super::schedule::Stream;
use crate::client::{Exchange, Outcome, Sample, Talk};
use crate::record::Tally;

/// A due request that has been taken up.
#[derive(Debug, Clone, Copy)]
pub(super) struct Job {
    pub(super) endpoint: usize,
    pub(super) due: u64,
    /// The generator's own part of the wait so far.
    pub(super) lag: u64,
}

/// A job on its way.
#[derive(Debug, Clone, Copy)]
struct Flight {
    job: Job,
    begun: u64,
}

/// All due requests of one worker.
pub(super) struct Ledger {
    streams: Vec<Stream>,
    mix: Mix,
    state: RefCell<State>,
}

struct State {
    tally: Tally,
    /// The first request of each stream that nobody has taken up yet.
    next: Vec<u64>,
    /// What each lane has on its way.
    flights: Vec<Option<Flight>>,
    /// Due, but waiting for a connection.
    queue: VecDeque<Job>,
}

impl Ledger {
    pub(super) fn new(streams: Vec<Stream>, mix: Mix, tally: Tally) -> Ledger {
        let next = vec![0; streams.len()];
        let state = State {
            tally,
            next,
            flights: Vec::new(),
            queue: VecDeque::new(),
        };
        Ledger {
            streams,
            mix,
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
        self.streams[stream].due(self.state.borrow().next[stream])
    }

    /// Takes up the stream's next request.
    pub(super) fn take(&self, stream: usize, lag: u64) -> Job {
        let k = &mut self.state.borrow_mut().next[stream];
        let stream = &self.streams[stream];
        let job = Job {
            endpoint: self.mix.of(stream, *k),
            due: stream.due(*k),
            lag,
        };
        *k += 1;
        job
    }

    /// Whether a stream's user holds a WebSocket.
    pub(super) fn is_socket(&self, stream: usize) -> bool {
        self.streams[stream].is_socket()
    }

    /// A connection that is due now because the last one was lost.
    pub(super) fn reconnect(&self, now: u64) -> Job {
        Job {
            endpoint: self.mix.connect(),
            due: now,
            lag: 0,
        }
    }

    /// Records what a user's WebSocket met beside its due messages.
    pub(super) fn talk(&self, talk: &Talk) {
        self.state.borrow_mut().tally.sockets.add(talk);
    }

    pub(super) fn enqueue(&self, job: Job) {
        self.state.borrow_mut().queue.push_back(job);
    }

    /// The longest waiting job; all of its wait was for a connection, which the generator grudged it.
    pub(super) fn dequeue(&self, now: u64) -> Option<Job> {
        let mut state = self.state.borrow_mut();
        let job = state.queue.pop_front()?;
        state.tally.waited_for_connection += 1;
        Some(Job {
            lag: now.saturating_sub(job.due),
            ..job
        })
    }

    pub(super) fn begin(&self, lane: usize, job: Job, begun: u64) {
        self.state.borrow_mut().flights[lane] = Some(Flight { job, begun });
    }

    /// Records how a lane's job ended; `nanos` tells an instant's place in the run.
    pub(super) fn end(
        &self,
        lane: usize,
        exchange: &Exchange,
        nanos: impl Fn(tokio::time::Instant) -> u64,
    ) {
        let mut state = self.state.borrow_mut();
        let Some(Flight { job, .. }) = state.flights[lane].take() else {
            return;
        };
        state.tally.connections += u64::from(exchange.connected);
        state.tally.resent += u64::from(exchange.resent);
        state.tally.record(&Sample {
            endpoint: job.endpoint,
            due: job.due,
            sent: exchange.sent.map(&nanos),
            done: nanos(exchange.done),
            lag: job.lag,
            bytes: exchange.bytes,
            outcome: exchange.outcome,
        });
    }

    /// The counters so far, without histograms.
    pub(super) fn counters(&self) -> Tally {
        self.state.borrow().tally.counters()
    }

    /// Requests due before `now` that have not ended, for each endpoint. Those of the ramp-up count as well:
    /// whatever is still open then is no reason to judge early.
    pub(super) fn open(&self, now: u64) -> Vec<u64> {
        let state = self.state.borrow();
        let mut open = vec![0; state.tally.endpoints.len()];
        for flight in state.flights.iter().flatten() {
            open[flight.job.endpoint] += 1;
        }
        for job in &state.queue {
            open[job.endpoint] += 1;
        }
        for (stream, next) in self.streams.iter().zip(&state.next) {
            let mut k = *next;
            while stream.due(k) < now {
                open[self.mix.of(stream, k)] += 1;
                k += 1;
            }
        }
        open
    }

    /// Whether nothing that is due before `end` is waiting or on its way.
    pub(super) fn is_idle(&self, end: u64) -> bool {
        let state = self.state.borrow();
        state.queue.is_empty()
            && state.flights.iter().all(Option::is_none)
            && self
                .streams
                .iter()
                .zip(&state.next)
                .all(|(stream, k)| stream.due(*k) >= end)
    }

    /// Ends whatever is still open: on its way means cut off, waiting or not taken up means never started.
    pub(super) fn close(&self, end: u64, now: u64) -> Tally {
        let mut guard = self.state.borrow_mut();
        let state = &mut *guard;
        for flight in state.flights.iter_mut().filter_map(Option::take) {
            let sample = unfinished(flight.job, Some(flight.begun), now, Outcome::CutOff);
            state.tally.record(&sample);
        }
        for job in state.queue.drain(..) {
            state
                .tally
                .record(&unfinished(job, None, now, Outcome::NotStarted));
        }
        for (stream, k) in self.streams.iter().zip(&mut state.next) {
            while stream.due(*k) < end {
                let job = Job {
                    endpoint: self.mix.of(stream, *k),
                    due: stream.due(*k),
                    lag: 0,
                };
                state
                    .tally
                    .record(&unfinished(job, None, now, Outcome::NotStarted));
                *k += 1;
            }
        }
        state.tally.clone()
    }
}

fn unfinished(job: Job, sent: Option<u64>, now: u64, outcome: Outcome) -> Sample {
    let done = now.max(job.due);
    Sample {
        endpoint: job.endpoint,
        due: job.due,
        sent,
        done,
        lag: job.lag,
        bytes: 0,
        outcome,
    }
}
