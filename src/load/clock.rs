//! The time in which a run's coordinator lives: the system's, or in tests one that only passes while it sleeps.

use std::thread;
use std::time::Duration;

use tokio::time::Instant;

/// What the coordinator reads and waits by.
pub(super) trait Clock {
    /// What time it is.
    fn now(&self) -> Instant;

    /// Lets so much time pass, for the workers as well.
    fn sleep(&self, pause: Duration);
}

/// The time of the machine.
pub(super) struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn sleep(&self, pause: Duration) {
        thread::sleep(pause);
    }
}
