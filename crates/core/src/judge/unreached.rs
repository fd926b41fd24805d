//! Whether the load reached the target at all: what no request reached keeps no promise.

use super::evidence::{EndpointSelection, Evidence, Slice};
use super::text::count;
use super::{CheckResult, RunResult};
use crate::requirement::Check;
use crate::requirement::Verdict;

/// Whether requests were due for a check and not one of them succeeded. What is not about one part of a run is about all
/// requests of all runs.
pub(super) fn is_unreached(
    check: &Check,
    part: EndpointSelection,
    evidence: &Evidence<'_>,
) -> bool {
    let part = if check.metric.is_observed() {
        EndpointSelection::All
    } else {
        part
    };
    let (due, failed) = evidence
        .runs
        .iter()
        .map(|run| requests(run, part))
        .fold((0, 0), |all, of_run| (all.0 + of_run.0, all.1 + of_run.1));
    due > 0 && failed == due
}

/// Takes a pass of what another source reported where no request of the run succeeded: nothing loaded the target.
pub(super) fn without_pass(finding: CheckResult, run: &RunResult) -> CheckResult {
    let (due, failed) = requests(run, EndpointSelection::All);
    if finding.verdict != Verdict::Pass || due == 0 || failed < due {
        return finding;
    }
    let requests = count(due as f64);
    CheckResult {
        verdict: Verdict::Inconclusive,
        reason: format!(
            "{}; none of the {requests} requests succeeded, so this is not the target under load",
            finding.reason
        ),
        ..finding
    }
}

/// How many requests were due in the judged part, and how many of them failed.
fn requests(run: &RunResult, part: EndpointSelection) -> (u64, u64) {
    let slice = Slice {
        run,
        part,
        unsettled: 0,
        window: run.window,
    };
    let failed = slice.each(|counts| counts.failed);
    (slice.due(), failed.iter().sum())
}
