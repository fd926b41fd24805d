//! One run of a plan: workers on threads of their own, looked after from here to the last outcome.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, SystemTime};

use thiserror::Error;
use tokio::time::Instant;

use super::checkpoints::{Counters, Looks, Underway};
use super::clock::{Clock, SystemClock};
use super::cpu_meter::Meter;
use super::live::LiveSeconds;
use super::messages::{RunEnd, WorkerGauge, WorkerRequest};
use super::observer::{Observer, RunProgress};
use super::result;
use super::schedule::{nanos, streams};
use super::worker::{Setup, Worker, WorkerShare, ask, recent, rules, wake};
use crate::client::{ConnectError, Connector};
use crate::plan::{Plan, Senders};
use crate::profile::Destination;
use crate::record::{RunResult, Status, Tally};

/// From the start of the threads to the start of the run, so that all of them are there in time.
const LEAD: Duration = Duration::from_millis(50);
/// How long before the end the verdicts are looked at: what is decided then must reach every user.
pub(super) const LOOK_AHEAD: Duration = Duration::from_millis(50);
/// How long an address of the target may take to take a connection before the load.
const LONGEST_TRY: Duration = Duration::from_secs(2);
/// How long a worker may take to tell what is only shown.
const SHOW_PATIENCE: Duration = Duration::from_millis(200);
/// Said of a run that was judged too slowly to be extended.
pub(super) const TOO_LATE: &str =
    "a verdict was still open, but judging it took the load generator too long to extend the run";
/// How often the coordinator wakes.
pub(super) const TICK: Duration = Duration::from_millis(20);
/// Above this many users, or requests per second, one worker is not enough.
const PER_WORKER: f64 = 2_000.0;

/// Why a run could not begin.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RunError {
    /// The destination can't be connected to at all.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// A request can't be put in the form that is sent.
    #[error("{0}")]
    Request(String),
    /// The machine gave no thread or no runtime.
    #[error("the load generator could not start a worker: {0}")]
    Worker(#[from] std::io::Error),
}

/// Runs a plan, blocking until its last outcome.
///
/// # Errors
/// When no worker can be started, or the destination or a request is impossible.
pub fn run(
    plan: &Plan,
    destination: &Destination,
    observer: &mut dyn Observer,
) -> Result<RunResult, RunError> {
    let connector = connector(plan, destination)?;
    run_with(plan, destination, connector, observer)
}

/// The same with what the workers connect with.
fn run_with(
    plan: &Plan,
    destination: &Destination,
    connector: Connector,
    observer: &mut dyn Observer,
) -> Result<RunResult, RunError> {
    let theirs = connector.clone();
    let setup = Setup {
        plan,
        destination,
        connector: &theirs,
    };
    coordinate(plan, connector, &SystemClock, observer, |share| {
        setup.worker(share)
    })
}

/// Runs a plan in the time of a clock, on workers that are made one for each share of its streams.
pub(super) fn coordinate(
    plan: &Plan,
    connector: Connector,
    clock: &dyn Clock,
    observer: &mut dyn Observer,
    worker: impl FnMut(WorkerShare) -> Result<Worker, RunError>,
) -> Result<RunResult, RunError> {
    let started = SystemTime::now();
    let workers = workers(plan);
    let (groups, connections) = streams(plan, workers);
    let end = Arc::new(end_of(plan, workers));
    let start = clock.now() + LEAD;
    let shares = groups
        .into_iter()
        .enumerate()
        .map(|(index, group)| WorkerShare {
            index,
            of: workers,
            group,
            connections,
            start,
            end: Arc::clone(&end),
        });
    let workers = shares.map(worker).collect::<Result<Vec<_>, _>>()?;
    let coordinator = Coordinator {
        plan,
        clock,
        started: result::millis(started),
        start,
        end,
        workers,
        cpu: Vec::new(),
        live: LiveSeconds::default(),
        connector,
    };
    Ok(coordinator.run(observer))
}

/// The end of a plan's run, for so many workers.
fn end_of(plan: &Plan, workers: usize) -> RunEnd {
    let end = RunEnd::of(&plan.phases);
    if plan.journeys.is_empty() {
        return end;
    }
    end.with_tail(nanos(plan.longest_timeout()), workers)
}

/// What all workers connect with: the load is spread over the addresses of the target.
fn connector(plan: &Plan, destination: &Destination) -> Result<Connector, RunError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let connector = Connector::new(destination)?;
    let within = plan.bounds.connect_timeout.min(LONGEST_TRY);
    Ok(runtime.block_on(connector.spread(within)))
}

/// One worker up to a moderate load, one for each processor beyond.
fn workers(plan: &Plan) -> usize {
    if plan.workers > 0 {
        return plan.workers;
    }
    let load = match plan.arrivals.senders() {
        Senders::Users(count) => f64::from(count),
        Senders::Rate { rate, .. } => rate.as_f64(),
    };
    let processors = thread::available_parallelism().map_or(1, std::num::NonZero::get);
    ((load / PER_WORKER).ceil() as usize).clamp(1, processors)
}

/// Looks after the workers.
pub(super) struct Coordinator<'a> {
    pub(super) plan: &'a Plan,
    pub(super) clock: &'a dyn Clock,
    /// In milliseconds since 1970.
    pub(super) started: u64,
    pub(super) start: Instant,
    pub(super) end: Arc<RunEnd>,
    pub(super) workers: Vec<Worker>,
    pub(super) cpu: Vec<f64>,
    pub(super) live: LiveSeconds,
    pub(super) connector: Connector,
}

