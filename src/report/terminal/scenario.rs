//! A scenario's block: its times, its outcomes, and how the generator fared.

use super::line::{TextLine, Tone, labelled};
use super::search;
use super::spread;
use super::table::{Alignment, TextCell, TextTable};
use crate::record::{
    EndpointRole, EndpointRow, EndpointSummary, RunResult, Status, Summary, Times,
};
use crate::report::said::SaidOnce;
use crate::report::{RunReport, facts};
use crate::requirement::{Interval, Intervals, RunIntervals, Unit, format};
use crate::text::clean;

/// From this width on an endpoint's request has a column of its own.
const WIDE: usize = 120;
const INDENT: usize = 2;

/// Whether any of a run's judged requests did not end well.
pub(super) fn has_failures(run: &RunResult) -> bool {
    Summary::of(run).failed() > 0
}

pub(super) fn lines(shown: &RunReport, width: usize, said: &mut SaidOnce) -> Vec<TextLine> {
    let RunReport { run, intervals } = shown;
    let summary = Summary::of(run);
    let mut lines = heading(run, &summary, width);
    if let Some(problem) = &run.problem {
        let what = said.once(&problem.what, &run.scenario);
        lines.extend(labelled("  problem     ", Tone::Bad, &clean(&what), width));
        let known = said.before(&problem.advice, &run.scenario).is_some();
        if !known {
            let advice = clean(&problem.advice);
            lines.extend(labelled("  what to do  ", Tone::Strong, &advice, width));
        }
    }
    if let Some(search) = &run.search {
        lines.extend(search::lines(shown, search, width));
    }
    if summary.due > 0 && run.search.is_none() {
        lines.extend(times(run, &summary, intervals, width));
        let spread = spread::line(&summary.response);
        lines.extend(
            spread
                .into_iter()
                .flat_map(|text| fact("spread", &text, width)),
        );
    }
    for (label, text) in facts::of_run(shown, &summary) {
        lines.extend(fact(label, &text, width));
    }
    lines
}

fn heading(run: &RunResult, summary: &Summary, width: usize) -> Vec<TextLine> {
    let status = match run.status {
        Status::Complete => "",
        Status::Partial => ", interrupted",
        Status::Failed => ", failed",
    };
    let mut text = format!("{}{status}", clean(&run.scenario));
    if let Some(search) = &run.search {
        text = format!("{text}: {}", facts::search_heading(search));
    } else if summary.due > 0 {
        let rate = summary.rps.map_or_else(String::new, |rps| {
            format!(", {} successful", format::show(Unit::Rate, rps))
        });
        text = format!(
            "{text}: {} judged in {}{rate}",
            facts::judged(run, summary.due),
            format::time(run.window.length() * 1e3),
        );
    }
    let tone = match run.status {
        Status::Complete => Tone::Strong,
        Status::Partial => Tone::Doubtful,
        Status::Failed => Tone::Bad,
    };
    super::line::wrap(&text, width)
        .into_iter()
        .map(|part| TextLine::of(part, tone))
        .collect()
}

fn times(
    run: &RunResult,
    summary: &Summary,
    intervals: &RunIntervals,
    width: usize,
) -> Vec<TextLine> {
    let wide = width >= WIDE;
    let mut headings = vec![("response time", Alignment::Left)];
    headings.extend(
        ["p50", "p90", "p95", "p99", "max", "req/s", "failed"].map(|name| (name, Alignment::Right)),
    );
    if wide && run.has_journeys() {
        headings.extend(["reached", "unreached"].map(|name| (name, Alignment::Right)));
    }
    if wide {
        headings.push(("request", Alignment::Left));
    }
    let mut table = TextTable::new(&headings);
    let failed = summary.failed();
    let response = Times::of(&summary.response);
    let mut all = vec![TextCell::plain("all requests")];
    all.extend(figures(response.as_ref()));
    all.extend(rates(summary.rps, failed, summary.due));
    push(
        &mut table,
        all,
        response.as_ref(),
        &intervals.times.response,
    );
    if failed > 0 {
        let answered = Times::of(&summary.answered);
        let row = part("  successful", answered.as_ref());
        push(
            &mut table,
            row,
            answered.as_ref(),
            &intervals.times.answered,
        );
    }
    let service = Times::of(&summary.service);
    let row = part("  service time", service.as_ref());
    push(&mut table, row, service.as_ref(), &intervals.times.service);
    for row in run.rows() {
        let sure = intervals.endpoints.get(row.index).copied();
        let endpoint = &summary.endpoints[row.index];
        let mut cells = endpoint_row(endpoint, row.role);
        if wide && run.has_journeys() {
            let reach = facts::reach(&run.endpoints[row.index], row.role);
            cells.extend(reach.map(TextCell::plain));
        }
        if wide {
            cells.push(TextCell::new(facts::request(run, row), Tone::Quiet));
        }
        let sure = sure.unwrap_or_default().response;
        push(&mut table, cells, endpoint.response.as_ref(), &sure);
    }
    let mut lines = table.lines(INDENT, width);
    if !wide {
        lines.extend(
            run.rows()
                .into_iter()
                .flat_map(|row| below(run, row, width)),
        );
    }
    lines
}

