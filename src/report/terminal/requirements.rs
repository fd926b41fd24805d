//! The table of requirements, and under it what is to be said of those that were not kept.

use super::line::{Line, Tone, labelled};
use super::table::{Cell, Side, Table};
use crate::report::clean::clean;
use crate::requirement::{Check, CheckJudgement, Judgement, TestVerdict, Verdict, human};

pub(super) fn lines(judgements: &[Judgement], strict: bool, width: usize) -> Vec<Line> {
    let mut lines = table(judgements, strict, width);
    let is_open = |judgement: &&Judgement| judgement.verdict != Verdict::Pass;
    if judgements.iter().any(|judgement| is_open(&judgement)) {
        lines.push(Line::default());
    }
    for judgement in judgements.iter().filter(is_open) {
        lines.extend(remarks(judgement, strict, width));
    }
    lines
}

pub(super) fn table(judgements: &[Judgement], strict: bool, width: usize) -> Vec<Line> {
    let mut table = Table::new(&[
        ("requirement", Side::Left),
        ("limit", Side::Left),
        ("measured", Side::Left),
        ("samples", Side::Right),
        ("verdict", Side::Left),
    ]);
    for judgement in judgements {
        rows(judgement, strict, &mut table);
    }
    table.lines(0, width)
}

fn rows(judgement: &Judgement, strict: bool, table: &mut Table) {
    let verdict = verdict_cell(judgement, strict);
    let name = clean(&judgement.requirement.name);
    let checks = &judgement.requirement.checks;
    if let [check] = checks.as_slice() {
        table.push(row(name, check, judgement.of(check), verdict));
        return;
    }
    table.push(vec![
        Cell::plain(name),
        Cell::plain(""),
        Cell::plain(""),
        Cell::plain(""),
        verdict,
    ]);
    for check in checks {
        let judged = judgement.of(check);
        let verdict =
            judged.map_or_else(|| Cell::plain("-"), |judged| check_verdict(judged.verdict));
        table.push(row(format!("  {}", check.metric), check, judged, verdict));
    }
}

fn row(name: String, check: &Check, judged: Option<&CheckJudgement>, verdict: Cell) -> Vec<Cell> {
    let estimate = judged.and_then(|judged| judged.estimate.as_ref());
    let mut measured = estimate.map_or_else(
        || "-".to_owned(),
        |estimate| human::measured(estimate, &check.limit),
    );
    if let Some(endpoint) = judged.and_then(|judged| judged.endpoint.as_deref()) {
        measured = format!("{measured} at {}", clean(endpoint));
    }
    vec![
        Cell::plain(name),
        Cell::plain(human::limit(&check.limit)),
        Cell::plain(measured),
        Cell::plain(estimate.map_or_else(|| "-".to_owned(), |e| human::count(e.samples))),
        verdict,
    ]
}

/// What the table calls a verdict, and how it is coloured.
fn verdict_cell(judgement: &Judgement, strict: bool) -> Cell {
    match judgement.test_verdict(strict) {
        TestVerdict::Warn => Cell::new("warning", Tone::Doubtful),
        TestVerdict::Pass | TestVerdict::Fail => check_verdict(judgement.verdict),
    }
}

fn check_verdict(verdict: Verdict) -> Cell {
    match verdict {
        Verdict::Pass => Cell::new("pass", Tone::Good),
        Verdict::Inconclusive => Cell::new("inconclusive", Tone::Bad),
        Verdict::Fail => Cell::new("FAIL", Tone::Bad),
    }
}

/// Why it was not kept, and what to do.
fn remarks(judgement: &Judgement, strict: bool, width: usize) -> Vec<Line> {
    let warned = judgement.test_verdict(strict) == TestVerdict::Warn;
    let (label, tone) = match (warned, judgement.verdict) {
        (true, _) => ("warning ", Tone::Doubtful),
        (false, Verdict::Inconclusive) => ("inconclusive ", Tone::Bad),
        (false, _) => ("FAIL ", Tone::Bad),
    };
    let text = format!(
        "{}: {}",
        clean(&judgement.requirement.name),
        clean(&judgement.reason)
    );
    let mut lines = labelled(label, tone, &text, width);
    for advice in &judgement.advice {
        lines.extend(labelled("  → ", Tone::Quiet, &clean(advice), width));
    }
    lines
}
