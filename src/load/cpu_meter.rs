//! How much processor time the workers use.

use std::time::Duration;

use tokio::time::Instant;

/// Processor time over wall time.
pub(super) struct Meter {
    pub(super) wall: Instant,
    pub(super) used: Duration,
}

impl Meter {
    /// The share of the workers' processor time used since the last reading, in percent.
    pub(super) fn read(&mut self, now: Instant, used: Duration, workers: usize) -> f64 {
        let wall = now.duration_since(self.wall).as_secs_f64() * workers.max(1) as f64;
        let share = used.saturating_sub(self.used).as_secs_f64() / wall * 100.0;
        *self = Meter { wall: now, used };
        share
    }
}
