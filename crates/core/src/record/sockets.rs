//! What WebSockets met beside their due messages, over the whole run.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::record::SocketEvents;

/// What all WebSockets of a run met beside their due messages, ramp-up included.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Sockets {
    /// Unrequested frames: greetings, broadcasts, pings of the service.
    pub unasked: u64,
    /// Control pings, answered by the client.
    pub control_pings: u64,
    /// Replies that came when their message had already been given up.
    pub late_replies: u64,
    /// Connections that ended although their user wanted to stay, by close code; 1006 without one.
    pub closes: BTreeMap<u16, u64>,
    /// Connections made again after that.
    pub reconnects: u64,
}

impl Sockets {
    /// Adds what one WebSocket met.
    pub fn add(&mut self, talk: &SocketEvents) {
        self.unasked += talk.unasked;
        self.control_pings += talk.control_pings;
        self.late_replies += talk.late_replies;
        self.reconnects += talk.reconnects;
        if let Some(code) = talk.closed {
            *self.closes.entry(code).or_default() += 1;
        }
    }

    /// Adds another worker's.
    pub fn merge(&mut self, other: &Sockets) {
        self.unasked += other.unasked;
        self.control_pings += other.control_pings;
        self.late_replies += other.late_replies;
        self.reconnects += other.reconnects;
        for (code, count) in &other.closes {
            *self.closes.entry(*code).or_default() += count;
        }
    }

    /// All unexpected ends of connections.
    pub fn closed(&self) -> u64 {
        self.closes.values().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_each_met_adds_up() {
        let mut one = Sockets::default();
        one.add(&SocketEvents {
            unasked: 3,
            closed: Some(1006),
            ..SocketEvents::default()
        });
        let mut two = Sockets::default();
        two.add(&SocketEvents {
            reconnects: 1,
            closed: Some(1006),
            ..SocketEvents::default()
        });
        two.add(&SocketEvents {
            closed: Some(1011),
            ..SocketEvents::default()
        });
        one.merge(&two);
        assert_eq!((one.unasked, one.reconnects, one.closed()), (3, 1, 3));
        assert_eq!(one.closes[&1006], 2);
    }
}
