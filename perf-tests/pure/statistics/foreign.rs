//! Targets that the method was not made for: queues, slow waves, rare stalls, warm-up. A p95 in runs of `phase8`'s length.

use super::cores::{on_all_cores, runs};
use super::model::Random;
use super::verdicts::{ALPHA, Tally};
use agentos_perf::statistics::{
    Block, Decision, Look, ProportionEvidence, RankBlock, bounds, decide, dependence, trend,
    upper_bound_anytime,
};

const RATE: f64 = 50.0;
const ALLOWED: f64 = 0.05;
/// A look at every second from the least to the budget, as `api` of `phase8` has them.
const LEAST: usize = 10;
const PLANNED: usize = 20;
const BUDGET: usize = 35;
/// And on to sixteen times the extension while the correlation of requests alone keeps it open, at most so long.
const LATEST: usize = PLANNED + 240;
/// The seconds of one step of an extension.
const STEP: usize = 5;
/// What the judge asks of a pass that is early, or whose requests hang together.
const MARGIN: f64 = 0.8;
const WIDE_MARGIN: f64 = 0.64;
/// Disturbances that a run at the limit must expect: for a pass without a margin, and for one without the wide margin.
const ENOUGH: f64 = 10.0;
const SEEN: f64 = 3.0;
pub(crate) const RUNS: u32 = 400;
/// Of the logarithm of a latency.
const SPREAD: f64 = 0.6;
/// What 5 % of a normal variable exceed.
const P95: f64 = 1.644_853_626_951_472_7;
/// Buckets of a tenth, as the seconds of a run have them.
const BUCKETS: usize = 400;

/// The true p95 over the limit.
pub(crate) const FACTORS: [f64; 4] = [1.3, 1.02, 0.98, 0.4];
/// Where it has room to spare.
pub(crate) const HEALTHY: usize = 3;

#[derive(Debug, Clone, Copy)]
enum Model {
    Independent,
    /// AR(1) logarithms of latency; the correlation falls to 1/e in so many seconds.
    Autoregressive(f64),
    /// M/M/1 with this share of its capacity asked: latency is the time in the system.
    Queue(f64),
    /// Requests due in a stall of so many seconds wait for its end; it comes again after so many.
    Stalls(f64, f64),
    /// The sum of five autoregressive processes from 0.1 s to 26 s.
    Waves,
    /// Five times as slow at first, and less by a factor of e every eight seconds.
    WarmUp,
}

const MODELS: [Model; 10] = [
    Model::Independent,
    Model::Autoregressive(0.2),
    Model::Autoregressive(1.0),
    Model::Autoregressive(5.0),
    Model::Queue(0.8),
    Model::Queue(0.9),
    Model::Queue(0.97),
    Model::Stalls(3.5, 61.0),
    Model::Waves,
    Model::WarmUp,
];

impl Model {
    fn name(self) -> String {
        match self {
            Model::Independent => "independent".to_owned(),
            Model::Autoregressive(length) => format!("AR(1), {length} s"),
            Model::Queue(load) => format!("M/M/1 at {:.0} %", 100.0 * load),
            Model::Stalls(length, every) => format!("a stall of {length} s every {every} s"),
            Model::Waves => "1/f".to_owned(),
            Model::WarmUp => "warm-up of 8 s (the p95 it ends at)".to_owned(),
        }
    }

    /// The stalls leave 3.9 % of all requests over such a limit, 78 % of what is allowed; and a service that warms up throughout the
    /// run has another p95 at its end.
    fn may_be_healthy(self) -> bool {
        !matches!(self, Model::Stalls(..) | Model::WarmUp)
    }

