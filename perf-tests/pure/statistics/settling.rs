//! Runs that end as soon as they are settled: a look at every second from the least length to the budget.

use super::cores::{on_all_cores, runs};
use super::model::{Model, Random, Seconds};
use super::verdicts::{ALPHA, ENOUGH, ODDS, Row, Tally, Target, each_target};
use agentos_perf::statistics::{
    Block, Decision, Look, MeanBlock, ProportionEvidence, bounds, decide, level, mean_interval,
};

/// Seconds that are judged at least.
const SHORTEST: usize = 10;
/// Where it takes longer than this to expect enough disturbances, a run is left out for want of time: the same
/// number of them is in the shorter ones.
const LONGEST: usize = 200;
/// Fewer runs where each of them is long.
const LONG: usize = 100;
pub(crate) const RUNS: [u32; 5] = [800, 400, 400, 200, 200];
pub(crate) const SAVING_RUNS: u32 = 100;

/// When a run is looked at, in seconds of its judged part.
#[derive(Debug, Clone, Copy)]
struct Lengths {
    least: usize,
    planned: usize,
    budget: usize,
}

impl Lengths {
    /// In the proportions of `phase8`: planned for twice the least, and three quarters of that more.
    fn from(least: usize) -> Lengths {
        Lengths {
            least,
            planned: 2 * least,
            budget: 7 * least / 2,
        }
    }
}

/// Verdicts at any stopping time; [`Row::planned`] is the least length.
pub(crate) fn verdicts() -> Vec<Row> {
    let rows = each_target(|target, limit| {
        let least = target.length(limit, ENOUGH).max(SHORTEST);
        let few = if least >= LONG { 2 } else { 1 };
        let tally = |(odds, usual): (&f64, u32)| {
            let truth = odds * limit / (1.0 - limit + odds * limit);
            let runs = (0..runs(usual) / few).map(|run| {
                let lengths = Lengths::from(least);
                settle(target, lengths, limit, truth, &mut Random(run.into())).0
            });
            Tally::of(runs)
        };
        (least <= LONGEST).then(|| Row {
            target,
            limit,
            planned: least,
            tallies: ODDS.iter().zip(RUNS).map(tally).collect(),
        })
    });
    rows.into_iter().flatten().collect()
}

/// How long it takes to settle a p95.
#[derive(Debug)]
pub(crate) struct Saving {
    /// The true p95, in milliseconds.
    pub(crate) p95: u32,
    pub(crate) model: Model,
    /// Seconds judged at most.
    pub(crate) budget: usize,
    /// The median of the seconds until it was settled, or to the end of the budget.
    pub(crate) median: usize,
    pub(crate) tally: Tally,
}

/// p95 of log-normal latencies against 200 ms, 50 requests a second.
pub(crate) fn savings() -> Vec<Saving> {
    const LIMIT_MS: f64 = 200.0;
    /// Of the logarithm of a latency: p95 is 2.7 times the median.
    const SPREAD: f64 = 0.6;
    /// What 5 % of a normal variable exceed.
    const P95: f64 = 1.644_853_626_951_472_7;
    let long = Lengths {
        least: SHORTEST,
        planned: 200,
        budget: 300,
    };
    let each = |p95: u32| {
        let models = [Model::Independent, Model::Autoregressive(0.2)];
        models.into_iter().flat_map(move |model| {
            [Lengths::from(SHORTEST), long].map(|lengths| (p95, model, lengths))
        })
    };
    let cases: Vec<_> = [40, 100, 150, 180, 195, 200, 205, 250]
        .into_iter()
        .flat_map(each)
        .collect();
    on_all_cores(&cases, |&(p95, model, lengths)| {
        let target = Target { model, rate: 50.0 };
        let beyond = (LIMIT_MS / f64::from(p95)).ln() / SPREAD + P95;
        let truth = super::model::upper_tail(beyond);
        let runs: Vec<_> = (0..SAVING_RUNS)
            .map(|run| settle(target, lengths, 0.05, truth, &mut Random(run.into())))
            .collect();
        let mut lasted: Vec<usize> = runs.iter().map(|(_, seconds)| *seconds).collect();
        lasted.sort_unstable();
        Saving {
            p95,
            model,
            budget: lengths.budget,
            median: lasted[lasted.len() / 2],
            tally: Tally::of(runs.into_iter().map(|(decision, _)| decision)),
        }
    })
}