/// What a narrow table has no columns for.
fn below(run: &RunResult, row: EndpointRow, width: usize) -> Vec<TextLine> {
    let endpoint = &run.endpoints[row.index];
    let mut text = format!("{}: {}", clean(&endpoint.name), facts::request(run, row));
    if row.role == EndpointRole::Step {
        let [reached, unreached] = facts::reach(endpoint, row.role);
        text = format!("{text}; reached {reached}, unreached {unreached}");
    }
    fact("request", &text, width)
}

fn endpoint_row(endpoint: &EndpointSummary, role: EndpointRole) -> Vec<TextCell> {
    let name = clean(&endpoint.name);
    let mut row = vec![match role {
        EndpointRole::Alone => TextCell::plain(name),
        EndpointRole::Journey => TextCell::new(name, Tone::Strong),
        EndpointRole::Step => TextCell::plain(format!("  {name}")),
    }];
    row.extend(figures(endpoint.response.as_ref()));
    // Journeys per second stand in no column of requests.
    let rps = endpoint.rps.filter(|_| role != EndpointRole::Journey);
    row.extend(rates(rps, endpoint.failed(), endpoint.due));
    row
}

/// A row, and under its times their intervals.
fn push(table: &mut TextTable, row: Vec<TextCell>, times: Option<&Times>, sure: &Intervals) {
    table.push(row);
    let Some(times) = times else {
        return;
    };
    let mut below = vec![TextCell::plain("")];
    below.extend([
        interval(times.p50, sure.p50),
        interval(times.p90, sure.p90),
        interval(times.p95, sure.p95),
        interval(times.p99, sure.p99),
    ]);
    table.push(below);
}

/// An interval under its time, which is in milliseconds; a dash where it has no end.
pub(super) fn interval(ms: f64, interval: Interval) -> TextCell {
    let text = format::time_interval(ms, interval).unwrap_or_else(|| "-".to_owned());
    TextCell::new(text, Tone::Quiet)
}

/// A row about part of the requests above it.
fn part(name: &str, times: Option<&Times>) -> Vec<TextCell> {
    let mut row = vec![TextCell::new(name, Tone::Quiet)];
    row.extend(figures(times));
    row
}

fn figures(times: Option<&Times>) -> Vec<TextCell> {
    let Some(times) = times else {
        return vec![TextCell::plain("-"); 5];
    };
    [times.p50, times.p90, times.p95, times.p99, times.max]
        .map(|ms| TextCell::plain(format::time(ms)))
        .to_vec()
}

pub(super) fn rates(rps: Option<f64>, failed: u64, due: u64) -> [TextCell; 2] {
    let rps = rps.map_or_else(
        || "-".to_owned(),
        |rps| format::show(Unit::Rate, rps).replace("/s", ""),
    );
    let share = if due == 0 {
        TextCell::plain("-")
    } else {
        let text = format::show(Unit::Share, 100.0 * failed as f64 / due as f64);
        if failed == 0 {
            TextCell::plain(text)
        } else {
            TextCell::new(format!("{text} *"), Tone::Bad)
        }
    };
    [TextCell::plain(rps), share]
}

pub(super) fn fact(label: &str, text: &str, width: usize) -> Vec<TextLine> {
    labelled(&format!("  {label:<12}"), Tone::Quiet, text, width)
}