    /// Latencies of a run, over their true p95.
    fn latencies(self, random: &mut Random) -> Vec<f64> {
        let n = (RATE * LATEST as f64) as usize;
        let log_normal = |z: f64| (SPREAD * (z - P95)).exp();
        match self {
            Model::Independent => (0..n).map(|_| log_normal(random.normal())).collect(),
            Model::Autoregressive(length) => {
                let mut wave = Wave::new(length, random);
                (0..n).map(|_| log_normal(wave.next(random))).collect()
            }
            Model::Queue(load) => queue(load, n, random),
            Model::Stalls(length, every) => {
                let begins = random.uniform() * every;
                let p95 = length * (1.0 - ALLOWED * every / length);
                let wait = |due: f64| {
                    let within = (due + begins) % every;
                    (within < length).then(|| (length - within) / p95)
                };
                (0..n)
                    .map(|request| wait(request as f64 / RATE).unwrap_or(0.01))
                    .collect()
            }
            Model::Waves => {
                let mut waves = [0.1, 0.4, 1.6, 6.4, 25.6].map(|length| Wave::new(length, random));
                (0..n)
                    .map(|_| {
                        let sum: f64 = waves.iter_mut().map(|wave| wave.next(random)).sum();
                        log_normal(sum / 5_f64.sqrt())
                    })
                    .collect()
            }
            Model::WarmUp => (0..n)
                .map(|request| {
                    let cold = 4.0 * (-(request as f64) / RATE / 8.0).exp();
                    (1.0 + cold) * log_normal(random.normal())
                })
                .collect(),
        }
    }
}

/// An autoregressive process of normal variables, one for each request.
struct Wave {
    keeps: f64,
    state: f64,
}

impl Wave {
    fn new(length: f64, random: &mut Random) -> Wave {
        Wave {
            keeps: (-1.0 / (RATE * length)).exp(),
            state: random.normal(),
        }
    }

    fn next(&mut self, random: &mut Random) -> f64 {
        let noise = (1.0 - self.keeps * self.keeps).sqrt();
        self.state = self.keeps * self.state + noise * random.normal();
        self.state
    }
}

/// Times in the system, which are exponential.
fn queue(load: f64, n: usize, random: &mut Random) -> Vec<f64> {
    let serves = RATE / load;
    let p95 = 20_f64.ln() / (serves - RATE);
    let idle = random.uniform() < 1.0 - load;
    let mut wait = if idle {
        0.0
    } else {
        -random.uniform().ln() / (serves - RATE)
    };
    (0..n)
        .map(|_| {
            let service = -random.uniform().ln() / serves;
            let time = wait + service;
            wait = (time + random.uniform().ln() / RATE).max(0.0);
            time / p95
        })
        .collect()
}

/// One target, judged at different distances from its limit.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) target: String,
    /// Whether a run of that length can show that it keeps a limit that is two and a half times as long.
    pub(crate) may_be_healthy: bool,
    /// One for each of [`FACTORS`].
    pub(crate) tallies: Vec<Tally>,
}

pub(crate) fn measure() -> Vec<Row> {
    let cases: Vec<_> = MODELS
        .into_iter()
        .flat_map(|model| FACTORS.map(|factor| (model, factor)))
        .collect();
    let tallies = on_all_cores(&cases, |&(model, factor)| {
        let seeds = 0..runs(RUNS);
        Tally::of(seeds.map(|seed| {
            let mut random = Random(u64::from(seed) * 7919 + 1);
            settle(&model.latencies(&mut random), 1.0 / factor)
        }))
    });
    let rows = MODELS.iter().zip(tallies.chunks(FACTORS.len()));
    rows.map(|(model, tallies)| Row {
        target: model.name(),
        may_be_healthy: model.may_be_healthy(),
        tallies: tallies.to_vec(),
    })
    .collect()
}

/// The verdict on a run that may end at any second.
fn settle(latencies: &[f64], limit: f64) -> Decision {
    let run = Run::new(latencies, limit);
    for end in LEAST..=LATEST {
        let look = match end.cmp(&PLANNED) {
            std::cmp::Ordering::Equal => Look::Planned,
            _ => Look::Anytime,
        };
        let decision = run.judged(end, look);
        let goes_on =
            end < BUDGET || !(end - BUDGET).is_multiple_of(STEP) || run.is_worth_more(end);
        if decision != Decision::Undecided || !goes_on {
            return decision;
        }
    }
    Decision::Undecided
}

/// The seconds of a run, with those of its requests that are over the limit, and over the limit with each margin.
struct Run<'a> {
    seconds: Vec<&'a [f64]>,
    over: [Vec<Block>; 3],
}

