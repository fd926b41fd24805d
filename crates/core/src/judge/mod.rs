//! From evidence to verdicts: pure, and the only place where a requirement is decided.

mod cluster_series;
mod evidence;
mod generator;
mod interval;
mod journeys;
mod loaded;
mod mean;
mod observed;
mod over_time;
mod proportion;
mod proportion_text;
mod search;
mod session;
mod settled;
mod socket;
mod text;
mod unreached;
mod weighed;

#[cfg(test)]
mod tests;

use crate::record::{AddressResult, RunResult, Status};
use crate::requirement::Family;
use crate::requirement::{Check, Requirement, Scope};
use crate::requirement::{CheckJudgement, Estimate, Judgement, Verdict};

use evidence::EndpointSelection;
pub use evidence::{Evidence, HealthSample};
pub use interval::intervals;
pub(crate) use loaded::{is_missed_by_failures, is_rate_of_failures, without_waits};
pub use over_time::without_reach;
pub use settled::{is_open_by_correlation_alone, is_settled};

/// What one check came to, before it is put into words for a report.
struct CheckResult {
    estimate: Option<Estimate>,
    verdict: Verdict,
    reason: String,
}

impl CheckResult {
    fn open(reason: impl Into<String>) -> CheckResult {
        CheckResult {
            estimate: None,
            verdict: Verdict::Inconclusive,
            reason: reason.into(),
        }
    }

    /// A value without an interval, held against the limit as it is: an exact count, or a reported figure.
    fn bare(check: &Check, value: f64, samples: u64, reason: impl Into<String>) -> CheckResult {
        CheckResult {
            estimate: Some(Estimate {
                value,
                low: None,
                high: None,
                samples,
                effective_samples: samples as f64,
            }),
            verdict: if check.limit.holds(value) {
                Verdict::Pass
            } else {
                Verdict::Fail
            },
            reason: reason.into(),
        }
    }
}

/// Judges a requirement on what was observed, at the given confidence in (0.5, 1).
///
/// A wrong pass of the whole requirement is as improbable as one of its checks' (all must pass); a wrong
/// fail is shared between the checks, as one of them is enough (Bonferroni).
pub fn judge(requirement: &Requirement, evidence: &Evidence<'_>, confidence: f64) -> Judgement {
    judge_as(requirement, evidence, confidence, false)
}

/// The same, with requests taken as independent of each other if `are_independent`.
fn judge_as(
    requirement: &Requirement,
    evidence: &Evidence<'_>,
    confidence: f64,
    are_independent: bool,
) -> Judgement {
    let evidence = &made(requirement, evidence);
    if let Some(unfit) = unfit(requirement, evidence) {
        return unfit;
    }
    let parts = parts(requirement, evidence.runs.first().copied());
    let levels = CheckLevels {
        pass: 1.0 - confidence,
        fail: (1.0 - confidence) / parts.len().max(1) as f64,
        are_independent,
    };
    let judged: Vec<CheckJudgement> = parts
        .into_iter()
        .map(|(check, part)| {
            let finding = find(check, part, evidence, levels);
            let endpoint = match part {
                EndpointSelection::Endpoint(index)
                | EndpointSelection::Journey {
                    endpoint: index, ..
                } => endpoint_name(evidence, index),
                EndpointSelection::Population(population) => Some(format!("{population} users")),
                EndpointSelection::Address(index) => {
                    address(evidence, index).map(|address| address.address.clone())
                }
                EndpointSelection::All => None,
            };
            CheckJudgement {
                check: check.clone(),
                endpoint,
                estimate: finding.estimate,
                verdict: finding.verdict,
                reason: finding.reason,
                is_unreached: unreached::is_unreached(check, part, evidence),
            }
        })
        .collect();
    conclude(requirement, &judged)
}

/// What speaks of the session as a whole is judged on the runs that could be made, if any could.
fn made<'a>(requirement: &Requirement, evidence: &Evidence<'a>) -> Evidence<'a> {
    let mut evidence = evidence.clone();
    let was_made = |run: &&RunResult| run.status != Status::Failed;
    if requirement.scenario.is_none() && evidence.runs.iter().any(was_made) {
        evidence.runs.retain(was_made);
    }
    evidence
}

/// The error probability allowed to each side of a check.
#[derive(Debug, Clone, Copy)]
struct CheckLevels {
    pass: f64,
    fail: f64,
    /// Whether requests are taken as independent of each other, regardless of their times.
    are_independent: bool,
}

/// Without a complete run there is nothing to weigh.
fn unfit(requirement: &Requirement, evidence: &Evidence<'_>) -> Option<Judgement> {
    let loaded = requirement
        .checks
        .iter()
        .any(|check| check.metric.needs_load());
    if !loaded {
        return None;
    }
    let (verdict, reason) = if evidence.runs.is_empty() {
        (Verdict::Inconclusive, "no load was run".to_owned())
    } else if let Some(run) = evidence
        .runs
        .iter()
        .find(|run| run.status == Status::Failed)
    {
        let what = run
            .problem
            .as_ref()
            .map_or("the run could not be made", |problem| &problem.what);
        (Verdict::Fail, what.to_owned())
    } else {
        let run = evidence
            .runs
            .iter()
            .find(|run| run.status == Status::Partial)?;
        let cause = run.notes.last().map_or("it was interrupted", |note| note);
        (
            Verdict::Inconclusive,
            format!("the run of `{}` is not complete: {cause}", run.scenario),
        )
    };
    let requirement = requirement.clone();
    Some(Judgement {
        requirement,
        checks: Vec::new(),
        verdict,
        reason,
        advice: Vec::new(),
        compared: Vec::new(),
    })
}

