//! One step: its plan, and how the target stood it.

use std::time::Duration;

use super::{cap, cause};
use crate::judge::{Evidence, judge};
use crate::plan::{Loads, Phases, Plan, Search};
use crate::record::{Role, RunResult, Status, Step, StepVerdict, Summary};
use crate::requirement::{Check, Judgement, Requirement, Severity, Verdict};

const SECOND: u64 = 1_000_000_000;

/// One load to be run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Probe {
    /// What it is for.
    pub role: Role,
    /// Users, or requests per second.
    pub load: f64,
}

impl Probe {
    pub(super) fn up(load: f64) -> Probe {
        Probe {
            role: Role::Load,
            load,
        }
    }

    /// The plan of this load alone.
    pub fn plan(self, plan: &Plan) -> Plan {
        Plan {
            arrivals: plan.arrivals.at_load(self.load),
            phases: self.phases(plan),
            search: None,
            ..plan.clone()
        }
    }

    /// On the way back the load is there at once, and every second of it counts.
    fn phases(self, plan: &Plan) -> Phases {
        let recovery = plan.search.as_ref().and_then(|search| match search.loads {
            Loads::Steps { recovery, .. } => recovery,
            Loads::Capacity { .. } => None,
        });
        match (self.role, recovery) {
            (Role::Recovery, Some(watch)) => Phases {
                ramp_up: Duration::ZERO,
                warm_up: Duration::ZERO,
                measure: watch.duration,
                extend: Duration::ZERO,
                settle: None,
            },
            _ => plan.phases,
        }
    }
}

/// What a load must keep, as a requirement.
pub fn holding(plan: &Plan, search: &Search) -> Requirement {
    Requirement {
        name: plan.scenario.clone(),
        severity: Severity::Critical,
        scenario: Some(plan.scenario.clone()),
        checks: search.holds.clone(),
    }
}

/// How the target stood a load, on the evidence of its run and with the statistics of every verdict.
///
/// `plan` is that of the search, and `fault` says why the generator itself could not make the run. What a generator
/// that was not up to the load saw breaking does not count against the target, and neither does what waited for the
/// connections that the plan allows.
pub fn judged(
    plan: &Plan,
    leg: Probe,
    run: &RunResult,
    fault: Option<String>,
    holding: &Requirement,
    confidence: f64,
) -> Step {
    let judgement = verdict(run, &[], holding, confidence);
    let headroom = plan
        .search
        .as_ref()
        .map_or(&[][..], |search| &search.headroom);
    let mut saturated = fault.or_else(|| unfit(run, headroom, confidence));
    let missed = run.status != Status::Failed && judgement.verdict != Verdict::Pass;
    let cap = (missed && saturated.is_none())
        .then(|| cap::capped(plan, leg.load, run, &judgement.checks))
        .flatten();
    let capped = cap.is_some();
    saturated = saturated.or(cap);
    let standing = match judgement.verdict {
        Verdict::Pass => StepVerdict::Held,
        Verdict::Fail if saturated.is_none() => StepVerdict::Broken,
        _ => StepVerdict::Undecided,
    };
    let reason = judgement.reason;
    let summary = Summary::of(run);
    Step {
        role: leg.role,
        load: leg.load,
        from: 0,
        window: run.window,
        standing,
        reason,
        saturated,
        capped,
        outcomes: summary.outcomes,
        rps: summary.rps,
        response: summary.response,
        answered: summary.answered,
        lag: run.generator.lag.clone(),
        cpu: run.generator.cpu_mean(),
    }
}

/// Whether a step needs to go on no longer: `open` requests of each endpoint have not ended.
pub fn is_settled(run: &RunResult, open: &[u64], holding: &Requirement, confidence: f64) -> bool {
    verdict(run, open, holding, confidence).verdict != Verdict::Inconclusive
}

/// The verdict on a step and what it rests on.
///
/// A load beyond what the target sustains fills a queue, so that the step begins quickly and ends slowly. Over
/// the whole of it that looks like chance, of which a few seconds tell little; therefore a step is broken as
/// well when its second half is. It has held only as a whole. The two looks share the probability of an error.
fn verdict(run: &RunResult, open: &[u64], holding: &Requirement, confidence: f64) -> Judgement {
    let confidence = 1.0 - (1.0 - confidence) / 2.0;
    let on = |run: &RunResult| {
        let evidence = Evidence {
            runs: vec![run],
            open,
            ..Evidence::default()
        };
        let judged = judge(holding, &evidence, confidence);
        if judged.verdict != Verdict::Fail || run.status == Status::Failed {
            return judged;
        }
        let reason = cause::failure_reason(&judged, run);
        Judgement { reason, ..judged }
    };
    let whole = on(run);
    if whole.verdict == Verdict::Inconclusive
        && let Some(half) = second_half(run).map(|half| on(&half))
        && half.verdict == Verdict::Fail
    {
        let reason = format!("in the second half of the step, {}", half.reason);
        return Judgement { reason, ..half };
    }
    whole
}

/// The run with the first half of its judged seconds not judged; `None` with fewer than two.
fn second_half(run: &RunResult) -> Option<RunResult> {
    let first = run.window.from / SECOND;
    let seconds = run.window.to.div_ceil(SECOND).saturating_sub(first);
    (run.status == Status::Complete && seconds >= 2).then(|| {
        let mut half = run.clone();
        half.window.from = (first + seconds / 2) * SECOND;
        half.window.extended_from = None;
        half
    })
}

/// Why the generator was not up to a load, if it was not.
fn unfit(run: &RunResult, headroom: &[Check], confidence: f64) -> Option<String> {
    if run.status == Status::Failed || headroom.is_empty() {
        return None;
    }
    let headroom = Requirement {
        name: "generator".to_owned(),
        severity: Severity::Critical,
        scenario: None,
        checks: headroom.to_vec(),
    };
    let evidence = Evidence {
        runs: vec![run],
        ..Evidence::default()
    };
    let judgement = judge(&headroom, &evidence, confidence);
    (judgement.verdict == Verdict::Fail).then_some(judgement.reason)
}
