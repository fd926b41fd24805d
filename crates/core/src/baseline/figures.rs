//! The figures of one scenario on both sides.

use super::classify::{DOUBT_RATIO, SHARES, TIMES, blameless, reported_change, standing};
use super::generator_bias::{Blame, left};
use super::levels::ChangeLevels;
use crate::judge::{Evidence, intervals, judge};
use crate::record::{Histogram, RunResult, Summary};
use crate::requirement::{
    Check, Compared, Figure, Interval, Intervals, Limit, Metric, Requirement, Scope, Severity,
    Standing,
};
use crate::statistics::{Measured, difference, ratio};

/// What is known of one run.
struct RunFigures {
    response: Histogram,
    sure: Intervals,
    errors: Option<Measured>,
    rps: Option<f64>,
    blame: Blame,
}

fn known(run: &RunResult, alpha: f64) -> RunFigures {
    let summary = Summary::of(run);
    RunFigures {
        sure: closed(intervals(run, 1.0 - alpha).times.response),
        errors: errors(run, alpha),
        rps: summary.rps,
        blame: Blame::of(run, &summary),
        response: summary.response,
    }
}

/// A percentile whose requests were over it together may have no end where those farther out do. No percentile is above
/// a higher one, so what bounds that one from above bounds it too, and the other way round.
fn closed(sure: Intervals) -> Intervals {
    let (mut p50, mut p95, mut p99) = (sure.p50, sure.p95, sure.p99);
    p95.high = p95.high.or(p99.high);
    p50.high = p50.high.or(p95.high);
    p95.low = p95.low.or(p50.low);
    p99.low = p99.low.or(p95.low);
    Intervals {
        p50,
        p95,
        p99,
        ..sure
    }
}

/// A percentile: its name, its share, whether it is judged, its interval.
type Percentile = (Figure, f64, bool, fn(&Intervals) -> Interval);

const PERCENTILES: [Percentile; 3] = [
    (Figure::P50, 0.5, true, |sure| sure.p50),
    (Figure::P95, 0.95, true, |sure| sure.p95),
    (Figure::P99, 0.99, false, |sure| sure.p99),
];

/// All figures of a scenario that both sides have.
pub(super) fn figures(
    scenario: &str,
    before: &[&RunResult],
    after: &[&RunResult],
    levels: ChangeLevels,
) -> Vec<Compared> {
    let side = |runs: &[&RunResult]| -> Vec<RunFigures> {
        runs.iter().map(|run| known(run, levels.own)).collect()
    };
    let (a, b) = (side(before), side(after));
    let times = PERCENTILES.iter();
    let times = times.filter_map(|percentile| time(scenario, percentile, &a, &b, levels));
    let mut found: Vec<Compared> = times.collect();
    found.extend(failures(scenario, &a, &b, levels));
    found.extend(throughput(scenario, &a, &b, levels));
    found
}

fn time(
    scenario: &str,
    (what, quantile, is_judged, end): &Percentile,
    a: &[RunFigures],
    b: &[RunFigures],
    levels: ChangeLevels,
) -> Option<Compared> {
    let of = |side: &[RunFigures]| -> Option<Vec<Measured>> {
        let one = |known: &RunFigures| {
            let value = known.response.quantile_ms(*quantile);
            (!known.response.is_empty()).then(|| measured(value, end(&known.sure)))
        };
        side.iter().map(one).collect()
    };
    let moved = |side: &[RunFigures]| {
        let each = side.iter();
        let each = each.map(|known| known.blame.moved(&known.response, *quantile));
        each.sum::<f64>() / side.len() as f64
    };
    let slowest = b.iter().map(|known| known.response.max_ms());
    let slowest = slowest.fold(0.0, f64::max);
    let extra = moved(b) - moved(a);
    let (a, b) = (of(a)?, of(b)?);
    let change = ratio(&a, &b, levels.of_times())?;
    // Where an interval has no end, as where all requests take about as long, the slowest request stands in for it.
    let is_near = change.high.is_none() && slowest < DOUBT_RATIO * mean(&a);
    let all = match standing(change, &TIMES) {
        Standing::Open if is_near => Standing::Same,
        standing => standing,
    };
    let without = scaled(change, left(mean(&b), extra) / left(mean(&a), -extra));
    Some(Compared {
        scenario: scenario.to_owned(),
        what: *what,
        before: mean(&a),
        after: mean(&b),
        change: reported_change(change),
        standing: is_judged.then(|| blameless(all, standing(without, &TIMES))),
    })
}

fn scaled(change: Measured, factor: f64) -> Measured {
    Measured {
        value: change.value * factor,
        low: change.low.map(|low| low * factor),
        high: change.high.map(|high| high * factor),
    }
}

fn failures(
    scenario: &str,
    a: &[RunFigures],
    b: &[RunFigures],
    levels: ChangeLevels,
) -> Option<Compared> {
    let of = |side: &[RunFigures]| -> Option<Vec<Measured>> {
        side.iter().map(|known| known.errors).collect()
    };
    let failed = |side: &[RunFigures]| {
        side.iter().map(|one| one.blame.failed).sum::<f64>() / side.len() as f64
    };
    let extra = failed(b) - failed(a);
    let (a, b) = (of(a)?, of(b)?);
    let change = difference(&a, &b, levels.of_shares())?;
    let without = Measured {
        value: change.value - extra,
        low: change.low.map(|low| low - extra),
        high: change.high.map(|high| high - extra),
    };
    Some(Compared {
        scenario: scenario.to_owned(),
        what: Figure::Failed,
        before: mean(&a),
        after: mean(&b),
        change: reported_change(change),
        standing: Some(blameless(
            standing(change, &SHARES),
            standing(without, &SHARES),
        )),
    })
}

/// Successful requests per second: at an offered load they tell of the load as much as of the target.
fn throughput(
    scenario: &str,
    a: &[RunFigures],
    b: &[RunFigures],
    levels: ChangeLevels,
) -> Option<Compared> {
    let of = |side: &[RunFigures]| -> Option<Vec<Measured>> {
        let one = |known: &RunFigures| Some(measured(known.rps?, Interval::default()));
        side.iter().map(one).collect()
    };
    let (a, b) = (of(a)?, of(b)?);
    Some(Compared {
        scenario: scenario.to_owned(),
        what: Figure::Throughput,
        before: mean(&a),
        after: mean(&b),
        change: reported_change(ratio(&a, &b, levels.of_shares())?),
        standing: None,
    })
}

fn measured(value: f64, interval: Interval) -> Measured {
    Measured {
        value,
        low: interval.low,
        high: interval.high,
    }
}

pub(super) fn mean(side: &[Measured]) -> f64 {
    side.iter().map(|one| one.value).sum::<f64>() / side.len() as f64
}

/// The share of failures in percent, as it is judged everywhere.
fn errors(run: &RunResult, alpha: f64) -> Option<Measured> {
    let check = Check {
        metric: Metric::ErrorRate,
        scope: Scope::All,
        limit: Limit::parse("< 1 %").ok()?,
    };
    let requirement = Requirement {
        name: String::new(),
        severity: Severity::Important,
        scenario: Some(run.scenario.clone()),
        checks: vec![check],
    };
    let evidence = Evidence {
        runs: vec![run],
        ..Evidence::default()
    };
    let estimate = judge(&requirement, &evidence, 1.0 - alpha)
        .checks
        .first()?
        .estimate?;
    Some(Measured {
        value: estimate.value,
        low: estimate.low,
        high: estimate.high,
    })
}
