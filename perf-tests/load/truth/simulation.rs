//! What is true: from due times and the target's script to response times, by arithmetic alone.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Nanoseconds; negative ones are before the origin.
pub(crate) type Nanos = i64;

pub(crate) const MS: Nanos = 1_000_000;
pub(crate) const SECOND: Nanos = 1_000 * MS;

/// A request as it should be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Served {
    pub(crate) due: Nanos,
    /// When it had a connection to be sent on.
    pub(crate) started: Nanos,
    pub(crate) done: Nanos,
}

impl Served {
    pub(crate) fn response(self) -> Nanos {
        self.done - self.due
    }

    pub(crate) fn waited(self) -> Nanos {
        self.started - self.due
    }
}

/// Arrivals that share at most so many connections; who finds none free waits in line.
pub(crate) fn shared(
    dues: &[Nanos],
    connections: usize,
    answered: impl Fn(Nanos) -> Nanos,
) -> Vec<Served> {
    let mut busy = BinaryHeap::new();
    let serve = |due: &Nanos| {
        let free = if busy.len() < connections {
            None
        } else {
            busy.pop().map(|Reverse(free)| free)
        };
        let started = free.unwrap_or(*due).max(*due);
        let done = answered(started);
        busy.push(Reverse(done));
        let due = *due;
        Served { due, started, done }
    };
    dues.iter().map(serve).collect()
}

/// Users with a connection each, who send one request after the other.
pub(crate) fn own(users: &[Vec<Nanos>], answered: impl Fn(Nanos) -> Nanos) -> Vec<Served> {
    let mut all = Vec::new();
    for dues in users {
        all.extend(shared(dues, 1, &answered));
    }
    all
}

/// Work that makes no progress in the window `stall`.
pub(crate) fn frozen(work: Nanos, (from, to): (Nanos, Nanos), arrived: Nanos) -> Nanos {
    if arrived + work <= from || arrived >= to {
        return arrived + work;
    }
    to + work - (from - arrived).max(0)
}

/// The value that a share `quantile` of all stays at or below; nearest rank.
pub(crate) fn quantile(sorted: &[Nanos], quantile: f64) -> Nanos {
    let rank = (quantile * sorted.len() as f64).ceil() as usize;
    sorted[rank.clamp(1, sorted.len()) - 1]
}

/// 20 ms, a stall of 2 s, 200/s for 20 s: what everybody can reckon.
#[test]
fn the_reference_case_is_what_arithmetic_says() {
    let dues: Vec<Nanos> = (0..4_000).map(|n| n * 5 * MS).collect();
    let answered = |arrived| frozen(20 * MS, (5 * SECOND, 7 * SECOND), arrived);
    let figures = |connections| {
        let served = shared(&dues, connections, answered);
        let mut sorted: Vec<Nanos> = served.iter().map(|one| one.response()).collect();
        sorted.sort_unstable();
        [0.5, 0.95, 0.99, 1.0].map(|q| quantile(&sorted, q) / MS)
    };
    // Of the 403 that are held, the 201st waits 2.02 s less 197 gaps of 5 ms, and so on.
    assert_eq!(figures(usize::MAX), [20, 1_035, 1_835, 2_020]);
    assert_eq!(figures(50), [20, 1_100, 1_835, 2_020]);
}
