//! What a profile says of arrivals.

use std::time::Duration;

use super::Rate;

/// A key of a scenario that goes with some models alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArrivalKey {
    /// The key.
    pub name: &'static str,
    /// A value to show where the model cannot do without the key; `None` when it can.
    pub needed: Option<&'static str>,
}

impl ArrivalKey {
    /// A key that may be left out.
    pub(super) const fn optional(name: &'static str) -> ArrivalKey {
        ArrivalKey { name, needed: None }
    }

    /// A key that the model cannot do without, and such a value.
    pub(super) const fn needed(name: &'static str, example: &'static str) -> ArrivalKey {
        ArrivalKey {
            name,
            needed: Some(example),
        }
    }
}

/// The values of all such keys; `None` for those that are missing or were misread.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ArrivalKeys {
    /// How many users.
    pub users: Option<u32>,
    /// The shortest and the longest think time.
    pub think_time: Option<(Duration, Duration)>,
    /// The rate.
    pub rate: Option<Rate>,
    /// The most connections that are opened for a rate.
    pub connections: Option<u32>,
    /// From one round to the next.
    pub every: Option<Duration>,
    /// What a request may take.
    pub timeout: Duration,
}

impl ArrivalKeys {
    /// The most connections that this rate may open. A request that waits longer than the timeout is given up, so that many
    /// are never all busy: the generator delays nothing of its own accord.
    pub fn connections_for(&self, rate: Rate) -> u32 {
        /// Rates are given no fewer connections than this.
        const FEWEST: f64 = 200.0;
        /// And no more, unless the profile says so: Linux has 28,232 local ports towards one address.
        const MOST: f64 = 20_000.0;
        let enough = (rate.as_f64() * self.timeout.as_secs_f64()).ceil();
        let enough = enough.clamp(FEWEST, MOST) as u32;
        self.connections.unwrap_or(enough)
    }
}
