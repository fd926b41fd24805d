//! Checks on what the load itself measures: everything that the judge and a search know of each of its metrics.

use super::evidence::{EndpointSelection, Evidence, Slice};
use super::{CheckLevels, CheckResult, address, mean, proportion, text};
use crate::record::{Outcome, Outcomes, Summary, Times};
use crate::requirement::{Check, LoadMetric, Verdict};

/// Judges the planned part of a run, and all of it where it was extended.
pub(super) fn find(
    check: &Check,
    metric: LoadMetric,
    part: EndpointSelection,
    evidence: &Evidence<'_>,
    levels: CheckLevels,
) -> CheckResult {
    let Some(run) = evidence.runs.first() else {
        return CheckResult::open("no load was run");
    };
    let slice = Slice {
        run,
        part,
        unsettled: part.sum(run, evidence.open, |open| *open),
        window: run.window,
    };
    if let EndpointSelection::Address(index) = part
        && let Some(why) = address(evidence, index).and_then(|one| one.left_out.as_ref())
    {
        return CheckResult::open(format!(
            "it took no connection before the load, and so got no load: {why}"
        ));
    }
    if slice.due() == 0 {
        return CheckResult::open("nothing was due in the judged part of the run");
    }
    let whole = weighed(check, metric, &slice, levels);
    let Some(window) = run.window.planned_part() else {
        return whole;
    };
    // All of it has ended, or the window would not say where it was extended from.
    let planned = Slice {
        unsettled: 0,
        window,
        ..slice
    };
    let planned_part = weighed(check, metric, &planned, levels);
    extended(check, metric, &planned_part, whole, &planned)
}

/// The check in one part of a run.
fn weighed(
    check: &Check,
    metric: LoadMetric,
    slice: &Slice<'_>,
    levels: CheckLevels,
) -> CheckResult {
    match metric {
        LoadMetric::Quantile(quantile) => proportion::quantile(check, quantile, slice, levels),
        LoadMetric::Failed => proportion::failures(check, slice, levels, false),
        LoadMetric::Succeeded => proportion::failures(check, slice, levels, true),
        LoadMetric::Mean => mean::response_time(check, slice, levels),
        LoadMetric::Throughput => mean::throughput(check, slice, levels),
    }
}

/// Whether it is a share of failed or successful requests.
pub(crate) fn is_rate_of_failures(metric: LoadMetric) -> bool {
    match metric {
        LoadMetric::Failed | LoadMetric::Succeeded => true,
        LoadMetric::Quantile(_) | LoadMetric::Mean | LoadMetric::Throughput => false,
    }
}

/// Whether failures alone are enough to miss a check: `failed` of `due` requests failed, `quick` of them in less time than
/// a slow one takes.
pub(crate) fn is_missed_by_failures(metric: LoadMetric, failed: u64, quick: u64, due: u64) -> bool {
    let quick = quick as f64;
    match metric {
        LoadMetric::Failed | LoadMetric::Succeeded => failed > 0,
        LoadMetric::Quantile(quantile) => quick > (1.0 - quantile) * due as f64,
        // One in twenty that is charged its timeout makes any mean.
        LoadMetric::Mean | LoadMetric::Throughput => quick * 20.0 > due as f64,
    }
}

/// The value among the requests that were sent, without their wait for a connection; `None` where there is none.
pub(crate) fn without_waits(metric: LoadMetric, summary: &Summary) -> Option<f64> {
    match metric {
        LoadMetric::Quantile(quantile) => Some(summary.service.quantile_ms(quantile)),
        LoadMetric::Mean => Times::of(&summary.service).map(|service| service.mean),
        LoadMetric::Failed => Some(share_of_failures(&summary.outcomes)),
        LoadMetric::Succeeded => Some(100.0 - share_of_failures(&summary.outcomes)),
        LoadMetric::Throughput => None,
    }
}

/// In percent of what was sent and ended.
fn share_of_failures(outcomes: &Outcomes) -> f64 {
    let sent = |outcome: Outcome| !matches!(outcome, Outcome::NotStarted | Outcome::CutOff);
    let of = |is_meant: &dyn Fn(Outcome) -> bool| -> u64 {
        let meant = outcomes.iter().filter(|(outcome, _)| is_meant(**outcome));
        meant.map(|(_, count)| count).sum()
    };
    let ended = of(&sent);
    let failed = of(&|outcome| sent(outcome) && !outcome.is_ok());
    100.0 * failed as f64 / ended.max(1) as f64
}

/// What both looks at an extended run come to: each has spent its half of the error probability, so that either
/// may decide. An extension adds evidence and never takes back what the planned part has shown; where the two
/// contradict each other, the failure counts.
fn extended(
    check: &Check,
    metric: LoadMetric,
    planned: &CheckResult,
    whole: CheckResult,
    part: &Slice<'_>,
) -> CheckResult {
    let is_planned = match (planned.verdict, whole.verdict) {
        (Verdict::Inconclusive, _) => false,
        (_, Verdict::Inconclusive) => true,
        (one, other) if one == other => {
            is_rate_of_failures(metric) && is_tighter(check, planned, &whole)
        }
        (one, other) => one > other,
    };
    if !is_planned {
        return whole;
    }
    let nanos = part.window.to.saturating_sub(part.window.from);
    let seconds = text::time(nanos as f64 / 1e6);
    CheckResult {
        estimate: planned.estimate,
        verdict: planned.verdict,
        reason: format!("in the planned {seconds}, {}", planned.reason),
    }
}

/// Whether the bound by which a rate was decided is further from its limit in one of two findings of the same verdict than in the
/// other. Both bounds hold at once.
fn is_tighter(check: &Check, one: &CheckResult, other: &CheckResult) -> bool {
    let is_over = check.limit.comparison.is_upper() == (one.verdict == Verdict::Fail);
    let bound = |finding: &CheckResult| {
        let estimate = finding.estimate?;
        if is_over {
            estimate.low
        } else {
            estimate.high.map(|high| -high)
        }
    };
    bound(one) > bound(other)
}
