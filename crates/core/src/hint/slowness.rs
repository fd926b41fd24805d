//! Why requests took long: a stall, a queue, or endpoints that are slow.

use std::ops::Range;

use super::case::{Case, Cause};
use crate::record::{EndpointSummary, Recurring, Second, Times};
use crate::requirement::{Source, format};

/// A second with fewer requests says nothing about a stall.
const FEWEST: u64 = 5;
/// A queue shows from this difference on, in milliseconds.
const QUEUED_MS: f64 = 20.0;

/// Seconds in a row in which nearly all requests were over: a stall, unless most of the run was like that.
pub(super) fn stall(case: &Case<'_>) -> Option<Cause> {
    let run = case.run;
    let threshold = case.threshold()?;
    let judged = case.seconds();
    let stalled = longest_stall(judged, threshold)?;
    if stalled.len() * 2 > judged.len() {
        return None;
    }
    let seconds = &judged[stalled.clone()];
    let due: u64 = seconds.iter().map(Second::due).sum();
    let over = case.over(seconds);
    let start = run.window.seconds().start;
    let when = format!(
        "{} s to {} s after the start of the run",
        start + stalled.start,
        start + stalled.end
    );
    let requests = format!(
        "{} of {} requests due then",
        format::count(over.all),
        format::count(due)
    );
    let at_least = format::time(run.thresholds[threshold] as f64 / 1e6);
    let text = if 2 * over.by_generator > over.all && run.generator.waits.is_empty() {
        format!(
            "the load generator itself stood still {when}: {requests} took {at_least} or more{}, and {} of them only \
             because it sent or read late; it was stopped or had no processor, so repeat the run on a machine that is \
             not suspended or overloaded",
            longest(seconds),
            format::count(over.by_generator)
        )
    } else {
        format!(
            "the target stalled {when}: {requests} took {at_least} or more{}; look for a pause there (garbage \
             collection, locks, a checkpoint, a job every so often)",
            longest(seconds),
        )
    };
    let all = case.over(judged).all;
    Some(Cause::of(text, over.all as f64 / all as f64))
}

/// Spikes at equal distances come from a scheduled job.
pub(super) fn recurring(case: &Case<'_>) -> Option<Cause> {
    let found = Recurring::all(case.run);
    let (first, others) = found.split_first()?;
    let kind = |one: &Recurring| {
        format!(
            "every {:.0} s ({} times, about {} each)",
            one.period,
            one.times,
            format::time(one.typical_ms)
        )
    };
    let others: String = others
        .iter()
        .map(|one| format!(" and {}", kind(one)))
        .collect();
    let jobs = if others.is_empty() {
        "what the target does"
    } else {
        "two things that the target does"
    };
    let text = format!(
        "long response times come again {}{others}: look for {jobs} at that distance (a scheduled job, garbage \
         collection, a checkpoint, a cache that expires at once)",
        kind(first),
    );
    let slow: u64 = found
        .iter()
        .filter(|one| {
            case.time_limit()
                .is_none_or(|limit| one.typical_ms >= limit)
        })
        .map(|one| one.slow)
        .sum();
    let all = case.over(case.seconds()).all;
    Some(Cause::of(text, slow as f64 / all.max(1) as f64))
}

fn longest(seconds: &[Second]) -> String {
    let longest = seconds
        .iter()
        .filter_map(|second| second.response.quantile_ms(1.0));
    longest.reduce(f64::max).map_or_else(String::new, |ms| {
        format!(", the longest about {}", format::time(ms))
    })
}

/// Half of the requests over at its edges, which a stall reaches in mid-second; nine in ten at its height.
fn longest_stall(seconds: &[Second], threshold: usize) -> Option<Range<usize>> {
    let share = |second: &Second| {
        let due = second.due();
        (due >= FEWEST).then(|| second.over(threshold) as f64 / due as f64)
    };
    let shares: Vec<f64> = seconds
        .iter()
        .map(|second| share(second).unwrap_or(0.0))
        .collect();
    let mut stalls: Vec<Range<usize>> = Vec::new();
    for (index, _) in shares
        .iter()
        .enumerate()
        .filter(|(_, share)| **share >= 0.5)
    {
        match stalls.last_mut().filter(|stall| stall.end == index) {
            Some(stall) => stall.end = index + 1,
            None => stalls.push(index..index + 1),
        }
    }
    stalls
        .into_iter()
        .filter(|stall| shares[stall.clone()].iter().any(|share| *share >= 0.9))
        .max_by_key(|stall| (stall.len(), std::cmp::Reverse(stall.start)))
}

