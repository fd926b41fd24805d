//! One worker of the generator: a thread with a runtime and users of its own.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};

use super::control::{Command, Commands, End, Gauge, Look};
use super::ledger::Ledger;
use super::mix::Mix;
use super::numbering::Numbering;
use super::pool::{Work, work};
use super::run::RunError;
use super::schedule::{Connections, Stream, nanos};
use super::users::{Kit, VirtualUsers};
use crate::client::Connector;
use crate::pace::{Agenda, Alarm};
use crate::profile::{Destination, Endpoint, Plan};
use crate::record::{EndpointRules, Rules, Tally};

/// What every worker is made of.
pub(super) struct Setup<'a> {
    pub(super) plan: &'a Plan,
    pub(super) destination: &'a Destination,
    pub(super) connector: &'a Connector,
    pub(super) connections: Connections,
    pub(super) start: Instant,
    pub(super) end: &'a Arc<End>,
}

/// A worker thread, as the coordinator sees it.
pub(super) struct Worker {
    pub(super) thread: JoinHandle<Tally>,
    pub(super) commands: mpsc::UnboundedSender<Command>,
    pub(super) gauge: Arc<Gauge>,
}

impl Setup<'_> {
    pub(super) fn worker(
        &self,
        index: usize,
        of: usize,
        group: Vec<Stream>,
    ) -> Result<Worker, RunError> {
        let plan = self.plan;
        let connector = self.connector.clone();
        let kits = self.kits(&group)?;
        let timeout = plan.longest_timeout();
        let their_plan = plan.clone();
        let users = Numbering::new(&plan.arrivals, self.destination.users.len());
        let ledger = Ledger::new(group, Mix::new(plan), users, Tally::new(rules(plan)));
        let connections = match self.connections {
            Connections::Own => Connections::Own,
            Connections::Shared(all) => Connections::Shared(portion(all, index, of)),
        };
        let is_shared = matches!(connections, Connections::Shared(_));
        let (commands, receiver) = mpsc::unbounded_channel();
        let gauge = Arc::new(Gauge::default());
        let (start, end, theirs) = (self.start, Arc::clone(self.end), Arc::clone(&gauge));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let body = move || {
            let agenda = Agenda::new(tokio::time::Instant::from_std(start));
            let work_ = Work {
                users: VirtualUsers::new(
                    kits,
                    is_shared,
                    connector,
                    &their_plan,
                    Rc::clone(&agenda),
                ),
                present: Cell::new(0),
                ledger,
                connections,
                agenda,
                end,
                timeout,
                gauge: theirs,
            };
            runtime.block_on(begin(work_, receiver))
        };
        let name = format!("load-{index}");
        let thread = thread::Builder::new().name(name).spawn(body)?;
        Ok(Worker {
            thread,
            commands,
            gauge,
        })
    }

    /// One for each stream, or one for each known user where connections are shared.
    fn kits(&self, group: &[Stream]) -> Result<Vec<Kit>, RunError> {
        let numbers: Vec<usize> = match self.connections {
            Connections::Own => group
                .iter()
                .map(|stream| stream.number(0) as usize)
                .collect(),
            Connections::Shared(_) => (0..self.destination.users.len().max(1)).collect(),
        };
        Kit::all(self.plan, self.destination, numbers.into_iter())
            .map_err(|error| RunError::Request(error.to_string()))
    }
}

async fn begin(job: Work<VirtualUsers>, commands: Commands) -> Tally {
    tokio::time::sleep_until(job.agenda.instant(0)).await;
    work(job, Alarm::best(), commands).await
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
    // Any command wakes it; nobody waits for this answer.
    let (answer, _) = oneshot::channel();
    let _ = worker.commands.send(Command::Look { planned: 0, answer });
}

/// A worker's counters; `None` when it has ended or is too busy to answer in time.
pub(super) fn ask(worker: &Worker, planned: u64, patience: Duration) -> Option<Look> {
    answered(worker, |answer| Command::Look { planned, answer }, patience)
}

/// A worker's tally without the seconds before `from`; `None` as for [`ask`].
pub(super) fn recent(worker: &Worker, from: usize, patience: Duration) -> Option<Tally> {
    answered(worker, |answer| Command::Recent { from, answer }, patience)
}

fn answered<T>(
    worker: &Worker,
    command: impl FnOnce(oneshot::Sender<T>) -> Command,
    patience: Duration,
) -> Option<T> {
    let (answer, mut look) = oneshot::channel();
    worker.commands.send(command(answer)).ok()?;
    let patience = Instant::now() + patience;
    loop {
        match look.try_recv() {
            Ok(look) => return Some(look),
            Err(oneshot::error::TryRecvError::Empty) if Instant::now() < patience => {
                thread::sleep(Duration::from_millis(1));
            }
            Err(_) => return None,
        }
    }
}
