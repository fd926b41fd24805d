//! The table of requirements, and under it what is to be said of those that were not kept.

use super::line::{TextLine, Tone, labelled};
use super::table::{Alignment, TextCell, TextTable};
use crate::report::said::SaidOnce;
use crate::requirement::{
    Check, CheckJudgement, Judgement, Standing, TestVerdict, Verdict, format,
};
use crate::text::clean;

pub(super) fn lines(
    judgements: &[Judgement],
    strict: bool,
    width: usize,
    said: &mut SaidOnce,
) -> Vec<TextLine> {
    let mut lines = table(judgements, strict, width);
    for judgement in judgements {
        lines.extend(compared(judgement, width));
    }
    let is_open = |judgement: &&Judgement| judgement.verdict != Verdict::Pass;
    if judgements.iter().any(|judgement| is_open(&judgement)) {
        lines.push(TextLine::default());
    }
    for judgement in judgements.iter().filter(is_open) {
        lines.extend(remarks(judgement, strict, width, said));
    }
    lines
}

pub(super) fn table(judgements: &[Judgement], strict: bool, width: usize) -> Vec<TextLine> {
    let mut table = TextTable::new(&[
        ("requirement", Alignment::Left),
        ("limit", Alignment::Left),
        ("measured", Alignment::Left),
        ("samples", Alignment::Right),
        ("verdict", Alignment::Left),
    ]);
    for judgement in judgements {
        rows(judgement, strict, &mut table);
    }
    table.lines(0, width)
}

fn rows(judgement: &Judgement, strict: bool, table: &mut TextTable) {
    let verdict = verdict_cell(judgement, strict);
    let name = clean(&judgement.requirement.name);
    let checks = &judgement.requirement.checks;
    if let [check] = checks.as_slice() {
        table.push(row(name, check, judgement.of(check), verdict));
        return;
    }
    table.push(vec![
        TextCell::plain(name),
        TextCell::plain(""),
        TextCell::plain(""),
        TextCell::plain(""),
        verdict,
    ]);
    for check in checks {
        let judged = judgement.of(check);
        let verdict = judged.map_or_else(
            || TextCell::plain("-"),
            |judged| check_verdict(judged.verdict),
        );
        table.push(row(format!("  {}", check.metric), check, judged, verdict));
    }
}

fn row(
    name: String,
    check: &Check,
    judged: Option<&CheckJudgement>,
    verdict: TextCell,
) -> Vec<TextCell> {
    let estimate = judged.and_then(|judged| judged.estimate.as_ref());
    let mut measured = estimate.map_or_else(
        || "-".to_owned(),
        |estimate| format::measured(estimate, &check.limit),
    );
    if let Some(endpoint) = judged.and_then(|judged| judged.endpoint.as_deref()) {
        measured = format!("{measured} at {}", clean(endpoint));
    }
    vec![
        TextCell::plain(name),
        TextCell::plain(format::limit(&check.limit)),
        TextCell::plain(measured),
        TextCell::plain(estimate.map_or_else(|| "-".to_owned(), |e| format::count(e.samples))),
        verdict,
    ]
}

/// What the table calls a verdict, and how it is coloured.
fn verdict_cell(judgement: &Judgement, strict: bool) -> TextCell {
    match judgement.test_verdict(strict) {
        TestVerdict::Warn => TextCell::new("warning", Tone::Doubtful),
        TestVerdict::Pass | TestVerdict::Fail => check_verdict(judgement.verdict),
    }
}

fn check_verdict(verdict: Verdict) -> TextCell {
    match verdict {
        Verdict::Pass => TextCell::new("pass", Tone::Good),
        Verdict::Inconclusive => TextCell::new("inconclusive", Tone::Bad),
        Verdict::Fail => TextCell::new("FAIL", Tone::Bad),
    }
}

/// What it was held against, figure by figure.
pub(super) fn compared(judgement: &Judgement, width: usize) -> Vec<TextLine> {
    if judgement.compared.is_empty() {
        return Vec::new();
    }
    let mut table = TextTable::new(&[
        ("scenario", Alignment::Left),
        ("", Alignment::Left),
        ("before", Alignment::Right),
        ("now", Alignment::Right),
        ("change", Alignment::Left),
        ("", Alignment::Left),
    ]);
    let mut last = "";
    for one in &judgement.compared {
        let is_new = one.scenario != last;
        last = &one.scenario;
        let tone = match one.standing {
            Some(Standing::Worse) => Tone::Bad,
            Some(Standing::Better) => Tone::Good,
            Some(Standing::Open | Standing::Late) => Tone::Doubtful,
            Some(Standing::Same) | None => Tone::Plain,
        };
        table.push(vec![
            TextCell::plain(if is_new { clean(last) } else { String::new() }),
            TextCell::plain(one.what.to_string()),
            TextCell::plain(one.was()),
            TextCell::plain(one.is()),
            TextCell::plain(one.changed()),
            TextCell::new(one.stands(), tone),
        ]);
    }
    let title = format!("{}, figure by figure", clean(&judgement.requirement.name));
    let mut lines = vec![TextLine::default()];
    lines.extend(labelled("", Tone::Plain, &title, width));
    lines.extend(table.lines(0, width));
    lines
}

/// Why it was not kept, and what to do.
fn remarks(
    judgement: &Judgement,
    strict: bool,
    width: usize,
    said: &mut SaidOnce,
) -> Vec<TextLine> {
    let remarks = said.of(judgement);
    let warned = judgement.test_verdict(strict) == TestVerdict::Warn;
    let (label, tone) = match (warned, judgement.verdict) {
        (true, _) => ("warning ", Tone::Doubtful),
        (false, Verdict::Inconclusive) => ("inconclusive ", Tone::Bad),
        (false, _) => ("FAIL ", Tone::Bad),
    };
    let text = format!(
        "{}: {}{}",
        clean(&judgement.requirement.name),
        remarks.unmeasured,
        clean(&remarks.reason)
    );
    let mut lines = labelled(label, tone, &text, width);
    for advice in &remarks.advice {
        lines.extend(labelled("  → ", Tone::Quiet, &clean(advice), width));
    }
    lines
}
