//! All times that a worker thread must keep.

use std::cell::RefCell;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::time::Instant;

use super::os_timer::OsTimer;
use super::stalls::{Stalls, overlap};

/// How often the thread looks at the clock although nothing is due: what comes later was held up.
const BEAT: u64 = 10_000_000;
/// Held up for less than this is not a pause, in nanoseconds.
const PAUSE: u64 = 5_000_000;
/// Not set.
const NEVER: u64 = u64::MAX;

/// The times of one thread, in nanoseconds from the start of the run.
pub struct TimerQueue {
    start: Instant,
    state: RefCell<QueueState>,
}

struct QueueState {
    /// Times of timers, at most one for each that is set, but for those set to an earlier time meanwhile.
    heap: BinaryHeap<Reverse<(u64, u32)>>,
    timers: Vec<Slot>,
    free: Vec<u32>,
    /// The next beat.
    beat: u64,
    /// What the alarm is set to.
    set: u64,
    /// The task that sets the alarm.
    keeper: Option<Waker>,
    pauses: Stalls,
}

/// One timer.
struct Slot {
    wanted: u64,
    /// The earliest of its times in the heap.
    queued: u64,
    rung: bool,
    waker: Option<Waker>,
}

impl TimerQueue {
    /// Nothing to do yet. [`TimerQueue::keep`] must run on the same thread as its users.
    pub fn new(start: Instant) -> Rc<TimerQueue> {
        Rc::new(TimerQueue {
            start,
            state: RefCell::new(QueueState {
                heap: BinaryHeap::new(),
                timers: Vec::new(),
                free: Vec::new(),
                beat: 0,
                set: NEVER,
                keeper: None,
                pauses: Stalls::default(),
            }),
        })
    }

    /// A timer that is not set.
    pub fn timer(self: &Rc<TimerQueue>) -> Timer {
        let slot = Slot {
            wanted: NEVER,
            queued: NEVER,
            rung: false,
            waker: None,
        };
        let state = &mut *self.state.borrow_mut();
        let place = state.free.pop().unwrap_or(state.timers.len() as u32);
        match state.timers.get_mut(place as usize) {
            // What is left of its predecessor in the heap wakes no task.
            Some(old) => {
                let queued = old.queued;
                *old = Slot { queued, ..slot };
            }
            None => state.timers.push(slot),
        }
        Timer {
            agenda: Rc::clone(self),
            place,
        }
    }

    /// An instant's place in the run; 0 for what was before.
    pub fn nanos(&self, at: Instant) -> u64 {
        let since = at.saturating_duration_since(self.start);
        since.as_secs() * 1_000_000_000 + u64::from(since.subsec_nanos())
    }

    /// The time now.
    pub fn now(&self) -> u64 {
        self.nanos(Instant::now())
    }

    /// The instant of a time.
    pub fn instant(&self, nanos: u64) -> Instant {
        self.start + Duration::from_nanos(nanos)
    }

    /// How much of `from..to` the thread was held up: stopped, out of processor time, or busy with other
    /// work. `to` is now or shortly before.
    pub fn stalled_for(&self, from: u64, to: u64) -> u64 {
        let state = self.state.borrow();
        // What no task was woken for yet.
        let overdue = state.next();
        let going_on = if to.saturating_sub(overdue) > PAUSE {
            overlap((overdue, to), (from, to))
        } else {
            0
        };
        going_on + state.pauses.within(from, to)
    }

