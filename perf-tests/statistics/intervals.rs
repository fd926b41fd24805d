//! How often an interval misses the truth.

use crate::model::{Model, Random, slowness};
use crate::verdicts::ALPHA;
use agentos_perf::statistics::{Block, Look, MeanBlock, ProportionEvidence, bounds, design_effect};
use agentos_perf::statistics::{mean_interval, quantile_ranks};
use statrs::function::erf::erfc_inv;

const RUNS: u32 = 1000;
/// Puts the border for a mean at a run of 25 correlation lengths: it has no counts whose exact bound
/// would make up for a variance seen too small.
const MEAN_SHARE: f64 = 0.2;
const RATE: usize = 100;
const SECONDS: usize = 20;

/// Misses of one figure on one virtual target.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) target: String,
    pub(crate) figure: &'static str,
    pub(crate) within_reach: bool,
    pub(crate) runs: u32,
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
    let mut rows = Vec::new();
    for model in [
        Model::Independent,
        Model::Autoregressive(0.2),
        Model::Autoregressive(1.0),
    ] {
        for latency in &LATENCIES {
            rows.extend(of_latency(model, latency));
        }
    }
    rows
}

fn of_latency(model: Model, latency: &Latency) -> Vec<Row> {
    const FIGURES: [(&str, f64); 5] = [
        ("share over p95", 0.05),
        ("mean", MEAN_SHARE),
        ("p50", 0.5),
        ("p95", 0.05),
        ("p99", 0.01),
    ];
    let mut random = Random(7);
    let mut misses = [(0_u32, 0_u32); 5];
    for _ in 0..RUNS {
        let tails = slowness(model, RATE as f64, SECONDS as f64, 0.5, &mut random);
        let run: Vec<f64> = tails.into_iter().map(latency.at).collect();
        let found = [
            (share_over(&run, (latency.at)(0.05)), 0.05),
            (mean(&run), latency.mean),
            (quantile(&run, 0.5), (latency.at)(0.5)),
            (quantile(&run, 0.95), (latency.at)(0.05)),
            (quantile(&run, 0.99), (latency.at)(0.01)),
        ];
        for (missed, ((low, high), truth)) in misses.iter_mut().zip(found) {
            missed.0 += u32::from(low > truth);
            missed.1 += u32::from(high < truth);
        }
    }
    let share = |count: u32| f64::from(count) / f64::from(RUNS);
    FIGURES
        .iter()
        .zip(misses)
        .map(|(&(figure, tail), (below, above))| Row {
            target: format!("{}, {}", model.name(), latency.name),
            figure,
            within_reach: tail * SECONDS as f64 >= 5.0 * model.correlation_length(),
            runs: RUNS,
            truth_below: share(below),
            truth_above: share(above),
        })
        .collect()
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
    let mut sorted = run.to_vec();
    sorted.sort_by(f64::total_cmp);
    let n = sorted.len() as f64;
    let read = |p: f64| sorted[(p * n).ceil() as usize - 1];
    let share = design_effect(&counted(run, read(q))).effective_share(n, ALPHA);
    let ranks = quantile_ranks(q, n * share, ALPHA);
    (
        ranks.low.map_or(f64::NEG_INFINITY, read),
        ranks.high.map_or(f64::INFINITY, read),
    )
}
