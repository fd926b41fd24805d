//! All users at the same instant, in rounds.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use super::due::{Schedule, nanos};
use super::{ArrivalKey, ArrivalKeys, ArrivalModel, Senders, count, time};
use crate::plan::Plan;
use crate::requirement::format;

const EVERY: Duration = Duration::from_secs(1);

/// Users who all ask at once, again and again.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bursts {
    /// How many users.
    pub count: u32,
    /// From one round to the next.
    pub every: Duration,
}

impl ArrivalModel for Bursts {
    type Schedule = BurstUser;

    const KEYS: &'static [ArrivalKey] = &[
        ArrivalKey::needed("users", "100"),
        ArrivalKey::optional("every"),
        ArrivalKey::optional("settle"),
    ];

    fn read(keys: &ArrivalKeys) -> Option<Bursts> {
        Some(Bursts {
            count: keys.users?,
            every: keys.every.unwrap_or(EVERY),
        })
    }

    fn nothing_due(keys: &ArrivalKeys, measure: Duration) -> Option<String> {
        let every = keys.every.unwrap_or(EVERY);
        (measure < every).then(|| {
            let [measure, every] = [measure, every].map(format::duration);
            format!("{measure} is shorter than one round of {every}")
        })
    }

    fn senders(&self) -> Senders {
        Senders::Users(self.count)
    }

    fn at_load(&self, load: f64) -> Bursts {
        Bursts {
            count: load as u32,
            ..*self
        }
    }

    fn due_times(&self, _plan: &Plan, _user: u32) -> BurstUser {
        BurstUser {
            every: nanos(self.every),
        }
    }
}

impl fmt::Display for Bursts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (users, every) = (count(self.count), time(self.every));
        write!(f, "{users} users at once, every {every}")
    }
}

/// One user of a burst; every user's round `k` is due at the same instant.
#[derive(Debug, Clone)]
pub(super) struct BurstUser {
    /// From one round to the next, in nanoseconds.
    every: u64,
}

impl Schedule for BurstUser {
    fn due(&self, k: u64, _n: u64) -> u64 {
        self.every.saturating_mul(k)
    }
}
