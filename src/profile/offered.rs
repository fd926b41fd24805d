//! What a plan offers, as people say it.

use super::plan::{Arrivals, Plan};
use crate::requirement::human;

impl Plan {
    /// What is offered: `100 users, each asking every 1.00 s to 2.00 s`. Users on a WebSocket are said by their
    /// messages.
    pub fn offered(&self) -> String {
        let (Some(socket), Arrivals::Users { count, .. }) = (&self.socket, &self.arrivals) else {
            return self.arrivals.to_string();
        };
        let users = |count: u32| human::count(u64::from(count));
        let time = |span: std::time::Duration| human::time(span.as_secs_f64() * 1e3);
        let every = if socket.every_min == socket.every_max {
            time(socket.every_min)
        } else {
            format!("{} to {}", time(socket.every_min), time(socket.every_max))
        };
        let talking = format!(
            "{} users on a WebSocket, each sending a message every {every}",
            users(socket.users)
        );
        if socket.users >= *count {
            return talking;
        }
        let mut others = self.arrivals.clone();
        if let Arrivals::Users { count, .. } = &mut others {
            *count -= socket.users;
        }
        format!("{others}; {talking}")
    }
}

#[cfg(test)]
mod tests {
    use crate::profile::{Overrides, ProfileSource, load};

    #[test]
    fn users_on_a_websocket_are_said_by_their_messages() {
        let source = ProfileSource::parse("phase8").unwrap();
        let profile = load(&source, &Overrides::default()).unwrap();
        let said = ["api", "websocket", "mixed"].map(|name| {
            let mut plan = profile.plan(name).unwrap().clone();
            if let Some(socket) = &mut plan.socket {
                socket.every_min = std::time::Duration::from_secs(5);
                socket.every_max = std::time::Duration::from_secs(15);
                socket.users = socket.users.min(30 + 70 * u32::from(name == "websocket"));
            }
            plan.offered()
        });
        insta::assert_snapshot!(said.join("\n"));
    }
}
