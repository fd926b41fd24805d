//! A constant rate, independent of the target.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use super::due::{Schedule, nanos};
use super::rate::{self, RampedRate};
use super::{ArrivalKey, ArrivalKeys, ArrivalModel, Rate, Senders, per_second};
use crate::plan::Plan;

/// Requests at even distances.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ConstantRate {
    /// The rate.
    pub rate: Rate,
    /// The most connections that are opened for it.
    pub connections: u32,
}

impl ArrivalModel for ConstantRate {
    type Schedule = RampedRate;

    const KEYS: &'static [ArrivalKey] = rate::KEYS;

    fn read(keys: &ArrivalKeys) -> Option<ConstantRate> {
        let (rate, connections) = rate::read(keys)?;
        Some(ConstantRate { rate, connections })
    }

    fn nothing_due(keys: &ArrivalKeys, measure: Duration) -> Option<String> {
        rate::nothing_due(keys, measure)
    }

    fn senders(&self) -> Senders {
        Senders::Rate {
            rate: self.rate,
            connections: self.connections,
        }
    }

    fn at_load(&self, load: f64) -> ConstantRate {
        ConstantRate {
            rate: Rate::per_second(load).unwrap_or(self.rate),
            ..*self
        }
    }

    fn due_times(&self, plan: &Plan, _user: u32) -> RampedRate {
        RampedRate::new(self.rate, nanos(plan.phases.ramp_up))
    }
}

impl fmt::Display for ConstantRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, at even distances", per_second(self.rate))
    }
}

impl Schedule for RampedRate {
    fn due(&self, _k: u64, n: u64) -> u64 {
        self.due_of(n)
    }
}
