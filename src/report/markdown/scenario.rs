//! A scenario's section: its times, how its requests ended, and what was noticed.

use super::table::MarkdownTable;
use crate::record::{
    EndpointRole, EndpointRow, Excerpts, LoadUnit, Role, RunResult, SearchResult, Status, Step,
    StepVerdict, Summary, Times,
};
use crate::report::RunReport;
use crate::report::facts as report_facts;
use crate::report::said::SaidOnce;
use crate::requirement::{Interval, Intervals, RunIntervals, StepIntervals, Unit, format};
use crate::text::markdown::text;

const PERCENTILES: [&str; 4] = ["p50", "p90", "p95", "p99"];

pub(super) fn section(shown: &RunReport, said: &mut SaidOnce) -> String {
    let RunReport { run, intervals } = shown;
    let summary = Summary::of(run);
    let mut out = format!("### {}\n\n", heading(run));
    if summary.due > 0 {
        let well = summary.rps.map_or_else(String::new, |rps| {
            format!(", {} successful", format::show(Unit::Rate, rps))
        });
        out.push_str(&format!(
            "{} judged in {}{well}\n\n",
            report_facts::judged(run, summary.due),
            format::time(run.window.length() * 1e3),
        ));
    }
    if let Some(search) = &run.search {
        out.push_str(&steps(search, &intervals.steps));
    } else if summary.due > 0 {
        out.push_str(&times(run, &summary, intervals));
    }
    if !run.addresses.is_empty() {
        out.push_str(&addresses(run));
    }
    if summary.failed() > 0 {
        out.push_str(&causes(&summary, &run.excerpts));
    }
    let facts = facts(run, said);
    if !facts.is_empty() {
        let lines: String = facts.iter().map(|fact| format!("- {fact}\n")).collect();
        out.push_str(&format!("{lines}\n"));
    }
    out
}

fn heading(run: &RunResult) -> String {
    let status = match run.status {
        Status::Complete => "",
        Status::Partial => ": interrupted",
        Status::Failed => ": no load was run",
    };
    format!("{}{status}", text(&run.scenario))
}

/// Percentiles with their intervals: all requests, the successful ones where some were not, each endpoint.
fn times(run: &RunResult, summary: &Summary, intervals: &RunIntervals) -> String {
    let headings = ["response time"].into_iter().chain(PERCENTILES);
    let headings = headings.chain(["max", "req/s", "failed"]);
    let of_steps = ["reached", "unreached"];
    let of_steps = of_steps.into_iter().filter(|_| run.has_journeys());
    let headings: Vec<&str> = headings.chain(of_steps).collect();
    let beside = || vec![String::new(); headings.len() - 8];
    let mut table = MarkdownTable::new(&headings, 1);
    let response = Times::of(&summary.response);
    let mut row = vec!["all requests".to_owned()];
    row.extend(figures(response.as_ref(), &intervals.times.response));
    row.extend(rates(summary.rps, summary.failed(), summary.due));
    row.extend(beside());
    table.push(row);
    if summary.failed() > 0 {
        let answered = Times::of(&summary.answered);
        let mut row = vec!["successful".to_owned()];
        row.extend(figures(answered.as_ref(), &intervals.times.answered));
        row.extend([String::new(), String::new()]);
        row.extend(beside());
        table.push(row);
    }
    for row in run.rows() {
        let endpoint = &summary.endpoints[row.index];
        let sure = intervals.endpoints.get(row.index).copied();
        let mut cells = vec![name(run, row)];
        cells.extend(figures(
            endpoint.response.as_ref(),
            &sure.unwrap_or_default().response,
        ));
        // Journeys per second stand in no column of requests.
        let rps = endpoint.rps.filter(|_| row.role != EndpointRole::Journey);
        cells.extend(rates(rps, endpoint.failed(), endpoint.due));
        if run.has_journeys() {
            cells.extend(report_facts::reach(&run.endpoints[row.index], row.role));
        }
        table.push(cells);
    }
    table.into_text()
}

/// An endpoint, and below it what it sends; a journey is bold, and its steps are marked as below it.
fn name(run: &RunResult, row: EndpointRow) -> String {
    let name = text(&run.endpoints[row.index].name);
    let name = match row.role {
        EndpointRole::Alone => name,
        EndpointRole::Journey => format!("<b>{name}</b>"),
        EndpointRole::Step => format!("↳ {name}"),
    };
    let request = text(&report_facts::request(run, row));
    format!("{name}<br><sub>{request}</sub>")
}

