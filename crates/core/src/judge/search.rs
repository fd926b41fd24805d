//! What a search found: the breaking point, the capacity, how it broke and how it came back.

use super::text::{count, percent, time};
use super::weighed::{Allowed, Weighed};
use super::{CheckLevels, CheckResult};
use crate::record::{
    LoadUnit, Outcomes, Role, RunResult, SearchEnding, SearchResult, Second, Step, StepVerdict,
    failures_of, ungraceful_of,
};
use crate::requirement::Check;
use crate::requirement::format::show;
use crate::requirement::{Estimate, Verdict};
use crate::requirement::{SearchMetric, Unit};
use crate::statistics::{Block, Look};

const SECOND: u64 = 1_000_000_000;

pub(super) fn find(
    check: &Check,
    metric: SearchMetric,
    run: Option<&RunResult>,
    levels: CheckLevels,
) -> CheckResult {
    let Some((run, search)) = run.and_then(|run| Some((run, run.search.as_ref()?))) else {
        return CheckResult::open("no search was run");
    };
    match metric {
        SearchMetric::RecoveryTime => recovery(check, search),
        SearchMetric::UngracefulFailures => ungraceful(check, run, search, levels),
        SearchMetric::BreakingPoint | SearchMetric::Capacity => borne(check, search),
    }
}

/// What the target sustains lies above the highest load that held, and at most at the lowest that broke.
fn borne(check: &Check, search: &SearchResult) -> CheckResult {
    let (held, broken) = (search.held(), search.broken());
    let limit = check.limit.value;
    let verdict = if held.is_some_and(|step| step.load >= limit) {
        Verdict::Pass
    } else if broken.is_some_and(|step| step.load <= limit) {
        Verdict::Fail
    } else {
        Verdict::Inconclusive
    };
    let value = held.map_or(0.0, |step| step.load);
    let estimate = Estimate {
        value,
        low: Some(value),
        high: broken.map(|step| step.load),
        samples: search.loads().map(Step::due).sum(),
        effective_samples: search.loads().count() as f64,
    };
    CheckResult {
        estimate: (!search.steps.is_empty()).then_some(estimate),
        verdict,
        reason: search_reason(search),
    }
}

fn search_reason(search: &SearchResult) -> String {
    let mut parts = Vec::new();
    match (search.held(), search.broken()) {
        (None, Some(broken)) => parts.push(format!(
            "{} broke, and no lower load held: {}",
            load(search, broken),
            broken.reason
        )),
        (Some(held), Some(broken)) => parts.push(format!(
            "{} held, {} broke: {}",
            load(search, held),
            load(search, broken),
            broken.reason
        )),
        (Some(held), None) => {
            let highest = if search.ending == SearchEnding::Unbroken {
                ", the highest load that was tried"
            } else {
                ""
            };
            parts.push(format!(
                "{} held{highest}: {}",
                load(search, held),
                held.reason
            ));
        }
        (None, None) => parts.push("no load held and none broke".to_owned()),
    }
    if let Some((step, why)) = search.saturated() {
        let at = load(search, step);
        parts.push(if step.capped {
            format!("{at} could not be put on the target, which says nothing of it: {why}")
        } else {
            format!(
                "at {at} the load generator was at its own end, which says nothing of the target: {why}"
            )
        });
    }
    let low = search.held().map_or(0.0, |step| step.load);
    let high = search.broken().map_or(f64::INFINITY, |step| step.load);
    for step in search.loads() {
        let inside = step.load > low && step.load < high;
        if inside && step.standing == StepVerdict::Undecided && step.saturated.is_none() {
            parts.push(format!(
                "{} settled nothing: {}",
                load(search, step),
                step.reason
            ));
        }
    }
    parts.join("; ")
}

/// A step's load with its unit.
fn load(search: &SearchResult, step: &Step) -> String {
    match search.unit {
        LoadUnit::Users => format!("{} users", count(step.load)),
        LoadUnit::Rate => show(Unit::Rate, step.load),
    }
}

fn recovery(check: &Check, search: &SearchResult) -> CheckResult {
    let Some(recovery) = search.recovery else {
        return CheckResult::open(why_no_recovery(search));
    };
    let bound = format!(
        "p95 at most {} (it was {} at the first step)",
        time(recovery.bound_ms),
        time(recovery.before_ms)
    );
    let value = recovery.after_ms.unwrap_or(recovery.watched_ms);
    let verdict = match recovery.after_ms {
        Some(after) if check.limit.holds(after) => Verdict::Pass,
        None if check.limit.holds(recovery.watched_ms) => Verdict::Inconclusive,
        _ => Verdict::Fail,
    };
    let back = recovery_steps(search);
    let samples: u64 = back.clone().map(Step::due).sum();
    let failed: u64 = back.map(Step::failed).sum();
    let failures = failures_of_recovery(search, failed, samples);
    let reason = match recovery.after_ms {
        Some(after) => format!(
            "{bound} was reached {} after the highest load{failures}",
            time(after)
        ),
        None => format!(
            "{bound} was not reached within {} after the highest load{failures}",
            time(value)
        ),
    };
    CheckResult {
        estimate: Some(Estimate {
            value,
            low: recovery.after_ms.is_none().then_some(value),
            high: None,
            samples,
            effective_samples: samples as f64,
        }),
        verdict,
        reason,
    }
}

