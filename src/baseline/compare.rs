//! The figures of two sides beside each other.

use super::text;
use crate::record::{RunResult, Status, Summary, Times};
use crate::report::Report;
use crate::requirement::{
    Check, Evidence, Interval, Intervals, Limit, Metric, Requirement, Scope, Severity, Unit,
    intervals, judge,
};
use crate::statistics::{Measured, difference, ratio};

/// A ratio of response times that is no matter, however sure: machines and builds differ by as much.
pub(super) const NOISE_RATIO: f64 = 1.10;
/// The intervals of both sides are made for a verdict on one run: they allow for the most correlation that its seconds
/// could hide, each of them. Together they err far less often than they may; with this many times the error, a comparison
/// still errs less often than it may, and finds what is there. Measured by `perf-tests/regression.rs`.
const SPARE: f64 = 3.0;
/// The same as the noise of ratios for shares of failures, in percent.
pub(super) const NOISE_SHARE: f64 = 0.5;
/// A comparison that can't even rule out that times doubled has settled nothing.
pub(super) const DOUBT_RATIO: f64 = 2.0;
/// The same for shares of failures, in percent.
pub(super) const DOUBT_SHARE: f64 = 5.0;
/// The figures that are judged; others are told with their intervals.
pub(super) const JUDGED: f64 = 3.0;

/// All that was compared.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// One for each figure of each scenario that both sides have, in the order of the later side.
    pub compared: Vec<Compared>,
    /// The confidence of the whole: that nothing is called worse that is not. The intervals that are told are those of
    /// the verdicts.
    pub confidence: f64,
    /// Scenarios that only one side has at one load, and that nobody can compare.
    pub left_out: Vec<String>,
    /// Scenarios that should have been compared and could not be, and why: nothing is settled while there is one.
    pub unsettled: Vec<String>,
}

/// One figure of one scenario on both sides.
#[derive(Debug, Clone, PartialEq)]
pub struct Compared {
    /// The scenario.
    pub scenario: String,
    /// What is compared.
    pub what: &'static str,
    /// Its unit.
    pub unit: Unit,
    /// Before: the mean of its runs.
    pub before: f64,
    /// After: the mean of its runs.
    pub after: f64,
    /// After over before for times and rates; after less before, in percent, for shares.
    pub change: Measured,
    /// How the later side stands; `None` for what is told and not judged.
    pub standing: Option<Standing>,
}

/// How a figure stands against what it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Worse: significantly, and by more than the noise.
    Worse,
    /// Better: significantly, and by more than the noise.
    Better,
    /// Neither is shown, and much worse is ruled out.
    Same,
    /// Neither is shown, and much worse is not ruled out: the interval is too wide to tell.
    Open,
}

impl Comparison {
    /// What got worse.
    pub fn worse(&self) -> impl Iterator<Item = &Compared> {
        self.compared
            .iter()
            .filter(|one| one.standing == Some(Standing::Worse))
    }
}

/// Holds `after` against `before`, each of one session or several.
///
/// `confidence`, in (0.5, 1), is that of all verdicts together: the error that it allows is divided among the
/// figures that are judged (Bonferroni). Searches are not compared, nor runs that are not complete.
pub fn compare(before: &[&Report], after: &[&Report], confidence: f64) -> Comparison {
    let (mut left_out, mut unsettled) = (Vec::new(), Vec::new());
    let mut pairs = Vec::new();
    for scenario in scenarios(after) {
        let (a, b) = (runs_of(before, &scenario), runs_of(after, &scenario));
        match (a.is_empty(), b.is_empty()) {
            (false, false) => pairs.push((scenario, a, b)),
            (true, true) => {}
            (true, false) => left_out.push(format!(
                "{scenario}: the earlier side has no complete run of it"
            )),
            (false, true) => unsettled.push(format!(
                "{scenario}: the later side has no complete run of it"
            )),
        }
    }
    let alpha = SPARE * (1.0 - confidence) / (JUDGED * pairs.len().max(1) as f64);
    let alpha = alpha.min(0.25);
    let compared = pairs
        .iter()
        .flat_map(|(scenario, a, b)| figures(scenario, a, b, alpha));
    let compared: Vec<Compared> = compared.collect();
    unsettled.extend(text::open(&compared));
    let known = scenarios(after);
    let gone = scenarios(before)
        .into_iter()
        .filter(|name| !known.contains(name));
    left_out.extend(gone.map(|name| format!("{name}: the later side did not run it")));
    Comparison {
        compared,
        confidence,
        left_out,
        unsettled,
    }
}

fn scenarios(reports: &[&Report]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for shown in reports.iter().flat_map(|report| &report.runs) {
        if !names.contains(&shown.run.scenario) {
            names.push(shown.run.scenario.clone());
        }
    }
    names
}

fn runs_of<'a>(reports: &[&'a Report], scenario: &str) -> Vec<&'a RunResult> {
    let runs = reports
        .iter()
        .flat_map(|report| &report.runs)
        .map(|shown| &shown.run);
    let fit = |run: &&RunResult| {
        run.scenario == scenario && run.status == Status::Complete && run.search.is_none()
    };
    runs.filter(fit).collect()
}

