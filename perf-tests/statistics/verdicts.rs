//! Runs of the whole procedure: a look at the planned end, then up to three into an extension.

use crate::model::{Model, Random, slowness};
use agentos_perf::statistics::{Block, Decision, Look, ProportionEvidence, bounds, decide};

pub const ALPHA: f64 = 0.05;
const PLANNED: usize = 20;
const EXTENSIONS: usize = 3;
const STEP: usize = 5;

/// How often the procedure gave which verdict.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Tally {
    pub runs: u32,
    pub passed: u32,
    pub failed: u32,
}

impl Tally {
    pub fn pass_rate(self) -> f64 {
        f64::from(self.passed) / f64::from(self.runs)
    }

    pub fn fail_rate(self) -> f64 {
        f64::from(self.failed) / f64::from(self.runs)
    }
}

/// Verdicts of "less than `limit` of the requests are slow" when `truth` of them are.
pub fn verdicts(model: Model, rate: f64, limit: f64, truth: f64, runs: u32, seed: u64) -> Tally {
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