impl Coordinator<'_> {
    fn run(mut self, observer: &mut dyn Observer) -> RunResult {
        let mut looks = Looks::new(self.plan);
        let status = self.attend(&mut looks, observer);
        // The planned part of a run that went on to its last end is complete by now.
        looks.has_planned_part = true;
        let mut tally = Tally::new(rules(self.plan));
        let mut lost = 0;
        let workers = self.workers.len() as u32;
        for worker in std::mem::take(&mut self.workers) {
            match worker.tally() {
                Some(part) => tally.merge(&part),
                None => lost += 1,
            }
        }
        let mut result = self.record(&tally, self.end.get(), status, &looks);
        result.generator.workers = workers;
        if status == Status::Complete {
            result.notes.extend(self.connector.notes());
        }
        result.notes.extend(result.generator.waits_note());
        if looks.was_too_late {
            result.notes.push(TOO_LATE.into());
        }
        if lost > 0 {
            // Without a worker's book the sums are wrong, and a verdict on them would be as well.
            result.status = Status::Partial;
            result
                .notes
                .push(format!("{lost} of {workers} workers of the generator died"));
        }
        result
    }

    /// Waits until all workers have ended; returns how the run went.
    fn attend(&mut self, looks: &mut Looks<'_>, observer: &mut dyn Observer) -> Status {
        let mut meter = Meter {
            wall: self.clock.now(),
            used: observer.processor_time(),
        };
        let mut status = Status::Complete;
        while self.workers.iter_mut().any(|worker| !worker.has_ended()) {
            self.clock.sleep(looks.pause(self.now(), TICK));
            let now = self.clock.now();
            let elapsed = now.saturating_duration_since(self.start);
            observer.progress(self.progress(elapsed));
            self.show(elapsed, looks, observer);
            if now.duration_since(meter.wall) >= Duration::from_secs(1) {
                let share = meter.read(now, observer.processor_time(), self.workers.len());
                if elapsed > Duration::ZERO {
                    self.cpu.push(share);
                }
            }
            let end = self.end.get();
            let is_on = nanos(elapsed) < end || self.end.has_unfinished();
            if status == Status::Complete && is_on && observer.is_interrupted() {
                status = Status::Partial;
                // To show the run may have taken a while.
                self.end.break_off_at(self.now().min(end));
                self.workers
                    .iter()
                    .for_each(|worker| drop(worker.commands.send(WorkerRequest::Stop)));
            }
            if status == Status::Complete {
                looks.attend(self, observer);
            }
        }
        status
    }

    fn progress(&self, elapsed: Duration) -> RunProgress {
        let sum = |counter: fn(&WorkerGauge) -> u64| {
            self.workers
                .iter()
                .map(|worker| counter(&worker.gauge))
                .sum()
        };
        RunProgress {
            elapsed,
            end: Duration::from_nanos(self.end.get()),
            done: sum(|gauge| gauge.done.load(Ordering::Relaxed)),
            failed: sum(|gauge| gauge.failed.load(Ordering::Relaxed)),
        }
    }

    /// Shows the run so far to the observer.
    fn show(&mut self, elapsed: Duration, looks: &Looks<'_>, observer: &mut dyn Observer) {
        if !self.live.is_due(elapsed) || !observer.is_watched() {
            return;
        }
        let left = self.end.get().saturating_sub(nanos(elapsed));
        if left < nanos(2 * SHOW_PATIENCE) {
            // The look at the end is not to wait for one that only shows.
            return;
        }
        let from = self.live.changes_from(elapsed, self.plan.longest_timeout());
        let mut tally = Tally::new(rules(self.plan));
        for worker in &self.workers {
            let Some(part) = recent(worker, from, self.clock, SHOW_PATIENCE) else {
                return;
            };
            tally.merge(&part);
        }
        self.live.complete(from, &mut tally);
        let end = nanos(elapsed).min(self.end.get());
        let mut so_far = self.record(&tally, end, Status::Complete, looks);
        so_far.window.planned = None;
        so_far.generator.workers = self.workers.len() as u32;
        observer.watch(so_far);
    }

    fn record(&self, tally: &Tally, end: u64, status: Status, looks: &Looks<'_>) -> RunResult {
        let run = result::Run {
            plan: self.plan,
            started: self.started,
            status,
            end,
            extensions: looks.extensions,
            extended_from: looks.extended_from(),
            cpu: &self.cpu,
            found: &self.connector.found(),
        };
        run.result(tally)
    }
}

impl Underway for Coordinator<'_> {
    fn now(&self) -> u64 {
        nanos(self.clock.now().saturating_duration_since(self.start))
    }

    fn end(&self) -> u64 {
        self.end.get()
    }

    fn is_open(&self) -> bool {
        self.end.is_open()
    }

    fn extend_to(&mut self, end: u64) -> bool {
        self.end.extend_to(end)
    }

    fn fix(&mut self) {
        self.end.fix();
    }

    fn end_at(&mut self, end: u64) {
        self.end.fix_at(end);
        self.workers.iter().for_each(wake);
    }

    fn counters(&mut self, planned: u64, patience: Duration) -> Option<Counters> {
        let mut seen = Counters {
            tally: Tally::new(rules(self.plan)),
            open: vec![0; self.plan.endpoints.len()],
            open_planned: 0,
        };
        for worker in &self.workers {
            let look = ask(worker, planned, self.clock, patience)?;
            seen.tally.merge(&look.tally);
            seen.open_planned += look.open_planned;
            let open = seen.open.iter_mut().zip(&look.open);
            open.for_each(|(all, part)| *all += part);
        }
        Some(seen)
    }

    fn result(&self, tally: &Tally, end: u64, looks: &Looks<'_>) -> RunResult {
        self.record(tally, end, Status::Complete, looks)
    }
}

#[cfg(test)]
mod tests;
