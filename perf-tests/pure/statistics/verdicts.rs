//! Runs of the whole procedure: a look at the planned end, then up to three into an extension.

use super::cores::{on_all_cores, runs};
use super::model::{Model, Random, Seconds};
use agentos_perf::statistics::{Block, Decision, Look, ProportionEvidence, bounds, decide};

pub(crate) const ALPHA: f64 = 0.05;
const SHORTEST: usize = 20;
const EXTENSIONS: usize = 3;

/// Disturbances that a planned run right at the limit must expect for its verdict to be within reach.
pub(crate) const ENOUGH: f64 = 10.0;

/// How often the procedure gave which verdict.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Tally {
    pub(crate) runs: u32,
    pub(crate) passed: u32,
    pub(crate) failed: u32,
}

impl Tally {
    pub(crate) fn of(decisions: impl Iterator<Item = Decision>) -> Tally {
        decisions.fold(Tally::default(), |tally, decision| Tally {
            runs: tally.runs + 1,
            passed: tally.passed + u32::from(decision == Decision::Below),
            failed: tally.failed + u32::from(decision == Decision::Above),
        })
    }

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
    pub(crate) target: Target,
    /// Share of slow requests that the requirement forbids to reach.
    pub(crate) limit: f64,
    /// Planned length of a run, in seconds.
    pub(crate) planned: usize,
    /// One for each of [`ODDS`].
    pub(crate) tallies: Vec<Tally>,
}

/// One virtual target against one limit, in runs that are too short for it.
#[derive(Debug)]
pub(crate) struct Risk {
    pub(crate) target: Target,
    pub(crate) limit: f64,
    /// One for each of [`TOO_FEW`], at the limit.
    pub(crate) tallies: Vec<Tally>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Target {
    pub(crate) model: Model,
    pub(crate) rate: f64,
}

impl Target {
    pub(crate) fn name(self) -> String {
        format!("{}, {} req/s", self.model.name(), self.rate)
    }

    /// Seconds in which this many disturbances are expected when the target is right at the limit.
    pub(crate) fn length(self, limit: f64, disturbances: f64) -> usize {
        (disturbances * self.model.disturbance() / limit - 1e-9).ceil() as usize
    }
}

const TARGETS: [Target; 7] = [
    of(Model::Independent, 50.0),
    of(Model::Independent, 200.0),
    of(Model::Autoregressive(0.2), 100.0),
    of(Model::Autoregressive(1.0), 100.0),
    of(Model::Stalls(0.5, 1.0), 100.0),
    of(Model::Stalls(0.5, 0.5), 100.0),
    of(Model::Stalls(0.2, 0.2), 100.0),
];

const LIMITS: [f64; 3] = [0.5, 0.05, 0.01];

const fn of(model: Model, rate: f64) -> Target {
    Target { model, rate }
}

/// True odds of a slow request over those at the limit: at the limit, slightly worse and better, far
/// worse and better.
pub(crate) const ODDS: [f64; 5] = [1.0, 1.25, 0.8, 4.0, 0.25];
pub(crate) const RUNS: [u32; 5] = [2000, 1000, 1000, 500, 500];

/// Disturbances expected in runs that are too short.
pub(crate) const TOO_FEW: [f64; 3] = [1.0, 3.0, 5.0];

impl Row {
    /// The shares of wrong verdicts, and of how many runs: passed at the limit or over it, failed at it or under it.
    pub(crate) fn wrong(&self) -> Vec<(f64, u32)> {
        let mut wrong = Vec::new();
        for (&odds, &tally) in ODDS.iter().zip(&self.tallies) {
            if odds >= 1.0 {
                wrong.push((tally.pass_rate(), tally.runs));
            }
            if odds <= 1.0 {
                wrong.push((tally.fail_rate(), tally.runs));
            }
        }
        wrong
    }
}

/// Runs of 20 s, or as long as it takes to expect enough disturbances.
pub(crate) fn within_reach() -> Vec<Row> {
    each_target(|target, limit| {
        let planned = target.length(limit, ENOUGH).max(SHORTEST);
        let tallies = ODDS.iter().zip(RUNS).map(|(odds, usual)| {
            let truth = odds * limit / (1.0 - limit + odds * limit);
            verdicts(target, planned, limit, truth, runs(usual))
        });
        Row {
            target,
            limit,
            planned,
            tallies: tallies.collect(),
        }
    })
}

/// Runs that are too short for the disturbances that make the target slow.
pub(crate) fn out_of_reach() -> Vec<Risk> {
    let mut risks = each_target(|target, limit| {
        let tallies = TOO_FEW.iter().map(|&disturbances| {
            let planned = target.length(limit, disturbances);
            verdicts(target, planned, limit, limit, runs(RUNS[0]))
        });
        Risk {
            target,
            limit,
            tallies: if target.length(limit, TOO_FEW[0]) < SHORTEST {
                Vec::new()
            } else {
                tallies.collect()
            },
        }
    });
    risks.retain(|risk| !risk.tallies.is_empty());
    risks
}

pub(crate) fn each_target<T: Send>(one: impl Fn(Target, f64) -> T + Sync) -> Vec<T> {
    let limits = |&target| LIMITS.map(|limit| (target, limit));
    let cases: Vec<_> = TARGETS.iter().flat_map(limits).collect();
    on_all_cores(&cases, |&(target, limit)| one(target, limit))
}

/// Verdicts of "less than `limit` of the requests are slow" when `truth` of them are.
fn verdicts(target: Target, planned: usize, limit: f64, truth: f64, runs: u32) -> Tally {
    let mut random = Random(1);
    let mut tally = Tally {
        runs,
        ..Tally::default()
    };
    for _ in 0..runs {
        match verdict(target, planned, limit, truth, &mut random) {
            Decision::Below => tally.passed += 1,
            Decision::Above => tally.failed += 1,
            Decision::Undecided => {}
        }
    }
    tally
}

fn verdict(
    target: Target,
    planned: usize,
    limit: f64,
    truth: f64,
    random: &mut Random,
) -> Decision {
    let step = planned.div_ceil(4);
    let mut run = Seconds::new(target.model, target.rate, truth, random);
    let mut blocks = Vec::new();
    for look in 0..=EXTENSIONS {
        blocks.resize_with(planned + look * step, || Block {
            hits: run.hits(),
            trials: target.rate,
        });
        let evidence = ProportionEvidence::from_blocks(&blocks, 0.0);
        let kind = if look == 0 {
            Look::Planned
        } else {
            Look::Anytime
        };
        let (low, high) = bounds(&evidence, kind, ALPHA);
        let decision = decide(low, high, limit, false);
        if decision != Decision::Undecided {
            return decision;
        }
    }
    Decision::Undecided
}
