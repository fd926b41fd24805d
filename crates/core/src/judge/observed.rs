//! Checks on what others tell of the target: the best source that knows it is judged, and named.
//!
//! Counts give an interval, and so do the seconds of a series. A ratio that comes alone is compared bare.

use super::evidence::unextended;
use super::over_time::ReachOfSource;
use super::text::{count, percent, time};
use super::weighed::{Allowed, Weighed};
use super::{CheckLevels, CheckResult, mean};
use crate::record::RunResult;
use crate::requirement::Unit;
use crate::requirement::format;
use crate::requirement::{Check, ObservedMetric};
use crate::requirement::{Estimate, Verdict};
use crate::requirement::{Source, Sources};
use crate::statistics::{Block, Look, MeanBlock};

mod estimated;
mod gap;
mod known;
mod resources;
mod transactions;

use known::{KnownFigure, figures, known};

/// Asks the sources in their order; the first that knows decides.
pub(super) fn find(
    check: &Check,
    metric: ObservedMetric,
    run: &RunResult,
    sources: Option<&Sources>,
    levels: CheckLevels,
) -> CheckResult {
    let order = sources.map_or_else(
        || check.metric.sources().to_vec(),
        |sources| sources.of(check.metric),
    );
    let mut missing = Vec::new();
    for source in order {
        let known = known(metric, source, run);
        match known.and_then(|known| weighed(check, metric, known, source, run, levels)) {
            Ok(finding) => return finding,
            Err(why) => missing.push(format!("{source}: {why}")),
        }
    }
    CheckResult::open(format!("no source reported it ({})", missing.join("; ")))
}

/// What a source's knowledge comes to, or why it decides nothing.
fn weighed(
    check: &Check,
    metric: ObservedMetric,
    known: KnownFigure,
    source: Source,
    run: &RunResult,
    levels: CheckLevels,
) -> Result<CheckResult, String> {
    let look = unextended(&run.window);
    let is_counted = matches!(
        known,
        KnownFigure::Share { .. } | KnownFigure::Between { .. } | KnownFigure::Mean(_)
    ) && !check.metric.is_resource();
    let is_own = matches!(known, KnownFigure::Bare { .. });
    let (what, mut finding) = match known {
        KnownFigure::Share { blocks, did } => {
            (String::new(), share(check, &blocks, did, look, levels))
        }
        KnownFigure::Between { least, most, why } => {
            let finding = between(check, &least, &most, look, levels);
            (String::new(), finding.ok_or(why)?)
        }
        KnownFigure::Mean(blocks) => (String::new(), average(check, &blocks, look, levels)),
        KnownFigure::Worst(parts) => worst(check, parts, look, levels),
        KnownFigure::Bare {
            value,
            why,
            samples,
        } => (String::new(), bare(check, value, &why, samples)),
    };
    finding.reason = format!("{}{what}: {}", called(source, run), finding.reason);
    let gap = if is_counted {
        gap::of_counters(figures(metric).counter, source, run)
    } else {
        gap::of_looks(figures(metric).look, source, run)
    };
    if let Some(gap) = gap {
        finding.reason += &gap.text;
        if gap.is_wide && finding.verdict == Verdict::Pass {
            finding.verdict = Verdict::Inconclusive;
            finding.reason += ", which leaves too little to pass on";
        }
    }
    let reach = reach(metric, [is_own, is_counted], source, run);
    finding.reason += &format!("; {}", reach.text(finding.verdict));
    Ok(finding)
}

