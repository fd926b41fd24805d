//! From JSON back to the report it was written from.

use serde::Deserialize;
use thiserror::Error;

use super::SCHEMA;
use crate::record::{
    Coarse, Counts, EndpointResult, Generator, Histogram, Outage, Outcomes, Problem, RunResult,
    Second, Status, Watch, Window,
};
use crate::report::{Report, instant};
use crate::requirement::{
    Check, CheckJudgement, Comparison, Estimate, Judgement, Limit, Metric, Requirement, Scope,
    Severity, Unit, Verdict,
};

/// Why a text is no report.
#[derive(Debug, Error)]
pub enum ReadError {
    /// Not JSON, or not of the documented form.
    #[error("this is no report of schema {SCHEMA}: {0}")]
    Form(#[from] serde_json::Error),
    /// Another version of the form.
    #[error(
        "this report has schema `{0}`, and {SCHEMA} is the one that is read; write it anew with this version"
    )]
    OtherSchema(String),
    /// An instant that no report would hold.
    #[error("`{0}` is no instant like 2026-01-31T12:00:00.000Z")]
    NoInstant(String),
}

/// Reads a report that `to_json` wrote. Figures that can be derived from the records are not read.
///
/// # Errors
/// When the text is not JSON of that form, or of another version of it.
pub fn from_json(text: &str) -> Result<Report, ReadError> {
    let head: Head = serde_json::from_str(text)?;
    if head.schema != SCHEMA {
        return Err(ReadError::OtherSchema(head.schema));
    }
    let form: ReportForm = serde_json::from_str(text)?;
    Ok(Report {
        target: form.target,
        profile: form.profile,
        started: millis(&form.started)?,
        took: form.took_ms,
        confidence: form.confidence,
        strict: form.strict,
        judgements: form.requirements.into_iter().map(judgement).collect(),
        runs: form.runs.into_iter().map(run).collect::<Result<_, _>>()?,
    })
}

fn millis(text: &str) -> Result<u64, ReadError> {
    instant::from_text(text).ok_or_else(|| ReadError::NoInstant(text.to_owned()))
}

fn nanos(millis: f64) -> u64 {
    (millis * 1e6).round() as u64
}

#[derive(Deserialize)]
struct Head {
    schema: String,
}

#[derive(Deserialize)]
struct ReportForm {
    target: String,
    profile: String,
    started: String,
    took_ms: u64,
    confidence: f64,
    strict: bool,
    requirements: Vec<RequirementForm>,
    runs: Vec<RunForm>,
}

#[derive(Deserialize)]
struct RequirementForm {
    name: String,
    severity: Severity,
    scenario: Option<String>,
    verdict: Verdict,
    reason: String,
    advice: Vec<String>,
    checks: Vec<CheckForm>,
}

#[derive(Deserialize)]
struct CheckForm {
    metric: Metric,
    comparison: Comparison,
    limit: f64,
    unit: Unit,
    value: Option<f64>,
    low: Option<f64>,
    high: Option<f64>,
    samples: Option<u64>,
    effective_samples: Option<f64>,
    scope: Scope,
    endpoint: Option<String>,
    verdict: Option<Verdict>,
    reason: Option<String>,
}

fn judgement(form: RequirementForm) -> Judgement {
    let judged = form.checks.iter().filter_map(check_judgement).collect();
    Judgement {
        checks: judged,
        requirement: Requirement {
            name: form.name,
            severity: form.severity,
            scenario: form.scenario,
            checks: form.checks.iter().map(check).collect(),
        },
        verdict: form.verdict,
        reason: form.reason,
        advice: form.advice,
    }
}

fn check(form: &CheckForm) -> Check {
    Check {
        metric: form.metric,
        scope: form.scope.clone(),
        limit: Limit {
            comparison: form.comparison,
            value: form.limit,
            unit: form.unit,
        },
    }
}

fn check_judgement(form: &CheckForm) -> Option<CheckJudgement> {
    let estimate = form.value.map(|value| Estimate {
        value,
        low: form.low,
        high: form.high,
        samples: form.samples.unwrap_or(0),
        effective_samples: form.effective_samples.unwrap_or(0.0),
    });
    Some(CheckJudgement {
        check: check(form),
        endpoint: form.endpoint.clone(),
        estimate,
        verdict: form.verdict?,
        reason: form.reason.clone().unwrap_or_default(),
    })
}

