//! Measures how often a comparison with a baseline calls worse what is not, and how often it finds what is, on virtual
//! targets, and holds `docs/STATISTICS.md` to it.
//!
//! `UPDATE_DOCS=1 STATISTICS_LONG=1 cargo test --test pure regression::` rewrites the tables.

use std::fmt::Write as _;

use crate::statistics::model::{Model, Random, Seconds};
use crate::statistics::{cores, documented, recorded};
use agentos_perf::baseline::{BaselineComparison, compare, compare_pairs};
use agentos_perf::load::is_second_first;
use agentos_perf::record::RunResult;
use agentos_perf::report::{Report, RunReport};
use agentos_perf::requirement::{Figure, RunIntervals, Standing};

/// Pairs of turns, and the seconds of each that are judged: `--ab` at the default length.
const PAIRS: u32 = 12;
const TURN_SECONDS: usize = 2;

const CONFIDENCE: f64 = 0.95;
const TRIALS: u32 = 400;
/// The load of `phase8`'s `api` at its default length: requests per second, and seconds.
const RATE: f64 = 50.0;
const SECONDS: usize = 20;
/// What is to be found, the second where one session must do.
const SHIFTS: [f64; 2] = [1.2, 2.0];
/// Spread of the logarithms of response times.
const SIGMA: f64 = 0.5;
/// What may be called worse and is not.
const MOST: f64 = 0.05;

/// A target, and how often it was looked at.
#[derive(Debug, Clone, Copy)]
struct Case {
    model: Model,
    /// Spread of the logarithms of whole runs: machines differ from run to run.
    between: f64,
    /// Sessions in the baseline.
    sessions: u32,
    /// Scenarios of a session, each with a spread of its own.
    scenarios: u32,
    /// Whether a shift must be found in most runs; elsewhere it is only reported how often it is.
    is_usual: bool,
}

const CASES: [Case; 17] = [
    case(Model::Independent, 0.0, 1, false),
    case(Model::Independent, 0.02, 1, false),
    case(Model::Independent, 0.05, 1, false),
    case(Model::Independent, 0.1, 1, false),
    Case {
        scenarios: 5,
        ..case(Model::Independent, 0.1, 1, false)
    },
    case(Model::Independent, 0.05, 2, false),
    case(Model::Independent, 0.1, 2, false),
    case(Model::Independent, 0.05, 3, false),
    case(Model::Independent, 0.1, 3, false),
    case(Model::Independent, 0.02, 5, false),
    case(Model::Independent, 0.05, 5, false),
    case(Model::Independent, 0.02, 20, true),
    case(Model::Independent, 0.05, 20, false),
    case(Model::Independent, 0.1, 20, false),
    case(Model::Autoregressive(0.1), 0.02, 5, false),
    case(Model::Autoregressive(0.5), 0.02, 1, false),
    case(Model::Autoregressive(0.5), 0.02, 5, false),
];

const fn case(model: Model, between: f64, sessions: u32, is_usual: bool) -> Case {
    Case {
        model,
        between,
        sessions,
        scenarios: 1,
        is_usual,
    }
}

#[derive(Debug)]
struct Row {
    case: Case,
    /// The share of comparisons of the same with itself in which anything was called worse.
    false_alarms: f64,
    /// The share of those with the shift in which p95 was; and with a larger one.
    found: f64,
    found_large: f64,
    /// The share of comparisons of the same with itself that settled nothing.
    open: f64,
}

/// Two targets that are loaded by turns.
#[derive(Debug, Clone, Copy)]
struct Turns {
    model: Model,
    /// Spread of the logarithms of what disturbs both turns of a pair alike; or the height of a wave.
    together: f64,
    /// How long the wave is, in seconds; 0 for none.
    period: f64,
    is_usual: bool,
}

const BY_TURNS: [Turns; 8] = [
    turns(Model::Independent, 0.0, true),
    turns(Model::Independent, 0.2, true),
    turns(Model::Independent, 1.0, true),
    turns(Model::Autoregressive(0.1), 0.2, false),
    turns(Model::Autoregressive(0.5), 0.2, false),
    wave(0.3, 6.0),
    wave(0.3, 12.0),
    wave(0.3, 24.0),
];

const fn turns(model: Model, together: f64, is_usual: bool) -> Turns {
    Turns {
        model,
        together,
        period: 0.0,
        is_usual,
    }
}

