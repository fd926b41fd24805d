//! Due times: pure sequences, computed from the number of the request alone.

use super::{ModelSchedule, Senders};
use crate::plan::Plan;

/// Nanoseconds, as the schedule counts them.
pub fn nanos(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// When requests are due, in nanoseconds from the start of the run.
pub(super) trait Schedule {
    /// When request `k` of a user is due, or request `n` of the whole plan; `u64::MAX` for never. It does not fall with
    /// rising numbers.
    fn due(&self, k: u64, n: u64) -> u64;

    /// Whether it is that of a user on a WebSocket, whose request 0 is the connection.
    fn is_socket(&self) -> bool {
        false
    }
}

/// One sequence of due times: a virtual user's, or one worker's share of an open arrival process.
#[derive(Debug, Clone)]
pub struct DueTimes {
    times: ModelSchedule,
    first: u64,
    step: u64,
}

impl DueTimes {
    /// When request `k` of this stream is due, in nanoseconds from the start of the run.
    ///
    /// Never falls with rising `k`.
    pub fn due(&self, k: u64) -> u64 {
        self.times.due(k, self.number(k))
    }

    /// Whether it is that of a user on a WebSocket, whose request 0 is the connection.
    pub fn is_socket(&self) -> bool {
        self.times.is_socket()
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
    match plan.arrivals.senders() {
        Senders::Users(count) => {
            let user = |index| plan.arrivals.due_times(plan, index);
            (deal(count, workers, user), ConnectionPolicy::Own)
        }
        Senders::Rate { connections, .. } => (
            share(&plan.arrivals.due_times(plan, 0), workers),
            ConnectionPolicy::Shared(connections),
        ),
    }
}

/// Users dealt out to the workers like cards.
fn deal(count: u32, workers: usize, user: impl Fn(u32) -> ModelSchedule) -> Vec<Vec<DueTimes>> {
    let mut groups = vec![Vec::new(); workers];
    for index in 0..count {
        let stream = DueTimes {
            times: user(index),
            first: u64::from(index),
            step: u64::from(count),
        };
        groups[index as usize % workers].push(stream);
    }
    groups
}

/// One arrival process, of which worker `w` takes the requests w, w + workers, w + 2 workers, ...
fn share(times: &ModelSchedule, workers: usize) -> Vec<Vec<DueTimes>> {
    let stream = |worker| DueTimes {
        times: times.clone(),
        first: worker,
        step: workers as u64,
    };
    (0..workers as u64)
        .map(|worker| vec![stream(worker)])
        .collect()
}
