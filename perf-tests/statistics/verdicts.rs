//! Runs of the whole procedure: a look at the planned end, then up to three into an extension.

use crate::model::{Model, Random, slowness};
use agentos_perf::statistics::{Block, Decision, Look, ProportionEvidence, bounds, decide};

pub(crate) const ALPHA: f64 = 0.05;
const PLANNED: usize = 20;
const EXTENSIONS: usize = 3;
const STEP: usize = 5;

/// How often the procedure gave which verdict.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Tally {
    pub(crate) runs: u32,
    pub(crate) passed: u32,
    pub(crate) failed: u32,
}

impl Tally {
    pub(crate) fn pass_rate(self) -> f64 {
        f64::from(self.passed) / f64::from(self.runs)
    }

    pub(crate) fn fail_rate(self) -> f64 {
        f64::from(self.failed) / f64::from(self.runs)
    }
}

/// One virtual target against one limit.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) target: String,
    pub(crate) model: Model,
    /// Share of slow requests that the requirement forbids to reach.
    pub(crate) limit: f64,
    /// One for each of [`ODDS`].
    pub(crate) tallies: Vec<Tally>,
}

/// True odds of a slow request over those at the limit: at the limit, slightly worse and better, far
/// worse and better.
pub(crate) const ODDS: [f64; 5] = [1.0, 1.25, 0.8, 4.0, 0.25];
const RUNS: [u32; 5] = [2000, 1000, 1000, 500, 500];

impl Row {
    /// Whether a planned run right at the limit spends five correlation lengths over it.
    pub(crate) fn within_reach(&self) -> bool {
        self.limit * PLANNED as f64 >= 5.0 * self.model.correlation_length() - 1e-9
    }

    /// The wrong verdicts: passed at the limit or over it, failed at it or under it.
    pub(crate) fn wrong(&self) -> Vec<(f64, Tally)> {
        let mut wrong = Vec::new();
        for (&odds, &tally) in ODDS.iter().zip(&self.tallies) {
            if odds >= 1.0 {
                wrong.push((tally.pass_rate(), tally));
            }
            if odds <= 1.0 {
                wrong.push((tally.fail_rate(), tally));
            }
        }
        wrong
    }
}

pub(crate) fn measure() -> Vec<Row> {
    let models = [
        (Model::Independent, 50.0),
        (Model::Independent, 200.0),
        (Model::Autoregressive(0.2), 100.0),
        (Model::Autoregressive(1.0), 100.0),
        (Model::Stalls(0.5, 1.0), 100.0),
        (Model::Stalls(0.5, 0.5), 100.0),
    ];
    let mut rows = Vec::new();
    for (model, rate) in models {
        for limit in [0.5, 0.05, 0.01] {
            let tallies = ODDS.iter().zip(RUNS).map(|(odds, runs)| {
                let truth = odds * limit / (1.0 - limit + odds * limit);
                verdicts(model, rate, limit, truth, runs, 1)
            });
            let target = format!("{}, {rate} req/s", model.name());
            rows.push(Row {
                target,
                model,
                limit,
                tallies: tallies.collect(),
            });
        }
    }
    rows
}

/// Verdicts of "less than `limit` of the requests are slow" when `truth` of them are.
fn verdicts(model: Model, rate: f64, limit: f64, truth: f64, runs: u32, seed: u64) -> Tally {
    let mut random = Random(seed);
    let mut tally = Tally {
        runs,
        ..Tally::default()
    };
    for _ in 0..runs {
        match verdict(model, rate, limit, truth, &mut random) {
            Decision::Below => tally.passed += 1,
            Decision::Above => tally.failed += 1,
            Decision::Undecided => {}
        }
    }
    tally
}

fn verdict(model: Model, rate: f64, limit: f64, truth: f64, random: &mut Random) -> Decision {
    let seconds = PLANNED + EXTENSIONS * STEP;
    let run = slowness(model, rate, seconds as f64, truth, random);
    let blocks: Vec<Block> = run
        .chunks(rate as usize)
        .map(|second| Block {
            hits: second.iter().filter(|&&u| u < truth).count() as f64,
            trials: second.len() as f64,
        })
        .collect();
    for look in 0..=EXTENSIONS {
        let evidence = ProportionEvidence::from_blocks(&blocks[..PLANNED + look * STEP], 0.0);
        let kind = if look == 0 { Look::First } else { Look::Later };
        let (low, high) = bounds(&evidence, kind, ALPHA);
        let decision = decide(low, high, limit, false);
        if decision != Decision::Undecided {
            return decision;
        }
    }
    Decision::Undecided
}