const fn wave(height: f64, period: f64) -> Turns {
    Turns {
        period,
        ..turns(Model::Independent, height, false)
    }
}

impl Turns {
    fn name(self) -> String {
        let (model, period) = (self.model.name(), self.period);
        if period > 0.0 {
            format!("{model}, a wave of {period} s")
        } else {
            model
        }
    }
}

#[derive(Debug)]
struct TurnsRow {
    case: Turns,
    false_alarms: f64,
    found: f64,
    open: f64,
}

#[test]
fn what_is_not_worse_is_rarely_called_so_and_a_fifth_is_found() {
    let trials = cores::runs(TRIALS);
    let rows = cores::on_all_cores(&CASES, |case| {
        let shares = shares(trials, &SHIFTS, |shifts, random| {
            compared(*case, shifts, random)
        });
        Row {
            case: *case,
            false_alarms: shares.alarms,
            open: shares.open,
            found: shares.found[0],
            found_large: shares.found[1],
        }
    });
    for row in &rows {
        assert!(row.false_alarms <= cores::may_show(MOST, trials), "{row:?}");
        let may_miss = cores::may_show(0.1, trials);
        assert!(!row.case.is_usual || 1.0 - row.found <= may_miss, "{row:?}");
        let is_steady = row.case.model == Model::Independent && row.case.between <= 0.05;
        assert!(!is_steady || 1.0 - row.found_large <= may_miss, "{row:?}");
    }
    documented::agree(&markdown(&rows), "regression", trials);
}

#[test]
fn of_two_targets_by_turns_the_same_holds() {
    let trials = cores::runs(TRIALS);
    let rows = cores::on_all_cores(&BY_TURNS, |case| {
        let shares = shares(trials, &SHIFTS[..1], |shifts, random| {
            shifts
                .iter()
                .map(|shift| by_turns(*case, *shift, random))
                .collect()
        });
        TurnsRow {
            case: *case,
            false_alarms: shares.alarms,
            found: shares.found[0],
            open: shares.open,
        }
    });
    for row in &rows {
        assert!(row.false_alarms <= cores::may_show(MOST, trials), "{row:?}");
        let may_miss = cores::may_show(0.1, trials);
        assert!(!row.case.is_usual || 1.0 - row.found <= may_miss, "{row:?}");
    }
    documented::agree(&markdown_of_turns(&rows), "turns", trials);
}

/// Whether p95 is called worse.
fn is_found(shifted: &BaselineComparison) -> bool {
    let p95 = shifted.compared.iter().find(|one| one.what == Figure::P95);
    p95.is_some_and(|p95| p95.standing == Some(Standing::Worse))
}

/// How comparisons came out.
struct Shares {
    /// The same was called worse.
    alarms: f64,
    /// The same was not settled.
    open: f64,
    /// A p95 that is longer was called so, for each shift.
    found: Vec<f64>,
}

/// Shares of trials, of which each compares the same, and what each shift makes of it.
fn shares(
    trials: u32,
    shifts: &[f64],
    compared: impl Fn(&[f64], &mut Random) -> Vec<BaselineComparison>,
) -> Shares {
    let (mut alarms, mut open, mut found) = (0, 0, vec![0; shifts.len()]);
    let all = [&[1.0], shifts].concat();
    let mut random = Random(0x5eed);
    for _ in 0..trials {
        let comparisons = compared(&all, &mut random);
        let is_worse = comparisons[0].worse().next().is_some();
        alarms += u32::from(is_worse);
        open += u32::from(!is_worse && !comparisons[0].unsettled.is_empty());
        for (found, shifted) in found.iter_mut().zip(&comparisons[1..]) {
            *found += u32::from(is_found(shifted));
        }
    }
    let share = |count: u32| f64::from(count) / f64::from(trials);
    Shares {
        alarms: share(alarms),
        open: share(open),
        found: found.into_iter().map(share).collect(),
    }
}

/// Later sessions, one with each shift, beside the same baseline.
fn compared(case: Case, shifts: &[f64], random: &mut Random) -> Vec<BaselineComparison> {
    let before: Vec<Report> = (0..case.sessions)
        .map(|_| session(case, 1.0, random))
        .collect();
    let before: Vec<&Report> = before.iter().collect();
    let compared = |shift: &f64| {
        let after = session(case, *shift, random);
        compare(&before, &[&after], CONFIDENCE)
    };
    shifts.iter().map(compared).collect()
}

