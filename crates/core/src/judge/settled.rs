//! Whether a run has shown enough to end.

use super::{Evidence, judge, judge_as};
use crate::requirement::Requirement;
use crate::requirement::{CheckJudgement, Verdict};

/// Whether all of these requirements of a run's scenario are settled, if it ended where its window does.
///
/// To end before its time, a run must also have brought what other sources report. To go on beyond its time it
/// needs open verdicts on the load itself: no source has promised to report more.
pub fn is_settled<'a>(
    requirements: impl IntoIterator<Item = &'a Requirement>,
    evidence: &Evidence<'_>,
    confidence: f64,
) -> bool {
    let early = evidence.runs.iter().any(|run| run.window.is_cut_short());
    let is_measured = |requirement: &Requirement| {
        let mut checks = requirement.checks.iter();
        early || !checks.any(|check| check.metric.is_observed())
    };
    let settled = |requirement: &Requirement| {
        let judgement = judge(requirement, evidence, confidence);
        judgement.verdict != Verdict::Inconclusive || judgement.checks.iter().all(is_closed)
    };
    let mut waiting = requirements.into_iter().filter(|one| is_measured(one));
    waiting.all(settled)
}

/// Whether some of these requirements are open on the load of a run, none has failed, and all that are open would pass if requests
/// were independent of each other: then they only need to be observed for longer.
pub fn is_open_by_correlation_alone<'a>(
    requirements: impl IntoIterator<Item = &'a Requirement>,
    evidence: &Evidence<'_>,
    confidence: f64,
) -> bool {
    let mut is_any = false;
    for requirement in requirements {
        match judge(requirement, evidence, confidence).verdict {
            Verdict::Pass => {}
            Verdict::Fail => return false,
            Verdict::Inconclusive => {
                let mut checks = requirement.checks.iter();
                if checks.any(|check| check.metric.is_observed()) {
                    continue;
                }
                let independent = judge_as(requirement, evidence, confidence, true);
                if independent.verdict != Verdict::Pass {
                    return false;
                }
                is_any = true;
            }
        }
    }
    is_any
}

/// Whether more time would not change what is known of a check: it is settled, or no source reports it.
fn is_closed(check: &CheckJudgement) -> bool {
    let untold = check.check.metric.is_observed() && check.estimate.is_none();
    check.verdict != Verdict::Inconclusive || untold
}