#[derive(Deserialize)]
struct RunForm {
    scenario: String,
    plan: String,
    started: String,
    status: Status,
    problem: Option<Problem>,
    notes: Vec<String>,
    window: WindowForm,
    thresholds_ms: Vec<f64>,
    endpoints: Vec<EndpointForm>,
    seconds: Vec<SecondForm>,
    generator: GeneratorForm,
    watch: WatchForm,
}

fn run(form: RunForm) -> Result<RunResult, ReadError> {
    Ok(RunResult {
        scenario: form.scenario,
        plan: form.plan,
        started: millis(&form.started)?,
        status: form.status,
        problem: form.problem,
        thresholds: form.thresholds_ms.into_iter().map(nanos).collect(),
        window: Window {
            from: nanos(form.window.from_ms),
            to: nanos(form.window.to_ms),
            extendable: form.window.extendable,
            extensions: form.window.extensions,
        },
        endpoints: form.endpoints.into_iter().map(endpoint).collect(),
        seconds: form.seconds.into_iter().map(second).collect(),
        generator: generator(form.generator),
        watch: watch(form.watch)?,
        notes: form.notes,
    })
}

#[derive(Deserialize)]
struct WindowForm {
    from_ms: f64,
    to_ms: f64,
    extendable: bool,
    extensions: u32,
}

#[derive(Deserialize)]
struct EndpointForm {
    name: String,
    request: String,
    outcomes: Outcomes,
    bytes: u64,
    histograms: Histograms,
}

#[derive(Deserialize)]
struct Histograms {
    response: Histogram,
    answered: Histogram,
    service: Histogram,
}

fn endpoint(form: EndpointForm) -> EndpointResult {
    EndpointResult {
        name: form.name,
        request: form.request,
        outcomes: form.outcomes,
        response: form.histograms.response,
        answered: form.histograms.answered,
        service: form.histograms.service,
        bytes: form.bytes,
    }
}

#[derive(Deserialize)]
struct SecondForm {
    done: u64,
    endpoints: Vec<CountsForm>,
    buckets: Coarse,
}

#[derive(Deserialize)]
struct CountsForm {
    due: u64,
    failed: u64,
    failed_by_generator: u64,
    time_ns: u64,
    over: Vec<u64>,
    over_by_generator: Vec<u64>,
    outcomes: Outcomes,
}

fn second(form: SecondForm) -> Second {
    let counts = |form: CountsForm| Counts {
        due: form.due,
        failed: form.failed,
        failed_by_generator: form.failed_by_generator,
        time: form.time_ns,
        over: form.over,
        over_by_generator: form.over_by_generator,
        outcomes: form.outcomes,
    };
    Second {
        endpoints: form.endpoints.into_iter().map(counts).collect(),
        done_ok: form.done,
        response: form.buckets,
    }
}

#[derive(Deserialize)]
struct GeneratorForm {
    refusals: u64,
    waited_for_connection: u64,
    connections: u64,
    resent: u64,
    workers: u32,
    cpu_percent_by_second: Vec<Option<f64>>,
    histogram: Histogram,
}

fn generator(form: GeneratorForm) -> Generator {
    let cpu = form.cpu_percent_by_second.into_iter();
    Generator {
        workers: form.workers,
        lag: form.histogram,
        cpu: cpu.map(|percent| percent.unwrap_or(f64::NAN)).collect(),
        refusals: form.refusals,
        waited_for_connection: form.waited_for_connection,
        connections: form.connections,
        resent: form.resent,
    }
}

#[derive(Deserialize)]
struct WatchForm {
    probes: u64,
    outages: Vec<OutageForm>,
    restarts: Vec<String>,
}

#[derive(Deserialize)]
struct OutageForm {
    from: String,
    to: Option<String>,
    probes: u64,
    cause: String,
}

fn watch(form: WatchForm) -> Result<Watch, ReadError> {
    let outage = |form: OutageForm| {
        Ok(Outage {
            from: millis(&form.from)?,
            to: form.to.as_deref().map(millis).transpose()?,
            probes: form.probes,
            cause: form.cause,
        })
    };
    Ok(Watch {
        probes: form.probes,
        outages: form
            .outages
            .into_iter()
            .map(outage)
            .collect::<Result<_, ReadError>>()?,
        restarts: form
            .restarts
            .iter()
            .map(|text| millis(text))
            .collect::<Result<_, _>>()?,
    })
}
