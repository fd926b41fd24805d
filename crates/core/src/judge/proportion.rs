//! Checks that are proportions: quantiles of the response time, error and success rates.

use super::cluster_series::ClusterSeries;
use super::evidence::Slice;
use super::over_time::OverTime;
use super::proportion_text::proportion_reason;
use super::text::time;
use super::weighed::{Allowed, Weighed, verdict, weigh, weigh_blocks};
use super::{CheckLevels, CheckResult, journeys};
use crate::record::{Counts, Window};
use crate::requirement::{Check, Comparison, Estimate, Limit, MARGIN, Verdict};
use crate::statistics::{Block, Decision, shown_level};

/// `p95 < 200 ms` says that fewer than 5 % of the requests take 200 ms or more.
pub(super) fn quantile(
    check: &Check,
    quantile: f64,
    slice: &Slice<'_>,
    levels: CheckLevels,
) -> CheckResult {
    let Some(index) = counter(slice, &check.limit) else {
        return CheckResult::open(format!(
            "the run did not count requests against {}",
            check.limit
        ));
    };
    let allowed = Allowed {
        share: 1.0 - quantile,
        inclusive: false,
    };
    let over = |counts: &Counts| counts.over[index];
    let blameless = |counts: &Counts| counts.over[index] - counts.over_by_generator[index];
    let weighed = weigh(over, slice, &allowed, levels);
    let without = weigh(blameless, slice, &allowed, levels);
    let units = slice.part.units();
    let what = if check.limit.comparison == Comparison::Less {
        format!("{units} took {} or more", time(check.limit.value))
    } else {
        format!("{units} took more than {}", time(check.limit.value))
    };
    let by_poll = |counts: &Counts| counts.over_by_poll.get(index).copied().unwrap_or(0);
    let over_time = OverTime::of(slice);
    let mut finding = CheckResult {
        estimate: Some(quantile_estimate(quantile, slice, &weighed, levels)),
        verdict: verdict(weighed.decision, without.decision),
        reason: proportion_reason(
            &what,
            [&weighed, &without],
            &allowed,
            levels,
            &slice.run.generator,
        ),
    };
    if finding.verdict == Verdict::Pass && !may_pass(check, slice, &over_time, &allowed, levels) {
        let too_short = over_time.too_short(allowed.share);
        finding.doubt(too_short.filter(|_| !levels.are_independent));
    }
    if slice.each(by_poll).iter().any(|count| *count > 0) {
        let in_any_case = |counts: &Counts| counts.over[index].saturating_sub(by_poll(counts));
        let without_poll = weigh(in_any_case, slice, &allowed, levels);
        let may_be_in_time = weighed.hits - without_poll.hits;
        if weighed.decision != Decision::Below && without_poll.decision != weighed.decision {
            finding.doubt(Some(journeys::polled(slice, may_be_in_time)));
        }
    }
    let over_later = |later: Window| {
        let half = Slice {
            window: later,
            ..*slice
        };
        share(&half.blocks(over)) >= allowed.share
    };
    finding.doubt_trend(&over_time, slice.window, over_later);
    finding.speak_of_reach(&over_time, &allowed);
    doubt_unreached(&mut finding, over, slice, &allowed, levels);
    finding
}

/// Takes a pass that would not stand if the journeys that ended before a step had failed in it.
fn doubt_unreached(
    finding: &mut CheckResult,
    hits: impl Fn(&Counts) -> u64,
    slice: &Slice<'_>,
    allowed: &Allowed,
    levels: CheckLevels,
) {
    let unreached = slice.each(|counts| counts.unreached).iter().sum::<u64>();
    if unreached == 0 || finding.verdict != Verdict::Pass {
        return;
    }
    let blocks = journeys::with_unreached(slice, &hits);
    if weigh_blocks(blocks, slice, allowed, levels).decision != Decision::Below {
        finding.doubt(Some(journeys::unreached(slice, unreached)));
    }
}

/// Which of a run's exact counters belongs to a limit of time.
fn counter(slice: &Slice<'_>, limit: &Limit) -> Option<usize> {
    let threshold = limit.threshold()?.as_nanos() as u64;
    let mut counted = slice.run.thresholds.iter();
    counted.position(|at| *at == threshold)
}

/// Whether a quantile that passes has the margin that it needs, by the length of its run and by how requests are correlated.
fn may_pass(
    check: &Check,
    slice: &Slice<'_>,
    over_time: &OverTime<'_>,
    allowed: &Allowed,
    levels: CheckLevels,
) -> bool {
    let [margin, wide_margin] = [check.limit.with_margin(), check.limit.with_wide_margin()];
    let passes_against = |limit: &Option<Limit>| {
        let index = limit.as_ref().and_then(|limit| counter(slice, limit));
        index.is_some_and(|index| {
            let over = |counts: &Counts| counts.over[index];
            weigh(over, slice, allowed, levels).decision == Decision::Below
        })
    };
    let is_far_below = |limit: &Option<Limit>| {
        let index = limit.as_ref().and_then(|limit| counter(slice, limit));
        index.is_some_and(|index| {
            // A figure of a long run: bounds that allow for its correlation would ask for a longer one still.
            let over = share(&slice.blocks(|counts| counts.over[index]));
            over < 0.5 * allowed.share
        })
    };
    let is_correlated = !levels.are_independent;
    let is_too_short = is_correlated && over_time.too_short(allowed.share).is_some();
    let is_early = slice.window.is_cut_short();
    if slice.window.is_extended_for_correlation() {
        return is_far_below(&wide_margin) || passes_against(&margin);
    }
    // A short run that is cut shorter has no margin to lean on.
    if is_early && is_too_short {
        return false;
    }
    if is_correlated && over_time.may_miss_all(allowed.share) {
        return passes_against(&wide_margin);
    }
    !(is_early || is_too_short) || passes_against(&margin)
}