fn by_turns(case: Turns, shift: f64, random: &mut Random) -> BaselineComparison {
    if case.period > 0.0 {
        return in_a_wave(case, shift, random);
    }
    let pair = |random: &mut Random| {
        let scale = 40.0 * (case.together * random.normal()).exp();
        let before = run(case.model, scale, TURN_SECONDS, random);
        (before, run(case.model, scale * shift, TURN_SECONDS, random))
    };
    let pairs: Vec<_> = (0..PAIRS).map(|_| pair(random)).collect();
    compare_pairs(&pairs, CONFIDENCE)
}

/// Turns of three seconds, of which two are judged, while times rise and fall as a sine.
fn in_a_wave(case: Turns, shift: f64, random: &mut Random) -> BaselineComparison {
    const TURN: f64 = 3.0;
    let phase = random.uniform();
    let seed = (random.uniform() * 1e15) as u64;
    let turn = |place: u32, shift: f64, random: &mut Random| {
        // The middle of what is judged.
        let at = TURN * f64::from(place) + 2.0;
        let height = (std::f64::consts::TAU * (at / case.period + phase)).sin();
        let scale = 40.0 * shift * (case.together * height).exp();
        run(case.model, scale, TURN_SECONDS, random)
    };
    let pair = |number: u32| {
        let places = if is_second_first(seed, number) {
            [2 * number + 1, 2 * number]
        } else {
            [2 * number, 2 * number + 1]
        };
        let before = turn(places[0], 1.0, random);
        (before, turn(places[1], shift, random))
    };
    let pairs: Vec<_> = (1..=PAIRS).map(pair).collect();
    compare_pairs(&pairs, CONFIDENCE)
}

fn run(model: Model, scale: f64, seconds: usize, random: &mut Random) -> RunResult {
    let mut source = Seconds::new(model, RATE, 0.5, random);
    let mut times = Vec::new();
    for _ in 0..seconds {
        times.extend(source.normals().map(|z| (0, scale * (SIGMA * z).exp())));
    }
    recorded::record(times.into_iter(), RATE as usize, 1)
}

fn session(case: Case, shift: f64, random: &mut Random) -> Report {
    let runs = (0..case.scenarios).map(|number| {
        let scale = 40.0 * shift * (case.between * random.normal()).exp();
        RunReport {
            run: RunResult {
                scenario: number.to_string(),
                ..run(case.model, scale, SECONDS, random)
            },
            intervals: RunIntervals::default(),
        }
    });
    Report {
        target: String::new(),
        profile: String::new(),
        started: 0,
        took: 0,
        confidence: CONFIDENCE,
        strict: false,
        machine: None,
        repeat: String::new(),
        judgements: Vec::new(),
        runs: runs.collect(),
    }
}

fn markdown(rows: &[Row]) -> String {
    let mut text = String::from(
        "| target | runs differ by | sessions in the baseline | called worse, and the same | the same, and not settled | p95 20 % longer, found | p95 twice as long, found |\n\
         | --- | --: | --: | --: | --: | --: | --: |\n",
    );
    for row in rows {
        let Case {
            model,
            between,
            sessions,
            scenarios,
            ..
        } = row.case;
        let of = match scenarios {
            1 => String::new(),
            more => format!(", {more} scenarios"),
        };
        let _ = writeln!(
            text,
            "| {}{of} | {:.0} % | {sessions} | {:.1} % | {:.1} % | {:.1} % | {:.1} % |",
            model.name(),
            100.0 * between,
            100.0 * row.false_alarms,
            100.0 * row.open,
            100.0 * row.found,
            100.0 * row.found_large,
        );
    }
    text
}

fn markdown_of_turns(rows: &[TurnsRow]) -> String {
    let mut text = String::from(
        "| targets | pairs differ by | called worse, and the same | the same, and not settled | p95 20 % longer, found |\n\
         | --- | --: | --: | --: | --: |\n",
    );
    for row in rows {
        let _ = writeln!(
            text,
            "| {} | {:.0} % | {:.1} % | {:.1} % | {:.1} % |",
            row.case.name(),
            100.0 * row.case.together,
            100.0 * row.false_alarms,
            100.0 * row.open,
            100.0 * row.found,
        );
    }
    text
}
