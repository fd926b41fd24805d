//! The steps of a search as a table, and under it what they came to.

use super::line::{TextLine, Tone};
use super::scenario::{fact, interval, rates};
use super::table::{Alignment, TextCell, TextTable};
use crate::record::{LoadUnit, Role, SearchResult, Step, StepVerdict, Times};
use crate::report::RunReport;
use crate::report::facts::{self, number};
use crate::requirement::{StepIntervals, format};

const INDENT: usize = 2;

pub(super) fn lines(shown: &RunReport, search: &SearchResult, width: usize) -> Vec<TextLine> {
    let mut lines = table(search, &shown.intervals.steps).lines(INDENT, width);
    for (label, text) in facts::of_search(search, shown.run.window.extensions) {
        lines.extend(fact(label, &text, width));
    }
    lines
}

fn table(search: &SearchResult, intervals: &[StepIntervals]) -> TextTable {
    let unit = match search.unit {
        LoadUnit::Users => "users",
        LoadUnit::Rate => "offered/s",
    };
    let mut headings = vec![("step", Alignment::Left), (unit, Alignment::Right)];
    headings.extend(
        ["p50", "p95", "p99", "max", "req/s", "failed", "late p99"]
            .map(|name| (name, Alignment::Right)),
    );
    headings.push(("", Alignment::Left));
    let mut table = TextTable::new(&headings);
    for (index, step) in search.steps.iter().enumerate() {
        let name = match step.role {
            Role::Load => (index + 1).to_string(),
            Role::Recovery => "back".to_owned(),
        };
        let mut row = vec![TextCell::plain(name), TextCell::plain(number(step.load))];
        row.extend(times(step));
        row.extend(rates(step.rps, step.failed(), step.due()));
        let late = Times::of(&step.lag);
        row.push(TextCell::plain(
            late.map_or_else(|| "-".to_owned(), |late| format::time(late.p99)),
        ));
        row.push(standing(step));
        table.push(row);
        let sure = intervals.get(index).copied().unwrap_or_default();
        table.push(below(step, late.as_ref(), &sure));
    }
    table
}

fn times(step: &Step) -> Vec<TextCell> {
    match Times::of(&step.response) {
        None => vec![TextCell::plain("-"); 4],
        Some(times) => [times.p50, times.p95, times.p99, times.max]
            .map(|ms| TextCell::plain(format::time(ms)))
            .to_vec(),
    }
}

/// The intervals of a step's times, each under its time.
fn below(step: &Step, late: Option<&Times>, sure: &StepIntervals) -> Vec<TextCell> {
    let mut cells = vec![TextCell::plain(""); 2];
    match Times::of(&step.response) {
        None => cells.extend(vec![TextCell::plain(""); 3]),
        Some(times) => cells.extend([
            interval(times.p50, sure.response.p50),
            interval(times.p95, sure.response.p95),
            interval(times.p99, sure.response.p99),
        ]),
    }
    cells.extend(vec![TextCell::plain(""); 3]);
    cells.extend(late.map(|late| interval(late.p99, sure.lateness.p99)));
    cells
}

fn standing(step: &Step) -> TextCell {
    if step.capped {
        return TextCell::new("too few connections", Tone::Doubtful);
    }
    if step.saturated.is_some() {
        return TextCell::new("generator saturated", Tone::Doubtful);
    }
    match step.standing {
        StepVerdict::Held => TextCell::new("held", Tone::Good),
        StepVerdict::Undecided => TextCell::new("undecided", Tone::Doubtful),
        StepVerdict::Broken => TextCell::new("broke", Tone::Bad),
    }
}
