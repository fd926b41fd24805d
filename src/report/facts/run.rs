//! What is to be said of a run beside its tables, in a line each.

use super::{Fact, evidence};
use crate::record::{
    AddressResult, Generator, Outage, Outcomes, Recurring, RunResult, Summary, Times,
};
use crate::report::RunReport;
use crate::requirement::{Intervals, Unit, format};
use crate::text::clean;

/// The most kinds of failures that are shown with what they were answered.
const MOST_FAILURES: usize = 8;

/// Everything beside the tables, in the order in which it is read.
pub(in crate::report) fn of_run(shown: &RunReport, summary: &Summary) -> Vec<Fact> {
    let RunReport { run, intervals } = shown;
    let mut facts = Vec::new();
    if !run.load.is_empty() {
        facts.push(("load", clean(&run.load)));
    }
    if summary.due > 0 {
        facts.push(("outcomes", outcomes(&summary.outcomes)));
    }
    facts.extend(
        super::journeys(run)
            .into_iter()
            .map(|text| ("journeys", text)),
    );
    facts.extend(failures(run, summary));
    if summary.unjudged_due > 0 {
        let due = format::count(summary.unjudged_due);
        let ended = outcomes(&summary.unjudged_outcomes);
        facts.push((
            "not judged",
            if run.has_journeys() {
                format!("{due} due in ramp-up, warm-up and the tail of journeys: {ended}")
            } else {
                format!("{due} due in ramp-up and warm-up: {ended}")
            },
        ));
    }
    if summary.due + summary.unjudged_due > 0 {
        facts.push(("generator", generator(&run.generator, &intervals.lateness)));
    }
    facts.extend(run.addresses.iter().map(|one| ("address", address(one))));
    facts.extend(slowest(run));
    if run.search.is_none() {
        let found = Recurring::all(run);
        facts.extend(found.iter().map(|found| ("recurring", recurring(found))));
        if run.window.extensions > 0 {
            let times = times_over(run.window.extensions);
            facts.push(("extended", format!("{times}, for verdicts still open")));
        }
    }
    facts.extend(settled(run));
    facts.extend(watch(run));
    facts.extend(evidence::of(run));
    facts.extend(run.notes.iter().map(|note| ("note", clean(note))));
    facts
}

/// `status_500 × 13, such as at agents: no attribute 'query'`, for each outcome that was answered anything.
fn failures(run: &RunResult, summary: &Summary) -> Vec<Fact> {
    let counts = [&summary.outcomes, &summary.unjudged_outcomes];
    let mut all: Vec<_> = run
        .excerpts
        .all()
        .map(|(outcome, excerpt)| {
            let count: u64 = counts
                .iter()
                .filter_map(|counts| counts.get(&outcome))
                .sum();
            (count, outcome, excerpt)
        })
        .collect();
    all.sort_by_key(|(count, ..)| std::cmp::Reverse(*count));
    let said = all
        .into_iter()
        .take(MOST_FAILURES)
        .map(|(count, outcome, excerpt)| {
            let endpoint = run.endpoints.get(excerpt.endpoint);
            let place = endpoint.map_or_else(String::new, |endpoint| {
                format!(", such as at {}", clean(&endpoint.name))
            });
            let text = clean(&excerpt.shown());
            (
                "failure",
                format!("{outcome} × {}{place}: {text}", format::count(count)),
            )
        });
    said.collect()
}

/// `192.0.2.1:443: ok 5,988, timeout 12 (0.20 % failed), p95 120 ms`
fn address(one: &AddressResult) -> String {
    let address = clean(&one.address);
    if let Some(why) = &one.left_out {
        return format!(
            "{address}: no load, as it took no connection before: {}",
            clean(why)
        );
    }
    let due = one.due();
    if due == 0 {
        return format!("{address}: no requests");
    }
    let failed = format::show(Unit::Share, 100.0 * one.failed() as f64 / due as f64);
    let p95 = format::time(one.response.quantile_ms(0.95));
    format!(
        "{address}: {} ({failed} failed), p95 {p95}",
        outcomes(&one.outcomes)
    )
}

/// Which request was the slowest, and when.
fn slowest(run: &RunResult) -> Option<Fact> {
    let slow = run.slowest.all().first()?;
    let endpoint = run.endpoints.get(slow.endpoint)?;
    let ms = |nanos: u64| format::time(nanos as f64 / 1e6);
    let text = format!(
        "{} at {}, due {} after the start of the run, ended {}",
        ms(slow.took()),
        clean(&endpoint.name),
        ms(slow.due_ns),
        slow.outcome
    );
    Some(("slowest", text))
}