/// For which disturbances a verdict on it speaks.
fn reach(
    metric: ObservedMetric,
    [is_own, is_counted]: [bool; 2],
    source: Source,
    run: &RunResult,
) -> ReachOfSource {
    let Some(seen) = run.observed.seen(source).filter(|_| !is_own) else {
        return ReachOfSource::Own;
    };
    let names = figures(metric);
    let of = |name: &str, from: i64, to: i64| {
        let at: Vec<i64> = seen
            .between(name, from, to)
            .into_iter()
            .map(|one| one.0)
            .collect();
        let every = at.windows(2).map(|pair| pair[1] - pair[0]).max()?;
        Some((every as f64, (at.last()? - at.first()?) as f64))
    };
    // What was counted is known from the first reading on, which is before the judged part of the run.
    let counted = names.counter.filter(|_| is_counted);
    if let Some((every, over)) = counted.and_then(|name| of(name, i64::MIN, i64::MAX)) {
        return ReachOfSource::Counted { every, over };
    }
    let ms = |nanos: u64| (nanos / 1_000_000).cast_signed();
    match of(names.look, ms(run.window.from), ms(run.window.to)) {
        Some((every, over)) => ReachOfSource::Read { every, over },
        None => ReachOfSource::Own,
    }
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

/// Decided by the end of the range that is nearest to the other verdict; `None` where the two differ.
fn between(
    check: &Check,
    least: &[Block],
    most: &[Block],
    look: Look,
    levels: CheckLevels,
) -> Option<CheckResult> {
    let most = share(
        check,
        most,
        "transactions were rolled back, so at most as many failed",
        look,
        levels,
    );
    if most.verdict == Verdict::Pass {
        return Some(most);
    }
    let did = "transactions failed for certain (deadlocks, conflicts, ended sessions)";
    let least = share(check, least, did, look, levels);
    (least.verdict == Verdict::Fail).then_some(least)
}

/// A mean over stretches of time.
fn average(check: &Check, blocks: &[MeanBlock], look: Look, levels: CheckLevels) -> CheckResult {
    let unit = check.limit.unit;
    let possible = |value: f64| match unit {
        Unit::Share => value.clamp(0.0, 100.0),
        _ => value,
    };
    let shown = |value| format::show(unit, possible(value));
    let mut finding = mean::weigh(check, blocks, look, levels, shown);
    if let Some(estimate) = &mut finding.estimate {
        estimate.samples = blocks.iter().map(|block| block.count).sum::<f64>() as u64;
        estimate.low = estimate.low.map(possible);
        estimate.high = estimate.high.map(possible);
    }
    finding
}

/// The part with the worst verdict, and of several with that the one with the highest value; with what it is of.
fn worst(
    check: &Check,
    parts: Vec<(String, Vec<MeanBlock>)>,
    look: Look,
    levels: CheckLevels,
) -> (String, CheckResult) {
    // One of them is enough for a failure.
    let levels = CheckLevels {
        fail: levels.fail / parts.len().max(1) as f64,
        ..levels
    };
    let value = |finding: &CheckResult| finding.estimate.map_or(0.0, |estimate| estimate.value);
    let judged = parts
        .into_iter()
        .map(|(what, blocks)| (what, average(check, &blocks, look, levels)));
    let worst = judged.max_by(|(_, a), (_, b)| {
        let by_value = value(a).total_cmp(&value(b));
        a.verdict.cmp(&b.verdict).then(by_value)
    });
    worst.unwrap_or_else(|| (String::new(), CheckResult::open("nothing was measured")))
}

/// Of failures, or of hits where more is better: either way the share that must keep the limit.
fn share(
    check: &Check,
    blocks: &[Block],
    did: &str,
    look: Look,
    levels: CheckLevels,
) -> CheckResult {
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
        "{} of {} {did}, {} to {} with {} confidence",
        percent(value),
        count(seen.trials),
        percent(low),
        percent(high),
        percent(1.0 - levels.pass),
    );
    CheckResult {
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

fn bare(check: &Check, value: f64, why: &str, samples: u64) -> CheckResult {
    let shown = if check.limit.threshold().is_some() {
        time(value)
    } else {
        format::show(check.limit.unit, value)
    };
    CheckResult::bare(check, value, samples, format!("{shown} ({why})"))
}

#[cfg(test)]
#[path = "observed_tests.rs"]
mod tests;
