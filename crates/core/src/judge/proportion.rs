//! Checks that are proportions: quantiles of the response time, error and success rates.

use super::evidence::Slice;
use super::interval::ClusterSeries;
use super::over_time::OverTime;
use super::text::{count, percent, time};
use super::{CheckLevels, CheckResult};
use crate::record::{Counts, Generator, Window};
use crate::requirement::Check;
use crate::requirement::{Comparison, Limit, MARGIN};
use crate::requirement::{Estimate, Verdict};
use crate::statistics::{
    Block, Decision, DesignEffect, Look, ProportionEvidence, WorstAgain, bounds, decide,
    shown_level,
};

/// A generator that is less late than this at p99, in milliseconds, has held up nothing that shows.
const LATE_MS: f64 = 10.0;

/// The proportion of bad requests that is allowed.
pub(super) struct Allowed {
    pub(super) share: f64,
    /// Whether exactly this share is still allowed.
    pub(super) inclusive: bool,
}

/// What the counts say of a proportion.
pub(super) struct Weighed {
    pub(super) hits: f64,
    pub(super) trials: f64,
    pub(super) low: f64,
    pub(super) high: f64,
    /// What the trials are worth as independent ones, for the bound that decides.
    pub(super) effective: f64,
    decision: Decision,
}

impl Weighed {
    /// The hits among `blocks` in the order of time; `unsettled` of their trials have not ended yet.
    pub(super) fn of(
        blocks: &[Block],
        unsettled: u64,
        look: Look,
        allowed: &Allowed,
        levels: CheckLevels,
    ) -> Weighed {
        Weighed::of_users([blocks, &[]], unsettled, look, allowed, levels)
    }

    /// The same with what each user, or each group of users, had of them.
    fn of_users(
        [blocks, users]: [&[Block]; 2],
        unsettled: u64,
        look: Look,
        allowed: &Allowed,
        levels: CheckLevels,
    ) -> Weighed {
        let mut evidence = ProportionEvidence::from_users(blocks, users, unsettled as f64);
        if levels.are_independent {
            evidence.design = DesignEffect::NONE;
            evidence.again = WorstAgain::NONE;
        }
        let high = bounds(&evidence, look, levels.pass).1;
        let low = bounds(&evidence, look, levels.fail).0;
        let decision = decide(low, high, allowed.share, allowed.inclusive);
        let effective = match decision {
            Decision::Above => evidence.effective(look, levels.fail).0,
            _ => evidence.effective(look, levels.pass).1,
        };
        Weighed {
            hits: evidence.hits,
            trials: evidence.trials,
            low,
            high,
            effective,
            decision,
        }
    }

    /// The verdict where nothing of it can be the generator's fault.
    pub(super) fn verdict(&self) -> Verdict {
        verdict(self.decision, self.decision)
    }
}

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
    let what = if check.limit.comparison == Comparison::Less {
        format!("took {} or more", time(check.limit.value))
    } else {
        format!("took more than {}", time(check.limit.value))
    };
    let over_time = OverTime::of(slice);
    let mut finding = CheckResult {
        estimate: Some(quantile_estimate(quantile, slice, &weighed, levels)),
        verdict: verdict(weighed.decision, without.decision),
        reason: told(
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
    let over_later = |later: Window| {
        let half = Slice {
            window: later,
            ..*slice
        };
        share(&half.blocks(over)) >= allowed.share
    };
    finding.doubt_trend(&over_time, slice.window, over_later);
    finding.speak_of_reach(&over_time, &allowed);
    finding
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
        reason: told(
            "failed",
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
    finding
}

fn weigh(
    hits: impl Fn(&Counts) -> u64,
    slice: &Slice<'_>,
    allowed: &Allowed,
    levels: CheckLevels,
) -> Weighed {
    let (blocks, users) = (slice.blocks(&hits), slice.users(&hits));
    let weighed = |blocks: &[Block], users: &[Block], unsettled: u64| {
        Weighed::of_users([blocks, users], unsettled, slice.look(), allowed, levels)
    };
    let mut seen = weighed(&blocks, &users, slice.unsettled);
    let still_to_come = slice.still_to_come();
    if seen.decision == Decision::Below && still_to_come > 0 {
        // As hits they would also tell how hits come together: a pass that ends the run early must survive that.
        let (mut worst, mut worst_users) = (blocks, users);
        let last = worst.last_mut().into_iter();
        last.for_each(|block| block.hits = (block.hits + still_to_come as f64).min(block.trials));
        let theirs = worst_users.iter_mut().take(still_to_come as usize);
        theirs.for_each(|user| *user = user.with_hit());
        if weighed(&worst, &worst_users, 0).decision != Decision::Below {
            seen.decision = Decision::Undecided;
        }
    }
    seen
}

/// A verdict that hangs on what the generator itself was late with is none.
fn verdict(all: Decision, without_generator: Decision) -> Verdict {
    match (all, without_generator) {
        (Decision::Below, _) => Verdict::Pass,
        (Decision::Above, Decision::Above) => Verdict::Fail,
        _ => Verdict::Inconclusive,
    }
}

fn told(
    what: &str,
    [all, without]: [&Weighed; 2],
    allowed: &Allowed,
    levels: CheckLevels,
    generator: &Generator,
) -> String {
    let share = percent(all.hits / all.trials.max(1.0));
    let sure = percent(1.0 - levels.pass);
    let bound = match all.decision {
        Decision::Below => format!("at most {} with {sure} confidence", percent(all.high)),
        Decision::Above => format!("at least {} with {sure} confidence", percent(all.low)),
        Decision::Undecided => format!(
            "{} to {} with {sure} confidence",
            percent(all.low),
            percent(all.high)
        ),
    };
    let trials = count(all.trials);
    let allowed = percent(allowed.share);
    let blame = if all.decision != Decision::Below && without.decision != all.decision {
        let own = count(all.hits - without.hits);
        format!(
            "; without the {own} that {} it would be otherwise",
            held_up(generator)
        )
    } else {
        String::new()
    };
    format!("{share} of {trials} requests {what}, {bound} (allowed: {allowed}){blame}")
}

/// What kept requests from being sent when they were due, and is not the target's.
fn held_up(generator: &Generator) -> String {
    const ITSELF: &str = "the load generator itself held up";
    let limit = generator
        .connection_limit
        .filter(|_| !generator.waits.is_empty());
    let Some(limit) = limit else {
        return ITSELF.to_owned();
    };
    let waited =
        format!("waited while the plan's `connections = {limit}` was in use by earlier requests");
    // Both kinds are in the same counter; the histograms tell them apart.
    if generator.lag.quantile_ms(0.99) < LATE_MS {
        return waited;
    }
    format!("{waited}, or {ITSELF},")
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