fn why_no_recovery(search: &SearchResult) -> String {
    match search.loads().next() {
        Some(step) if step.standing == StepVerdict::Broken => {
            "the first step broke already, so there is no response time to come back to".to_owned()
        }
        Some(step) if !step.has_p95() => format!(
            "{} of {} requests failed at the first step already, so there is no p95 to come back to",
            count(step.failed() as f64),
            count(step.due() as f64)
        ),
        _ => "the way back was not looked at".to_owned(),
    }
}

fn recovery_steps(search: &SearchResult) -> impl Iterator<Item = &Step> + Clone {
    let steps = search.steps.iter();
    steps.filter(|step| step.role == Role::Recovery)
}

/// What is said of failures on the way back: as many as move a p95 by themselves, each charged its timeout.
fn failures_of_recovery(search: &SearchResult, failed: u64, samples: u64) -> String {
    if failed * 20 <= samples {
        return String::new();
    }
    let causes: Vec<String> = recovery_steps(search)
        .flat_map(|step| failures_by_cause(&step.outcomes))
        .collect();
    format!(
        "; {} of {} requests on the way back failed ({})",
        count(failed as f64),
        count(samples as f64),
        causes.join(", ")
    )
}

fn ungraceful(
    check: &Check,
    run: &RunResult,
    search: &SearchResult,
    levels: CheckLevels,
) -> CheckResult {
    let Some(broken) = search.broken() else {
        return kept("nothing broke, so nothing failed ungracefully", None);
    };
    let allowed = Allowed {
        share: check.limit.value / 100.0,
        inclusive: check.limit.comparison.is_inclusive(),
    };
    let seen = Weighed::of(&failures(run, broken), 0, Look::Only, &allowed, levels);
    if seen.trials <= 0.0 && broken.due() > 0 {
        let reason = format!(
            "{} broke by slowness: not one request failed",
            load(search, broken)
        );
        return kept(reason, Some(broken.due()));
    }
    if seen.trials <= 0.0 {
        let reason = format!(
            "{} could not be put on the target at all: {}",
            load(search, broken),
            broken.reason
        );
        return CheckResult {
            estimate: None,
            verdict: Verdict::Fail,
            reason,
        };
    }
    let share = seen.hits / seen.trials;
    CheckResult {
        estimate: Some(Estimate {
            value: 100.0 * share,
            low: Some(100.0 * seen.low),
            high: Some(100.0 * seen.high),
            samples: seen.trials as u64,
            effective_samples: seen.effective,
        }),
        verdict: seen.verdict(),
        reason: format!(
            "{} of {} failures at {} were no refusals with 429 or 503{}",
            percent(share),
            count(seen.trials),
            load(search, broken),
            causes(broken)
        ),
    }
}

/// `rate_limited 812`, the most frequent first.
fn failures_by_cause(outcomes: &Outcomes) -> Vec<String> {
    let mut failed: Vec<_> = outcomes
        .iter()
        .filter(|(outcome, _)| !outcome.is_ok())
        .collect();
    failed.sort_by_key(|(_, number)| std::cmp::Reverse(**number));
    let shown = failed.iter().take(3);
    shown
        .map(|(outcome, number)| format!("{outcome} {}", count(**number as f64)))
        .collect()
}

fn kept(reason: impl Into<String>, samples: Option<u64>) -> CheckResult {
    let none = |samples: u64| Estimate {
        value: 0.0,
        low: None,
        high: None,
        samples,
        effective_samples: samples as f64,
    };
    CheckResult {
        estimate: samples.map(none),
        verdict: Verdict::Pass,
        reason: reason.into(),
    }
}

/// Failures of each judged second of a step, the ungraceful ones as hits.
fn failures(run: &RunResult, step: &Step) -> Vec<Block> {
    let end = run.seconds.len();
    let from = ((step.window.from / SECOND) as usize).min(end);
    let to = (step.window.to.div_ceil(SECOND) as usize).clamp(from, end);
    let block = |second: &Second| {
        let outcomes = second.outcomes();
        Block {
            hits: ungraceful_of(&outcomes)
                .map(|(_, count)| count)
                .sum::<u64>() as f64,
            trials: failures_of(&outcomes) as f64,
        }
    };
    run.seconds[from..to].iter().map(block).collect()
}

/// ` (timeout 12, reset 3)`, the most frequent first; empty when all were refusals.
fn causes(step: &Step) -> String {
    let mut causes: Vec<_> = ungraceful_of(&step.outcomes).collect();
    causes.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    if causes.is_empty() {
        return String::new();
    }
    let told: Vec<String> = causes
        .iter()
        .map(|(outcome, number)| format!("{outcome} {}", count(*number as f64)))
        .collect();
    format!(" ({})", told.join(", "))
}
