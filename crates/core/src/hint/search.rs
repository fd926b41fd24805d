//! A search that ended too early, or with too wide an interval.

use super::case::Case;
use crate::record::LoadUnit;
use crate::requirement::Verdict;

/// The generator gave way before the target did.
pub(super) fn saturated(case: &Case<'_>) -> Option<String> {
    let (step, why) = case.run.search.as_ref()?.saturated()?;
    if step.capped {
        return Some(format!("at {}, {why}", load(case, step.load)));
    }
    Some(format!(
        "the load generator was not up to {}: give it more processors or a machine of its own, raise the limit \
         on open files, or give it more threads with --workers",
        load(case, step.load)
    ))
}

/// What is asked lies between two loads that were tried.
pub(super) fn gap(case: &Case<'_>) -> Option<String> {
    let search = case.run.search.as_ref()?;
    let limit = case
        .judgement
        .checks
        .iter()
        .find(|judged| judged.verdict == Verdict::Inconclusive)
        .map(|judged| judged.check.limit.value)?;
    let broken = search.broken()?.load;
    let held = search.held().map_or(0.0, |step| step.load);
    let inside = held < limit && limit < broken;
    (inside
        && search.unit == LoadUnit::Users
        && search.loads().all(|step| (step.load - limit).abs() > 1e-9))
    .then(|| format!("no step has {limit} users: put one between {held} and {broken} into steps"))
}

fn load(case: &Case<'_>, load: f64) -> String {
    match case.run.search.as_ref().map(|search| search.unit) {
        Some(LoadUnit::Rate) => format!("{load}/s"),
        _ => format!("{load} users"),
    }
}
