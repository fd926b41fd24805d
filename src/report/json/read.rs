//! From JSON back to the report it was written from.

use serde::Deserialize;
use thiserror::Error;

use super::SCHEMA;
use super::read_bounds::bounded;
use super::read_run::{RunForm, run};
use crate::record::Machine;
use crate::report::{Report, rfc3339};
use crate::requirement::{
    Change, Check, CheckJudgement, Compared, Comparison, Estimate, Figure, Judgement, Limit,
    Metric, Requirement, Scope, Severity, Standing, Unit, Verdict,
};

/// Why a text is not a report.
#[derive(Debug, Error)]
pub enum ReportReadError {
    /// Not JSON, or not of the documented form.
    #[error("this is not a report of schema {SCHEMA}: {0}")]
    Form(#[from] serde_json::Error),
    /// Another version of the form.
    #[error(
        "this report has schema `{0}`, but this version reads {SCHEMA}; write the report again with this version"
    )]
    OtherSchema(String),
    /// An instant that no report would hold.
    #[error("`{0}` is not an instant like 2026-01-31T12:00:00.000Z")]
    NoInstant(String),
    /// A number that no session comes to, and that no sum could take.
    #[error(
        "{what} is beyond all that a session comes to: the report is damaged, or not one of this program"
    )]
    Beyond {
        /// Which.
        what: String,
    },
}

/// Reads a report that `to_json` wrote. Figures that can be derived from the records are not read.
///
/// # Errors
/// When the text is not JSON of that form, or of another version of it.
pub fn from_json(text: &str) -> Result<Report, ReportReadError> {
    // Editors may put a byte order mark before it.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let head: SchemaHead = serde_json::from_str(text)?;
    if head.schema != SCHEMA {
        return Err(ReportReadError::OtherSchema(head.schema));
    }
    let form: ReportForm = serde_json::from_str(text)?;
    let report = Report {
        target: form.target,
        profile: form.profile,
        started: millis(&form.started)?,
        took: form.took_ms,
        confidence: form.confidence,
        strict: form.strict,
        machine: form.machine,
        repeat: form.repeat,
        judgements: form.requirements.into_iter().map(judgement).collect(),
        runs: form.runs.into_iter().map(run).collect::<Result<_, _>>()?,
    };
    bounded(&report)?;
    Ok(report)
}

pub(super) fn millis(text: &str) -> Result<u64, ReportReadError> {
    rfc3339::from_text(text).ok_or_else(|| ReportReadError::NoInstant(text.to_owned()))
}

#[derive(Deserialize)]
struct SchemaHead {
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
    #[serde(default)]
    machine: Option<Machine>,
    #[serde(default)]
    repeat: String,
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
    #[serde(default)]
    compared: Vec<ComparedForm>,
}

#[derive(Deserialize)]
struct ComparedForm {
    scenario: String,
    what: Figure,
    before: Option<f64>,
    after: Option<f64>,
    change: Option<f64>,
    low: Option<f64>,
    high: Option<f64>,
    standing: Option<Standing>,
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
    #[serde(default)]
    unreached: bool,
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
        compared: form.compared.into_iter().filter_map(compared).collect(),
    }
}

fn compared(form: ComparedForm) -> Option<Compared> {
    Some(Compared {
        scenario: form.scenario,
        what: form.what,
        before: form.before?,
        after: form.after?,
        change: Change {
            value: form.change?,
            low: form.low,
            high: form.high,
        },
        standing: form.standing,
    })
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
        is_unreached: form.unreached,
    })
}
