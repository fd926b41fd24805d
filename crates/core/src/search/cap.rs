//! Whether the connections that a plan allows were too few for a rate.

use crate::judge::without_waits;
use crate::plan::Plan;
use crate::record::{RunResult, Summary, Times};
use crate::requirement::{CheckJudgement, Family, Verdict, format};

/// Why the plan's own limit of connections, and not the target, may be what a load did not keep to; `None` where it is
/// the target all the same.
pub(super) fn capped(
    plan: &Plan,
    rate: f64,
    run: &RunResult,
    checks: &[CheckJudgement],
) -> Option<String> {
    let connections = plan.arrivals.connection_limit()?;
    let summary = Summary::of(run);
    let waits = Times::of(&run.generator.waits)?;
    // A few waits are bursts, which move no percentile.
    let is_seldom = waits.count * 100 < summary.due;
    if is_seldom || checks.iter().any(|judged| stands(judged, &summary)) {
        return None;
    }
    let service = Times::of(&summary.service);
    let needed = service.map(|service| (rate * service.p95 / 1e3).ceil() as u64);
    // A journey needs a connection for all of its steps, and for the think times between them.
    let needed =
        needed.filter(|needed| *needed > u64::from(connections) && plan.journeys.is_empty());
    let enough = needed.map_or_else(String::new, |needed| {
        format!(
            ", with answers that take this long about {}",
            format::count(needed)
        )
    });
    Some(format!(
        "all {} connections that the plan allows were busy, and {} of {} requests waited for one, {} at p95: allow \
         more with `connections` or --connections{enough}",
        format::count(u64::from(connections)),
        format::count(waits.count),
        format::count(summary.due),
        format::time(waits.p95),
    ))
}

/// Whether a check is missed without what waited for a connection as well: by the times from sending on, or by
/// failures of requests that were sent.
fn stands(judged: &CheckJudgement, summary: &Summary) -> bool {
    let check = &judged.check;
    if judged.verdict != Verdict::Fail {
        return false;
    }
    if Times::of(&summary.service).is_none() {
        return true;
    }
    let Family::Load(metric) = check.metric.family() else {
        return false;
    };
    without_waits(metric, summary).is_some_and(|value| !check.limit.holds(value))
}
