//! Where journeys ended.

use super::case::{Case, Cause};
use crate::record::JourneyFate;
use crate::requirement::format;

/// The step that ended most of the journeys that a step ended, if there is one among several.
pub(super) fn ended(case: &Case<'_>) -> Option<Cause> {
    let kinds = case.run.journeys();
    let all: u64 = kinds.iter().map(JourneyFate::ended).sum();
    let steps = kinds.iter().flat_map(JourneyFate::endings);
    let most = steps.max_by_key(|one| one.count)?;
    let is_most = most.count * 2 > all && case.requests().nth(1).is_some();
    is_most.then(|| {
        let due: u64 = kinds.iter().map(|kind| kind.due).sum();
        let text = format!(
            "{} of {} journeys were ended by a step, {} of them by `{}` ({}): look into that step first, as the steps after \
             it need its answer",
            format::count(all),
            format::count(due),
            format::count(most.count),
            most.step,
            most.reasons(format::count),
        );
        // The failures of requests are the cause, and come first.
        Cause::of(text, case.explained_by_failures(most.count) * 0.5)
    })
}
