//! Whole runs in virtual time: the coordinator, the workers, the ledger and the record are those of a real run; only
//! the users are scripted. For tests alone.

use std::cell::Cell;
use std::convert::Infallible;
use std::rc::Rc;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::task::LocalSet;
use tokio::time::{Instant, advance, sleep, sleep_until};

use super::clock::Clock;
use super::engine::Engine;
use super::observer::{Observer, RunProgress};
use super::run::{RunError, coordinate};
use super::scripted::{Scene, ScriptedTarget, ScriptedUsers};
use super::worker::{Worker, WorkerPart, WorkerShare};
use super::worker_loop::work;
use crate::client::Connector;
use crate::plan::Plan;
use crate::profile::{Destination, HttpVersion};
use crate::record::RunResult;
use crate::timers::OsTimer;

/// Loads a scripted target, whose time continues from one load to the next.
pub(crate) struct VirtualTime {
    target: Rc<dyn ScriptedTarget>,
    /// How long its earlier loads took.
    before: Cell<Duration>,
    /// From when, and for how long, the generator itself stands still.
    freeze: Option<(Duration, Duration)>,
    /// How long it takes to judge the run so far.
    judging: Duration,
}

impl VirtualTime {
    pub(crate) fn new(target: impl ScriptedTarget + 'static) -> VirtualTime {
        VirtualTime {
            target: Rc::new(target),
            before: Cell::new(Duration::ZERO),
            freeze: None,
            judging: Duration::ZERO,
        }
    }

    /// The same with a coordinator that takes so long for each judgement.
    pub(crate) fn judging_for(self, judging: Duration) -> VirtualTime {
        VirtualTime { judging, ..self }
    }

    /// The same with a generator that is stopped in the middle of its load, as by a debugger.
    pub(crate) fn frozen(self, from: Duration, lasts: Duration) -> VirtualTime {
        VirtualTime {
            freeze: Some((from, lasts)),
            ..self
        }
    }

    pub(crate) fn run(&self, plan: &Plan, observer: &mut dyn Observer) -> RunResult {
        let time = PausedTime::new();
        let begun = time.now();
        let connector = Connector::new(&nowhere()).expect("no more than an address");
        let mut slow = SlowObserver {
            observer,
            time: &time,
            judging: self.judging,
        };
        let ran = coordinate(plan, connector, &time, &mut slow, |share| {
            Ok(self.worker(plan, share, &time))
        });
        self.before.set(self.before.get() + (time.now() - begun));
        ran.expect("nothing that could fail is started")
    }

    fn worker(&self, plan: &Plan, share: WorkerShare, time: &PausedTime) -> Worker {
        let start = share.start;
        let scene = Rc::new(Scene {
            plan: plan.clone(),
            target: Rc::clone(&self.target),
            before: self.before.get(),
            start,
        });
        if let Some((from, lasts)) = self.freeze {
            time.workers.spawn_local(async move {
                sleep_until(start + from).await;
                advance(lasts).await;
            });
        }
        let begin = |part: WorkerPart, commands, sender: tokio::sync::oneshot::Sender<_>| {
            time.workers.spawn_local(async move {
                sleep_until(start).await;
                let job = part.with_users(|_| ScriptedUsers(scene));
                let _ = sender.send(work(job, OsTimer::coarse(), commands).await);
            });
            Ok::<(), Infallible>(())
        };
        match Worker::begin(WorkerPart::new(plan, share, 0), begin) {
            Ok(worker) => worker,
            Err(never) => match never {},
        }
    }
}

impl Engine for VirtualTime {
    fn run(
        &self,
        plan: &Plan,
        _: &Destination,
        observer: &mut dyn Observer,
    ) -> Result<RunResult, RunError> {
        Ok(VirtualTime::run(self, plan, &mut Unburdened(observer)))
    }
}

/// Observes a load that costs no processor time: what the tests take is not the generator's.
struct Unburdened<'a>(&'a mut dyn Observer);

impl Observer for Unburdened<'_> {
    fn progress(&mut self, progress: RunProgress) {
        self.0.progress(progress);
    }

    fn is_settled(&mut self, so_far: &RunResult, open: &[u64]) -> bool {
        self.0.is_settled(so_far, open)
    }

    fn is_open_by_correlation_alone(&mut self, so_far: &RunResult, open: &[u64]) -> bool {
        self.0.is_open_by_correlation_alone(so_far, open)
    }

    fn is_interrupted(&mut self) -> bool {
        self.0.is_interrupted()
    }

    fn processor_time(&mut self) -> Duration {
        Duration::ZERO
    }
}

/// Takes its time to judge.
struct SlowObserver<'a> {
    observer: &'a mut dyn Observer,
    time: &'a PausedTime,
    judging: Duration,
}

impl Observer for SlowObserver<'_> {
    fn progress(&mut self, progress: RunProgress) {
        self.observer.progress(progress);
    }

    fn is_settled(&mut self, so_far: &RunResult, open: &[u64]) -> bool {
        if !self.judging.is_zero() {
            self.time.sleep(self.judging);
        }
        self.observer.is_settled(so_far, open)
    }

    fn is_open_by_correlation_alone(&mut self, so_far: &RunResult, open: &[u64]) -> bool {
        self.observer.is_open_by_correlation_alone(so_far, open)
    }

    fn is_interrupted(&mut self) -> bool {
        self.observer.is_interrupted()
    }

    fn processor_time(&mut self) -> Duration {
        self.observer.processor_time()
    }
}

/// Where scripted loads go: nothing is ever sent there.
pub(crate) fn nowhere() -> Destination {
    Destination {
        origin: "http://127.0.0.1:9".parse().expect("a URL"),
        token: None,
        insecure: false,
        http: HttpVersion::default(),
        users: std::sync::Arc::default(),
    }
}

/// Time that passes only while the coordinator sleeps, and at once then. The workers are tasks on the same thread.
struct PausedTime {
    runtime: Runtime,
    workers: LocalSet,
}

impl PausedTime {
    fn new() -> PausedTime {
        let runtime = Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a runtime without I/O");
        PausedTime {
            runtime,
            workers: LocalSet::new(),
        }
    }
}

impl Clock for PausedTime {
    fn now(&self) -> Instant {
        let _entered = self.runtime.enter();
        Instant::now()
    }

    fn sleep(&self, pause: Duration) {
        self.workers
            .block_on(&self.runtime, async move { sleep(pause).await });
    }
}

#[cfg(test)]
mod tests;
