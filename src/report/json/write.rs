//! From a report to its JSON: what was recorded, with the figures that readers look for beside it.

use serde::Serialize;

use super::SCHEMA;
use super::generator::GeneratorFigures;
use super::run::RunJson;
use crate::record::Machine;
use crate::report::{Report, rfc3339};
use crate::requirement::{
    Check, CheckJudgement, Compared, Comparison, Estimate, Figure, Judgement, Metric, Scope,
    Severity, Standing, TestVerdict, Unit, Verdict,
};

/// The report as one line of JSON; a number that was not measured is `null`.
///
/// # Panics
/// Never: every part of a report has a JSON form.
pub fn to_json(report: &Report) -> String {
    let form = ReportJson {
        schema: SCHEMA,
        target: &report.target,
        profile: &report.profile,
        started: rfc3339::to_text(report.started),
        took_ms: report.took,
        confidence: report.confidence,
        strict: report.strict,
        machine: report.machine.as_ref(),
        repeat: &report.repeat,
        requirements: report
            .judgements
            .iter()
            .map(|judgement| requirement(judgement, report.strict))
            .collect(),
        generator: GeneratorFigures::worst(
            report
                .runs
                .iter()
                .map(|shown| (&shown.run.generator, &shown.intervals.lateness)),
        ),
        runs: report.runs.iter().map(RunJson::of).collect(),
    };
    serde_json::to_string(&form).expect("a report has a JSON form")
}

/// A number, unless it is none.
pub(super) fn finite(number: f64) -> Option<f64> {
    number.is_finite().then_some(number)
}

#[derive(Serialize)]
struct ReportJson<'a> {
    schema: &'static str,
    target: &'a str,
    profile: &'a str,
    started: String,
    took_ms: u64,
    confidence: f64,
    strict: bool,
    machine: Option<&'a Machine>,
    repeat: &'a str,
    requirements: Vec<RequirementJson<'a>>,
    generator: GeneratorFigures,
    runs: Vec<RunJson<'a>>,
}

#[derive(Serialize)]
struct RequirementJson<'a> {
    name: &'a str,
    severity: Severity,
    scenario: Option<&'a str>,
    #[serde(flatten)]
    deciding: MeasuredForm,
    verdict: Verdict,
    reason: &'a str,
    test: &'static str,
    advice: &'a [String],
    checks: Vec<CheckJson<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    compared: Vec<ComparedJson<'a>>,
}

/// A figure and what it was.
#[derive(Serialize)]
struct ComparedJson<'a> {
    scenario: &'a str,
    what: Figure,
    unit: Unit,
    before: Option<f64>,
    after: Option<f64>,
    change: Option<f64>,
    low: Option<f64>,
    high: Option<f64>,
    standing: Option<Standing>,
}

/// What was measured, against what.
#[derive(Serialize)]
struct MeasuredForm {
    metric: Option<Metric>,
    comparison: Option<Comparison>,
    limit: Option<f64>,
    unit: Option<Unit>,
    value: Option<f64>,
    low: Option<f64>,
    high: Option<f64>,
    samples: Option<u64>,
    effective_samples: Option<f64>,
}

#[derive(Serialize)]
struct CheckJson<'a> {
    #[serde(flatten)]
    figures: MeasuredForm,
    scope: &'a Scope,
    endpoint: Option<&'a str>,
    verdict: Option<Verdict>,
    reason: Option<&'a str>,
    /// Only where it is so.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    unreached: bool,
}

fn requirement(judgement: &Judgement, strict: bool) -> RequirementJson<'_> {
    let requirement = &judgement.requirement;
    let deciding = judgement.deciding();
    let check = deciding
        .map(|judged| &judged.check)
        .or(requirement.checks.first());
    RequirementJson {
        name: &requirement.name,
        severity: requirement.severity,
        scenario: requirement.scenario.as_deref(),
        deciding: figures(check, deciding),
        verdict: judgement.verdict,
        reason: &judgement.reason,
        test: match judgement.test_verdict(strict) {
            TestVerdict::Pass => "pass",
            TestVerdict::Warn => "warn",
            TestVerdict::Fail => "fail",
        },
        advice: &judgement.advice,
        checks: requirement
            .checks
            .iter()
            .map(|check| check_form(check, judgement.of(check)))
            .collect(),
        compared: judgement.compared.iter().map(compared).collect(),
    }
}

fn compared(one: &Compared) -> ComparedJson<'_> {
    ComparedJson {
        scenario: &one.scenario,
        what: one.what,
        unit: one.what.unit(),
        before: finite(one.before),
        after: finite(one.after),
        change: finite(one.change.value),
        low: one.change.low.and_then(finite),
        high: one.change.high.and_then(finite),
        standing: one.standing,
    }
}

fn check_form<'a>(check: &'a Check, judged: Option<&'a CheckJudgement>) -> CheckJson<'a> {
    CheckJson {
        figures: figures(Some(check), judged),
        scope: &check.scope,
        endpoint: judged.and_then(|judged| judged.endpoint.as_deref()),
        verdict: judged.map(|judged| judged.verdict),
        reason: judged.map(|judged| judged.reason.as_str()),
        unreached: judged.is_some_and(|judged| judged.is_unreached),
    }
}

fn figures(check: Option<&Check>, judged: Option<&CheckJudgement>) -> MeasuredForm {
    let estimate: Option<&Estimate> = judged.and_then(|judged| judged.estimate.as_ref());
    MeasuredForm {
        metric: check.map(|check| check.metric),
        comparison: check.map(|check| check.limit.comparison),
        limit: check.and_then(|check| finite(check.limit.value)),
        unit: check.map(|check| check.limit.unit),
        value: estimate.and_then(|estimate| finite(estimate.value)),
        low: estimate.and_then(|estimate| finite(estimate.low?)),
        high: estimate.and_then(|estimate| finite(estimate.high?)),
        samples: estimate.map(|estimate| estimate.samples),
        effective_samples: estimate.and_then(|estimate| finite(estimate.effective_samples)),
    }
}