/// Answers came quickly once asked for, and users waited all the same.
pub(super) fn queueing(case: &Case<'_>) -> Option<Cause> {
    let (quantile, of) = case.quantile();
    let response = of(&Times::of(&case.summary.answered)?);
    let service = of(&Times::of(&case.summary.service)?);
    if response < 2.0 * service || response - service < QUEUED_MS {
        return None;
    }
    let late = Times::of(&case.run.generator.lag).map_or(0.0, |lag| of(&lag));
    let waited = Times::of(&case.run.generator.waits).map_or(0.0, |waits| of(&waits));
    let half = (response - service) / 2.0;
    let whose = if late >= half {
        "the generator was late itself, so give it fewer --users or another machine first"
    } else if waited >= half {
        "requests waited for one of the connections that the plan allows"
    } else {
        "the generator was in time, so requests queued behind a stall or for a free connection"
    };
    let text = format!(
        "{quantile} service time (from sending on) is {}, but {quantile} response time is {}: {whose}",
        format::time(service),
        format::time(response)
    );
    let explains = (response - service) / response;
    // That it was late is told by itself, and better.
    let told = if late >= half { 0.5 } else { 1.0 };
    Some(Cause::of(text, explains * told))
}

/// One slow endpoint has a cause of its own; when all are slow, they share it.
pub(super) fn slow_endpoints(case: &Case<'_>) -> Option<Cause> {
    let limit = case.time_limit()?;
    let (quantile, of) = case.quantile();
    let at = |endpoint: &EndpointSummary| endpoint.service.as_ref().map(of);
    let mut times: Vec<(f64, &str)> = case
        .requests()
        .filter_map(|endpoint| Some((at(endpoint)?, endpoint.name.as_str())))
        .collect();
    times.sort_by(|a, b| b.0.total_cmp(&a.0));
    let slow = times.iter().filter(|(time, _)| *time >= limit).count();
    let (slowest, name) = *times.first()?;
    let quickest = times.last()?.0;
    let text = match slow {
        0 => return None,
        _ if slow == times.len() => format!(
            "every endpoint is slow ({quantile} service time {} to {}, {name} the slowest): look at what they \
             share: {}",
            format::time(quickest),
            format::time(slowest),
            shared(case)
        ),
        _ => {
            let names: Vec<&str> = times[..slow]
                .iter()
                .take(3)
                .map(|(_, name)| *name)
                .collect();
            format!(
                "slow: {} ({quantile} service time up to {}; the others at most {}): look at their queries, \
                 indexes and caching",
                names.join(", "),
                format::time(slowest),
                format::time(times[slow].0)
            )
        }
    };
    Some(Cause::of(text, case.explained_by_time(slowest)))
}

/// What all endpoints of a service have in common, as far as it is known to have it.
fn shared(case: &Case<'_>) -> String {
    let seen = |source: Source| {
        case.run
            .observed
            .seen(source)
            .is_some_and(|seen| !seen.looks.is_empty())
    };
    let mut parts = vec!["the processor and memory", "the number of workers"];
    parts.push(if seen(Source::Postgres) {
        "the database and its indexes"
    } else {
        "a database or another service behind it"
    });
    if seen(Source::Redis) {
        parts.push("Redis");
    }
    parts.join(", ")
}

/// From this many bytes on an answer is worth making smaller.
const HEAVY_BYTES: u64 = 512 * 1024;

/// Slow answers that carry much: what pages load is the first thing to look at.
pub(super) fn heavy_bodies(case: &Case<'_>) -> Option<Cause> {
    let limit = case.time_limit()?;
    let (_, of) = case.quantile();
    let parts = case.run.endpoints.iter().zip(&case.summary.endpoints);
    let requests = parts.filter(|(part, _)| part.kind.is_request());
    let heavy = requests.filter_map(|(part, summary)| {
        let took = summary.service.as_ref().map(of)?;
        let each = part.bytes / summary.due.max(1);
        (took >= limit && each >= HEAVY_BYTES).then_some((each, part.name.as_str(), took))
    });
    let (bytes, name, took) = heavy.max_by_key(|(each, _, _)| *each)?;
    let text = format!(
        "{name} answers with {:.1} MiB each: compress it, page lists, split bundles, load images and what is not \
         seen at once lazily",
        bytes as f64 / f64::from(1 << 20)
    );
    Some(Cause::of(text, case.explained_by_time(took)))
}
