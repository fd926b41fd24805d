//! One worker's virtual users: whoever is due sends, on a connection of its own or from the pool.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::LocalSet;
use tokio::time::{Instant, sleep_until};

use super::control::{Command, Commands, End, Gauge, Look};
use super::ledger::{Job, Ledger};
use super::schedule::Connections;
use super::users::{User, Users};
use crate::record::Tally;

/// How long a stopped run waits for what is on its way.
const STOP_GRACE: Duration = Duration::from_secs(2);
/// How often a stopped run looks whether all has ended.
const STOP_CHECK: Duration = Duration::from_millis(10);

/// What one worker has to do.
pub(super) struct Work<U> {
    pub(super) users: U,
    pub(super) ledger: Ledger,
    pub(super) connections: Connections,
    pub(super) start: Instant,
    pub(super) end: Arc<End>,
    pub(super) timeout: Duration,
    pub(super) gauge: Arc<Gauge>,
    /// Users on a WebSocket that have not left yet.
    pub(super) present: Cell<u32>,
}

/// Runs a worker's streams to the end of the run and no longer than one timeout beyond.
pub(super) async fn work<U: Users + 'static>(work: Work<U>, commands: Commands) -> Tally {
    let work = Rc::new(work);
    let lanes = LocalSet::new();
    match work.connections {
        Connections::Own => (0..work.ledger.streams()).for_each(|stream| {
            lanes.spawn_local(own_lane(Rc::clone(&work), stream));
        }),
        Connections::Shared(limit) => {
            let pool = Rc::new(Pool {
                limit,
                open: Cell::new(0),
                idle: RefCell::default(),
            });
            for stream in 0..work.ledger.streams() {
                lanes.spawn_local(dispatch(Rc::clone(&work), Rc::clone(&pool), stream));
            }
        }
    }
    lanes.run_until(supervise(&work, commands)).await;
    // Whatever still runs is dropped before the book is closed, so nothing is counted twice.
    drop(lanes);
    work.ledger.close(work.end.get(), work.now())
}

impl<U> Work<U> {
    fn now(&self) -> u64 {
        self.nanos(Instant::now())
    }

    fn nanos(&self, at: Instant) -> u64 {
        u64::try_from(at.saturating_duration_since(self.start).as_nanos()).unwrap_or(u64::MAX)
    }

    fn instant(&self, nanos: u64) -> Instant {
        self.start + Duration::from_nanos(nanos)
    }
}

impl<U: Users> Work<U> {
    /// Sends one job on a lane's connection and records its end.
    async fn exchange(&self, lane: usize, user: &mut U::User, job: Job) {
        self.ledger.begin(lane, job, self.now());
        let exchange = user.exchange(job.endpoint).await;
        self.ledger.end(lane, &exchange, |at| self.nanos(at));
        self.gauge.done.fetch_add(1, Ordering::Relaxed);
        let failed = u64::from(!exchange.outcome.is_ok());
        self.gauge.failed.fetch_add(failed, Ordering::Relaxed);
    }

    /// Waits until a stream's next request is due; `None` when the run ends first.
    async fn wait(&self, stream: usize, free_since: u64) -> Option<Job> {
        loop {
            let (due, end) = (self.ledger.next_due(stream), self.end.get());
            let now = self.now();
            if due < end && due <= now {
                // Late because its user was busy is the target's doing, not the generator's.
                return Some(self.ledger.take(stream, now - due.max(free_since.min(now))));
            }
            if now >= end {
                return None;
            }
            sleep_until(self.instant(due.min(end))).await;
        }
    }
}

/// A virtual user with a connection of its own.
async fn own_lane<U: Users>(work: Rc<Work<U>>, stream: usize) {
    let lane = work.ledger.open_lane();
    let mut user = work.users.user(stream);
    let holds_socket = work.ledger.is_socket(stream);
    work.present
        .set(work.present.get() + u32::from(holds_socket));
    let mut free_since = 0;
    loop {
        let job = tokio::select! {
            biased;
            job = work.wait(stream, free_since) => job,
            () = user.idle() => Some(work.ledger.reconnect(work.now())),
        };
        let Some(job) = job else {
            break;
        };
        work.exchange(lane, &mut user, job).await;
        free_since = work.now();
        if holds_socket {
            work.ledger.talk(&user.talk());
        }
    }
    if holds_socket {
        work.ledger.talk(&user.talk());
        user.leave().await;
        work.present.set(work.present.get() - 1);
    }
}

/// The connections that the streams of a worker share: the last one used is the first one taken.
struct Pool {
    limit: u32,
    open: Cell<u32>,
    idle: RefCell<Vec<(usize, mpsc::UnboundedSender<Job>)>>,
}

/// Hands each job that comes due to an idle connection, to a new one, or to the queue.
async fn dispatch<U: Users + 'static>(work: Rc<Work<U>>, pool: Rc<Pool>, stream: usize) {
    while let Some(job) = work.wait(stream, 0).await {
        let idle = pool.idle.borrow_mut().pop();
        if let Some((lane, sender)) = idle {
            // Entered before the lane gets to run: a run that ends in between must not lose it.
            work.ledger.begin(lane, job, work.now());
            // An idle lane waits for its next job for ever, so there is someone to receive.
            let _ = sender.send(job);
        } else if pool.open.get() < pool.limit {
            pool.open.set(pool.open.get() + 1);
            let lane = work.ledger.open_lane();
            work.ledger.begin(lane, job, work.now());
            tokio::task::spawn_local(shared_lane(Rc::clone(&work), Rc::clone(&pool), lane, job));
        } else {
            work.ledger.enqueue(job);
        }
    }
}

/// A connection of the pool.
async fn shared_lane<U: Users>(work: Rc<Work<U>>, pool: Rc<Pool>, lane: usize, first: Job) {
    let mut user = work.users.user(lane);
    let (sender, mut jobs) = mpsc::unbounded_channel();
    let mut next = Some(first);
    while let Some(job) = next {
        work.exchange(lane, &mut user, job).await;
        next = work.ledger.dequeue(work.now());
        if next.is_none() {
            pool.idle.borrow_mut().push((lane, sender.clone()));
            next = jobs.recv().await;
        }
    }
}

/// Answers the coordinator, and returns when all that was due has ended or the run must end.
async fn supervise<U>(work: &Work<U>, mut commands: Commands) {
    let mut stopped = None;
    loop {
        let end = work.end.get();
        let give_up = stopped.unwrap_or(work.instant(end) + work.timeout);
        let now = Instant::now();
        let over = stopped.is_some() || now >= work.instant(end);
        // Whoever holds a connection may say goodbye, if that takes no longer than a moment.
        let gone = work.present.get() == 0 || now >= work.instant(end) + STOP_GRACE;
        if now >= give_up || (over && gone && work.ledger.is_idle(end)) {
            return;
        }
        let wake = if over {
            (now + STOP_CHECK).min(give_up)
        } else {
            work.instant(end)
        };
        tokio::select! {
            () = sleep_until(wake) => {}
            command = commands.recv() => match command {
                Some(Command::Look(answer)) => {
                    let open = work.ledger.open(work.now());
                    let _ = answer.send(Look { tally: work.ledger.counters(), open });
                }
                Some(Command::Stop) => stopped = Some(now + STOP_GRACE.min(work.timeout)),
                None => sleep_until(wake).await,
            },
        }
    }
}

#[cfg(test)]
mod tests;
