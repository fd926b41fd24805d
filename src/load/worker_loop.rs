//! One worker's virtual users: the user that is due sends, on a connection of its own or from the pool.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::LocalSet;
use tokio::time::{Instant, sleep_until};

use super::connection_pool::{ConnectionPool, dispatch};
use super::journeys::Journeys;
use super::ledger::{Job, JobTimes, Ledger};
use super::messages::{Commands, RunEnd, WorkerGauge, WorkerRequest, WorkerSnapshot};
use super::schedule::ConnectionPolicy;
use super::users::{User, Users};
use crate::client::Turns;
use crate::record::{Excerpt, Tally};
use crate::timers::{OsTimer, Timer, TimerQueue};

/// How long a stopped run waits for what is on its way.
const STOP_GRACE: Duration = Duration::from_secs(2);
/// How often a stopped run looks whether all has ended.
const STOP_CHECK: Duration = Duration::from_millis(10);

/// How often a worker looks at an end that has come and is still open.
const OPEN_CHECK: Duration = Duration::from_millis(5);

/// What one worker must do.
pub(super) struct WorkerContext<U> {
    pub(super) users: U,
    pub(super) ledger: Ledger,
    pub(super) connections: ConnectionPolicy,
    pub(super) agenda: Rc<TimerQueue>,
    pub(super) end: Arc<RunEnd>,
    pub(super) timeout: Duration,
    pub(super) gauge: Arc<WorkerGauge>,
    /// Users on a WebSocket that have not left yet.
    pub(super) present: Cell<u32>,
}

/// A job, and when it was taken up.
pub(super) type TakenJob = (Job, u64);

/// Runs a worker's streams to the end of the run and no longer than one timeout beyond.
pub(super) async fn work<U: Users + 'static>(
    work: WorkerContext<U>,
    alarm: OsTimer,
    commands: Commands,
) -> Tally {
    let work = Rc::new(work);
    let lanes = LocalSet::new();
    let agenda = Rc::clone(&work.agenda);
    lanes.spawn_local(async move { agenda.keep(alarm).await });
    if work.ledger.has_journeys() {
        spawn::<U, Journeys>(&work, &lanes);
    } else {
        spawn::<U, Requests>(&work, &lanes);
    }
    lanes.run_until(supervise(&work, commands)).await;
    // Whatever still runs is dropped before the book is closed, so nothing is counted twice.
    drop(lanes);
    work.ledger.close(work.end.get(), work.agenda.now())
}

/// What is due each time: it is the same for all of a run, and so chosen once.
pub(super) trait DueUnit: 'static {
    /// What is due before is sent.
    fn until(end: &RunEnd) -> u64;

    /// Whether the run is over.
    fn has_come(end: &RunEnd, now: u64) -> bool;

    /// When to look at the end of the run again, at `next` at the latest.
    fn wake(next: u64, now: u64, end: u64) -> u64;

    /// Sends one on a lane's connection and records its end; returns when that was.
    fn send<U: Users>(
        work: &WorkerContext<U>,
        lane: usize,
        user: &mut U::User,
        taken: TakenJob,
    ) -> impl Future<Output = u64>;
}

/// Each number of a stream is a request's.
pub(super) struct Requests;

impl DueUnit for Requests {
    fn until(end: &RunEnd) -> u64 {
        end.until()
    }

    fn has_come(end: &RunEnd, now: u64) -> bool {
        end.has_come(now)
    }

    fn wake(next: u64, _: u64, _: u64) -> u64 {
        next
    }

    fn send<U: Users>(
        work: &WorkerContext<U>,
        lane: usize,
        user: &mut U::User,
        taken: TakenJob,
    ) -> impl Future<Output = u64> {
        work.exchange(lane, user, taken)
    }
}

/// Begins the tasks of all streams.
fn spawn<U: Users + 'static, D: DueUnit>(work: &Rc<WorkerContext<U>>, lanes: &LocalSet) {
    for stream in 0..work.ledger.streams() {
        let work = Rc::clone(work);
        match work.connections {
            ConnectionPolicy::Own => lanes.spawn_local(user_task::<U, D>(work, stream)),
            ConnectionPolicy::Shared(limit) => {
                let pool = ConnectionPool::new(stream, limit);
                lanes.spawn_local(dispatch::<U, D>(work, pool))
            }
        };
    }
}

impl<U: Users> WorkerContext<U> {
    /// Sends one job on a lane's connection and records its end; returns when that was.
    pub(super) async fn exchange(
        &self,
        lane: usize,
        user: &mut U::User,
        (job, begun): TakenJob,
    ) -> u64 {
        self.ledger.begin(lane, job, begun);
        let exchange = user.exchange(job.endpoint, job.number).await;
        let done = self.agenda.nanos(exchange.done);
        let times = JobTimes {
            sent: exchange.sent.map(|sent| self.agenda.nanos(sent)),
            done,
            held_up: self.agenda.stalled_for(begun, done),
        };
        self.ledger.end(lane, &exchange, times, self.end.get());
        if self.ledger.lacks_excerpt(exchange.outcome) {
            let excerpt = Excerpt {
                endpoint: job.endpoint,
                text: user.excerpt(job.endpoint, job.number),
                wait_s: user.retry_after(),
            };
            self.ledger.add_excerpt(exchange.outcome, excerpt);
        }
        self.gauge.count(exchange.outcome.is_ok());
        done
    }

