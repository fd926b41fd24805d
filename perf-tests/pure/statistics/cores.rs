//! Independent simulations, side by side.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// One result for each case, in their order.
pub(crate) fn on_all_cores<C: Sync, T: Send>(cases: &[C], one: impl Fn(&C) -> T + Sync) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let found = Mutex::new(Vec::new());
    let work = || {
        while let Some((index, case)) = {
            let index = next.fetch_add(1, Ordering::Relaxed);
            cases.get(index).map(|case| (index, case))
        } {
            let result = one(case);
            found
                .lock()
                .expect("no thread failed")
                .push((index, result));
        }
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(work);
        }
    });
    let mut found = found.into_inner().expect("no thread failed");
    found.sort_by_key(|(index, _)| *index);
    found.into_iter().map(|(_, result)| result).collect()
}

/// Of how many simulations the usual run makes one, and how many it makes at least.
const QUICK: u32 = 16;
const FEWEST: u32 = 25;

/// How many simulations are made of what has so many in the docs: all of them with `STATISTICS_LONG=1`.
pub(crate) fn runs(full: u32) -> u32 {
    if is_long() {
        full
    } else {
        (full / QUICK).max(FEWEST.min(full))
    }
}

pub(crate) fn is_long() -> bool {
    std::env::var_os("STATISTICS_LONG").is_some()
}

/// The share of errors that so many simulations may show where it is at most `share` in truth: what the binomial distribution
/// exceeds once in a thousand times.
pub(crate) fn may_show(share: f64, runs: u32) -> f64 {
    const RARELY: f64 = 0.001;
    let n = f64::from(runs);
    let (mut hits, mut probability) = (0.0, (1.0 - share).powf(n));
    let mut beyond = 1.0 - probability;
    while beyond > RARELY {
        probability *= (n - hits) / (hits + 1.0) * share / (1.0 - share);
        hits += 1.0;
        beyond -= probability;
    }
    hits / n
}