/// The verdict of "less than `limit` of the requests are slow" when `truth` of them are, and after how many
/// seconds.
fn settle(
    target: Target,
    lengths: Lengths,
    limit: f64,
    truth: f64,
    random: &mut Random,
) -> (Decision, usize) {
    let mut seconds = Seconds::new(target.model, target.rate, truth, random);
    let mut blocks: Vec<Block> = Vec::new();
    let mut sum = Sum::default();
    for second in 1..=lengths.budget {
        let block = Block {
            hits: seconds.hits(),
            trials: target.rate,
        };
        blocks.push(block);
        sum.add(block);
        let (look, errors) = if second == lengths.planned {
            (Look::Planned, 1.5)
        } else {
            (Look::Anytime, 2.2)
        };
        if second < lengths.least || !sum.is_beyond(errors, limit) {
            continue;
        }
        let (low, high) = bounds(&ProportionEvidence::from_blocks(&blocks, 0.0), look, ALPHA);
        let decision = decide(low, high, limit, false);
        if decision != Decision::Undecided {
            return (decision, second);
        }
    }
    (Decision::Undecided, lengths.budget)
}

/// Spares most looks that can't decide: the planned one never does with the proportion within 1.5 standard errors
/// of the limit, any other within 2.2; and single seconds never show these as longer than all batches do.
#[derive(Default)]
struct Sum {
    blocks: f64,
    hits: f64,
    trials: f64,
    squares: f64,
}

impl Sum {
    fn add(&mut self, block: Block) {
        self.blocks += 1.0;
        self.hits += block.hits;
        self.trials += block.trials;
        self.squares += block.hits * block.hits;
    }

    fn is_beyond(&self, errors: f64, limit: f64) -> bool {
        let share = self.hits / self.trials;
        let among = self.squares - self.hits * self.hits / self.blocks;
        let correlated = among * self.blocks / (self.blocks - 1.0);
        let independent = self.trials * share * (1.0 - share);
        let factor = if independent > 0.0 {
            (correlated / independent).max(1.0)
        } else {
            1.0
        };
        let error = (self.trials * limit * (1.0 - limit) * factor).sqrt();
        (self.hits - limit * self.trials).abs() >= errors * error
    }
}

/// How often a mean's bound misses at any of the looks.
#[derive(Debug)]
pub(crate) struct Mean {
    pub(crate) target: String,
    pub(crate) least: usize,
    pub(crate) runs: u32,
    pub(crate) truth_below: f64,
    pub(crate) truth_above: f64,
}

/// Means of log-normal latencies, and of a rate that varies like independent arrivals.
pub(crate) fn means() -> Vec<Mean> {
    const RUNS: u32 = 2400;
    const RATE: f64 = 100.0;
    const SPREAD: f64 = 0.6;
    let cases = [
        (Model::Independent, 10),
        (Model::Autoregressive(0.2), 20),
        (Model::Autoregressive(1.0), 100),
    ];
    let truth = (SPREAD * SPREAD / 2.0).exp();
    on_all_cores(&cases, |&(model, least)| {
        let mut misses = (0_u32, 0_u32);
        for run in 0..runs(RUNS) {
            let mut random = Random(run.into());
            let mut seconds = Seconds::new(model, RATE, 0.5, &mut random);
            let lengths = Lengths::from(least);
            let mut blocks = Vec::new();
            let mut missed = (false, false);
            for second in 1..=lengths.budget {
                blocks.push(MeanBlock {
                    sum: seconds.normals().map(|z| (SPREAD * z).exp()).sum(),
                    count: RATE,
                });
                if second < least {
                    continue;
                }
                let look = if second == lengths.planned {
                    Look::Planned
                } else {
                    Look::Anytime
                };
                let alpha = level(look, second as f64, ALPHA);
                let found = mean_interval(&blocks, alpha).expect("a run has requests");
                missed.0 |= found.low > truth;
                missed.1 |= found.high < truth;
            }
            misses.0 += u32::from(missed.0);
            misses.1 += u32::from(missed.1);
        }
        let share = |count: u32| f64::from(count) / f64::from(runs(RUNS));
        Mean {
            target: format!("{}, log-normal", model.name()),
            least,
            runs: runs(RUNS),
            truth_below: share(misses.0),
            truth_above: share(misses.1),
        }
    })
}