/// The steps of a search, in the order in which they were run.
fn steps(search: &SearchResult, intervals: &[StepIntervals]) -> String {
    let unit = match search.unit {
        LoadUnit::Users => "users",
        LoadUnit::Rate => "offered/s",
    };
    let headings = [unit, "standing"].into_iter().chain(PERCENTILES);
    let headings: Vec<&str> = headings.chain(["max", "req/s", "failed"]).collect();
    let mut table = MarkdownTable::new(&headings, 2);
    for (index, step) in search.steps.iter().enumerate() {
        let sure = intervals.get(index).copied().unwrap_or_default();
        let mut row = vec![load(step), standing(step)];
        row.extend(figures(Times::of(&step.response).as_ref(), &sure.response));
        row.extend(rates(step.rps, step.failed(), step.due()));
        table.push(row);
    }
    table.into_text()
}

fn load(step: &Step) -> String {
    let load = format::show(Unit::Count, step.load);
    match step.role {
        Role::Load => load,
        Role::Recovery => format!("{load}, back again"),
    }
}

fn standing(step: &Step) -> String {
    let standing = match step.standing {
        StepVerdict::Held => "held",
        StepVerdict::Undecided => "undecided",
        StepVerdict::Broken => "broken",
    };
    format!("{standing}<br><sub>{}</sub>", text(&step.reason))
}

fn figures(times: Option<&Times>, sure: &Intervals) -> Vec<String> {
    let Some(times) = times else {
        return vec![String::new(); PERCENTILES.len() + 1];
    };
    vec![
        with_interval(times.p50, sure.p50),
        with_interval(times.p90, sure.p90),
        with_interval(times.p95, sure.p95),
        with_interval(times.p99, sure.p99),
        format::time(times.max),
    ]
}

/// `43 ms (41–45)`
fn with_interval(ms: f64, interval: Interval) -> String {
    let ends = format::time_interval(ms, interval);
    let ends = ends.unwrap_or_else(|| "no interval".to_owned());
    format!("{} ({ends})", format::time(ms))
}

fn rates(rps: Option<f64>, failed: u64, due: u64) -> [String; 2] {
    let rps = rps.map_or_else(String::new, |rps| {
        format::show(Unit::Rate, rps).replace("/s", "")
    });
    [rps, share(failed, due)]
}

fn share(part: u64, all: u64) -> String {
    if all == 0 {
        return String::new();
    }
    format::show(Unit::Share, 100.0 * part as f64 / all as f64)
}

/// What each address of the target's name got, and how it did.
fn addresses(run: &RunResult) -> String {
    let mut table = MarkdownTable::new(&["address", "requests", "failed", "p95"], 1);
    for one in &run.addresses {
        let name = match &one.left_out {
            Some(why) => format!(
                "{}<br><sub>took no connection before the load: {}</sub>",
                text(&one.address),
                text(why)
            ),
            None => text(&one.address),
        };
        let p95 =
            Times::of(&one.response).map_or_else(String::new, |times| format::time(times.p95));
        let due = one.due();
        table.push([name, format::count(due), share(one.failed(), due), p95]);
    }
    table.into_text()
}

/// How the requests ended that did not end well, the most frequent first.
fn causes(summary: &Summary, excerpts: &Excerpts) -> String {
    let headings = ["errors by cause", "requests", "share", "for example"];
    let columns = if excerpts.is_empty() { 3 } else { 4 };
    let mut table = MarkdownTable::new(&headings[..columns], 1);
    let mut causes: Vec<_> = summary.outcomes.iter().collect();
    causes.retain(|(outcome, count)| !outcome.is_ok() && **count > 0);
    causes.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    for (outcome, count) in causes {
        let mut row = vec![
            text(&outcome.to_string()),
            format::count(*count),
            share(*count, summary.due),
        ];
        if columns == 4 {
            let excerpt = excerpts.get(*outcome);
            row.push(excerpt.map_or_else(String::new, |excerpt| text(&excerpt.shown())));
        }
        table.push(row);
    }
    table.into_text()
}

fn facts(run: &RunResult, said: &mut SaidOnce) -> Vec<String> {
    let journeys = report_facts::journeys(run).into_iter();
    let mut facts: Vec<String> = journeys
        .map(|line| format!("journeys: {}", text(&line)))
        .collect();
    if let Some(problem) = &run.problem {
        let what = said.once(&problem.what, &run.scenario);
        facts.push(format!("problem: {}", text(&what)));
        if said.before(&problem.advice, &run.scenario).is_none() {
            facts.push(format!("what to do: {}", text(&problem.advice)));
        }
    }
    if let Some(search) = &run.search {
        let saturated = search.saturated();
        facts.extend(saturated.map(|(step, why)| {
            let what = if step.capped {
                "too few connections"
            } else {
                "saturated"
            };
            format!("{what} at {}: {}", load(step), text(why))
        }));
    }
    facts.extend(run.watch.outages.iter().map(|outage| {
        format!(
            "outage, {} failed probes: {}",
            format::count(outage.probes),
            text(&outage.cause)
        )
    }));
    let restarts = run.watch.restarts.len();
    if restarts > 0 {
        facts.push(format!("restarts of the target: {restarts}"));
    }
    facts.extend(run.notes.iter().map(|note| format!("note: {}", text(note))));
    facts
}
