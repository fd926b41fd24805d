//! How often an interval misses the truth.

use super::cores::{on_all_cores, runs};
use super::model::{Model, Random, slowness};
use super::reported;
use super::verdicts::ALPHA;
use agentos_perf::statistics::mean_interval;
use agentos_perf::statistics::{Block, Look, MeanBlock, ProportionEvidence, bounds};
use statrs::function::erf::erfc_inv;

pub(crate) const RUNS: u32 = 1000;
/// Disturbances beyond the figure that a run must expect: more than for a verdict, whose limit is known
/// and has a counter of its own.
const ENOUGH: f64 = 20.0;
/// Takes the tenth of the values that is furthest out for what a mean hangs on.
const MEAN_SHARE: f64 = 0.1;
const RATE: usize = 100;
const SHORTEST: usize = 20;

/// Misses of one figure on one virtual target.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) target: String,
    pub(crate) figure: &'static str,
    /// Length of a run, in seconds.
    pub(crate) seconds: usize,
    /// Share of runs whose interval lies above the truth.
    pub(crate) truth_below: f64,
    /// Share of runs whose interval lies below the truth.
    pub(crate) truth_above: f64,
}

/// A distribution of latency, in milliseconds, as a function of the upper tail.
struct Latency {
    name: &'static str,
    at: fn(f64) -> f64,
    mean: f64,
}

const LATENCIES: [Latency; 2] = [
    // Median 10 ms, sigma 0.5: the mean is 10 exp(0.125).
    Latency {
        name: "log-normal",
        at: log_normal,
        mean: 11.331_484_530_668_264,
    },
    // A tenth around 125 ms, the rest between 10 and 19 ms.
    Latency {
        name: "bimodal",
        at: bimodal,
        mean: 25.55,
    },
];

fn log_normal(tail: f64) -> f64 {
    10.0 * (0.5 * std::f64::consts::SQRT_2 * erfc_inv(2.0 * tail)).exp()
}

fn bimodal(tail: f64) -> f64 {
    if tail < 0.1 {
        100.0 * (1.0 + 5.0 * (0.1 - tail))
    } else {
        10.0 * (2.0 - tail)
    }
}

pub(crate) fn measure() -> Vec<Row> {
    let mut cases = Vec::new();
    for model in [
        Model::Independent,
        Model::Autoregressive(0.2),
        Model::Autoregressive(1.0),
    ] {
        for latency in &LATENCIES {
            cases.extend(FIGURES.iter().map(|figure| (model, latency, figure)));
        }
    }
    on_all_cores(&cases, |&(model, latency, figure)| {
        row(model, latency, figure)
    })
}

type Interval = fn(&[f64], &Latency) -> ((f64, f64), f64);

struct Figure {
    name: &'static str,
    /// Share of the values that it hangs on.
    tail: f64,
    /// Its interval in a run, and the truth.
    interval: Interval,
}

const FIGURES: [Figure; 7] = [
    Figure {
        name: "share over p95",
        tail: 0.05,
        interval: |run, latency| (share_over(run, (latency.at)(0.05)), 0.05),
    },
    Figure {
        name: "mean",
        tail: MEAN_SHARE,
        interval: |run, latency| (mean(run), latency.mean),
    },
    Figure {
        name: "p50",
        tail: 0.5,
        interval: |run, latency| (quantile(run, 0.5), (latency.at)(0.5)),
    },
    Figure {
        name: "p95",
        tail: 0.05,
        interval: |run, latency| (quantile(run, 0.95), (latency.at)(0.05)),
    },
    Figure {
        name: "p99",
        tail: 0.01,
        interval: |run, latency| (quantile(run, 0.99), (latency.at)(0.01)),
    },
    Figure {
        name: "p95 of an endpoint, disturbed as all are",
        tail: 0.05,
        interval: |run, latency| (one_of_five(run), (latency.at)(0.05)),
    },
    Figure {
        name: "p95 of an endpoint, disturbed alone",
        tail: 0.05,
        interval: |run, latency| (among_slower(run, latency), (latency.at)(0.05)),
    },
];

fn row(model: Model, latency: &Latency, figure: &Figure) -> Row {
    let enough = (ENOUGH * model.disturbance() / figure.tail - 1e-9).ceil() as usize;
    let seconds = enough.max(SHORTEST);
    let mut random = Random(7);
    let mut misses = (0_u32, 0_u32);
    for _ in 0..runs(RUNS) {
        let tails = slowness(model, RATE as f64, seconds as f64, 0.5, &mut random);
        let run: Vec<f64> = tails.into_iter().map(latency.at).collect();
        let ((low, high), truth) = (figure.interval)(&run, latency);
        misses.0 += u32::from(low > truth);
        misses.1 += u32::from(high < truth);
    }
    let share = |count: u32| f64::from(count) / f64::from(runs(RUNS));
    Row {
        target: format!("{}, {}", model.name(), latency.name),
        figure: figure.name,
        seconds,
        truth_below: share(misses.0),
        truth_above: share(misses.1),
    }
}

fn counted(run: &[f64], limit: f64) -> Vec<Block> {
    let hits = |second: &[f64]| second.iter().filter(|&&value| value > limit).count() as f64;
    run.chunks(RATE)
        .map(|second| Block {
            hits: hits(second),
            trials: second.len() as f64,
        })
        .collect()
}

fn share_over(run: &[f64], limit: f64) -> (f64, f64) {
    bounds(
        &ProportionEvidence::from_blocks(&counted(run, limit), 0.0),
        Look::Only,
        ALPHA,
    )
}

fn mean(run: &[f64]) -> (f64, f64) {
    let sums = run.chunks(RATE).map(|second| MeanBlock {
        sum: second.iter().sum(),
        count: second.len() as f64,
    });
    let interval = mean_interval(&sums.collect::<Vec<_>>(), ALPHA).expect("a run has requests");
    (interval.low, interval.high)
}

fn quantile(run: &[f64], q: f64) -> (f64, f64) {
    let alone = run.iter().map(|ms| (0, *ms));
    reported::interval(alone, RATE, 1, q)
}

/// The p95 of the first of five endpoints that are asked in turn.
fn one_of_five(run: &[f64]) -> (f64, f64) {
    let asked = run.iter().enumerate().map(|(i, ms)| (i % 5, *ms));
    reported::interval(asked, RATE, 5, 0.95)
}

/// The p95 of an endpoint among four others that are twice as slow, each of their requests on its own.
fn among_slower(run: &[f64], latency: &Latency) -> (f64, f64) {
    let mut random = Random(run[0].to_bits());
    let asked = run.iter().flat_map(|ms| {
        let others = [1, 2, 3, 4].map(|other| (other, 2.0 * (latency.at)(random.uniform())));
        std::iter::once((0, *ms)).chain(others)
    });
    reported::interval(asked, 5 * RATE, 5, 0.95)
}
