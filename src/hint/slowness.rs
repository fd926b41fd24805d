//! Why requests took long: a stall, a queue, or endpoints that are slow.

use std::ops::Range;

use super::case::Case;
use super::generator;
use crate::record::{EndpointSummary, Recurring, RunResult, Second, Times};
use crate::requirement::{Metric, Verdict, human};

/// A second with fewer requests says nothing about a stall.
const FEWEST: u64 = 5;
/// A queue shows from this difference on, in milliseconds.
const QUEUED_MS: f64 = 20.0;

/// Seconds in a row in which nearly all requests were over: a stall, unless most of the run was like that.
pub(super) fn stall(case: &Case<'_>) -> Option<String> {
    let run = case.run;
    let threshold = threshold(case)?;
    let window = run.window.seconds();
    let end = window.end.min(run.seconds.len());
    let stalled = longest_stall(run.seconds.get(window.start..end)?, threshold)?;
    let judged = end - window.start;
    if stalled.len() * 2 > judged {
        return None;
    }
    let seconds = &run.seconds[window.start + stalled.start..window.start + stalled.end];
    let due: u64 = seconds.iter().map(Second::due).sum();
    let over: u64 = seconds.iter().map(|second| second.over(threshold)).sum();
    let first = window.start + stalled.start;
    let last = window.start + stalled.end;
    Some(format!(
        "the target stalled {} s to {} s after the start of the run: {} of {} requests due then took {} or \
         more{}; look for a pause there (garbage collection, locks, a checkpoint, a job every so often)",
        first,
        last,
        human::count(over),
        human::count(due),
        human::time(run.thresholds[threshold] as f64 / 1e6),
        longest(seconds),
    ))
}

/// Spikes at equal distances are somebody's schedule.
pub(super) fn recurring(case: &Case<'_>) -> Option<String> {
    let found = Recurring::of(case.run)?;
    Some(format!(
        "response times of up to {} come again every {:.0} s ({} times): look for what the target does every {:.0} \
         s (a scheduled job, garbage collection, a checkpoint, a cache that expires at once)",
        human::time(found.longest_ms),
        found.period,
        found.times,
        found.period
    ))
}

fn longest(seconds: &[Second]) -> String {
    let longest = seconds
        .iter()
        .filter_map(|second| second.response.quantile_ms(1.0));
    longest.reduce(f64::max).map_or_else(String::new, |ms| {
        format!(", the longest about {}", human::time(ms))
    })
}

/// The threshold of the limit that was missed, else the run's lowest.
fn threshold(case: &Case<'_>) -> Option<usize> {
    let run: &RunResult = case.run;
    let wanted = case.time_limit().map(|ms| (ms * 1e6).round() as u64);
    let of_limit = wanted.and_then(|nanos| {
        // A limit of at most 200 ms is counted from one nanosecond above it.
        run.thresholds
            .iter()
            .position(|have| (nanos..=nanos + 1).contains(have))
    });
    of_limit.or((!run.thresholds.is_empty()).then_some(0))
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
pub(super) fn queueing(case: &Case<'_>) -> Option<String> {
    let response = Times::of(&case.summary.answered)?.p95;
    let service = Times::of(&case.summary.service)?.p95;
    if response < 2.0 * service || response - service < QUEUED_MS {
        return None;
    }
    let whose = if generator::late(case).is_some() || generator::busy(case).is_some() {
        "the generator was late itself, so give it fewer --users or another machine first"
    } else {
        "the generator was in time, so requests queued behind a stall or for a free connection"
    };
    Some(format!(
        "an answer took {} once its request was sent (service time, p95), but was waited for {} (response \
         time, p95): {whose}",
        human::time(service),
        human::time(response)
    ))
}

/// One slow endpoint has a cause of its own; when all are slow, they share it.
pub(super) fn slow_endpoints(case: &Case<'_>) -> Option<String> {
    let limit = case.time_limit()?;
    let (quantile, of) = quantile(case);
    let at = |endpoint: &EndpointSummary| endpoint.service.as_ref().map(of);
    let mut times: Vec<(f64, &str)> = case
        .summary
        .endpoints
        .iter()
        .filter_map(|endpoint| Some((at(endpoint)?, endpoint.name.as_str())))
        .collect();
    times.sort_by(|a, b| b.0.total_cmp(&a.0));
    let slow = times.iter().filter(|(time, _)| *time >= limit).count();
    let (slowest, name) = *times.first()?;
    let quickest = times.last()?.0;
    match slow {
        0 => None,
        _ if slow == times.len() => Some(format!(
            "every endpoint is slow ({quantile} service time {} to {}, {name} the slowest): look at what they \
             share: the processor and memory, the database and its indexes, caches, the number of workers",
            human::time(quickest),
            human::time(slowest)
        )),
        _ => {
            let names: Vec<&str> = times[..slow]
                .iter()
                .take(3)
                .map(|(_, name)| *name)
                .collect();
            Some(format!(
                "slow: {} ({quantile} service time up to {}; the others at most {}): look at their queries, \
                 indexes and caching",
                names.join(", "),
                human::time(slowest),
                human::time(times[slow].0)
            ))
        }
    }
}

/// From this many bytes on an answer is worth making smaller.
const HEAVY_BYTES: u64 = 512 * 1024;

/// Slow answers that carry much: what pages load is the first thing to look at.
pub(super) fn heavy_bodies(case: &Case<'_>) -> Option<String> {
    let limit = case.time_limit()?;
    let (_, of) = quantile(case);
    let parts = case.run.endpoints.iter().zip(&case.summary.endpoints);
    let heavy = parts.filter_map(|(part, summary)| {
        let slow = summary
            .service
            .as_ref()
            .is_some_and(|time| of(time) >= limit);
        let each = part.bytes / summary.due.max(1);
        (slow && each >= HEAVY_BYTES).then_some((each, part.name.as_str()))
    });
    let (bytes, name) = heavy.max()?;
    Some(format!(
        "{name} answers with {:.1} MiB each: compress it, page lists, split bundles, load images and what is not \
         seen at once lazily",
        bytes as f64 / f64::from(1 << 20)
    ))
}

/// The figure that the missed limit is about, or the nearest one that is kept.
fn quantile(case: &Case<'_>) -> (&'static str, fn(&Times) -> f64) {
    let open = case.judgement.checks.iter();
    let metric = open
        .filter(|judged| judged.verdict != Verdict::Pass)
        .map(|judged| judged.check.metric)
        .next();
    match metric {
        Some(Metric::ResponseTime { quantile }) if quantile < 0.75 => ("p50", |times| times.p50),
        Some(Metric::ResponseTime { quantile }) if quantile >= 0.98 => ("p99", |times| times.p99),
        Some(Metric::MeanResponseTime) => ("mean", |times| times.mean),
        _ => ("p95", |times| times.p95),
    }
}
