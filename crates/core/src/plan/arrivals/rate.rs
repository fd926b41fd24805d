//! Rates: what all models that have one are made of.

use std::time::Duration;

use serde::Serialize;

use super::{ArrivalKey, ArrivalKeys};
use crate::requirement::format;

/// The keys of every model that has a rate.
pub(super) const KEYS: &[ArrivalKey] = &[
    ArrivalKey::needed("rate", "\"120/s\""),
    ArrivalKey::optional("connections"),
    ArrivalKey::optional("ramp_up"),
    ArrivalKey::optional("settle"),
];

/// A rate in millionths of a request per second, so that due times are whole-number arithmetic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Rate(u64);

impl Rate {
    /// A rate of `per_second` requests, to the millionth; `None` unless it is above 0 and at most a billion.
    pub fn per_second(per_second: f64) -> Option<Rate> {
        let micro = (per_second * 1e6).round();
        (1.0..=1e15).contains(&micro).then_some(Rate(micro as u64))
    }

    /// Millionths of a request per second.
    pub fn micro(self) -> u64 {
        self.0
    }

    /// Requests per second.
    pub fn as_f64(self) -> f64 {
        self.0 as f64 / 1e6
    }
}

/// The rate of the keys, and the most connections for it.
pub(super) fn read(keys: &ArrivalKeys) -> Option<(Rate, u32)> {
    let rate = keys.rate?;
    Some((rate, keys.connections_for(rate)))
}

/// Why the rate is too low for a judged part of this length, if so.
pub(super) fn nothing_due(keys: &ArrivalKeys, measure: Duration) -> Option<String> {
    let rate = keys.rate?.as_f64();
    (rate * measure.as_secs_f64() < 1.0).then(|| {
        let shown = format::duration(measure);
        format!("at {rate}/s not one request is due in {shown}")
    })
}

/// Nanoseconds in a second times millionths in one: a rate's units against the schedule's.
const SCALE: u128 = 1_000_000_000_000_000;

/// A rate that rises in a straight line over the ramp-up and then stays.
///
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
    pub(super) fn due_of(&self, n: u64) -> u64 {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_outside_their_range_are_none() {
        assert_eq!(Rate::per_second(0.0), None);
        assert_eq!(Rate::per_second(f64::NAN), None);
        assert_eq!(Rate::per_second(-1.0), None);
        assert_eq!(Rate::per_second(1e10), None);
        assert_eq!(Rate::per_second(0.5).map(Rate::micro), Some(500_000));
    }
}
