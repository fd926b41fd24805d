//! The steps of a search as a table, and under it what they came to.

use super::line::{Line, Tone};
use super::scenario::{fact, interval, rates};
use super::table::{Cell, Side, Table};
use crate::record::{Ending, LoadUnit, Recovery, Role, Scaling, Search, Standing, Step, Times};
use crate::report::RunReport;
use crate::report::clean::clean;
use crate::requirement::{StepIntervals, Unit, human};

const INDENT: usize = 2;

/// What a search is called behind its scenario's name: where it held and where it broke.
pub(super) fn heading(search: &Search) -> String {
    let held = search.held().map(|step| load(search, step));
    let broken = search.broken().map(|step| load(search, step));
    match (held, broken) {
        (Some(held), Some(broken)) => format!("{held} held, {broken} broke"),
        (Some(held), None) => format!("{held} held"),
        (None, Some(broken)) => format!("{broken} broke"),
        (None, None) => "nothing held and nothing broke".to_owned(),
    }
}

pub(super) fn lines(shown: &RunReport, search: &Search, width: usize) -> Vec<Line> {
    let mut lines = table(search, &shown.intervals.steps).lines(INDENT, width);
    lines.extend(fact("ended", ended(search), width));
    if let Some(broken) = search.broken() {
        lines.extend(fact("broke by", &clean(&broken.reason), width));
    }
    if let Some((step, why)) = search.saturated() {
        let text = format!("at {}: {}", load(search, step), clean(why));
        lines.extend(fact("saturated", &text, width));
    }
    for step in search
        .loads()
        .filter(|step| step.standing == Standing::Undecided && step.saturated.is_none())
    {
        let text = format!("at {}: {}", load(search, step), clean(&step.reason));
        lines.extend(fact("undecided", &text, width));
    }
    if let Some(recovery) = search.recovery {
        lines.extend(fact("recovery", &recovered(recovery), width));
    }
    if let Some(scaling) = search.scaling {
        lines.extend(fact("scaling", &scaled(scaling, search.unit), width));
    }
    let extended = shown.run.window.extensions;
    if extended > 0 {
        let text = format!("{extended} times in all, for steps still open");
        lines.extend(fact("extended", &text, width));
    }
    lines
}

fn table(search: &Search, intervals: &[StepIntervals]) -> Table {
    let unit = match search.unit {
        LoadUnit::Users => "users",
        LoadUnit::Rate => "offered/s",
    };
    let mut headings = vec![("step", Side::Left), (unit, Side::Right)];
    headings.extend(
        ["p50", "p95", "p99", "max", "req/s", "failed", "late p99"].map(|name| (name, Side::Right)),
    );
    headings.push(("", Side::Left));
    let mut table = Table::new(&headings);
    for (index, step) in search.steps.iter().enumerate() {
        let name = match step.role {
            Role::Load => (index + 1).to_string(),
            Role::Recovery => "back".to_owned(),
        };
        let mut row = vec![Cell::plain(name), Cell::plain(number(step.load))];
        row.extend(times(step));
        row.extend(rates(step.rps, step.failed(), step.due()));
        let late = Times::of(&step.lag);
        row.push(Cell::plain(
            late.map_or_else(|| "-".to_owned(), |late| human::time(late.p99)),
        ));
        row.push(standing(step));
        table.push(row);
        let sure = intervals.get(index).copied().unwrap_or_default();
        table.push(below(step, late.as_ref(), &sure));
    }
    table
}

fn times(step: &Step) -> Vec<Cell> {
    match Times::of(&step.response) {
        None => vec![Cell::plain("-"); 4],
        Some(times) => [times.p50, times.p95, times.p99, times.max]
            .map(|ms| Cell::plain(human::time(ms)))
            .to_vec(),
    }
}

/// The intervals of a step's times, each under its time.
fn below(step: &Step, late: Option<&Times>, sure: &StepIntervals) -> Vec<Cell> {
    let mut cells = vec![Cell::plain(""); 2];
    match Times::of(&step.response) {
        None => cells.extend(vec![Cell::plain(""); 3]),
        Some(times) => cells.extend([
            interval(times.p50, sure.response.p50),
            interval(times.p95, sure.response.p95),
            interval(times.p99, sure.response.p99),
        ]),
    }
    cells.extend(vec![Cell::plain(""); 3]);
    cells.extend(late.map(|late| interval(late.p99, sure.lateness.p99)));
    cells
}

fn standing(step: &Step) -> Cell {
    if step.saturated.is_some() {
        return Cell::new("generator saturated", Tone::Doubtful);
    }
    match step.standing {
        Standing::Held => Cell::new("held", Tone::Good),
        Standing::Undecided => Cell::new("undecided", Tone::Doubtful),
        Standing::Broken => Cell::new("broke", Tone::Bad),
    }
}

fn ended(search: &Search) -> &'static str {
    match search.ending {
        Ending::Broken => "at the first step that broke",
        Ending::Unbroken => "at the highest load, which did not break the target",
        Ending::Settled => "with the interval as narrow as asked",
        Ending::Exhausted => "after as many probes as a search may have",
        Ending::Saturated => "by the load generator, which could not keep up: not the target's end",
        Ending::Interrupted => "by an interruption",
    }
}

fn recovered(recovery: Recovery) -> String {
    let bound = format!(
        "p95 {} or less (before: {})",
        human::time(recovery.bound_ms),
        human::time(recovery.before_ms)
    );
    match recovery.after_ms {
        Some(after) => format!("{bound} {} after the highest load", human::time(after)),
        None => format!(
            "{bound} not within {} after the highest load",
            human::time(recovery.watched_ms)
        ),
    }
}

fn scaled(scaling: Scaling, unit: LoadUnit) -> String {
    let (one, many) = match unit {
        LoadUnit::Users => ("user", "users"),
        LoadUnit::Rate => ("request", "requests in flight"),
    };
    let peak = scaling.peak.map_or_else(
        || "no peak".to_owned(),
        |peak| format!("peak at {} {many}", human::count(peak.round() as u64)),
    );
    format!(
        "{} a {one}, contention {:.2} %, coherency {:.4} %, {peak} (Universal Scalability Law, {} loads)",
        human::show(Unit::Rate, scaling.lambda),
        100.0 * scaling.sigma,
        100.0 * scaling.kappa,
        scaling.points,
    )
}

fn load(search: &Search, step: &Step) -> String {
    match search.unit {
        LoadUnit::Users => format!("{} users", number(step.load)),
        LoadUnit::Rate => format!("{}/s", number(step.load)),
    }
}

/// Whole numbers with their thousands apart, others as they are.
fn number(load: f64) -> String {
    if load.fract() == 0.0 {
        human::count(load as u64)
    } else {
        load.to_string()
    }
}
