//! Users that differ: each request is independent of the others but for whose it is.

use std::fmt::Write as _;

use agentos_perf::judge::intervals;
use agentos_perf::statistics::{Block, Decision, Look, ProportionEvidence, bounds, decide};

use super::cores::{may_show, on_all_cores, runs};
use super::model::{Random, upper_tail};
use super::recorded::record_users;
use super::verdicts::{ALPHA, Tally};

/// Spread of the logarithms of a user's response times.
const SIGMA: f64 = 0.5;
const RATE: usize = 64;
pub(crate) const RUNS: u32 = 2000;
/// Fewer where an interval is made from the record of each run.
pub(crate) const INTERVAL_RUNS: u32 = 1000;
/// The groups that users are counted in.
const GROUPS: usize = 61;
/// True times over the limit.
const TRUTHS: [f64; 4] = [1.02, 0.98, 1.25, 0.8];

/// How users differ.
#[derive(Debug, Clone, Copy)]
enum Kind {
    /// In nothing.
    Alike,
    /// Each has a speed of its own: the spread of its logarithm.
    Speeds(f64),
    /// This share of them, chosen by chance, is slower by a factor.
    Slow(f64, f64),
}

#[derive(Debug, Clone, Copy)]
struct Case {
    name: &'static str,
    kind: Kind,
    users: usize,
    /// Whether so few of the users make what is slow that no run shows it reliably.
    is_beyond: bool,
}

const CASES: [Case; 5] = [
    case("100 users who are alike", Kind::Alike, 100),
    case(
        "100 users, each with a speed of its own",
        Kind::Speeds(0.3),
        100,
    ),
    case(
        "100 users, one of 16 replicas is three times as slow",
        Kind::Slow(1.0 / 16.0, 3.0),
        100,
    ),
    case(
        "100 users, a tenth of the tenants is twice as slow",
        Kind::Slow(0.1, 2.0),
        100,
    ),
    Case {
        is_beyond: true,
        ..case(
            "8 users, each with a speed of its own",
            Kind::Speeds(0.5),
            8,
        )
    },
];

const fn case(name: &'static str, kind: Kind, users: usize) -> Case {
    Case {
        name,
        kind,
        users,
        is_beyond: false,
    }
}

impl Case {
    /// The logarithm of each user's factor.
    fn draw(&self, random: &mut Random) -> Vec<f64> {
        let mut one = || match self.kind {
            Kind::Speeds(spread) => spread * random.normal(),
            Kind::Slow(share, factor) if random.uniform() < share => factor.ln(),
            Kind::Alike | Kind::Slow(..) => 0.0,
        };
        (0..self.users).map(|_| one()).collect()
    }

    /// The share of all requests of all users whose logarithm is over a limit.
    fn over(&self, limit: f64) -> f64 {
        match self.kind {
            Kind::Alike => upper_tail(limit / SIGMA),
            Kind::Speeds(spread) => upper_tail(limit / SIGMA.hypot(spread)),
            Kind::Slow(share, factor) => {
                let slow = upper_tail((limit - factor.ln()) / SIGMA);
                (1.0 - share) * upper_tail(limit / SIGMA) + share * slow
            }
        }
    }

    /// What this share of the requests exceeds, as a logarithm.
    fn quantile(&self, share: f64) -> f64 {
        let (mut low, mut high) = (-9.0, 9.0);
        for _ in 0..60 {
            let middle = f64::midpoint(low, high);
            if self.over(middle) > share {
                low = middle;
            } else {
                high = middle;
            }
        }
        low
    }
}

/// Verdicts by the seconds alone, and by the users as well.
struct Row {
    case: Case,
    share: f64,
    seconds: usize,
    /// One for each of [`TRUTHS`].
    alone: Vec<Tally>,
    both: Vec<Tally>,
}

/// Intervals of p95, by the seconds alone, and by the users as well: the shares below and above which the truth lies.
struct Missed {
    case: Case,
    seconds: usize,
    alone: [f64; 2],
    both: [f64; 2],
}

/// The tables, after it has been seen that too much is wrong nowhere.
pub(crate) fn measured() -> String {
    let lengths = |case: Case| {
        let limits = [0.05, 0.01].into_iter();
        limits.flat_map(move |share| [20, 60, 210].map(|seconds| (case, share, seconds)))
    };
    let cases: Vec<_> = CASES.into_iter().flat_map(lengths).collect();
    let rows = on_all_cores(&cases, |case| row(*case));
    for row in rows.iter().filter(|row| !row.case.is_beyond) {
        for wrong in [row.both[0].pass_rate(), row.both[1].fail_rate()] {
            let (name, share, seconds) = (row.case.name, row.share, row.seconds);
            assert!(
                wrong <= may_show(ALPHA, runs(RUNS)),
                "{name}, {share}, {seconds} s: {wrong}"
            );
        }
    }
    let missed = on_all_cores(&CASES, |case| missed(*case));
    for row in missed.iter().filter(|row| !row.case.is_beyond) {
        let (name, both) = (row.case.name, row.both);
        assert!(
            both.iter()
                .all(|missed| *missed <= may_show(ALPHA, runs(INTERVAL_RUNS))),
            "{name} {both:?}"
        );
    }
    markdown(&rows, &missed)
}

