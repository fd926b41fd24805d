//! Connections that a worker's arrivals share: as many as they need, up to a cap, at each address of the target.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

use super::users::{User as _, Users};
use super::worker_loop::{DueUnit, TakenJob, WorkerContext};
use crate::client::Turns;

/// The connections of one stream of arrivals: the last one used is the first one taken.
pub(super) struct ConnectionPool {
    stream: usize,
    limit: u32,
    open: Cell<u32>,
    idle: RefCell<Vec<Rc<IdleSlot>>>,
    /// The task that hands out jobs, while all connections that are allowed are busy.
    held: RefCell<Option<Waker>>,
}

/// Where an idle connection waits for its next job.
struct IdleSlot {
    lane: usize,
    /// Which of the addresses it connects to.
    turn: u32,
    job: Cell<Option<TakenJob>>,
    waker: RefCell<Option<Waker>>,
}

impl ConnectionPool {
    pub(super) fn new(stream: usize, limit: u32) -> Rc<ConnectionPool> {
        Rc::new(ConnectionPool {
            stream,
            limit,
            open: Cell::new(0),
            idle: RefCell::default(),
            held: RefCell::default(),
        })
    }

    /// Whether a job that comes due now must wait.
    fn is_full(&self) -> bool {
        self.idle.borrow().is_empty() && self.open.get() >= self.limit
    }

    /// Waits until a connection is idle. Those that become free meanwhile take up what waits by themselves.
    async fn vacancy(&self) {
        poll_fn(|cx| {
            if !self.is_full() {
                return Poll::Ready(());
            }
            *self.held.borrow_mut() = Some(cx.waker().clone());
            Poll::Pending
        })
        .await;
    }

    /// The idle connection that was used last of those to an address; any when no other may be made.
    fn idle_at(&self, turn: u32) -> Option<Rc<IdleSlot>> {
        let idle = &mut *self.idle.borrow_mut();
        let place = idle.iter().rposition(|seat| seat.turn == turn);
        match place {
            Some(place) => Some(idle.remove(place)),
            None if self.open.get() >= self.limit => idle.pop(),
            None => None,
        }
    }

    fn rest(&self, seat: &Rc<IdleSlot>) {
        self.idle.borrow_mut().push(Rc::clone(seat));
        if let Some(dispatcher) = self.held.take() {
            dispatcher.wake();
        }
    }
}

impl IdleSlot {
    fn give(&self, taken: TakenJob) {
        self.job.set(Some(taken));
        if let Some(waker) = &*self.waker.borrow() {
            waker.wake_by_ref();
        }
    }

    async fn job(&self) -> TakenJob {
        poll_fn(|cx| {
            if let Some(taken) = self.job.take() {
                return Poll::Ready(taken);
            }
            match &mut *self.waker.borrow_mut() {
                Some(waker) => waker.clone_from(cx.waker()),
                none => *none = Some(cx.waker().clone()),
            }
            Poll::Pending
        })
        .await
    }
}

/// The address of a request. They take turns, which move on now and then: otherwise a user's requests would all go
/// to the same address wherever the addresses divide the users.
fn turn_of(number: u64, width: u32) -> u32 {
    const TURNS: u64 = 61;
    match width {
        0 | 1 => 0,
        width => ((number + number / TURNS) % u64::from(width)) as u32,
    }
}

/// Hands each job that comes due to an idle connection or to a new one.
pub(super) async fn dispatch<U: Users + 'static, D: DueUnit>(
    work: Rc<WorkerContext<U>>,
    pool: Rc<ConnectionPool>,
) {
    let timer = work.agenda.timer();
    let mut now = work.agenda.now();
    while let Some(time) = work.until_due::<D>(pool.stream, &timer, now).await {
        now = time;
        if pool.is_full() {
            pool.vacancy().await;
            now = work.agenda.now();
            continue;
        }
        let late = now - work.ledger.next_due(pool.stream);
        let taken = (work.ledger.take(pool.stream, late), now);
        let turn = turn_of(taken.0.number, work.users.width());
        let idle = pool.idle_at(turn);
        let lane = idle.as_ref().map(|seat| seat.lane);
        let lane = lane.unwrap_or_else(|| work.ledger.open_lane());
        // Entered before the lane gets to run: a run that ends in between must not lose it.
        work.ledger.begin(lane, taken.0, now);
        if let Some(seat) = idle {
            seat.give(taken);
        } else {
            pool.open.set(pool.open.get() + 1);
            let seat = IdleSlot {
                lane,
                turn,
                job: Cell::new(Some(taken)),
                waker: RefCell::default(),
            };
            tokio::task::spawn_local(lane_of::<U, D>(
                Rc::clone(&work),
                Rc::clone(&pool),
                Rc::new(seat),
            ));
        }
    }
}

/// A connection of the pool.
async fn lane_of<U: Users, D: DueUnit>(
    work: Rc<WorkerContext<U>>,
    pool: Rc<ConnectionPool>,
    seat: Rc<IdleSlot>,
) {
    let mut user = work.users.user(seat.lane, Turns::always(seat.turn));
    loop {
        let mut taken = loop {
            tokio::select! {
                biased;
                taken = seat.job() => break taken,
                // Over HTTP/2 the target may ask whether the client is still there.
                () = user.idle() => {}
            }
        };
        loop {
            let free = D::send(&work, seat.lane, &mut user, taken).await;
            let is_awaited = pool.held.borrow().is_some();
            let held_up = |from, to| work.agenda.stalled_for(from, to);
            let waiting = is_awaited.then(|| {
                work.ledger
                    .take_waiting(pool.stream, free, D::until(&work.end), held_up)
            });
            let Some(job) = waiting.flatten() else {
                break;
            };
            taken = (job, free);
        }
        pool.rest(&seat);
    }
}
