//! One run of a plan: workers on threads of their own, looked after from here to the last outcome.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use thiserror::Error;

use super::control::{Command, End, Gauge};
use super::live::Live;
use super::meter::Meter;
use super::result;
use super::schedule::{nanos, streams};
use super::settle::Settling;
use super::worker::{Setup, Worker, rules};
use crate::client::ConnectError;
use crate::profile::{Arrivals, Destination, Plan};
use crate::record::{RunResult, Status, Tally};

/// From the start of the threads to the start of the run, so that all of them are there in time.
const LEAD: Duration = Duration::from_millis(50);
/// How long before the end the verdicts are looked at: what is decided then must reach every user.
pub(super) const LOOK_AHEAD: Duration = Duration::from_millis(50);
/// How often the coordinator wakes.
const TICK: Duration = Duration::from_millis(20);
/// Above this many users, or requests per second, one worker is not enough.
const PER_WORKER: f64 = 2_000.0;

/// Why a run could not begin.
#[derive(Debug, Error)]
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

/// How far a run has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Since its start.
    pub elapsed: Duration,
    /// When its due requests end, from its start, as it stands now.
    pub end: Duration,
    /// Requests ended.
    pub done: u64,
    /// Those of them that did not end well.
    pub failed: u64,
}

/// Whoever looks after a run while it is on.
pub trait Observer {
    /// Told several times a second.
    fn progress(&mut self, progress: Progress);

    /// Whether every verdict on the run is settled, if it ended where its window does: `so_far` holds
    /// counters without histograms, and `open` tells for each endpoint how many requests are due until then
    /// and have not ended yet.
    fn is_settled(&mut self, so_far: &RunResult, open: &[u64]) -> bool;

    /// Whether somebody watches, so that [`Observer::watch`] is worth its while.
    fn is_watched(&mut self) -> bool {
        false
    }

    /// Told once a second while somebody watches: the run so far, as if it had ended.
    fn watch(&mut self, so_far: RunResult) {
        drop(so_far);
    }

    /// Whether the run is to be broken off.
    fn is_interrupted(&mut self) -> bool;

    /// Processor time used by this process so far.
    fn processor_time(&mut self) -> Duration;
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
    let started = SystemTime::now();
    let workers = workers(plan);
    let (groups, connections) = streams(plan, workers);
    let start = Instant::now() + LEAD;
    let end = Arc::new(End::at(nanos(plan.phases.planned_end())));
    let setup = Setup {
        plan,
        destination,
        connections,
        start,
        end: &end,
    };
    let workers = groups
        .into_iter()
        .enumerate()
        .map(|(index, group)| setup.worker(index, workers, group))
        .collect::<Result<Vec<_>, _>>()?;
    let coordinator = Coordinator {
        plan,
        started: result::millis(started),
        start,
        end,
        workers,
        cpu: Vec::new(),
        extensions: 0,
        settling: Settling::new(plan),
        settled: false,
        live: Live::default(),
    };
    Ok(coordinator.run(observer))
}

/// One worker up to a moderate load, one for each processor beyond.
fn workers(plan: &Plan) -> usize {
    if plan.workers > 0 {
        return plan.workers;
    }
    let load = match &plan.arrivals {
        Arrivals::Users { count, .. } | Arrivals::Burst { count, .. } => f64::from(*count),
        Arrivals::Constant { rate, .. } | Arrivals::Poisson { rate, .. } => rate.as_f64(),
    };
    let processors = thread::available_parallelism().map_or(1, std::num::NonZero::get);
    ((load / PER_WORKER).ceil() as usize).clamp(1, processors)
}

/// Looks after the workers.
pub(super) struct Coordinator<'a> {
    pub(super) plan: &'a Plan,
    /// In milliseconds since 1970.
    pub(super) started: u64,
    pub(super) start: Instant,
    pub(super) end: Arc<End>,
    pub(super) workers: Vec<Worker>,
    pub(super) cpu: Vec<f64>,
    pub(super) extensions: u32,
    /// The looks before and between the ends; none for a plan that always goes on to its end.
    pub(super) settling: Option<Settling>,
    /// Whether the run ends because all is settled: its end is the last one.
    pub(super) settled: bool,
    pub(super) live: Live,
}

