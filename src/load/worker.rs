//! One worker of the generator: a thread with a runtime and users of its own.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::clock::Clock;
use super::ledger::Ledger;
use super::messages::{Commands, RunEnd, WorkerGauge, WorkerRequest, WorkerSnapshot};
use super::mix::Mix;
use super::numbering::Numbering;
use super::run::RunError;
use super::schedule::{ConnectionPolicy, DueTimes, nanos};
use super::users::{UserTemplate, VirtualUsers};
use super::worker_loop::{WorkerContext, work};
use crate::client::Connector;
use crate::plan::{Endpoint, Plan};
use crate::profile::Destination;
use crate::record::{EndpointRules, Rules, Tally};
use crate::timers::{OsTimer, TimerQueue};

/// What every worker on a thread is made of.
pub(super) struct Setup<'a> {
    pub(super) plan: &'a Plan,
    pub(super) destination: &'a Destination,
    pub(super) connector: &'a Connector,
}

/// One worker's share of a run.
pub(super) struct WorkerShare {
    /// Which of the workers it is, and how many there are.
    pub(super) index: usize,
    pub(super) of: usize,
    pub(super) group: Vec<DueTimes>,
    /// Those of all workers.
    pub(super) connections: ConnectionPolicy,
    pub(super) start: Instant,
    pub(super) end: Arc<RunEnd>,
}

/// All that a worker needs but its users, and can be sent to its thread.
pub(super) struct WorkerPart {
    ledger: Ledger,
    connections: ConnectionPolicy,
    start: Instant,
    end: Arc<RunEnd>,
    timeout: Duration,
    gauge: Arc<WorkerGauge>,
}

impl WorkerPart {
    /// `identities` is how many users are known by name.
    pub(super) fn new(plan: &Plan, share: WorkerShare, identities: usize) -> WorkerPart {
        let users = Numbering::new(&plan.arrivals, identities);
        WorkerPart {
            ledger: Ledger::new(share.group, Mix::new(plan), users, Tally::new(rules(plan)))
                .with_journeys_of(plan),
            connections: match share.connections {
                ConnectionPolicy::Own => ConnectionPolicy::Own,
                ConnectionPolicy::Shared(all) => {
                    ConnectionPolicy::Shared(portion(all, share.index, share.of))
                }
            },
            start: share.start,
            end: share.end,
            timeout: plan.longest_timeout(),
            gauge: Arc::default(),
        }
    }

    /// The same with users, who keep their times by the agenda that they are given.
    pub(super) fn with_users<U>(
        self,
        users: impl FnOnce(&Rc<TimerQueue>) -> U,
    ) -> WorkerContext<U> {
        let agenda = TimerQueue::new(self.start);
        WorkerContext {
            users: users(&agenda),
            ledger: self.ledger,
            connections: self.connections,
            agenda,
            end: self.end,
            timeout: self.timeout,
            gauge: self.gauge,
            present: Cell::new(0),
        }
    }
}

/// A worker, as the coordinator sees it.
pub(super) struct Worker {
    pub(super) ending: WorkerOutcome,
    pub(super) commands: mpsc::UnboundedSender<WorkerRequest>,
    pub(super) gauge: Arc<WorkerGauge>,
}

/// What is known of a worker's end.
pub(super) enum WorkerOutcome {
    Awaited(oneshot::Receiver<Tally>),
    /// Without a tally it has died.
    Known(Option<Box<Tally>>),
}

impl Worker {
    /// A worker that does its part where `begin` puts it, and sends its tally when it has ended.
    pub(super) fn begin<E>(
        part: WorkerPart,
        begin: impl FnOnce(WorkerPart, Commands, oneshot::Sender<Tally>) -> Result<(), E>,
    ) -> Result<Worker, E> {
        let (commands, receiver) = mpsc::unbounded_channel();
        let (sender, tally) = oneshot::channel();
        let gauge = Arc::clone(&part.gauge);
        begin(part, receiver, sender)?;
        Ok(Worker {
            ending: WorkerOutcome::Awaited(tally),
            commands,
            gauge,
        })
    }

    pub(super) fn has_ended(&mut self) -> bool {
        if let WorkerOutcome::Awaited(tally) = &mut self.ending {
            match tally.try_recv() {
                Ok(tally) => self.ending = WorkerOutcome::Known(Some(Box::new(tally))),
                Err(oneshot::error::TryRecvError::Closed) => {
                    self.ending = WorkerOutcome::Known(None);
                }
                Err(oneshot::error::TryRecvError::Empty) => {}
            }
        }
        matches!(self.ending, WorkerOutcome::Known(_))
    }

