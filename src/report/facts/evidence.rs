//! What each source reported about the target, a line each.

use super::Fact;
use crate::record::{RunResult, SourceSeries, figure};
use crate::requirement::{Source, Unit, format};
use crate::text::clean;

/// A fact for each source that was asked.
pub(super) fn of(run: &RunResult) -> impl Iterator<Item = Fact> {
    let fact = |(source, seen): (&Source, &SourceSeries)| {
        let mut parts = summary_parts(*source, seen, run);
        if seen.looks.is_empty() {
            parts.push("reported nothing".to_owned());
        }
        parts.extend(seen.problems.iter().map(|problem| clean(problem)));
        ("evidence", format!("{source}: {}", parts.join("; ")))
    };
    run.observed.sources.iter().map(fact)
}

fn summary_parts(source: Source, seen: &SourceSeries, run: &RunResult) -> Vec<String> {
    let mut parts = Vec::new();
    if let (Source::Process, Some(process)) = (source, &run.observed.process) {
        parts.push(format!("{} {}", clean(&process.name), process.pid));
    }
    if source == Source::Host && run.observed.local == Some(false) {
        parts.push("the target runs elsewhere".to_owned());
    }
    let window = (run.window.from / 1_000_000, run.window.to / 1_000_000);
    for (name, what) in [
        (figure::CPU, "processors"),
        (figure::CPU_THREAD, "busiest thread, of one processor,"),
        (figure::MEMORY, "memory"),
    ] {
        let values = seen.between(name, window.0.cast_signed(), window.1.cast_signed());
        if !values.is_empty() {
            let most = values.iter().map(|(_, value)| *value).fold(0.0, f64::max);
            let mean = values.iter().map(|(_, value)| value).sum::<f64>() / values.len() as f64;
            let [mean, most] = [mean, most].map(|share| format::show(Unit::Share, share));
            parts.push(format!("{what} {mean}, at most {most}"));
        }
    }
    if let Some(allowed) = seen.last(figure::PROCESSORS_ALLOWED) {
        let allowed = (100.0 * allowed).round() / 100.0;
        let plural = if allowed > 1.0 { "s" } else { "" };
        parts.push(format!("may use {allowed} processor{plural}"));
    }
    for (name, what) in [
        (figure::CACHE_HITS, "hits"),
        (figure::CACHE_MISSES, "misses"),
        (figure::EVICTED, "evictions"),
        (figure::QUERIES, "queries"),
        (figure::FAILED_QUERIES, "of them failed"),
        (figure::ROLLBACKS, "of them rolled back"),
        (figure::LOGGED_ERRORS, "errors in the log"),
        (figure::DEADLOCKS, "deadlocks"),
        (figure::CONFLICTS, "conflicts"),
        (
            figure::ENDED_SESSIONS,
            "sessions ended by errors or operators",
        ),
    ] {
        let what = match (source, what) {
            (Source::Postgres, "queries") => "transactions",
            _ => what,
        };
        let is_rare = [figure::CONFLICTS, figure::ENDED_SESSIONS].contains(&name);
        if let Some(rise) = seen.rise(name).filter(|rise| *rise > 0.0 || !is_rare) {
            parts.push(format!("{} {what}", format::count(rise.round() as u64)));
        }
    }
    parts
}