impl Coordinator<'_> {
    fn run(mut self, observer: &mut dyn Observer) -> RunResult {
        let status = self.attend(observer);
        let mut tally = Tally::new(rules(self.plan));
        let mut lost = 0;
        let workers = self.workers.len() as u32;
        for worker in std::mem::take(&mut self.workers) {
            match worker.thread.join() {
                Ok(part) => tally.merge(&part),
                Err(_) => lost += 1,
            }
        }
        let mut result = self.result(&tally, self.end.get(), status);
        result.generator.workers = workers;
        result.notes.extend(cap(self.plan, &result));
        if lost > 0 {
            // Without a worker's book the sums are wrong, and a verdict on them would be as well.
            result.status = Status::Partial;
            result
                .notes
                .push(format!("{lost} of {workers} workers of the generator died"));
        }
        result
    }

    /// Stays until all workers have ended; tells how the run went.
    fn attend(&mut self, observer: &mut dyn Observer) -> Status {
        let mut meter = Meter {
            wall: Instant::now(),
            used: observer.processor_time(),
        };
        let mut status = Status::Complete;
        let mut looked_at = None;
        while self
            .workers
            .iter()
            .any(|worker| !worker.thread.is_finished())
        {
            thread::sleep(self.pause());
            let elapsed = self.start.elapsed();
            observer.progress(self.progress(elapsed));
            self.show(elapsed, observer);
            if meter.wall.elapsed() >= Duration::from_secs(1) {
                let share = meter.read(observer.processor_time(), self.workers.len());
                if elapsed > Duration::ZERO {
                    self.cpu.push(share);
                }
            }
            let end = self.end.get();
            if status == Status::Complete && nanos(elapsed) < end && observer.is_interrupted() {
                status = Status::Partial;
                self.end.set(nanos(elapsed).min(end));
                self.workers
                    .iter()
                    .for_each(|worker| drop(worker.commands.send(Command::Stop)));
            }
            let close_by = nanos(elapsed + LOOK_AHEAD + TICK) >= end && nanos(elapsed) < end;
            if status != Status::Complete || self.settled {
                continue;
            }
            if close_by && looked_at != Some(end) {
                looked_at = Some(end);
                self.look(observer);
            } else if !close_by {
                self.settle(nanos(elapsed), observer);
            }
        }
        status
    }

    fn progress(&self, elapsed: Duration) -> Progress {
        let sum = |counter: fn(&Gauge) -> u64| {
            self.workers
                .iter()
                .map(|worker| counter(&worker.gauge))
                .sum()
        };
        Progress {
            elapsed,
            end: Duration::from_nanos(self.end.get()),
            done: sum(|gauge| gauge.done.load(Ordering::Relaxed)),
            failed: sum(|gauge| gauge.failed.load(Ordering::Relaxed)),
        }
    }

    /// Until the next look at anything.
    fn pause(&self) -> Duration {
        let elapsed = nanos(self.start.elapsed());
        let settling = self.settling.as_ref().filter(|_| !self.settled);
        settling.map_or(TICK, |settling| settling.pause(elapsed, TICK))
    }

    pub(super) fn result(&self, tally: &Tally, end: u64, status: Status) -> RunResult {
        let run = result::Run {
            plan: self.plan,
            started: self.started,
            status,
            end,
            extensions: self.extensions,
            cpu: &self.cpu,
        };
        run.result(tally)
    }
}

/// What the plan's own limit of connections held up; nobody reads a queue of the generator's as the target's.
fn cap(plan: &Plan, result: &RunResult) -> Option<String> {
    let (Arrivals::Constant { connections, .. } | Arrivals::Poisson { connections, .. }) =
        plan.arrivals
    else {
        return None;
    };
    let waited = result.generator.waited_for_connection;
    (waited > 0).then(|| {
        format!(
            "{waited} requests waited for one of at most {connections} connections (`connections`, --connections): \
             the wait is in their response time, and is not the target's"
        )
    })
}
