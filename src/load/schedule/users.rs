//! Virtual users with think time.

use super::random::{mix, unit};

/// One virtual user: begins at its place in the ramp-up, then is due one think time after the last due.
///
/// Request `k` is due at `start + k × mean + j(k)`, where `j` is uniform over half the think time's
/// spread. So every think time lies between the shortest and the longest, their mean is the middle,
/// and any due time is found without adding up those before it.
#[derive(Debug, Clone)]
pub(super) struct UserSchedule {
    start: u64,
    mean: u64,
    jitter: u64,
    seed: u64,
}

impl UserSchedule {
    /// User `index` of `count`; `think` is the shortest and the longest think time.
    ///
    /// The first request falls somewhere in the first think time: users who all began at once would
    /// stay in step for the whole run.
    pub(super) fn new(
        index: u32,
        count: u32,
        think: (u64, u64),
        ramp: u64,
        seed: u64,
    ) -> UserSchedule {
        let seed = mix(seed, u64::from(index));
        let mean = think.0.midpoint(think.1);
        let place = u128::from(ramp) * u128::from(index) / u128::from(count.max(1));
        let phase = (unit(seed, u64::MAX - 1) * mean as f64) as u64;
        UserSchedule {
            start: place as u64 + phase,
            mean,
            jitter: (think.1 - think.0) / 2,
            seed,
        }
    }

    /// User `index` of `count` on a WebSocket: connects at its place in the ramp-up, and sends its first
    /// message somewhere in the first of its pauses.
    pub(super) fn on_socket(
        index: u32,
        count: u32,
        every: (u64, u64),
        ramp: u64,
        seed: u64,
    ) -> SocketSchedule {
        let place = u128::from(ramp) * u128::from(index) / u128::from(count.max(1));
        SocketSchedule {
            connects: place as u64,
            messages: UserSchedule::new(index, count, every, ramp, seed),
        }
    }

    pub(super) fn due(&self, k: u64) -> u64 {
        let jitter = (unit(self.seed, k) * self.jitter as f64) as u64;
        self.start
            .saturating_add(self.mean.saturating_mul(k))
            .saturating_add(jitter)
    }
}

/// One virtual user on a WebSocket: its first request is the connection, the others are messages.
#[derive(Debug, Clone)]
pub(super) struct SocketSchedule {
    connects: u64,
    messages: UserSchedule,
}

impl SocketSchedule {
    pub(super) fn due(&self, k: u64) -> u64 {
        match k {
            0 => self.connects,
            k => self.messages.due(k - 1),
        }
    }
}