fn row((case, share, seconds): (Case, f64, usize)) -> Row {
    let verdicts = TRUTHS.map(|truth| verdicts(case, share, seconds, truth));
    let tallies = |pick: fn(&(Decision, Decision)) -> Decision| {
        let of = |decisions: &Vec<_>| Tally::of(decisions.iter().map(pick));
        verdicts.iter().map(of).collect()
    };
    Row {
        case,
        share,
        seconds,
        alone: tallies(|pair| pair.0),
        both: tallies(|pair| pair.1),
    }
}

/// Of each run, by the seconds alone and by the users as well.
fn verdicts(case: Case, share: f64, seconds: usize, truth: f64) -> Vec<(Decision, Decision)> {
    let limit = case.quantile(share) - truth.ln();
    let mut random = Random(7);
    let run = |_| {
        let slow: Vec<f64> = case
            .draw(&mut random)
            .into_iter()
            .map(|factor| upper_tail((limit - factor) / SIGMA))
            .collect();
        let mut blocks = vec![Block::default(); seconds];
        let mut users = vec![Block::default(); case.users.min(GROUPS)];
        for number in 0..seconds * RATE {
            let user = number % case.users;
            let hit = f64::from(random.uniform() < slow[user]);
            for block in [&mut blocks[number / RATE], &mut users[user % GROUPS]] {
                block.hits += hit;
                block.trials += 1.0;
            }
        }
        let decided = |users: &[Block]| {
            let evidence = ProportionEvidence::from_users(&blocks, users, 0.0);
            let (low, high) = bounds(&evidence, Look::Planned, ALPHA);
            decide(low, high, share, false)
        };
        (decided(&[]), decided(&users))
    };
    (0..runs(RUNS)).map(run).collect()
}

fn missed(case: Case) -> Missed {
    const SECONDS: usize = 60;
    let truth = case.quantile(0.05).exp();
    let mut random = Random(7);
    let (mut alone, mut both) = ([0_u32; 2], [0_u32; 2]);
    for _ in 0..runs(INTERVAL_RUNS) {
        let factors = case.draw(&mut random);
        let requests = (0..SECONDS * RATE).map(|number| {
            let user = number % case.users;
            let ms = (factors[user] + SIGMA * random.normal()).exp();
            (0, user as u64, ms)
        });
        let mut run = record_users(requests, RATE, 1);
        for misses in [&mut both, &mut alone] {
            let found = intervals(&run, 1.0 - ALPHA).times.response.p95;
            misses[0] += u32::from(found.low.is_some_and(|low| low > truth));
            misses[1] += u32::from(found.high.is_some_and(|high| high < truth));
            run.users.clear();
        }
    }
    let shares =
        |misses: [u32; 2]| misses.map(|count| f64::from(count) / f64::from(runs(INTERVAL_RUNS)));
    Missed {
        case,
        seconds: SECONDS,
        alone: shares(alone),
        both: shares(both),
    }
}

/// In percent; bold where it is more than it may be.
fn shown(wrong: f64) -> String {
    let percent = 100.0 * wrong;
    if wrong > ALPHA {
        format!("**{percent:.1}**")
    } else {
        format!("{percent:.1}")
    }
}

fn markdown(rows: &[Row], missed: &[Missed]) -> String {
    let mut text = String::from(
        "\n| users | limit | run | passed, 2 % slower than the limit: by the second / by user too | failed, 2 % faster: \
         by the second / by user too | failed, 25 % slower | passed, 20 % faster |\n|---|---|---|---|---|---|---|\n",
    );
    for row in rows {
        let limit = if row.share < 0.02 {
            "p99, errors < 1 %"
        } else {
            "p95"
        };
        let _ = writeln!(
            text,
            "| {} | {limit} | {} s | {} / {} | {} / {} | {:.1} | {:.1} |",
            row.case.name,
            row.seconds,
            shown(row.alone[0].pass_rate()),
            shown(row.both[0].pass_rate()),
            shown(row.alone[1].fail_rate()),
            shown(row.both[1].fail_rate()),
            100.0 * row.both[2].fail_rate(),
            100.0 * row.both[3].pass_rate(),
        );
    }
    text.push_str(
        "\n| users | figure | run | truth below: by the second / by user too | truth above |\n|---|---|---|---|---|\n",
    );
    for row in missed {
        let [below, above] = [0, 1].map(|end| {
            let (alone, both) = (row.alone[end], row.both[end]);
            format!("{} / {}", shown(alone), shown(both))
        });
        let (name, seconds) = (row.case.name, row.seconds);
        let _ = writeln!(text, "| {name} | p95 | {seconds} s | {below} | {above} |");
    }
    text.push('\n');
    text
}
