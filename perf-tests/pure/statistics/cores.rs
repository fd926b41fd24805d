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

/// How many simulations there are of what usually has so many: with `STATISTICS_LONG=1` four times as many.
pub(crate) fn runs(usual: u32) -> u32 {
    if is_long() { 4 * usual } else { usual }
}

pub(crate) fn is_long() -> bool {
    std::env::var_os("STATISTICS_LONG").is_some()
}