    /// Waits until a stream's next request is due and takes it up, for a user who was busy until
    /// `free_since`; `None` when the run ends first.
    async fn wait<D: DueUnit>(
        &self,
        stream: usize,
        timer: &Timer,
        free_since: u64,
    ) -> Option<TakenJob> {
        let now = self.until_due::<D>(stream, timer, free_since).await?;
        let due = self.ledger.next_due(stream);
        // Late because its user was busy is the target's doing, as far as the generator was not held up.
        let free = free_since.clamp(due, now);
        let lag = now - free + self.agenda.stalled_for(due, free);
        Some((self.ledger.take(stream, lag), now))
    }

    /// Waits until a stream's next request is due; returns the time then, or `None` when the run ends
    /// first. `now` may be a little behind.
    pub(super) async fn until_due<D: DueUnit>(
        &self,
        stream: usize,
        timer: &Timer,
        mut now: u64,
    ) -> Option<u64> {
        loop {
            let (due, end, until) = (
                self.ledger.next_due(stream),
                self.end.get(),
                D::until(&self.end),
            );
            if due < until && due <= now {
                return Some(now);
            }
            if D::has_come(&self.end, now) {
                return None;
            }
            // At the end it is known whether anything goes on, but for the exception.
            let next = if now < end { end } else { until };
            timer.sleep_until(due.min(D::wake(next, now, end))).await;
            now = self.agenda.now();
        }
    }
}

/// A virtual user with a connection of its own.
async fn user_task<U: Users, D: DueUnit>(work: Rc<WorkerContext<U>>, stream: usize) {
    let lane = work.ledger.open_lane();
    let turns = Turns::beginning_with(work.ledger.first_number(stream));
    let mut user = work.users.user(stream, turns);
    let timer = work.agenda.timer();
    let holds_socket = work.ledger.is_socket(stream);
    work.present
        .set(work.present.get() + u32::from(holds_socket));
    let mut free_since = 0;
    loop {
        let taken = tokio::select! {
            biased;
            taken = work.wait::<D>(stream, &timer, free_since) => taken,
            () = user.idle() => {
                let now = work.agenda.now();
                Some((work.ledger.reconnect(stream, now), now))
            }
        };
        let Some(taken) = taken else {
            break;
        };
        free_since = D::send(&work, lane, &mut user, taken).await;
        if holds_socket {
            work.ledger.talk(&user.take_socket_events());
        }
    }
    if holds_socket {
        work.ledger.talk(&user.take_socket_events());
        user.leave().await;
        work.present.set(work.present.get() - 1);
    }
}

/// Answers the coordinator, and returns when all that was due has ended or the run must end.
async fn supervise<U>(work: &WorkerContext<U>, mut commands: Commands) {
    let (mut stopped, mut over_since) = (None, None);
    let mut has_unfinished = work.ledger.has_journeys();
    loop {
        let end = work.end.get();
        let give_up = stopped.unwrap_or(work.agenda.instant(end) + work.timeout);
        let now = Instant::now();
        let since = work.agenda.nanos(now);
        if has_unfinished && work.end.has_come(since) && work.ledger.is_idle(end) {
            has_unfinished = false;
            work.end.finish();
        }
        let over = stopped.is_some() || work.end.has_come_with_tail(since);
        if over {
            over_since.get_or_insert(now);
        }
        // Users with a connection may close it properly, if that takes no longer than a moment.
        let gone = work.present.get() == 0 || over_since.is_some_and(|at| now >= at + STOP_GRACE);
        if over && (now >= give_up || (gone && work.ledger.is_idle(end))) {
            return;
        }
        let wake = if over {
            (now + STOP_CHECK).min(give_up)
        } else {
            work.agenda.instant(end).max(now + OPEN_CHECK)
        };
        tokio::select! {
            () = sleep_until(wake) => {}
            command = commands.recv() => match command {
                Some(WorkerRequest::Look { planned, answer }) => {
                    // What is due after the end does not count, unless the end is moved on.
                    let end = work.end.get();
                    let now = work.agenda.now().min(end);
                    work.ledger.admit(end);
                    let open = work.ledger.open(now);
                    let open_planned = work.ledger.open(now.min(planned)).iter().sum();
                    let _ = answer.send(WorkerSnapshot { tally: work.ledger.counters(), open, open_planned });
                }
                Some(WorkerRequest::Recent { from, answer }) => {
                    work.ledger.admit(work.end.get());
                    let _ = answer.send(work.ledger.recent(from));
                }
                Some(WorkerRequest::Stop) => stopped = Some(now + STOP_GRACE.min(work.timeout)),
                None => sleep_until(wake).await,
            },
        }
    }
}

#[cfg(test)]
mod tests;
