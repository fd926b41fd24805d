//! When the generator itself stood in the way.

use super::case::Case;
use crate::client::Outcome;
use crate::record::Times;
use crate::requirement::{Unit, human};

/// A generator later than this at p99, in milliseconds, adds to what it measures.
const LATE_MS: f64 = 10.0;
/// Processor time from which on a worker has no headroom, in percent.
const BUSY_PERCENT: f64 = 80.0;

pub(super) fn no_sockets(case: &Case<'_>) -> Option<String> {
    let refused = case.run.generator.refusals;
    let refused = refused.max(case.ended(Outcome::is_generators));
    (refused > 0).then(|| {
        format!(
            "{} requests could not be sent for want of this machine's own sockets: raise the limit of open \
             files (ulimit -n 65536), or use fewer --users",
            human::count(refused)
        )
    })
}

pub(super) fn late(case: &Case<'_>) -> Option<String> {
    let lag = Times::of(&case.run.generator.lag)?;
    (lag.p99 >= LATE_MS).then(|| {
        format!(
            "the load generator sent late by its own fault ({} at p99, {} at most): use fewer --users for \
             each process, or a machine with nothing else to do, not the target's",
            human::time(lag.p99),
            human::time(lag.max)
        )
    })
}

pub(super) fn busy(case: &Case<'_>) -> Option<String> {
    let mean = case.run.generator.cpu_mean()?;
    (mean >= BUSY_PERCENT).then(|| {
        format!(
            "the load generator used {} of its processor time: use fewer --users for each process, or \
             another machine",
            human::show(Unit::Share, mean)
        )
    })
}

pub(super) fn waited(case: &Case<'_>) -> Option<String> {
    let waited = case.run.generator.waited_for_connection;
    // A few of them are bursts of the schedule; one in a hundred reaches the percentiles.
    (waited > 0 && waited * 100 >= case.summary.due).then(|| {
        format!(
            "{} requests waited because all {} connections were busy: the target answers slower than the \
             load arrives; allow more connections in the profile to see it without that queue",
            human::count(waited),
            human::count(case.run.generator.connections)
        )
    })
}
