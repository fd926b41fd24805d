//! What a plan offers, as people say it.

use std::time::Duration;

use super::{Arrivals, Plan, Rate, ThinkingUsers};
use crate::requirement::{Unit, format};

impl Plan {
    /// What is offered: `100 users, each asking every 1.00 s to 2.00 s`, or `15 journeys per second, at even distances`.
    /// Users on a WebSocket are said by their messages.
    pub fn offered(&self) -> String {
        let (Some(socket), Arrivals::Users(all)) = (&self.socket, &self.arrivals) else {
            return self.arriving(&self.arrivals);
        };
        let talking = format!(
            "{} users on a WebSocket, each sending a message every {}",
            count(socket.users),
            between(socket.every_min, socket.every_max)
        );
        if socket.users >= all.count {
            return talking;
        }
        let others = Arrivals::Users(ThinkingUsers {
            count: all.count - socket.users,
            ..*all
        });
        format!("{}; {talking}", self.arriving(&others))
    }

    fn arriving(&self, arrivals: &Arrivals) -> String {
        if self.journeys.is_empty() {
            arrivals.to_string()
        } else {
            beginning_journeys(arrivals)
        }
    }
}

fn beginning_journeys(arrivals: &Arrivals) -> String {
    let begin = |users: u32, every: String| {
        format!(
            "{} users, each beginning a journey every {every}",
            count(users)
        )
    };
    match arrivals {
        Arrivals::Users(all) => begin(all.count, between(all.think_min, all.think_max)),
        Arrivals::Burst(all) => format!("{}, all at once", begin(all.count, time(all.every))),
        Arrivals::Constant(all) => format!("{}, at even distances", per_second(all.rate)),
        Arrivals::Poisson(all) => format!("{} on average, at random", per_second(all.rate)),
    }
}

/// `15 journeys per second`
fn per_second(rate: Rate) -> String {
    let rate = format::show(Unit::Rate, rate.as_f64());
    format!("{} journeys per second", rate.trim_end_matches("/s"))
}

fn between(least: Duration, most: Duration) -> String {
    if least == most {
        return time(least);
    }
    format!("{} to {}", time(least), time(most))
}

fn count(users: u32) -> String {
    format::count(u64::from(users))
}

fn time(span: Duration) -> String {
    format::time(span.as_secs_f64() * 1e3)
}
