//! When requests are due.
//!
//! A model of arrivals is one file: its data, the keys of a profile that make it, its words, and its due times. Its row
//! below is all that else knows of it.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use super::Plan;
use crate::requirement::{Unit, format};

mod burst;
mod constant;
mod due;
mod keys;
mod poisson;
mod random;
mod rate;
#[macro_use]
mod table;
#[cfg(test)]
mod tests;
mod users;

pub use burst::Bursts;
pub use constant::ConstantRate;
pub use due::{ConnectionPolicy, DueTimes, nanos, streams};
pub use keys::{ArrivalKey, ArrivalKeys};
pub use poisson::PoissonRate;
pub use random::{is_second_first, mix};
pub use rate::Rate;
pub use users::ThinkingUsers;

use due::Schedule;

// What a profile calls each model, which is its name in a plan's JSON as well.
arrivals! {
    /// Virtual users, each with a connection of its own; a user's next request is due one think time
    /// after the last was due.
    Users: ThinkingUsers = "users";
    /// A constant rate, independent of the target.
    Constant: ConstantRate = "constant";
    /// Random arrivals of a mean rate (exponential gaps).
    Poisson: PoissonRate = "poisson";
    /// All users at the same instant, in rounds.
    Burst: Bursts = "burst";
}

/// A model of arrivals. Its words are its `Display`: `100 users, each asking every 1.00 s to 2.00 s`.
trait ArrivalModel: fmt::Display + Sized {
    /// When the requests of one user are due, or all those of a rate.
    type Schedule: Schedule;

    /// The keys of a scenario that go with this model and not with every other.
    const KEYS: &'static [ArrivalKey];

    /// The model that the keys describe; `None` when one that it needs is missing.
    fn read(keys: &ArrivalKeys) -> Option<Self>;

    /// Why no request at all would be due in a judged part of this length, if so.
    fn nothing_due(keys: &ArrivalKeys, measure: Duration) -> Option<String>;

    /// Who sends the requests.
    fn senders(&self) -> Senders;

    /// The same at another load of a search: so many users, or requests per second.
    fn at_load(&self, load: f64) -> Self;

    /// The due times of this user, or of all requests where they are of no user in particular.
    fn due_times(&self, plan: &Plan, user: u32) -> Self::Schedule;
}

/// Who sends the requests of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Senders {
    /// So many users, each over a connection of its own.
    Users(u32),
    /// No users in particular: requests come at a rate and share connections.
    Rate {
        /// The highest rate.
        rate: Rate,
        /// The most connections that are opened for it.
        connections: u32,
    },
}

impl Arrivals {
    /// How many connections all requests share at most; `None` where each user has one.
    pub fn connection_limit(&self) -> Option<u32> {
        match self.senders() {
            Senders::Users(_) => None,
            Senders::Rate { connections, .. } => Some(connections),
        }
    }
}

/// A time in words.
fn time(span: Duration) -> String {
    format::time(span.as_secs_f64() * 1e3)
}

/// A number of users in words.
fn count(users: u32) -> String {
    format::count(u64::from(users))
}

/// A rate in words.
fn per_second(rate: Rate) -> String {
    format::show(Unit::Rate, rate.as_f64())
}