    /// Wakes the tasks whose time has come, for ever.
    pub async fn keep(&self, mut alarm: OsTimer) {
        self.state.borrow_mut().beat = self.now();
        poll_fn::<(), _>(|cx| {
            loop {
                let (next, rang) = self.ring(self.now());
                let state = &mut *self.state.borrow_mut();
                match &mut state.keeper {
                    Some(waker) => waker.clone_from(cx.waker()),
                    none => *none = Some(cx.waker().clone()),
                }
                if rang {
                    // They say first what they wait for next: setting the alarm is what costs.
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                if state.set != next {
                    alarm.set(self.instant(next));
                    state.set = next;
                }
                if alarm.poll_rung(cx).is_pending() {
                    return Poll::Pending;
                }
                // It may have rung for what it was set to before.
                state.set = NEVER;
            }
        })
        .await;
    }

    #[cfg(test)]
    pub(super) fn kept(&self) -> usize {
        self.state.borrow().heap.len()
    }

    /// Wakes the tasks whose time has come; returns when the next is due, and whether any was.
    fn ring(&self, now: u64) -> (u64, bool) {
        let state = &mut *self.state.borrow_mut();
        let overdue = state.next();
        if now.saturating_sub(overdue) > PAUSE {
            state.pauses.add(overdue, now);
        }
        if state.beat <= now {
            state.beat = now + BEAT;
        }
        let mut rang = false;
        while let Some(&Reverse((at, place))) = state.heap.peek() {
            if at > now {
                break;
            }
            state.heap.pop();
            state.timers[place as usize].queued = NEVER;
            rang |= state.ring_one(place, now);
        }
        (state.next(), rang)
    }
}

impl QueueState {
    /// The earliest time that is kept.
    fn next(&self) -> u64 {
        let first = self.heap.peek().map_or(NEVER, |Reverse((at, _))| *at);
        first.min(self.beat)
    }

    /// Wakes the task that waits for a timer, if its time has come; says whether it had.
    fn ring_one(&mut self, place: u32, now: u64) -> bool {
        let timer = &mut self.timers[place as usize];
        if timer.wanted <= now {
            timer.wanted = NEVER;
            timer.rung = true;
            if let Some(waker) = &timer.waker {
                waker.wake_by_ref();
            }
            return true;
        }
        if timer.wanted != NEVER {
            self.queue(place);
        }
        false
    }

    /// Sees to it that a timer's time is in the heap, or an earlier one.
    fn queue(&mut self, place: u32) {
        let timer = &mut self.timers[place as usize];
        if timer.queued <= timer.wanted {
            return;
        }
        timer.queued = timer.wanted;
        self.heap.push(Reverse((timer.wanted, place)));
        if timer.wanted < self.set.min(self.beat)
            && let Some(keeper) = &self.keeper
        {
            keeper.wake_by_ref();
        }
    }
}

/// A time that a task waits for. Setting it to a later time costs next to nothing.
pub struct Timer {
    agenda: Rc<TimerQueue>,
    place: u32,
}

impl Timer {
    /// Waits for this time and no other.
    pub fn set(&self, at: u64) {
        let state = &mut *self.agenda.state.borrow_mut();
        let timer = &mut state.timers[self.place as usize];
        timer.rung = false;
        timer.wanted = at;
        state.queue(self.place);
    }

    /// Waits for nothing any more.
    pub fn clear(&self) {
        let state = &mut *self.agenda.state.borrow_mut();
        let timer = &mut state.timers[self.place as usize];
        timer.rung = false;
        timer.wanted = NEVER;
    }

    /// Ready once its time has come, and again only when it is set again.
    pub fn poll_rung(&self, cx: &mut Context<'_>) -> Poll<()> {
        let state = &mut *self.agenda.state.borrow_mut();
        let timer = &mut state.timers[self.place as usize];
        if std::mem::take(&mut timer.rung) {
            return Poll::Ready(());
        }
        match &mut timer.waker {
            Some(waker) => waker.clone_from(cx.waker()),
            none => *none = Some(cx.waker().clone()),
        }
        Poll::Pending
    }

    /// Waits until `at`.
    pub async fn sleep_until(&self, at: u64) {
        self.set(at);
        poll_fn(|cx| self.poll_rung(cx)).await;
    }

    /// The agenda that it is in.
    pub fn agenda(&self) -> &Rc<TimerQueue> {
        &self.agenda
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        let state = &mut *self.agenda.state.borrow_mut();
        let timer = &mut state.timers[self.place as usize];
        timer.wanted = NEVER;
        timer.rung = false;
        timer.waker = None;
        state.free.push(self.place);
    }
}