    /// What an ended worker has counted; `None` when it has died.
    pub(super) fn tally(self) -> Option<Tally> {
        match self.ending {
            WorkerOutcome::Known(tally) => tally.map(|tally| *tally),
            WorkerOutcome::Awaited(_) => None,
        }
    }
}

impl Setup<'_> {
    pub(super) fn worker(&self, share: WorkerShare) -> Result<Worker, RunError> {
        let kits = self.kits(&share)?;
        let is_shared = matches!(share.connections, ConnectionPolicy::Shared(_));
        let name = format!("load-{}", share.index);
        let part = WorkerPart::new(self.plan, share, self.destination.users.len());
        let (connector, plan) = (self.connector.clone(), self.plan.clone());
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let worker = Worker::begin(part, |part, commands, sender| {
            let body = move || {
                let work = part.with_users(|agenda| {
                    VirtualUsers::new(kits, is_shared, connector, &plan, Rc::clone(agenda))
                });
                let tally = runtime.block_on(begin(work, commands));
                // Its connections are closed before anybody learns that it has ended.
                drop(runtime);
                let _ = sender.send(tally);
            };
            thread::Builder::new().name(name).spawn(body).map(drop)
        });
        Ok(worker?)
    }

    /// One for each stream, or one for each known user where connections are shared.
    fn kits(&self, share: &WorkerShare) -> Result<Vec<UserTemplate>, RunError> {
        let numbers: Vec<usize> = match share.connections {
            ConnectionPolicy::Own => share
                .group
                .iter()
                .map(|stream| stream.number(0) as usize)
                .collect(),
            ConnectionPolicy::Shared(_) => (0..self.destination.users.len().max(1)).collect(),
        };
        UserTemplate::all(self.plan, self.destination, numbers.into_iter())
            .map_err(|error| RunError::Request(error.to_string()))
    }
}

async fn begin(job: WorkerContext<VirtualUsers>, commands: Commands) -> Tally {
    tokio::time::sleep_until(job.agenda.instant(0)).await;
    work(job, OsTimer::best(), commands).await
}

/// Worker `index`'s part of the connections, at least one.
fn portion(all: u32, index: usize, of: usize) -> u32 {
    let (index, of) = (index as u32, of as u32);
    (all / of + u32::from(index < all % of)).max(1)
}

pub(super) fn rules(plan: &Plan) -> Rules {
    let judged_from = nanos(plan.phases.judged_from());
    let of = |endpoint: &Endpoint| EndpointRules {
        timeout: nanos(plan.timeout(endpoint)),
        judged_from: if endpoint.kind.is_judged_from_start() {
            0
        } else {
            judged_from
        },
    };
    Rules {
        endpoints: plan.endpoints.iter().map(of).collect(),
        thresholds: plan
            .thresholds
            .iter()
            .map(|threshold| nanos(*threshold))
            .collect(),
    }
}

/// Has a worker look at the end of the run again, which has moved to before the one it waits for.
pub(super) fn wake(worker: &Worker) {
    // Any command wakes it; this answer is not awaited.
    let (answer, _) = oneshot::channel();
    let _ = worker
        .commands
        .send(WorkerRequest::Look { planned: 0, answer });
}

/// A worker's counters; `None` when it has ended or is too busy to answer in time.
pub(super) fn ask(
    worker: &Worker,
    planned: u64,
    clock: &dyn Clock,
    patience: Duration,
) -> Option<WorkerSnapshot> {
    let command = |answer| WorkerRequest::Look { planned, answer };
    answered(worker, command, clock, patience)
}

/// A worker's tally without the seconds before `from`; `None` as for [`ask`].
pub(super) fn recent(
    worker: &Worker,
    from: usize,
    clock: &dyn Clock,
    patience: Duration,
) -> Option<Tally> {
    let command = |answer| WorkerRequest::Recent { from, answer };
    answered(worker, command, clock, patience)
}

fn answered<T>(
    worker: &Worker,
    command: impl FnOnce(oneshot::Sender<T>) -> WorkerRequest,
    clock: &dyn Clock,
    patience: Duration,
) -> Option<T> {
    let (answer, mut look) = oneshot::channel();
    worker.commands.send(command(answer)).ok()?;
    let patience = clock.now() + patience;
    loop {
        match look.try_recv() {
            Ok(look) => return Some(look),
            Err(oneshot::error::TryRecvError::Empty) if clock.now() < patience => {
                clock.sleep(Duration::from_millis(1));
            }
            Err(_) => return None,
        }
    }
}