/// What is known of one run.
struct Known {
    times: Option<Times>,
    sure: Intervals,
    errors: Option<Measured>,
    rps: Option<f64>,
}

fn known(run: &RunResult, alpha: f64) -> Known {
    let summary = Summary::of(run);
    Known {
        times: Times::of(&summary.response),
        sure: closed(intervals(run, 1.0 - alpha).times.response),
        errors: errors(run, alpha),
        rps: summary.rps,
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

/// A figure of times: its name, whether it is judged, its value and its interval.
type Of = (
    &'static str,
    bool,
    fn(&Times) -> f64,
    fn(&Intervals) -> Interval,
);

fn figures(
    scenario: &str,
    before: &[&RunResult],
    after: &[&RunResult],
    alpha: f64,
) -> Vec<Compared> {
    let side =
        |runs: &[&RunResult]| -> Vec<Known> { runs.iter().map(|run| known(run, alpha)).collect() };
    let (a, b) = (side(before), side(after));
    let times_after = b.iter().filter_map(|known| known.times.as_ref());
    let slowest = times_after.map(|times| times.max).fold(0.0, f64::max);
    let times: [Of; 3] = [
        ("p50", true, |times| times.p50, |sure| sure.p50),
        ("p95", true, |times| times.p95, |sure| sure.p95),
        ("p99", false, |times| times.p99, |sure| sure.p99),
    ];
    let time = |(what, is_judged, value, end): Of| {
        let of = |side: &[Known]| -> Option<Vec<Measured>> {
            let one =
                |known: &Known| Some(measured(value(known.times.as_ref()?), end(&known.sure)));
            side.iter().map(one).collect()
        };
        let (a, b) = (of(&a)?, of(&b)?);
        let change = ratio(&a, &b, alpha)?;
        // Where an interval has no end, as where all requests take about as long, the slowest request stands in for it.
        let is_near = change.high.is_none() && slowest < DOUBT_RATIO * mean(&a);
        let standing = match standing(change, &TIMES) {
            Standing::Open if is_near => Standing::Same,
            standing => standing,
        };
        Some(Compared {
            scenario: scenario.to_owned(),
            what,
            unit: Unit::Time,
            before: mean(&a),
            after: mean(&b),
            change,
            standing: is_judged.then_some(standing),
        })
    };
    let mut found: Vec<Compared> = times.into_iter().filter_map(time).collect();
    found.extend(failures(scenario, &a, &b, alpha));
    found.extend(throughput(scenario, &a, &b, alpha));
    found
}

fn failures(scenario: &str, a: &[Known], b: &[Known], alpha: f64) -> Option<Compared> {
    let of = |side: &[Known]| -> Option<Vec<Measured>> {
        side.iter().map(|known| known.errors).collect()
    };
    let (a, b) = (of(a)?, of(b)?);
    let change = difference(&a, &b, alpha)?;
    Some(Compared {
        scenario: scenario.to_owned(),
        what: "failed",
        unit: Unit::Share,
        before: mean(&a),
        after: mean(&b),
        change,
        standing: Some(standing(change, &SHARES)),
    })
}

/// Requests answered well per second: at an offered load they tell of the load as much as of the target.
fn throughput(scenario: &str, a: &[Known], b: &[Known], alpha: f64) -> Option<Compared> {
    let of = |side: &[Known]| -> Option<Vec<Measured>> {
        let one = |known: &Known| Some(measured(known.rps?, Interval::default()));
        side.iter().map(one).collect()
    };
    let (a, b) = (of(a)?, of(b)?);
    Some(Compared {
        scenario: scenario.to_owned(),
        what: "req/s",
        unit: Unit::Rate,
        before: mean(&a),
        after: mean(&b),
        change: ratio(&a, &b, alpha)?,
        standing: None,
    })
}

/// What a change is held against.
pub(super) struct Scale {
    /// No change.
    none: f64,
    /// Between these a change is no matter.
    noise: (f64, f64),
    /// What has to be ruled out before something is called the same.
    doubt: f64,
}

/// Of ratios of times.
pub(super) const TIMES: Scale = Scale {
    none: 1.0,
    noise: (1.0 / NOISE_RATIO, NOISE_RATIO),
    doubt: DOUBT_RATIO,
};

/// Of differences of shares, in percent.
pub(super) const SHARES: Scale = Scale {
    none: 0.0,
    noise: (-NOISE_SHARE, NOISE_SHARE),
    doubt: DOUBT_SHARE,
};

pub(super) fn standing(change: Measured, scale: &Scale) -> Standing {
    let (least, most) = scale.noise;
    if change.low.is_some_and(|low| low > scale.none) && change.value > most {
        Standing::Worse
    } else if change.high.is_some_and(|high| high < scale.none) && change.value < least {
        Standing::Better
    } else if change.high.is_none_or(|high| high >= scale.doubt) {
        Standing::Open
    } else {
        Standing::Same
    }
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