impl Run<'_> {
    fn new(latencies: &[f64], limit: f64) -> Run<'_> {
        let seconds: Vec<&[f64]> = latencies.chunks(RATE as usize).collect();
        let over = [1.0, MARGIN, WIDE_MARGIN].map(|part| over(&seconds, part * limit));
        Run { seconds, over }
    }

    fn at(&self, end: usize, limit: usize, look: Look) -> Decision {
        let blocks = &self.over[limit][..end];
        // No look decides with the proportion so near to the limit, and no correlation makes it.
        let (hits, trials) = sums(blocks);
        let error = (trials * ALLOWED * (1.0 - ALLOWED)).sqrt();
        if (hits - ALLOWED * trials).abs() < 1.5 * error {
            return Decision::Undecided;
        }
        let evidence = ProportionEvidence::from_blocks(blocks, 0.0);
        let (low, high) = bounds(&evidence, look, ALPHA);
        decide(low, high, ALLOWED, false)
    }

    /// Whether it would pass if requests were independent.
    fn is_worth_more(&self, end: usize) -> bool {
        let (hits, trials) = sums(&self.over[0][..end]);
        upper_bound_anytime(hits, trials, ALPHA / 2.0) < ALLOWED
    }

    /// Whether it has the margin that the judge asks of a pass, where requests hang together for so many seconds.
    fn may_pass(&self, end: usize, length: f64, look: Look) -> bool {
        let passes = |margin: usize| self.at(end, margin, look) == Decision::Below;
        let expected = (end as f64) * ALLOWED;
        let (is_early, is_short) = (end < PLANNED, expected < ENOUGH * length);
        if end > BUDGET {
            let (hits, trials) = sums(&self.over[2][..end]);
            return hits < 0.5 * ALLOWED * trials || passes(1);
        }
        if is_early && is_short {
            return false;
        }
        if expected < SEEN * length {
            return passes(2);
        }
        !(is_early || is_short) || passes(1)
    }

    /// The bounds with all that the judge asks beyond them.
    fn judged(&self, end: usize, look: Look) -> Decision {
        let is_early = end < PLANNED;
        let found = self.at(end, 0, look);
        if found == Decision::Undecided {
            return found;
        }
        let seconds = &self.seconds[..end];
        let (ranks, variance) = ranks(seconds);
        let length = dependence(&ranks, variance).unwrap_or(0.0);
        if found == Decision::Below && !self.may_pass(end, length, look) {
            return Decision::Undecided;
        }
        if let Some(change) = trend(&ranks) {
            let moves_away = (found == Decision::Below) == (change > 0.0);
            if is_early && moves_away {
                return Decision::Undecided;
            }
            let (hits, trials) = sums(&self.over[0][end / 2..end]);
            if (found == Decision::Below) == (hits / trials >= ALLOWED) {
                return Decision::Undecided;
            }
        }
        found
    }
}

fn sums(blocks: &[Block]) -> (f64, f64) {
    blocks.iter().fold((0.0, 0.0), |sum, block| {
        (sum.0 + block.hits, sum.1 + block.trials)
    })
}

fn over(seconds: &[&[f64]], limit: f64) -> Vec<Block> {
    let block = |second: &&[f64]| Block {
        hits: second.iter().filter(|time| **time >= limit).count() as f64,
        trials: second.len() as f64,
    };
    seconds.iter().map(block).collect()
}

fn ranks(seconds: &[&[f64]]) -> (Vec<RankBlock>, f64) {
    let bucket = |time: f64| (((time.max(1e-6).ln() + 14.0) * 12.0) as usize).min(BUCKETS - 1);
    let mut counts = [0.0; BUCKETS];
    let times = seconds.iter().flat_map(|second| second.iter());
    times.for_each(|time| counts[bucket(*time)] += 1.0);
    let requests: f64 = counts.iter().sum();
    let (mut below, mut variance, mut rank) = (0.0, 0.0, [0.0; BUCKETS]);
    for (rank, count) in rank.iter_mut().zip(&counts) {
        *rank = (below + 0.5 * count) / requests;
        variance += count / requests * (*rank - 0.5).powi(2);
        below += count;
    }
    let block = |second: &&[f64]| RankBlock {
        ranks: second.iter().map(|time| rank[bucket(*time)]).sum(),
        requests: second.len() as f64,
    };
    (seconds.iter().map(block).collect(), variance)
}
