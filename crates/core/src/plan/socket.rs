//! Virtual users on a WebSocket, as a plan states them.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::template::{Mark, Template};

/// What one endpoint of a plan is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndpointKind {
    /// A request over HTTP and its answer.
    #[default]
    Http,
    /// A WebSocket's connection and handshake.
    Connect,
    /// A message on a WebSocket and its reply.
    Message,
    /// A journey as a whole: not a request, but the sum of those that its steps send.
    Journey,
}

impl EndpointKind {
    /// Whether it belongs to the users on a WebSocket.
    pub fn is_socket(self) -> bool {
        match self {
            EndpointKind::Connect | EndpointKind::Message => true,
            EndpointKind::Http | EndpointKind::Journey => false,
        }
    }

    /// Whether it stands for requests of its own; a journey only sums up those of its steps.
    pub fn is_request(self) -> bool {
        match self {
            EndpointKind::Http | EndpointKind::Connect | EndpointKind::Message => true,
            EndpointKind::Journey => false,
        }
    }

    /// Whether all of it is judged, ramp-up included: users connect while the load rises, and hardly ever again.
    pub fn is_judged_from_start(self) -> bool {
        self == EndpointKind::Connect
    }
}

/// The users of a scenario that hold a WebSocket each: they connect in the ramp-up, send a message on a
/// schedule, and stay.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Socket {
    /// How many of the scenario's users; evenly spread among them.
    pub users: u32,
    /// The shortest time from one message to the next.
    pub every_min: Duration,
    /// The longest time from one message to the next.
    pub every_max: Duration,
    /// Path and query, base path included; may have marks, of which `{token}` is the user's.
    pub path: String,
    /// The message, which has an `{id}` and may have other marks.
    pub message: String,
    /// Fields of a JSON frame, dotted for nested ones, that tell a reply from other frames.
    pub reply: Vec<(String, String)>,
    /// The field of a reply that repeats `{id}`, dotted; empty when the frame holds it anywhere.
    pub matching: String,
    /// Whether the user's token is sent in a header of the handshake.
    pub auth: bool,
    /// For connection and handshake.
    pub connect_timeout: Duration,
    /// From sending a message to its reply.
    pub reply_timeout: Duration,
    /// The longest frame that is taken, in bytes.
    pub frame_bytes: u64,
}

impl Socket {
    /// Whether user `index` of `count` is one of these.
    pub fn holds(&self, index: u32, count: u32) -> bool {
        let before =
            |index: u32| u64::from(index) * u64::from(self.users) / u64::from(count.max(1));
        before(index + 1) > before(index)
    }

    /// Whether every user must have a name or a token of its own.
    pub fn needs_identity(&self) -> bool {
        let is_own = |mark: &Mark| match mark {
            Mark::User => true,
            Mark::Taken(name) => name == "token",
            _ => false,
        };
        let mut texts = [&self.path, &self.message].into_iter();
        texts.any(|text| Template::parse(text).marks().any(|one| is_own(&one.mark)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn socket(users: u32) -> Socket {
        Socket {
            users,
            every_min: Duration::from_secs(1),
            every_max: Duration::from_secs(1),
            path: "/ws/{user}".to_owned(),
            message: "{id}".to_owned(),
            reply: Vec::new(),
            matching: String::new(),
            auth: false,
            connect_timeout: Duration::from_secs(1),
            reply_timeout: Duration::from_secs(1),
            frame_bytes: 1024,
        }
    }

    #[test]
    fn sockets_are_spread_evenly_among_the_users() {
        for (users, count) in [(30, 100), (100, 100), (1, 7), (3, 10), (0, 5)] {
            let socket = socket(users);
            let held: Vec<u32> = (0..count).filter(|i| socket.holds(*i, count)).collect();
            assert_eq!(held.len() as u32, users);
            let gaps = held.windows(2).map(|pair| pair[1] - pair[0]);
            assert!(gaps.max().unwrap_or(1) <= count.div_ceil(users.max(1)) + 1);
        }
    }
}
