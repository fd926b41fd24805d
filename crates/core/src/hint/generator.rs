//! When the generator itself stood in the way.

use super::case::{Case, Cause, Topic, topics};
use crate::record::Outcome;
use crate::record::Times;
use crate::requirement::{Unit, format};

/// A generator later than this at p99, in milliseconds, adds to what it measures.
const LATE_MS: f64 = 10.0;
/// Processor time from which on a worker has no headroom, in percent.
const BUSY_PERCENT: f64 = 80.0;

/// A generator's lateness that explains less than this of what was missed is not a cause of it.
const LEAST_SHARE: f64 = 0.05;

pub(super) fn no_sockets(case: &Case<'_>) -> Option<Cause> {
    let refused = case.run.generator.refusals;
    let refused = refused.max(case.ended(Outcome::is_generators));
    (refused > 0).then(|| {
        let text = format!(
            "{} requests could not be sent for want of this machine's own sockets: raise the limit of open \
             files (ulimit -n 65536), or use fewer --users",
            format::count(refused)
        );
        Cause::of(text, case.explained_by_failures(refused))
    })
}

pub(super) fn late(case: &Case<'_>) -> Option<Cause> {
    let lag = Times::of(&case.run.generator.lag)?;
    let explains = late_share(case)?;
    let text = format!(
        "the load generator sent late by its own fault ({} at p99, {} at most): use fewer --users for \
         each process, or a machine with nothing else to do, not the target's",
        format::time(lag.p99),
        format::time(lag.max)
    );
    Some(Cause::of(text, explains))
}

/// How much the generator's lateness explains; `None` when that is next to nothing.
pub(super) fn late_share(case: &Case<'_>) -> Option<f64> {
    let lag = Times::of(&case.run.generator.lag)?;
    if lag.p99 < LATE_MS {
        return None;
    }
    if topics(case.judgement).contains(&Topic::Generator) {
        return Some(1.0);
    }
    let (_, of) = case.quantile();
    let in_time = case.explained_by_time(of(&lag));
    let over = case.over(case.seconds());
    let counted = over.by_generator as f64 / over.all.max(1) as f64;
    // Requests that waited for a connection are among those counted, and are not lateness.
    let is_counted = over.all > 0 && case.time_limit().is_some();
    let share = if is_counted && case.run.generator.waits.is_empty() {
        counted
    } else {
        in_time
    };
    (share >= LEAST_SHARE).then_some(share)
}

pub(super) fn busy(case: &Case<'_>) -> Option<Cause> {
    let mean = case.run.generator.cpu_mean()?;
    if mean < BUSY_PERCENT {
        return None;
    }
    let judged = topics(case.judgement).contains(&Topic::Generator);
    let explains = if judged { Some(1.0) } else { late_share(case) };
    let text = format!(
        "the load generator used {} of its processor time: use fewer --users for each process, or \
         another machine",
        format::show(Unit::Share, mean)
    );
    // A busy generator that was in time all the same is not a cause.
    explains.map(|explains| Cause::of(text, explains))
}

pub(super) fn waited(case: &Case<'_>) -> Option<Cause> {
    let generator = &case.run.generator;
    let waited = generator.waited_for_connection;
    // A few of them are bursts of the schedule; one in a hundred reaches the percentiles.
    if waited == 0 || waited * 100 < case.summary.due {
        return None;
    }
    let (_, of) = case.quantile();
    let waits = Times::of(&generator.waits);
    let explains = waits.map_or(1.0, |waits| case.explained_by_time(of(&waits)));
    let long = waits.map_or_else(String::new, |waits| {
        format!(" (up to {})", format::time(waits.max))
    });
    let allowed = generator
        .connection_limit
        .map_or(generator.connections, u64::from);
    let text = format!(
        "{} requests waited{long} because all {} connections that the plan allows were busy: allow more with \
         `connections` or --connections to see the target without that queue; where answers take longer than usual, \
         the target is slower than the load arrives",
        format::count(waited),
        format::count(allowed)
    );
    Some(Cause::of(text, explains))
}
