//! When requests are due: pure sequences, computed from the number of the request alone.

mod burst;
mod poisson;
mod random;
mod rate;
mod users;

use crate::plan::{Arrivals, Plan};

use burst::BurstUser;
use poisson::Poisson;
use rate::RampedRate;
use users::{SocketSchedule, UserSchedule};

pub(super) use crate::template::mix;
pub use random::is_second_first;

/// Nanoseconds, as the schedule counts them.
pub(super) fn nanos(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// One sequence of due times: a virtual user's, or one worker's share of an open arrival process.
#[derive(Debug, Clone)]
pub struct DueTimes {
    kind: ArrivalKind,
    first: u64,
    step: u64,
}

#[derive(Debug, Clone)]
enum ArrivalKind {
    User(UserSchedule),
    SocketUser(SocketSchedule),
    Burst(BurstUser),
    Constant(RampedRate),
    Poisson(Box<Poisson>),
}

impl DueTimes {
    /// When request `k` of this stream is due, in nanoseconds from the start of the run.
    ///
    /// Never falls with rising `k`.
    pub fn due(&self, k: u64) -> u64 {
        let n = self.number(k);
        match &self.kind {
            ArrivalKind::User(user) => user.due(k),
            ArrivalKind::SocketUser(user) => user.due(k),
            ArrivalKind::Burst(user) => user.due(k),
            ArrivalKind::Constant(rate) => rate.due(n),
            ArrivalKind::Poisson(poisson) => poisson.due(n),
        }
    }

    /// Whether it is that of a user on a WebSocket, whose request 0 is the connection.
    pub fn is_socket(&self) -> bool {
        matches!(self.kind, ArrivalKind::SocketUser(_))
    }

    /// The number of this stream's request `k` in the whole plan: what its random choices hang on.
    pub fn number(&self, k: u64) -> u64 {
        self.first.saturating_add(k.saturating_mul(self.step))
    }

    /// How many requests of this stream are due before `end`, in nanoseconds.
    pub fn count_before(&self, end: u64) -> u64 {
        let mut high = 1;
        while self.due(high - 1) < end {
            high *= 2;
        }
        let mut low = high / 2;
        while low < high {
            let middle = low + (high - low) / 2;
            if self.due(middle) < end {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }
}

/// Whether every stream has a connection of its own, or all share a pool of at most this many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectionPolicy {
    /// One for each stream.
    Own,
    /// A pool, for all streams together.
    Shared(u32),
}

/// All streams of a plan, one group for each worker, and how they connect.
pub fn streams(plan: &Plan, workers: usize) -> (Vec<Vec<DueTimes>>, ConnectionPolicy) {
    let workers = workers.max(1);
    let ramp = nanos(plan.phases.ramp_up);
    match &plan.arrivals {
        Arrivals::Users {
            count,
            think_min,
            think_max,
        } => {
            let user = |index| {
                let think = (nanos(*think_min), nanos(*think_max));
                let socket = plan.socket.as_ref();
                if let Some(socket) = socket.filter(|socket| socket.holds(index, *count)) {
                    let every = (nanos(socket.every_min), nanos(socket.every_max));
                    let user = UserSchedule::on_socket(index, *count, every, ramp, plan.seed);
                    return ArrivalKind::SocketUser(user);
                }
                ArrivalKind::User(UserSchedule::new(index, *count, think, ramp, plan.seed))
            };
            (deal(*count, workers, user), ConnectionPolicy::Own)
        }
        Arrivals::Burst { count, every } => {
            let user = |_| {
                ArrivalKind::Burst(BurstUser {
                    every: nanos(*every),
                })
            };
            (deal(*count, workers, user), ConnectionPolicy::Own)
        }
        Arrivals::Constant { rate, connections } => {
            let kind = ArrivalKind::Constant(RampedRate::new(*rate, ramp));
            (
                share(&kind, workers),
                ConnectionPolicy::Shared(*connections),
            )
        }
        Arrivals::Poisson { rate, connections } => {
            let kind = ArrivalKind::Poisson(Box::new(Poisson::new(*rate, ramp, plan.seed)));
            (
                share(&kind, workers),
                ConnectionPolicy::Shared(*connections),
            )
        }
    }
}

/// Users dealt out to the workers like cards.
fn deal(count: u32, workers: usize, user: impl Fn(u32) -> ArrivalKind) -> Vec<Vec<DueTimes>> {
    let mut groups = vec![Vec::new(); workers];
    for index in 0..count {
        let stream = DueTimes {
            kind: user(index),
            first: u64::from(index),
            step: u64::from(count),
        };
        groups[index as usize % workers].push(stream);
    }
    groups
}

/// One arrival process, of which worker `w` takes the requests w, w + workers, w + 2 workers, ...
fn share(kind: &ArrivalKind, workers: usize) -> Vec<Vec<DueTimes>> {
    let stream = |worker| DueTimes {
        kind: kind.clone(),
        first: worker,
        step: workers as u64,
    };
    (0..workers as u64)
        .map(|worker| vec![stream(worker)])
        .collect()
}

#[cfg(test)]
mod tests;
