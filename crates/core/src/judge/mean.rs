//! Checks that are means over blocks of time: mean response time and throughput.

use super::evidence::Slice;
use super::over_time::reach_of_mean;
use super::text::{count, percent, time};
use super::{CheckLevels, CheckResult};
use crate::record::Generator;
use crate::requirement::Check;
use crate::requirement::{Estimate, Verdict};
use crate::statistics::{
    Look, MeanBlock, MeanInterval, level, mean_interval_of_users, shown_level,
};

/// Mean response time of all due requests, failed ones at what they are charged.
pub(super) fn response_time(check: &Check, slice: &Slice<'_>, levels: CheckLevels) -> CheckResult {
    let blocks = blocks(slice.each(|one| one.time), slice.each(|one| one.due));
    let users = self::blocks(
        slice.each_user(|one| one.time),
        slice.each_user(|one| one.due),
    );
    let due: f64 = blocks.iter().map(|block| block.count).sum();
    let mut finding = weigh_users(check, &blocks, &users, slice.look(), levels, time);
    let mean = blocks.iter().map(|block| block.sum).sum::<f64>() / due.max(1.0);
    let generator = &slice.run.generator;
    let (lag, wait) = (generator.lag.mean_ms(), generator.mean_wait_ms());
    if finding.verdict == Verdict::Fail && check.limit.holds(mean - lag - wait) {
        finding.verdict = Verdict::Inconclusive;
        finding.reason += &not_the_targets(generator, lag, wait);
    }
    let is_early = slice.window.is_cut_short();
    if is_early
        && finding.verdict == Verdict::Pass
        && !has_margin(check, [&blocks, &users], slice, levels)
    {
        finding.verdict = Verdict::Inconclusive;
    }
    if slice.still_to_come() > 0 {
        // They may take any time.
        finding.verdict = Verdict::Inconclusive;
    }
    if let Some(estimate) = &mut finding.estimate {
        estimate.samples = due as u64;
    }
    finding.reason += &format!("; {}", reach_of_mean(blocks.len(), finding.verdict));
    finding
}

/// What of a mean is not the target's.
fn not_the_targets(generator: &Generator, lag: f64, wait: f64) -> String {
    let lateness = format!("{} of it is the load generator's own lateness", time(lag));
    match generator.connection_limit.filter(|_| wait > 0.0) {
        None => format!("; {lateness}"),
        Some(limit) => {
            let waited = format!(
                "{} of it is the wait while the plan's `connections = {limit}` was in use by earlier requests",
                time(wait)
            );
            if wait >= lag {
                format!("; {waited}")
            } else {
                format!("; {waited}; {lateness}")
            }
        }
    }
}

/// Sums of times in nanoseconds, and how many they are.
fn blocks(sums: Vec<u64>, counts: Vec<u64>) -> Vec<MeanBlock> {
    let pairs = sums.into_iter().zip(counts);
    pairs
        .map(|(sum, count)| MeanBlock {
            sum: sum as f64 / 1e6,
            count: count as f64,
        })
        .collect()
}

/// Whether a mean time passes against a stricter limit as well.
fn has_margin(
    check: &Check,
    [blocks, users]: [&[MeanBlock]; 2],
    slice: &Slice<'_>,
    levels: CheckLevels,
) -> bool {
    check.limit.with_margin().is_some_and(|limit| {
        let stricter = Check {
            limit,
            ..check.clone()
        };
        weigh_users(&stricter, blocks, users, slice.look(), levels, time).verdict == Verdict::Pass
    })
}

