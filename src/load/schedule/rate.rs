//! A rate that rises in a straight line over the ramp-up and then stays.

use crate::plan::Rate;

/// Nanoseconds in a second times millionths in one: a rate's units against the schedule's.
const SCALE: u128 = 1_000_000_000_000_000;

/// After the ramp-up of length R, the expected count at t is r (t − R/2), so request n is due at
/// n/r + R/2; within it the count is r t²/2R, so request n is due at √(2 R n / r).
#[derive(Debug, Clone)]
pub(super) struct RampedRate {
    micro: u128,
    ramp: u128,
}

impl RampedRate {
    pub(super) fn new(rate: Rate, ramp: u64) -> RampedRate {
        RampedRate {
            micro: u128::from(rate.micro()),
            ramp: u128::from(ramp),
        }
    }

    /// When request `n` is due, in whole-number arithmetic: exact however far the run has come.
    pub(super) fn due(&self, n: u64) -> u64 {
        self.after(u128::from(n) * SCALE / self.micro)
    }

    /// The same for an arrival of a random process that has `count` expected arrivals before it.
    pub(super) fn due_at_count(&self, count: f64) -> u64 {
        self.after((count / self.micro as f64 * SCALE as f64) as u128)
    }

    /// When the instant comes that would be `flat` nanoseconds into the run without a ramp-up.
    fn after(&self, flat: u128) -> u64 {
        let due = if flat < self.ramp / 2 {
            (2 * self.ramp * flat).isqrt()
        } else {
            flat + self.ramp / 2
        };
        u64::try_from(due).unwrap_or(u64::MAX)
    }
}