fn share(blocks: &[Block]) -> f64 {
    let hits: f64 = blocks.iter().map(|block| block.hits).sum();
    let trials: f64 = blocks.iter().map(|block| block.trials).sum();
    hits / trials.max(1.0)
}

impl CheckResult {
    fn doubt(&mut self, why: Option<String>) {
        self.verdict = Verdict::Inconclusive;
        if let Some(why) = why {
            self.reason += &format!("; {why}");
        }
    }

    /// Names a trend, and takes no verdict that it alone has made: without what changed during the run it would be the other
    /// way round, or may be so by the planned end. `is_over` says whether a part of the run is over the limit.
    fn doubt_trend(
        &mut self,
        over_time: &OverTime<'_>,
        window: Window,
        is_over: impl Fn(Window) -> bool,
    ) {
        let is_moving_away = match self.verdict {
            Verdict::Pass => over_time.may_rise(),
            Verdict::Fail => over_time.falls(),
            Verdict::Inconclusive => false,
        };
        if window.is_cut_short() && is_moving_away {
            self.verdict = Verdict::Inconclusive;
        }
        let Some((trend, later)) = over_time.trend().zip(over_time.later_half(window)) else {
            return;
        };
        let without_it = if is_over(later) {
            Verdict::Fail
        } else {
            Verdict::Pass
        };
        if self.verdict != without_it {
            self.verdict = Verdict::Inconclusive;
        }
        self.reason += &format!("; {trend}");
    }

    /// Says for which disturbances the verdict speaks.
    fn speak_of_reach(&mut self, over_time: &OverTime<'_>, allowed: &Allowed) {
        self.reason += &format!("; {}", over_time.reach(self.verdict, allowed.share));
    }
}

/// Error and success rates, both as the proportion of failed requests.
pub(super) fn failures(
    check: &Check,
    slice: &Slice<'_>,
    levels: CheckLevels,
    success: bool,
) -> CheckResult {
    let limit = check.limit.value / 100.0;
    let allowed = Allowed {
        share: if success { 1.0 - limit } else { limit },
        inclusive: check.limit.comparison.is_inclusive(),
    };
    let weighed = weigh(|counts| counts.failed, slice, &allowed, levels);
    let blameless = |counts: &Counts| counts.failed - counts.failed_by_generator;
    let without = weigh(blameless, slice, &allowed, levels);
    let shown = |share: f64| {
        if success {
            100.0 - 100.0 * share
        } else {
            100.0 * share
        }
    };
    let (a, b) = (shown(weighed.low), shown(weighed.high));
    let mut finding = CheckResult {
        estimate: Some(Estimate {
            value: shown(weighed.hits / weighed.trials.max(1.0)),
            low: Some(a.min(b)),
            high: Some(a.max(b)),
            samples: weighed.trials as u64,
            effective_samples: weighed.effective,
        }),
        verdict: verdict(weighed.decision, without.decision),
        reason: proportion_reason(
            &format!("{} failed", slice.part.units()),
            [&weighed, &without],
            &allowed,
            levels,
            &slice.run.generator,
        ),
    };
    if finding.verdict == Verdict::Pass
        && slice.window.is_cut_short()
        && weighed.high >= MARGIN * allowed.share
    {
        finding.doubt(None);
    }
    finding.speak_of_reach(&OverTime::of(slice), &allowed);
    doubt_unreached(
        &mut finding,
        |counts| counts.failed,
        slice,
        &allowed,
        levels,
    );
    finding
}

/// The quantile itself, with its interval; none in the middle of a run, which has no times yet.
fn quantile_estimate(
    quantile: f64,
    slice: &Slice<'_>,
    weighed: &Weighed,
    levels: CheckLevels,
) -> Estimate {
    let samples = weighed.trials as u64;
    let times = slice.response();
    if times.is_empty() {
        return Estimate {
            value: 0.0,
            low: None,
            high: None,
            samples,
            effective_samples: weighed.effective,
        };
    }
    let all = slice.response_of_all();
    let seconds: Vec<_> = slice.seconds().iter().collect();
    let series = ClusterSeries::of_due(slice.run, slice.part, &seconds, &times, &all);
    let alpha = shown_level(slice.look(), levels.pass);
    let interval = series.interval(quantile, alpha);
    Estimate {
        value: times.quantile_ms(quantile),
        low: interval.low,
        high: interval.high,
        samples,
        effective_samples: weighed.effective,
    }
}
