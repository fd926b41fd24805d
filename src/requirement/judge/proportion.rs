//! Checks that are proportions: quantiles of the response time, error and success rates.

use super::super::judgement::{Estimate, Verdict};
use super::super::limit::Comparison;
use super::super::metric::Metric;
use super::super::model::Check;
use super::evidence::Slice;
use super::interval::Series;
use super::text::{count, percent, time};
use super::{Finding, Levels};
use crate::record::Counts;
use crate::statistics::{Block, Decision, Look, ProportionEvidence, bounds, decide, level};

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
    /// What the trials are worth as independent ones.
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
        levels: Levels,
    ) -> Weighed {
        Weighed::of_users([blocks, &[]], unsettled, look, allowed, levels)
    }

    /// The same with what each user, or each group of users, had of them.
    fn of_users(
        [blocks, users]: [&[Block]; 2],
        unsettled: u64,
        look: Look,
        allowed: &Allowed,
        levels: Levels,
    ) -> Weighed {
        let evidence = ProportionEvidence::from_users(blocks, users, unsettled as f64);
        let high = bounds(&evidence, look, levels.pass).1;
        let low = bounds(&evidence, look, levels.fail).0;
        let share = evidence
            .design
            .effective_share(evidence.trials, levels.pass);
        Weighed {
            hits: evidence.hits,
            trials: evidence.trials,
            low,
            high,
            effective: share * evidence.trials,
            decision: decide(low, high, allowed.share, allowed.inclusive),
        }
    }

    /// The verdict where nothing of it can be the generator's fault.
    pub(super) fn verdict(&self) -> Verdict {
        verdict(self.decision, self.decision)
    }
}

/// `p95 < 200 ms` says that fewer than 5 % of the requests take 200 ms or more.
pub(super) fn quantile(check: &Check, quantile: f64, slice: &Slice<'_>, levels: Levels) -> Finding {
    let threshold = check.limit.threshold().map(|time| time.as_nanos() as u64);
    let Some(index) = slice
        .run
        .thresholds
        .iter()
        .position(|at| Some(*at) == threshold)
    else {
        return Finding::open(format!(
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
    Finding {
        estimate: Some(quantile_estimate(quantile, slice, &weighed, levels)),
        verdict: verdict(weighed.decision, without.decision),
        reason: told(&what, &weighed, &without, &allowed, levels),
    }
}

/// Error and success rates, both as the proportion of failed requests.
pub(super) fn failures(check: &Check, slice: &Slice<'_>, levels: Levels) -> Finding {
    let limit = check.limit.value / 100.0;
    let success = check.metric == Metric::SuccessRate;
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
    Finding {
        estimate: Some(Estimate {
            value: shown(weighed.hits / weighed.trials.max(1.0)),
            low: Some(a.min(b)),
            high: Some(a.max(b)),
            samples: weighed.trials as u64,
            effective_samples: weighed.effective,
        }),
        verdict: verdict(weighed.decision, without.decision),
        reason: told("failed", &weighed, &without, &allowed, levels),
    }
}

fn weigh(
    hits: impl Fn(&Counts) -> u64,
    slice: &Slice<'_>,
    allowed: &Allowed,
    levels: Levels,
) -> Weighed {
    let (blocks, users) = (slice.blocks(&hits), slice.users(&hits));
    let (unsettled, look) = (slice.unsettled, slice.look());
    Weighed::of_users([&blocks, &users], unsettled, look, allowed, levels)
}

/// A verdict that hangs on what the generator itself was late with is none.
fn verdict(all: Decision, without_generator: Decision) -> Verdict {
    match (all, without_generator) {
        (Decision::Below, _) => Verdict::Pass,
        (Decision::Above, Decision::Above) => Verdict::Fail,
        _ => Verdict::Inconclusive,
    }
}

fn told(what: &str, all: &Weighed, without: &Weighed, allowed: &Allowed, levels: Levels) -> String {
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
        format!("; without the {own} that the load generator itself held up it would be otherwise")
    } else {
        String::new()
    };
    format!("{share} of {trials} requests {what}, {bound} (allowed: {allowed}){blame}")
}

/// The quantile itself, with its interval; none in the middle of a run, which has no times yet.
fn quantile_estimate(
    quantile: f64,
    slice: &Slice<'_>,
    weighed: &Weighed,
    levels: Levels,
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
    let series = Series::of_due(slice.run, slice.part, &seconds, &times, &all);
    let alpha = level(slice.look(), seconds.len() as f64, levels.pass);
    let (interval, effective_samples) = series.interval(quantile, alpha);
    Estimate {
        value: times.quantile_ms(quantile),
        low: interval.low,
        high: interval.high,
        samples,
        effective_samples,
    }
}
