//! What happened to the target meanwhile, and what the evidence lacked.

use super::case::{Case, Topic, topics};
use super::generator;
use crate::requirement::{Judgement, Verdict, format};

pub(super) fn outages(case: &Case<'_>) -> Option<String> {
    let outages = &case.run.watch.outages;
    let first = outages.first()?;
    let lasted = first.to.map_or_else(
        || "was not over at the end".to_owned(),
        |to| {
            format!(
                "lasted {}",
                format::time(to.saturating_sub(first.from) as f64)
            )
        },
    );
    let more = match outages.len() {
        1 => String::new(),
        count => format!(" (the first of {count})"),
    };
    Some(format!(
        "the target was out {} and that {lasted}{more}, with: {}; look into its log of that time, and \
         whether something ends it under load (memory, health checks, a deployment)",
        since_start(case, first.from),
        first.cause
    ))
}

pub(super) fn restarts(case: &Case<'_>) -> Option<String> {
    let restarts = &case.run.watch.restarts;
    let first = restarts.first()?;
    Some(format!(
        "the target had been restarted {}{}: look for a crash, an out-of-memory kill or a supervisor in \
         its log",
        since_start(case, *first),
        match restarts.len() {
            1 => String::new(),
            count => format!(" (the first of {count} times)"),
        }
    ))
}

/// More data settles an open verdict, but only where some was there and nothing else is wrong.
pub(super) fn too_few(case: &Case<'_>) -> Option<String> {
    let judgement = case.judgement;
    let measured = judgement
        .checks
        .iter()
        .find(|judged| judged.verdict == Verdict::Inconclusive && judged.estimate.is_some())?;
    let estimate = measured.estimate.as_ref()?;
    if generator::late_share(case).is_some() {
        return None;
    }
    let means = if measured.check.metric.is_observed() {
        "give it longer with --duration"
    } else if case.run.window.extendable {
        "give it longer with --duration, or allow more with --extend"
    } else {
        "give it longer with --duration, or let it go on while a verdict is open with --extend"
    };
    Some(format!(
        "{} samples (effective sample size {}) in {} do not settle {}: {means}",
        format::count(estimate.samples),
        format::count(estimate.effective_samples.max(0.0).round() as u64),
        format::time(case.run.window.length() * 1e3),
        format::limit(&measured.check.limit),
    ))
}

/// What can be said where no run shows more than the judgement itself.
pub(super) fn without_findings(judgement: &Judgement) -> Option<String> {
    let topics = topics(judgement);
    if topics.contains(&Topic::Outages) {
        Some("check the target's log of that time, and its supervisor".to_owned())
    } else if topics.contains(&Topic::Health) {
        Some(
            "ask the health endpoint by hand: is the service running at that URL, and does it name a \
             dependency that is down?"
                .to_owned(),
        )
    } else {
        None
    }
}

fn since_start(case: &Case<'_>, at: u64) -> String {
    match at.checked_sub(case.run.started) {
        Some(after) => format!("{} after the start of the run", format::time(after as f64)),
        None => format!(
            "{} before the start of the run",
            format::time((case.run.started - at) as f64)
        ),
    }
}
