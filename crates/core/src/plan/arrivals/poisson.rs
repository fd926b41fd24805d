//! Random arrivals with exponential gaps, found by number without adding up the gaps before.

use std::fmt;
use std::time::Duration;

use rand_distr::{Beta, Distribution, Gamma};
use serde::Serialize;

use super::due::{Schedule, nanos};
use super::random::{SplitMix, mix};
use super::rate::{self, RampedRate};
use super::{ArrivalKey, ArrivalKeys, ArrivalModel, Rate, Senders, per_second};
use crate::plan::Plan;

/// Random arrivals of a mean rate.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PoissonRate {
    /// The mean rate.
    pub rate: Rate,
    /// The most connections that are opened for it.
    pub connections: u32,
}

impl ArrivalModel for PoissonRate {
    type Schedule = Box<PoissonProcess>;

    const KEYS: &'static [ArrivalKey] = rate::KEYS;

    fn read(keys: &ArrivalKeys) -> Option<PoissonRate> {
        let (rate, connections) = rate::read(keys)?;
        Some(PoissonRate { rate, connections })
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

    fn at_load(&self, load: f64) -> PoissonRate {
        PoissonRate {
            rate: Rate::per_second(load).unwrap_or(self.rate),
            ..*self
        }
    }

    fn due_times(&self, plan: &Plan, _user: u32) -> Box<PoissonProcess> {
        let ramp = nanos(plan.phases.ramp_up);
        Box::new(PoissonProcess::new(self.rate, ramp, plan.seed))
    }
}

impl fmt::Display for PoissonRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on average, at random", per_second(self.rate))
    }
}

/// Doublings that a run can hold: more than a run of 24 hours at the highest rate.
const DOUBLINGS: usize = 48;

/// A Poisson process.
///
/// Arrival `m` (from 1) of the unit-rate process has a Gamma(m) time. The times of arrivals 1, 2, 4, 8,
/// ... are sums of independent Gamma(2^i) steps; within a step, the first half of `2h` gaps takes a
/// Beta(h, h) share of the whole (the gamma bridge: Lukacs 1955). So each due time is found in
/// log₂(n) draws, each hanging on the seed and its place in the tree alone.
#[derive(Debug, Clone)]
pub(super) struct PoissonProcess {
    rate: RampedRate,
    seed: u64,
    /// Times of arrivals 1, 2, 4, 8, ... of the unit-rate process.
    powers: Vec<f64>,
}

impl PoissonProcess {
    fn new(rate: Rate, ramp: u64, seed: u64) -> PoissonProcess {
        let mut time = 0.0;
        let power = |level: usize| {
            let shape = if level == 0 {
                1.0
            } else {
                (1u64 << (level - 1)) as f64
            };
            let mut random = SplitMix::new(mix(seed, level as u64));
            time += Gamma::new(shape, 1.0).map_or(shape, |gamma| gamma.sample(&mut random));
            time
        };
        let powers = (0..DOUBLINGS).map(power).collect();
        PoissonProcess {
            rate: RampedRate::new(rate, ramp),
            seed,
            powers,
        }
    }

    /// The time of arrival `m`, from 1, of the unit-rate process.
    fn unit_time(&self, m: u64) -> f64 {
        let level = (m.ilog2() as usize).min(DOUBLINGS - 2);
        let mut time = self.powers[level];
        let mut width = self.powers[level + 1] - time;
        let mut offset = m - (1 << level);
        let mut half = (1u64 << level) / 2;
        let mut node = mix(self.seed, 1 << 32 | level as u64);
        while offset > 0 && half > 0 {
            let left = width * bridge(half, node);
            let right = offset >= half;
            if right {
                time += left;
                width -= left;
                offset -= half;
            } else {
                width = left;
            }
            node = mix(node, u64::from(right));
            half /= 2;
        }
        time
    }
}

impl Schedule for Box<PoissonProcess> {
    fn due(&self, _k: u64, n: u64) -> u64 {
        self.rate.due_at_count(self.unit_time(n.saturating_add(1)))
    }
}

/// The share of the first `half` of `2 × half` exponential gaps.
fn bridge(half: u64, node: u64) -> f64 {
    let shape = half as f64;
    let mut random = SplitMix::new(node);
    Beta::new(shape, shape).map_or(0.5, |beta| beta.sample(&mut random))
}
