//! Waits that end within a tenth of a millisecond: the runtime's own timer counts in whole ones.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll, Waker};
use std::thread::{self, JoinHandle};
use std::time::Instant;

/// Wakes waiting tasks, from a thread that sleeps meanwhile; the thread starts with the first wait and ends with
/// this.
#[derive(Default)]
pub(crate) struct FaultTimer {
    alarms: Arc<Alarms>,
    thread: OnceLock<Option<JoinHandle<()>>>,
}

#[derive(Default)]
struct Alarms {
    state: Mutex<FaultState>,
    changed: Condvar,
}

#[derive(Default)]
struct FaultState {
    /// The next one first; the number distinguishes those of one instant, and keeps their order.
    waiting: BTreeMap<(Instant, u64), Waker>,
    taken: u64,
    closed: bool,
}

/// A wait for an instant.
pub(crate) struct Wait {
    alarms: Arc<Alarms>,
    at: Instant,
    number: Option<u64>,
}

impl FaultTimer {
    /// Completes at this instant, or a moment later.
    pub(crate) fn until(&self, at: Instant) -> Wait {
        let started = self.thread.get_or_init(|| {
            let alarms = Arc::clone(&self.alarms);
            let thread = thread::Builder::new().name("faults".to_owned());
            thread.spawn(move || alarms.ring()).ok()
        });
        Wait {
            alarms: Arc::clone(&self.alarms),
            // Without a thread no task can be woken: better too early than never.
            at: if started.is_some() {
                at
            } else {
                Instant::now()
            },
            number: None,
        }
    }
}

impl Drop for FaultTimer {
    fn drop(&mut self) {
        self.alarms.lock().closed = true;
        self.alarms.changed.notify_one();
        // A waker may own the last of a server: then it is that thread that ends here, and can't wait for itself.
        if let Some(Some(thread)) = self.thread.take()
            && thread.thread().id() != thread::current().id()
        {
            let _ = thread.join();
        }
    }
}

impl Alarms {
    fn lock(&self) -> MutexGuard<'_, FaultState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ring(&self) {
        let mut state = self.lock();
        while !state.closed {
            let now = Instant::now();
            let due = state.due(now);
            if !due.is_empty() {
                drop(state);
                due.into_iter().for_each(Waker::wake);
                state = self.lock();
                continue;
            }
            state = if let Some(at) = state.next() {
                let left = at.saturating_duration_since(now);
                let woken = self.changed.wait_timeout(state, left);
                woken.unwrap_or_else(PoisonError::into_inner).0
            } else {
                let woken = self.changed.wait(state);
                woken.unwrap_or_else(PoisonError::into_inner)
            };
        }
    }
}

impl FaultState {
    /// Takes out those whose time has come, in its order.
    fn due(&mut self, now: Instant) -> Vec<Waker> {
        let later = self.waiting.split_off(&(now, u64::MAX));
        std::mem::replace(&mut self.waiting, later)
            .into_values()
            .collect()
    }

    fn next(&self) -> Option<Instant> {
        self.waiting.first_key_value().map(|((at, _), _)| *at)
    }
}

impl Future for Wait {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if Instant::now() >= self.at {
            return Poll::Ready(());
        }
        let alarms = Arc::clone(&self.alarms);
        let mut state = alarms.lock();
        let number = *self.number.get_or_insert_with(|| {
            state.taken += 1;
            state.taken
        });
        let is_first = state.next().is_none_or(|next| self.at < next);
        state
            .waiting
            .insert((self.at, number), context.waker().clone());
        drop(state);
        if is_first {
            alarms.changed.notify_one();
        }
        Poll::Pending
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            // Taken out first, so that what the waker owns is not dropped under the lock.
            let waker = self.alarms.lock().waiting.remove(&(self.at, number));
            drop(waker);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::FutureExt as _;

    use super::*;

    #[test]
    fn those_due_come_out_in_order_and_no_others() {
        let begin = Instant::now();
        let mut state = FaultState::default();
        for (at, number) in [(3, 1), (1, 2), (2, 3), (1, 4)] {
            let key = (begin + Duration::from_secs(at), number);
            state.waiting.insert(key, Waker::noop().clone());
        }
        assert_eq!(state.next(), Some(begin + Duration::from_secs(1)));
        assert_eq!(state.due(begin).len(), 0);
        assert_eq!(state.due(begin + Duration::from_secs(1)).len(), 2);
        assert_eq!(state.due(begin + Duration::from_secs(9)).len(), 2);
        assert_eq!(state.next(), None);
    }

    #[tokio::test]
    async fn nobody_is_woken_early_and_an_earlier_wait_goes_first() {
        let timer = FaultTimer::default();
        let begun = Instant::now();
        let wait = |ms| {
            let at = begun + Duration::from_millis(ms);
            timer.until(at).map(move |()| (ms, Instant::now() >= at))
        };
        let mut waits: futures_util::stream::FuturesUnordered<_> =
            [30, 10, 20].into_iter().map(wait).collect();
        let mut came = Vec::new();
        while let Some(end) = futures_util::StreamExt::next(&mut waits).await {
            came.push(end);
        }
        assert_eq!(came, [(10, true), (20, true), (30, true)]);
    }

    #[test]
    fn a_wait_that_is_given_up_leaves_nothing_behind() {
        let timer = FaultTimer::default();
        let long = Instant::now() + Duration::from_secs(3600);
        assert_eq!(timer.until(long).now_or_never(), None);
        assert_eq!(timer.alarms.lock().waiting.len(), 0);
        assert_eq!(timer.until(Instant::now()).now_or_never(), Some(()));
    }

    #[test]
    fn it_ends_while_somebody_still_waits() {
        let timer = FaultTimer::default();
        let mut wait = timer.until(Instant::now() + Duration::from_secs(3600));
        let mut context = Context::from_waker(Waker::noop());
        assert!(Pin::new(&mut wait).poll(&mut context).is_pending());
        // Returns when the thread has ended.
        drop(timer);
        assert!(wait.alarms.lock().closed);
    }
}
