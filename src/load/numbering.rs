//! Whose request it is.

use crate::plan::{Arrivals, Senders};

/// How the user of a request follows from its number in the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Numbering {
    /// So many users take turns.
    Turns(u64),
    /// Requests are of no user in particular: a balancer distinguishes them by connection.
    Connections,
}

impl Numbering {
    /// Users have streams of their own; a rate has as many users as there are identities, which may be none.
    pub(super) fn new(arrivals: &Arrivals, identities: usize) -> Numbering {
        match (arrivals.senders(), identities) {
            (Senders::Users(count), _) => Numbering::Turns(u64::from(count).max(1)),
            (Senders::Rate { .. }, 0) => Numbering::Connections,
            (Senders::Rate { .. }, identities) => Numbering::Turns(identities as u64),
        }
    }

    /// The user of the request with this number, which went over this connection.
    pub(super) fn user(self, number: u64, connection: u64) -> u64 {
        match self {
            Numbering::Turns(users) => number % users,
            Numbering::Connections => connection,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::plan::{Bursts, PoissonRate, Rate};

    #[test]
    fn a_request_is_its_users_or_else_its_connections() {
        let burst = Arrivals::Burst(Bursts {
            count: 10,
            every: Duration::from_secs(1),
        });
        let rate = Arrivals::Poisson(PoissonRate {
            rate: Rate::per_second(9.0).expect("a rate"),
            connections: 6,
        });
        for (arrivals, identities, expected) in
            [(&burst, 0, 7), (&burst, 3, 7), (&rate, 0, 5), (&rate, 4, 1)]
        {
            let numbering = Numbering::new(arrivals, identities);
            assert_eq!(numbering.user(37, 5), expected, "{numbering:?}");
        }
    }
}
