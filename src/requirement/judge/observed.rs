//! Checks on what others tell of the target: the best source that knows it is judged, and named.
//!
//! Counts give an interval, and so do the seconds of a series. A ratio that comes alone is compared bare.

use super::super::human;
use super::super::judgement::Estimate;
use super::super::metric::Metric;
use super::super::model::Check;
use super::super::source::{Source, Sources};
use super::evidence::unextended;
use super::proportion::{Allowed, Weighed};
use super::text::{count, percent, time};
use super::{Finding, Levels, mean};
use crate::record::{RunResult, figure};
use crate::statistics::{Block, Look};

mod estimated;
mod known;

use known::{Known, known};

/// A counter that was first or last seen this long from the run's ends misses part of it, in milliseconds.
const SLACK_MS: i64 = 2_500;

/// Asks the sources in their order; the first that knows decides.
pub(super) fn find(
    check: &Check,
    run: &RunResult,
    sources: Option<&Sources>,
    levels: Levels,
) -> Finding {
    let order = sources.map_or_else(
        || check.metric.sources().to_vec(),
        |sources| sources.of(check.metric),
    );
    let mut missing = Vec::new();
    for source in order {
        match known(check.metric, source, run) {
            Ok(known) => return weighed(check, &known, source, run, levels),
            Err(why) => missing.push(format!("{source}: {why}")),
        }
    }
    Finding::open(format!("nobody told it ({})", missing.join("; ")))
}

fn weighed(
    check: &Check,
    known: &Known,
    source: Source,
    run: &RunResult,
    levels: Levels,
) -> Finding {
    let look = unextended(&run.window);
    let mut finding = match known {
        Known::Share { blocks, of } => share(check, blocks, of, look, levels),
        Known::Mean(blocks) => {
            let shown = |value| human::show(check.limit.unit, value);
            let mut finding = mean::weigh(check, blocks, look, levels, shown);
            if let Some(estimate) = &mut finding.estimate {
                estimate.samples = blocks.iter().map(|block| block.count).sum::<f64>() as u64;
            }
            finding
        }
        Known::Bare {
            value,
            why,
            samples,
        } => bare(check, *value, why, *samples),
    };
    finding.reason = format!("{}: {}", called(source, run), finding.reason);
    if let Some(gap) = gap(check.metric, source, run) {
        finding.reason += &gap;
    }
    finding
}

/// The source, as exactly as it is known.
fn called(source: Source, run: &RunResult) -> String {
    match (source, &run.observed.process) {
        (Source::Process, Some(process)) => {
            format!("{source} ({} {})", process.name, process.pid)
        }
        (Source::Host, _) => format!("{source} without the load generator"),
        _ => source.to_string(),
    }
}

/// Of failures, or of hits where more is better: either way the share that has to keep the limit.
fn share(check: &Check, blocks: &[Block], of: &str, look: Look, levels: Levels) -> Finding {
    let wanted = !check.limit.comparison.is_upper();
    // The statistics speak of what must be rare, so of hits they are told the misses.
    let rare: Vec<Block> = blocks
        .iter()
        .map(|block| Block {
            hits: if wanted {
                block.trials - block.hits
            } else {
                block.hits
            },
            trials: block.trials,
        })
        .collect();
    let limit = check.limit.value / 100.0;
    let allowed = Allowed {
        share: if wanted { 1.0 - limit } else { limit },
        inclusive: check.limit.comparison.is_inclusive(),
    };
    let seen = Weighed::of(&rare, 0, look, &allowed, levels);
    let shown = |share: f64| if wanted { 1.0 - share } else { share };
    let value = shown(seen.hits / seen.trials.max(1.0));
    let (a, b) = (shown(seen.low), shown(seen.high));
    let (low, high) = (a.min(b), a.max(b));
    let reason = format!(
        "{} of {} {of} {}, {} to {} with {} confidence",
        percent(value),
        count(seen.trials),
        if wanted { "found something" } else { "failed" },
        percent(low),
        percent(high),
        percent(1.0 - levels.pass),
    );
    Finding {
        estimate: Some(Estimate {
            value: 100.0 * value,
            low: Some(100.0 * low),
            high: Some(100.0 * high),
            samples: seen.trials as u64,
            effective_samples: seen.effective,
        }),
        verdict: seen.verdict(),
        reason,
    }
}

fn bare(check: &Check, value: f64, why: &str, samples: u64) -> Finding {
    let shown = if check.limit.threshold().is_some() {
        time(value)
    } else {
        human::show(check.limit.unit, value)
    };
    Finding::bare(check, value, samples, format!("{shown} ({why})"))
}

/// What part of the run the counters cover, when it is not all of it.
fn gap(metric: Metric, source: Source, run: &RunResult) -> Option<String> {
    let name = match metric {
        Metric::CacheHitRate => figure::CACHE_HITS,
        Metric::QueryErrorRate => figure::QUERIES,
        Metric::QueryTimeMean => figure::QUERY_TIME,
        _ => return None,
    };
    let seen = run.observed.seen(source)?;
    let (first, last) = seen.span(name)?;
    let end = (run.window.to / 1_000_000).cast_signed();
    if first <= SLACK_MS && last >= end - SLACK_MS {
        return None;
    }
    Some(format!(
        "; it answered only from {} to {} of the run's {} ({})",
        time(first.max(0) as f64),
        time(last as f64),
        time(end as f64),
        seen.problems.join(", ")
    ))
}

#[cfg(test)]
#[path = "observed_tests.rs"]
mod tests;