/// Successful requests in each whole second, whenever they were due.
pub(super) fn throughput(check: &Check, slice: &Slice<'_>, levels: CheckLevels) -> CheckResult {
    let seconds = slice.whole_seconds();
    let blocks: Vec<MeanBlock> = seconds
        .iter()
        .map(|second| MeanBlock {
            sum: second.done_ok as f64,
            count: 1.0,
        })
        .collect();
    let shown = |rate| format!("{rate:.1}/s");
    let mut finding = weigh(check, &blocks, slice.look(), levels, shown);
    let still_to_come = slice.still_to_come() as f64;
    if still_to_come > 0.0 {
        // All or none of them may be answered in the last second.
        let mut most = blocks;
        most.last_mut()
            .into_iter()
            .for_each(|block| block.sum += still_to_come);
        if weigh(check, &most, slice.look(), levels, shown).verdict != finding.verdict {
            finding.verdict = Verdict::Inconclusive;
        }
    }
    let offered = slice.due() as f64 / seconds.len().max(1) as f64;
    finding.reason += &format!("; {offered:.1}/s were offered");
    if finding.verdict == Verdict::Fail && !check.limit.holds(offered) {
        finding.verdict = Verdict::Inconclusive;
        finding.reason += ", too few to tell";
    }
    if let Some(estimate) = &mut finding.estimate {
        estimate.samples = seconds.iter().map(|second| second.done_ok).sum();
    }
    finding.reason += &format!("; {}", reach_of_mean(seconds.len(), finding.verdict));
    finding
}

/// The mean over blocks against its limit.
pub(super) fn weigh(
    check: &Check,
    blocks: &[MeanBlock],
    look: Look,
    levels: CheckLevels,
    shown: impl Fn(f64) -> String,
) -> CheckResult {
    weigh_users(check, blocks, &[], look, levels, shown)
}

/// The same where users are known.
fn weigh_users(
    check: &Check,
    blocks: &[MeanBlock],
    users: &[MeanBlock],
    look: Look,
    levels: CheckLevels,
    shown: impl Fn(f64) -> String,
) -> CheckResult {
    let interval = |alpha: f64| {
        let alpha = level(look, blocks.len() as f64, alpha);
        mean_interval_of_users(blocks, users, alpha)
            .filter(|found| (found.high - found.low).is_finite())
    };
    let (Some(pass), Some(fail)) = (interval(levels.pass), interval(levels.fail)) else {
        return bare(blocks, &shown);
    };
    let upper = check.limit.comparison.is_upper();
    let (kept, missed) = if upper {
        (check.limit.holds(pass.high), !check.limit.holds(fail.low))
    } else {
        (check.limit.holds(pass.low), !check.limit.holds(fail.high))
    };
    let verdict = match (kept, missed) {
        (true, _) => Verdict::Pass,
        (false, true) => Verdict::Fail,
        (false, false) => Verdict::Inconclusive,
    };
    let MeanInterval { value, low, high } = pass;
    // No mean of what is measured here is negative: times, rates, shares.
    let low = low.max(0.0);
    let sure = percent(1.0 - levels.pass);
    let reason = format!(
        "{} on average, {} to {} with {sure} confidence",
        shown(value),
        shown(low),
        shown(high)
    );
    let interval = mean_interval_of_users(blocks, users, shown_level(look, levels.pass));
    let estimate = Estimate {
        value,
        low: interval.map(|shown| shown.low.max(0.0)),
        high: interval.map(|shown| shown.high),
        samples: 0,
        effective_samples: blocks.len() as f64,
    };
    CheckResult {
        estimate: Some(estimate),
        verdict,
        reason,
    }
}

/// Too short to tell how the mean varies.
fn bare(blocks: &[MeanBlock], shown: &impl Fn(f64) -> String) -> CheckResult {
    let all: f64 = blocks.iter().map(|block| block.count).sum();
    let value = blocks.iter().map(|block| block.sum).sum::<f64>() / all.max(1.0);
    let seconds = count(blocks.len() as f64);
    let estimate = Estimate {
        value,
        low: None,
        high: None,
        samples: 0,
        effective_samples: blocks.len() as f64,
    };
    CheckResult {
        estimate: Some(estimate),
        verdict: Verdict::Inconclusive,
        reason: format!(
            "{} on average over {seconds} seconds, too few to tell how it varies",
            shown(value)
        ),
    }
}
