//! An end to waiting.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll};

use tokio::time::{Instant, Sleep, sleep_until};

use super::timer_queue::{Timer, TimerQueue};

/// Gives up what takes too long; used again and again by one user.
pub enum Deadline {
    /// By a timer of the worker's.
    Paced(Timer),
    /// By tokio, where there is no worker.
    Tokio(Option<Pin<Box<Sleep>>>),
}

impl Deadline {
    /// A deadline where there is no worker.
    pub fn tokio() -> Deadline {
        Deadline::Tokio(None)
    }

    /// The times of the worker that it belongs to, if there is one.
    pub fn agenda(&self) -> Option<&Rc<TimerQueue>> {
        match self {
            Deadline::Paced(timer) => Some(timer.agenda()),
            Deadline::Tokio(_) => None,
        }
    }

    /// Waits for `future` until `at`; `None` when it is not ready by then.
    pub async fn within<F: Future>(&mut self, at: Instant, future: F) -> Option<F::Output> {
        let mut future = pin!(future);
        self.set(at);
        let output = poll_fn(|cx| {
            // First: what is there in time must not be given up because it was not looked at.
            if let Poll::Ready(output) = future.as_mut().poll(cx) {
                return Poll::Ready(Some(output));
            }
            self.poll_passed(cx).map(|()| None)
        })
        .await;
        if output.is_some() {
            self.clear();
        }
        output
    }

    fn set(&mut self, at: Instant) {
        match self {
            Deadline::Paced(timer) => timer.set(timer.agenda().nanos(at)),
            Deadline::Tokio(Some(sleep)) => sleep.as_mut().reset(at),
            Deadline::Tokio(none) => *none = Some(Box::pin(sleep_until(at))),
        }
    }

    fn clear(&mut self) {
        match self {
            Deadline::Paced(timer) => timer.clear(),
            Deadline::Tokio(sleep) => *sleep = None,
        }
    }

    fn poll_passed(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match self {
            Deadline::Paced(timer) => timer.poll_rung(cx),
            Deadline::Tokio(Some(sleep)) => sleep.as_mut().poll(cx),
            Deadline::Tokio(None) => Poll::Ready(()),
        }
    }
}
