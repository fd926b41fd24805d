use std::num::{NonZeroU32, NonZeroU64};
use std::str::FromStr;
use std::time::Duration;

use super::{Delay, FaultError, parse};
use crate::RateLimit;

/// One thing that the server does wrong.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Fault {
    /// Answers come later. Several that match the same request add up.
    Latency {
        /// By how much.
        delay: Delay,
        /// The only path it concerns.
        path: Option<String>,
    },
    /// Requests are answered with status 500.
    Errors {
        /// How many of them.
        share: FaultShare,
        /// The only path it concerns.
        path: Option<String>,
    },
    /// Every answer that falls into the window is held until its end.
    Stall(FaultWindow),
    /// The port is closed and live connections are dropped; nothing is forgotten.
    Refuse(FaultWindow),
    /// As [`Fault::Refuse`], and afterwards uptime, cache and statistics start over.
    Restart(FaultWindow),
    /// The connection closes in the middle of the body.
    DropBody {
        /// Of how many answers.
        share: FaultShare,
    },
    /// Requests beyond the limit are answered with status 429.
    RateLimit(RateLimit),
    /// A kept-alive connection is cut after so many requests, unannounced.
    CloseEvery(NonZeroU64),
    /// `/health` says "degraded".
    Degraded,
    /// `/api/v1/workflows` does not exist.
    WorkflowsMissing,
    /// The reply to a WebSocket ping comes later, and may come after younger ones.
    SocketLatency(Delay),
    /// So many unasked frames come between each WebSocket ping and its reply.
    SocketChatter(NonZeroU32),
    /// WebSocket pings are never answered.
    SocketLoss(FaultShare),
    /// Every WebSocket is closed by the server.
    SocketClose {
        /// The close code; `None` is without a close frame.
        code: Option<u16>,
        /// Counted from the handshake.
        after: Duration,
    },
    /// WebSocket handshakes are answered with status 503.
    SocketRefusal(FaultShare),
    /// What random faults are drawn from.
    Seed(u64),
}

impl FromStr for Fault {
    type Err = FaultError;

    fn from_str(spec: &str) -> Result<Self, FaultError> {
        parse::fault(spec)
    }
}

/// A stretch of time, counted from the first request that the server saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FaultWindow {
    /// When it begins.
    pub at: Duration,
    /// How long it lasts.
    pub lasts: Duration,
}

impl FaultWindow {
    /// When it is over.
    pub fn end(self) -> Duration {
        self.at.saturating_add(self.lasts)
    }
}

/// A part of a whole, between 0 and 1.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct FaultShare(f64);

impl FaultShare {
    /// `None` outside 0 to 1.
    pub fn new(share: f64) -> Option<Self> {
        (0.0..=1.0).contains(&share).then_some(Self(share))
    }

    /// As a number between 0 and 1.
    pub fn get(self) -> f64 {
        self.0
    }
}

/// All that one server does wrong; nothing by default.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Faults(Vec<Fault>);

impl Faults {
    /// Reads one spec, such as `latency=300ms:/health`.
    ///
    /// # Errors
    ///
    /// When the spec is none of the accepted forms; the message lists them.
    pub fn parse(spec: &str) -> Result<Fault, FaultError> {
        spec.parse()
    }

    /// Adds one.
    pub fn push(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    /// In the order in which they were given.
    pub fn iter(&self) -> std::slice::Iter<'_, Fault> {
        self.0.iter()
    }
}

impl FromIterator<Fault> for Faults {
    fn from_iter<I: IntoIterator<Item = Fault>>(faults: I) -> Self {
        Self(faults.into_iter().collect())
    }
}

impl<'a> IntoIterator for &'a Faults {
    type Item = &'a Fault;
    type IntoIter = std::slice::Iter<'a, Fault>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
