//! A report as one HTML page: whole without network and without JavaScript, which only adds a reading line
//! to the charts.
//!
//! Everything that came from the target is cleaned and escaped; besides, the page's own policy forbids it to
//! load anything and to run any script but its own.

mod chart;
mod compared;
mod curve;
mod resources;
mod scale;
mod scenario;
mod steps;
mod tables;
#[cfg(test)]
mod tests;
mod time_series;
mod verdicts;

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest as _, Sha256};

use super::Report;
use super::said::SaidOnce;
use crate::requirement::{Judgement, Requirement, TestVerdict, Verdict, format};
use crate::text::clean;

/// How the page looks.
const STYLE: &str = include_str!("style.css");
/// What JavaScript adds to it.
const SCRIPT: &str = include_str!("script.js");

/// The whole page.
pub fn render(report: &Report) -> String {
    let title = format!(
        "{}: {}",
        clean(&report.profile),
        headline(report, &OpenSession::default())
    );
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta http-equiv="Content-Security-Policy" content=(policy());
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main { (content(report)) }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    page.into_string()
}

/// What is not over yet, of a session that is shown while it runs.
#[derive(Debug, Clone, Default)]
pub(crate) struct OpenSession {
    /// Whether the session is still running.
    pub(crate) is_on: bool,
    /// Names of requirements whose judgement may still change.
    pub(crate) provisional: BTreeSet<String>,
    /// Requirements of which nothing is known yet.
    pub(crate) waiting: Vec<Requirement>,
}

/// What the page shows, without the page around it.
fn content(report: &Report) -> Markup {
    html! {
        @for (id, part) in parts(report, &OpenSession::default()) { div id=(id) { (part) } }
        footer {
            @if !report.repeat.is_empty() { p { "To repeat it: " code { (clean(&report.repeat)) } } }
            p class="quiet" { (made_on(report)) }
        }
    }
}

/// With what the report was made.
fn made_on(report: &Report) -> String {
    let Some(machine) = &report.machine else {
        return format!("agentos-perf {}", env!("CARGO_PKG_VERSION"));
    };
    let gigabytes = machine.memory as f64 / f64::from(1 << 30);
    format!(
        "agentos-perf {} on {} × {} ({}), {gigabytes:.1} GiB, {}",
        clean(&machine.version),
        machine.processors,
        clean(&machine.processor),
        clean(&machine.arch),
        clean(&machine.os),
    )
}

/// What the page shows, part by part, each with a name that stays the same as the session continues.
pub(crate) fn parts(report: &Report, open: &OpenSession) -> Vec<(String, Markup)> {
    let mut said = SaidOnce::default();
    let requirements = verdicts::section(report, open, &mut said);
    let mut parts = vec![
        ("head".to_owned(), head(report, open)),
        ("requirements".to_owned(), requirements),
    ];
    let scenarios = report.runs.iter().enumerate();
    parts.extend(scenarios.map(|(index, shown)| {
        (
            format!("scenario-{index}"),
            scenario::section(report, shown, &mut said),
        )
    }));
    parts
}

fn head(report: &Report, open: &OpenSession) -> Markup {
    html! {
        header {
            h1 { (clean(&report.profile)) " against " code { (clean(&report.target)) } }
            p class={ "headline " (tone(report, open)) } { (headline(report, open)) }
            p class="quiet" {
                (super::rfc3339::to_text(report.started))
                @if !open.is_on { ", in " (format::time(report.took as f64)) }
                "; intervals at " (format::confidence(report.confidence)) " confidence"
                @if report.strict { "; missed targets fail" }
            }
        }
    }
}

/// The style sheet and the script of the page, for others that show its parts.
#[cfg(feature = "harness")]
pub(crate) const ASSETS: [&str; 2] = [STYLE, SCRIPT];

impl OpenSession {
    /// Whether a judgement only says that there is too little to judge by as yet: that is not a failure.
    fn is_undecided(&self, judgement: &Judgement) -> bool {
        judgement.verdict == Verdict::Inconclusive
            && self.provisional.contains(&judgement.requirement.name)
    }
}

/// `5 of 8 requirements kept, 2 failed, 1 with a warning`, and while the session is on
/// `5 of 8 requirements kept so far, 1 open, 2 waiting`
fn headline(report: &Report, open: &OpenSession) -> String {
    let all = report.judgements.len() + open.waiting.len();
    let mut undecided = 0;
    let mut counts = [0_usize; 3];
    for judgement in &report.judgements {
        let count = match judgement.test_verdict(report.strict) {
            _ if open.is_undecided(judgement) => &mut undecided,
            TestVerdict::Pass => &mut counts[0],
            TestVerdict::Warn => &mut counts[1],
            TestVerdict::Fail => &mut counts[2],
        };
        *count += 1;
    }
    let [kept, warned, failed] = counts;
    let mut text = format!("{kept} of {all} requirements kept");
    if !open.provisional.is_empty() || !open.waiting.is_empty() {
        text.push_str(" so far");
    }
    let others = [
        (failed, "failed"),
        (warned, "with a warning"),
        (undecided, "open"),
        (open.waiting.len(), "waiting"),
    ];
    for (count, what) in others.into_iter().filter(|(count, _)| *count > 0) {
        text = format!("{text}, {count} {what}");
    }
    text
}

/// The worst that came of it, as a class of the style sheet; none while nothing bad is known and not all is.
fn tone(report: &Report, open: &OpenSession) -> &'static str {
    let worst = |wanted| {
        let mut verdicts = report.judgements.iter();
        verdicts.any(|judgement| {
            judgement.test_verdict(report.strict) == wanted && !open.is_undecided(judgement)
        })
    };
    match () {
        () if worst(TestVerdict::Fail) => "bad",
        () if worst(TestVerdict::Warn) => "doubtful",
        () if open.provisional.is_empty() && open.waiting.is_empty() => "good",
        () => "open",
    }
}

/// Nothing from anywhere, and the page's own script alone.
fn policy() -> String {
    let digest = STANDARD.encode(Sha256::digest(SCRIPT.as_bytes()));
    format!(
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )
}
