//! All users at the same instant, in rounds.

/// One user of a burst; every user's round `k` is due at the same instant.
#[derive(Debug, Clone)]
pub(super) struct BurstUser {
    /// From one round to the next, in nanoseconds.
    pub(super) every: u64,
}

impl BurstUser {
    pub(super) fn due(&self, k: u64) -> u64 {
        self.every.saturating_mul(k)
    }
}