fn settled(run: &RunResult) -> Option<Fact> {
    let planned = run.window.planned.filter(|_| run.is_settled())?;
    let after = |end: u64| format::time(end.saturating_sub(run.window.from) as f64 / 1e6);
    let (took, planned) = (after(run.window.to), after(planned));
    Some((
        "settled",
        format!("after {took} of {planned}: every verdict was, so the run ended"),
    ))
}

/// `ok 5,988, timeout 12`, the most frequent first after `ok`.
pub(super) fn outcomes(outcomes: &Outcomes) -> String {
    let mut sorted: Vec<_> = outcomes.iter().filter(|(_, count)| **count > 0).collect();
    sorted.sort_by_key(|(outcome, count)| (!outcome.is_ok(), std::cmp::Reverse(**count)));
    sorted
        .iter()
        .map(|(outcome, count)| format!("{outcome} {}", format::count(**count)))
        .collect::<Vec<_>>()
        .join(", ")
}

fn generator(generator: &Generator, sure: &Intervals) -> String {
    let late = Times::of(&generator.lag).map_or_else(
        || "lateness not measured".to_owned(),
        |times| lateness(&times, sure),
    );
    let cpu = match (generator.cpu_mean(), generator.cpu_max()) {
        (Some(mean), Some(max)) => format!(
            "cpu mean {}, max {}",
            format::show(Unit::Share, mean),
            format::show(Unit::Share, max)
        ),
        _ => "cpu not measured".to_owned(),
    };
    let mut text = format!(
        "{late}, {cpu}, {} without a socket, {} on {}",
        format::count(generator.refusals),
        counted(generator.connections, "connection"),
        counted(u64::from(generator.workers), "worker"),
    );
    let rare = [
        (generator.waited_for_connection, "waited for a connection"),
        (generator.resent, "sent again"),
    ];
    for (count, what) in rare.iter().filter(|(count, _)| *count > 0) {
        text = format!("{text}, {} {what}", format::count(*count));
    }
    text
}

/// `late by 1.1 ms (1.0–1.2) at p50, 2.1 ms (≥ 1.9) at p99, 3.4 ms at most`
fn lateness(times: &Times, sure: &Intervals) -> String {
    let with = |ms: f64, interval| {
        let time = format::time(ms);
        match format::time_interval(ms, interval) {
            Some(interval) => format!("{time} ({interval})"),
            None => format!("{time} (no interval)"),
        }
    };
    format!(
        "late by {} at p50, {} at p99, {} at most",
        with(times.p50, sure.p50),
        with(times.p99, sure.p99),
        format::time(times.max)
    )
}

fn watch(run: &RunResult) -> Vec<Fact> {
    let outage = |outage: &Outage| {
        let to = outage.to.map_or_else(|| "the end".to_owned(), clock);
        let cause = clean(&outage.cause);
        (
            "outage",
            format!("from {} to {to}: {cause}", clock(outage.from)),
        )
    };
    let restart = |at: &u64| ("restart", format!("seen at {}", clock(*at)));
    let outages = run.watch.outages.iter().map(outage);
    outages
        .chain(run.watch.restarts.iter().map(restart))
        .collect()
}

fn clock(millis: u64) -> String {
    let text = crate::report::rfc3339::to_text(millis);
    text.get(11..19)
        .map_or(text.clone(), |clock| format!("{clock} UTC"))
}

fn times_over(count: u32) -> String {
    match count {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        _ => format!("{count} times"),
    }
}

fn recurring(found: &Recurring) -> String {
    format!(
        "response times of about {}, every {:.1} s, {} times from {} s after the start of the run",
        format::time(found.typical_ms),
        found.period,
        found.times,
        found.first
    )
}

/// `1 worker`, `2 workers`
fn counted(count: u64, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {what}{plural}", format::count(count))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Histogram;
    use crate::record::Outcome;

    fn one(outcomes: &[(Outcome, u64)], left_out: Option<&str>) -> String {
        let mut response = Histogram::new();
        for _ in 0..outcomes.iter().map(|(_, count)| count).sum() {
            response.record(20_000_000);
        }
        address(&AddressResult {
            address: "192.0.2.1:443".to_owned(),
            left_out: left_out.map(str::to_owned),
            outcomes: outcomes.iter().copied().collect(),
            response,
        })
    }

    #[test]
    fn an_address_is_said_with_its_requests_and_failures() {
        assert_eq!(
            one(&[(Outcome::Ok, 1_500), (Outcome::Status(500), 500)], None),
            "192.0.2.1:443: ok 1,500, status_500 500 (25 % failed), p95 20 ms"
        );
        assert_eq!(one(&[], None), "192.0.2.1:443: no requests");
        assert_eq!(
            one(&[], Some("refused")),
            "192.0.2.1:443: no load, as it took no connection before: refused"
        );
    }
}
