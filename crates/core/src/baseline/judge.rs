//! The comparison as a requirement like any other.

use super::compare::{BaselineComparison, compare};
use super::compatibility::unlike;
use super::text;
use super::top_regression::suspect;
use crate::model::Report;
use crate::requirement::{Judgement, Requirement, Severity, Unit, Verdict};

/// What the requirement is called.
pub const NAME: &str = "baseline::no_regression";

/// The requirement: nothing got worse.
pub fn requirement() -> Requirement {
    Requirement {
        name: NAME.to_owned(),
        severity: Severity::Important,
        scenario: None,
        checks: Vec::new(),
    }
}

/// Whether a session got worse than the sessions of a baseline. What can't be compared, and what settles nothing, is
/// inconclusive.
pub fn judge(baseline: &[Report], session: &Report, confidence: f64) -> Judgement {
    let told = |verdict, reason: String, advice| Judgement {
        requirement: requirement(),
        checks: Vec::new(),
        verdict,
        reason,
        advice,
        compared: Vec::new(),
    };
    if baseline.is_empty() {
        let reason = "the baseline holds no session".to_owned();
        return told(Verdict::Inconclusive, reason, Vec::new());
    }
    let other = unlike(baseline, session);
    if !other.is_empty() {
        let advice = "create a new baseline with --save-baseline under another name, or run under the conditions of this one";
        let reason = format!(
            "it can't be compared with the baseline: {}",
            other.join("; ")
        );
        return told(Verdict::Inconclusive, reason, vec![advice.to_owned()]);
    }
    let before: Vec<&Report> = baseline.iter().collect();
    let comparison = compare(&before, &[session], confidence);
    let (verdict, reason) = verdict(&comparison, baseline.len());
    let advice = advice(&comparison, &before, session);
    Judgement {
        compared: comparison.compared,
        ..told(verdict, reason, advice)
    }
}

/// What else got worse, and where to look.
fn advice(comparison: &BaselineComparison, before: &[&Report], session: &Report) -> Vec<String> {
    let mut scenarios: Vec<&str> = Vec::new();
    let worse = comparison.worse();
    worse
        .filter(|one| one.what.unit() == Unit::Time)
        .for_each(|one| {
            if !scenarios.contains(&one.scenario.as_str()) {
                scenarios.push(&one.scenario);
            }
        });
    let suspects = scenarios
        .iter()
        .filter_map(|scenario| suspect(scenario, before, session));
    let others = comparison.worse().skip(1).map(text::line);
    let unsettled = comparison.unsettled.iter().cloned();
    match comparison.worse().next() {
        // The reason has told what is not settled.
        None => Vec::new(),
        Some(_) => others.chain(suspects).chain(unsettled).collect(),
    }
}

fn verdict(comparison: &BaselineComparison, sessions: usize) -> (Verdict, String) {
    let worse: Vec<String> = comparison.worse().map(text::line).collect();
    let of = if sessions == 1 {
        "a session".to_owned()
    } else {
        format!("{sessions} sessions")
    };
    match (worse.as_slice(), comparison.compared.is_empty()) {
        (_, true) => (
            Verdict::Inconclusive,
            "no scenario could be compared with the baseline".to_owned(),
        ),
        ([], _) if !comparison.unsettled.is_empty() => (
            Verdict::Inconclusive,
            format!(
                "not all could be compared: {}",
                comparison.unsettled.join("; ")
            ),
        ),
        ([], _) => (
            Verdict::Pass,
            match &comparison.assumed {
                None => format!("nothing is shown to be worse than in the baseline of {of}"),
                Some(assumed) => {
                    format!("nothing is shown to be worse than in the baseline of {of} ({assumed})")
                }
            },
        ),
        ([first, rest @ ..], _) => {
            let more = if rest.is_empty() {
                String::new()
            } else {
                format!(", and {} more", rest.len())
            };
            (Verdict::Fail, format!("{first}{more}"))
        }
    }
}
