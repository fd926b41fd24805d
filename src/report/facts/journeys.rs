//! What is said of journeys and their steps, on a terminal as on a page.

use super::run::outcomes;
use crate::record::{EndpointResult, EndpointRole, EndpointRow, JourneyFate, RunResult};
use crate::requirement::{Unit, format};
use crate::text::clean;

/// How many there were of each kind, and where and why they ended, a line each: `1,000 due, 974 completed (97.4/s); ended at
/// pay 13 × status_500, 3 × timeout`.
pub(in crate::report) fn journeys(run: &RunResult) -> Vec<String> {
    let kinds = run.journeys();
    let several = kinds.len() > 1;
    let lines = kinds.iter().filter(|kind| kind.due > 0).map(|kind| {
        let name = if several {
            format!("{}: ", clean(kind.name))
        } else {
            String::new()
        };
        format!("{name}{}", fate(run, kind))
    });
    lines.collect()
}

fn fate(run: &RunResult, kind: &JourneyFate<'_>) -> String {
    let completed = kind.completed();
    let rate = if run.window.length() > 0.0 && run.search.is_none() {
        let rate = completed as f64 / run.window.length();
        format!(" ({})", format::show(Unit::Rate, rate))
    } else {
        String::new()
    };
    let mut text = format!(
        "{} due, {} completed{rate}",
        format::count(kind.due),
        format::count(completed)
    );
    let endings = kind.endings();
    let endings = endings
        .iter()
        .map(|one| format!("at {} {}", clean(one.step), one.reasons(format::count)));
    let endings: Vec<String> = endings.collect();
    if !endings.is_empty() {
        text = format!("{text}; ended {}", endings.join("; "));
    } else if completed < kind.due {
        text = format!("{text}; {}", outcomes(kind.outcomes));
    }
    text
}

/// What a row of a table of endpoints sends: `GET /jobs/{job}, repeated every 250 ms`, or of a journey `3 steps`.
pub(in crate::report) fn request(run: &RunResult, row: EndpointRow) -> String {
    let endpoint = &run.endpoints[row.index];
    match (row.role, endpoint.poll_every) {
        (EndpointRole::Journey, _) => {
            let steps = endpoint.steps.as_ref().map_or(0, ExactSizeIterator::len);
            let plural = if steps == 1 { "" } else { "s" };
            format!("{steps} step{plural}")
        }
        (_, Some(every)) => {
            let every = format::time(every as f64 / 1e6);
            format!("{}, repeated every {every}", clean(&endpoint.request))
        }
        (_, None) => clean(&endpoint.request),
    }
}

/// Of a step: how many journeys reached it, and how many did not.
pub(in crate::report) fn reach(endpoint: &EndpointResult, role: EndpointRole) -> [String; 2] {
    match role {
        EndpointRole::Step => [endpoint.reached, endpoint.unreached].map(format::count),
        EndpointRole::Alone | EndpointRole::Journey => [const { String::new() }; 2],
    }
}

/// `6,000 requests`, or `6,000 requests and 2,000 journeys`.
pub(in crate::report) fn judged(run: &RunResult, requests: u64) -> String {
    let requests = format!("{} requests", format::count(requests));
    if !run.has_journeys() {
        return requests;
    }
    let journeys: u64 = run.journeys().iter().map(|kind| kind.due).sum();
    format!("{requests} and {} journeys", format::count(journeys))
}