/// The checks, taken apart by endpoint where they ask for it.
fn parts<'a>(
    requirement: &'a Requirement,
    run: Option<&RunResult>,
) -> Vec<(&'a Check, EndpointSelection)> {
    let endpoints = run.map_or(&[][..], |run| &run.endpoints[..]);
    let of = |check: &'a Check| -> Vec<(&'a Check, EndpointSelection)> {
        match &check.scope {
            Scope::All => vec![(check, EndpointSelection::All)],
            Scope::Population(population) => {
                vec![(check, EndpointSelection::Population(*population))]
            }
            // A limit for requests is none for journeys, which are judged by their names.
            Scope::EachEndpoint => (0..endpoints.len())
                .filter(|index| endpoints[*index].kind.is_request())
                .map(|index| (check, EndpointSelection::Endpoint(index)))
                .collect(),
            Scope::EachAddress => match run.map_or(0, |run| run.addresses.len()) {
                // All requests went to the only one.
                0 => vec![(check, EndpointSelection::All)],
                addresses => (0..addresses)
                    .map(|index| (check, EndpointSelection::Address(index)))
                    .collect(),
            },
            Scope::Endpoint(name) => {
                // One that is not there has no requests, and so no verdict.
                let index = endpoints.iter().position(|endpoint| endpoint.name == *name);
                let part = match (run, index) {
                    (Some(run), Some(index)) => EndpointSelection::of_endpoint(run, index),
                    _ => EndpointSelection::Endpoint(usize::MAX),
                };
                vec![(check, part)]
            }
        }
    };
    requirement.checks.iter().flat_map(of).collect()
}

fn endpoint_name(evidence: &Evidence<'_>, index: usize) -> Option<String> {
    Some(evidence.runs.first()?.endpoints.get(index)?.name.clone())
}

fn address<'a>(evidence: &Evidence<'a>, index: usize) -> Option<&'a AddressResult> {
    evidence.runs.first()?.addresses.get(index)
}

fn find(
    check: &Check,
    part: EndpointSelection,
    evidence: &Evidence<'_>,
    levels: CheckLevels,
) -> CheckResult {
    match check.metric.family() {
        Family::Load(metric) => loaded::find(check, metric, part, evidence, levels),
        Family::Session(metric) => session::find(check, metric, evidence, levels),
        Family::Generator(metric) => generator::find(check, metric, &evidence.runs),
        Family::Search(metric) => {
            search::find(check, metric, evidence.runs.first().copied(), levels)
        }
        Family::Observed(metric) => on_run(evidence, |run| {
            let finding = observed::find(check, metric, run, evidence.sources, levels);
            unreached::without_pass(finding, run)
        }),
        Family::Sockets(metric) => on_run(evidence, |run| socket::find(check, metric, run)),
    }
}

/// What a check comes to on the first run.
fn on_run<'a>(
    evidence: &Evidence<'a>,
    find: impl FnOnce(&'a RunResult) -> CheckResult,
) -> CheckResult {
    match evidence.runs.first() {
        Some(run) => find(run),
        None => CheckResult::open("no load was run"),
    }
}

/// The worst verdict decides; among endpoints with the same one, the one furthest from its limit.
fn conclude(requirement: &Requirement, judged: &[CheckJudgement]) -> Judgement {
    let checks = requirement
        .checks
        .iter()
        .filter_map(|check| worst(judged, check))
        .collect::<Vec<_>>();
    let verdict = checks
        .iter()
        .map(|check| check.verdict)
        .max()
        .unwrap_or(Verdict::Inconclusive);
    let deciding: Vec<&CheckJudgement> = checks
        .iter()
        .filter(|check| check.verdict == verdict)
        .collect();
    let reason = match deciding.first() {
        None => "there was nothing to judge".to_owned(),
        Some(_) if verdict != Verdict::Pass => {
            let (last, others) = deciding.split_last().expect("one is there");
            let others = others
                .iter()
                .map(|check| without_reach(&scoped_reason(check)));
            let reasons: Vec<String> = others.chain([scoped_reason(last)]).collect();
            reasons.join("; ")
        }
        Some(first) => scoped_reason(first),
    };
    Judgement {
        requirement: requirement.clone(),
        checks,
        verdict,
        reason,
        advice: Vec::new(),
        compared: Vec::new(),
    }
}

/// A check's parts, reduced to the worst of them.
fn worst(judged: &[CheckJudgement], check: &Check) -> Option<CheckJudgement> {
    let parts = judged.iter().filter(|part| part.check == *check);
    parts
        .max_by(|a, b| {
            a.verdict
                .cmp(&b.verdict)
                .then(badness(a).total_cmp(&badness(b)))
        })
        .cloned()
}

/// How bad the measured value is, more being worse.
fn badness(part: &CheckJudgement) -> f64 {
    let value = part.estimate.map_or(0.0, |estimate| estimate.value);
    if part.check.limit.comparison.is_upper() {
        value
    } else {
        -value
    }
}

fn scoped_reason(check: &CheckJudgement) -> String {
    match &check.endpoint {
        Some(users) if matches!(check.check.scope, Scope::Population(_)) => {
            format!("{users}: {}", check.reason)
        }
        Some(address) if check.check.scope == Scope::EachAddress => {
            format!("address `{address}`: {}", check.reason)
        }
        Some(endpoint) => format!("endpoint `{endpoint}`: {}", check.reason),
        None => check.reason.clone(),
    }
}
