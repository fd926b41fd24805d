//! What a plan offers, as people say it.

use super::{Arrivals, Plan, ThinkingUsers};
use crate::requirement::format;

impl Plan {
    /// What is offered: `100 users, each asking every 1.00 s to 2.00 s`. Users on a WebSocket are said by their
    /// messages.
    pub fn offered(&self) -> String {
        let (Some(socket), Arrivals::Users(all)) = (&self.socket, &self.arrivals) else {
            return self.arrivals.to_string();
        };
        let users = |count: u32| format::count(u64::from(count));
        let time = |span: std::time::Duration| format::time(span.as_secs_f64() * 1e3);
        let every = if socket.every_min == socket.every_max {
            time(socket.every_min)
        } else {
            format!("{} to {}", time(socket.every_min), time(socket.every_max))
        };
        let talking = format!(
            "{} users on a WebSocket, each sending a message every {every}",
            users(socket.users)
        );
        if socket.users >= all.count {
            return talking;
        }
        let others = ThinkingUsers {
            count: all.count - socket.users,
            ..*all
        };
        format!("{others}; {talking}")
    }
}
