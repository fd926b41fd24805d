//! Virtual users with think time.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use super::due::{Schedule, nanos};
use super::random::{mix, unit};
use super::{ArrivalKey, ArrivalKeys, ArrivalModel, Senders, count, time};
use crate::plan::{Plan, Socket};

const THINK: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(1));

/// Virtual users, each with a connection of its own.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ThinkingUsers {
    /// How many.
    pub count: u32,
    /// The shortest think time.
    pub think_min: Duration,
    /// The longest think time.
    pub think_max: Duration,
}

impl ThinkingUsers {
    /// So many users with the think time of the keys.
    pub fn new(count: u32, keys: &ArrivalKeys) -> ThinkingUsers {
        let (think_min, think_max) = keys.think_time.unwrap_or(THINK);
        ThinkingUsers {
            count,
            think_min,
            think_max,
        }
    }

    /// The users' WebSockets, where this user holds one.
    fn socket<'a>(&self, plan: &'a Plan, user: u32) -> Option<&'a Socket> {
        let socket = plan.socket.as_ref();
        socket.filter(|socket| socket.holds(user, self.count))
    }
}

impl ArrivalModel for ThinkingUsers {
    type Schedule = UserTimes;

    const KEYS: &'static [ArrivalKey] = &[
        ArrivalKey::needed("users", "100"),
        ArrivalKey::optional("think_time"),
        ArrivalKey::optional("ramp_up"),
        ArrivalKey::optional("settle"),
    ];

    fn read(keys: &ArrivalKeys) -> Option<ThinkingUsers> {
        Some(ThinkingUsers::new(keys.users?, keys))
    }

    /// With enough users some are due, however short the part is.
    fn nothing_due(_keys: &ArrivalKeys, _measure: Duration) -> Option<String> {
        None
    }

    fn senders(&self) -> Senders {
        Senders::Users(self.count)
    }

    fn at_load(&self, load: f64) -> ThinkingUsers {
        ThinkingUsers {
            count: load as u32,
            ..*self
        }
    }

    fn due_times(&self, plan: &Plan, user: u32) -> UserTimes {
        let ramp = nanos(plan.phases.ramp_up);
        let of_user = |every: (Duration, Duration)| {
            let every = (nanos(every.0), nanos(every.1));
            UserSchedule::new(user, self.count, every, ramp, plan.seed)
        };
        match self.socket(plan, user) {
            None => UserTimes::Http(of_user((self.think_min, self.think_max))),
            Some(socket) => UserTimes::Socket(SocketSchedule {
                connects: place(user, self.count, ramp),
                messages: of_user((socket.every_min, socket.every_max)),
            }),
        }
    }
}

impl fmt::Display for ThinkingUsers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (users, least) = (count(self.count), time(self.think_min));
        write!(f, "{users} users, each asking every {least}")?;
        if self.think_min == self.think_max {
            return Ok(());
        }
        write!(f, " to {}", time(self.think_max))
    }
}

/// The due times of one user.
#[derive(Debug, Clone)]
pub(super) enum UserTimes {
    Http(UserSchedule),
    Socket(SocketSchedule),
}

impl Schedule for UserTimes {
    fn due(&self, k: u64, _n: u64) -> u64 {
        match self {
            UserTimes::Http(user) => user.due(k),
            UserTimes::Socket(user) => user.due(k),
        }
    }

    fn is_socket(&self) -> bool {
        matches!(self, UserTimes::Socket(_))
    }
}

/// When user `index` of `count` begins in the ramp-up.
fn place(index: u32, count: u32, ramp: u64) -> u64 {
    let place = u128::from(ramp) * u128::from(index) / u128::from(count.max(1));
    place as u64
}

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
    fn new(index: u32, count: u32, think: (u64, u64), ramp: u64, seed: u64) -> UserSchedule {
        let seed = mix(seed, u64::from(index));
        let mean = think.0.midpoint(think.1);
        let phase = (unit(seed, u64::MAX - 1) * mean as f64) as u64;
        UserSchedule {
            start: place(index, count, ramp) + phase,
            mean,
            jitter: (think.1 - think.0) / 2,
            seed,
        }
    }

    fn due(&self, k: u64) -> u64 {
        let jitter = (unit(self.seed, k) * self.jitter as f64) as u64;
        self.start
            .saturating_add(self.mean.saturating_mul(k))
            .saturating_add(jitter)
    }
}

/// One virtual user on a WebSocket: its first request is the connection, at its place in the ramp-up, and the others are
/// messages, of which it sends the first somewhere in the first of its pauses.
#[derive(Debug, Clone)]
pub(super) struct SocketSchedule {
    connects: u64,
    messages: UserSchedule,
}

impl SocketSchedule {
    fn due(&self, k: u64) -> u64 {
        match k {
            0 => self.connects,
            k => self.messages.due(k - 1),
        }
    }
}
