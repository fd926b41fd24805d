//! Measures how often a comparison with a baseline calls worse what is not, and how often it finds what is, on virtual
//! targets, and holds `docs/STATISTICS.md` to it.
//!
//! `UPDATE_DOCS=1 cargo test --test regression` rewrites the table.

#![allow(dead_code, reason = "modules that another test uses more of")]

#[path = "statistics/cores.rs"]
mod cores;
#[path = "statistics/documented.rs"]
mod documented;
#[path = "statistics/model.rs"]
mod model;
#[path = "statistics/recorded.rs"]
mod recorded;

use std::fmt::Write as _;

use agentos_perf::baseline::{Standing, compare};
use agentos_perf::report::{Report, RunReport};
use agentos_perf::requirement::RunIntervals;
use model::{Model, Random, Seconds};

/// Where the docs have the table.
const MARKS: [&str; 2] = ["<!-- regression:begin -->\n", "<!-- regression:end -->"];

const CONFIDENCE: f64 = 0.95;
const TRIALS: u32 = 600;
/// The load of `phase8`'s `api` at its default length: requests per second, and seconds.
const RATE: f64 = 50.0;
const SECONDS: usize = 20;
/// What is to be found.
const SHIFT: f64 = 1.2;
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
    /// Whether a shift has to be found in most runs; elsewhere it is told how often it is.
    is_usual: bool,
}

const CASES: [Case; 6] = [
    case(Model::Independent, 0.0, 1, true),
    case(Model::Independent, 0.02, 1, false),
    case(Model::Independent, 0.02, 5, true),
    case(Model::Autoregressive(0.1), 0.02, 5, false),
    case(Model::Autoregressive(0.5), 0.02, 1, false),
    case(Model::Autoregressive(0.5), 0.02, 5, false),
];

const fn case(model: Model, between: f64, sessions: u32, is_usual: bool) -> Case {
    Case {
        model,
        between,
        sessions,
        is_usual,
    }
}

#[derive(Debug)]
struct Row {
    case: Case,
    /// The share of comparisons of the same with itself in which anything was called worse.
    false_alarms: f64,
    /// The share of those with the shift in which p95 was.
    found: f64,
}

#[test]
fn what_is_not_worse_is_rarely_called_so_and_a_fifth_is_found() {
    let rows = cores::on_all_cores(&CASES, row);
    for row in &rows {
        assert!(row.false_alarms <= MOST, "{row:?}");
        assert!(!row.case.is_usual || row.found >= 0.9, "{row:?}");
    }
    documented::agree(&markdown(&rows), MARKS, 1.0);
}

fn row(case: &Case) -> Row {
    let share = |shift: f64, what: Option<&str>| {
        let mut random = Random(0x5eed ^ u64::from(case.sessions));
        let worse = (0..TRIALS).filter(|_| is_worse(*case, shift, what, &mut random));
        worse.count() as f64 / f64::from(TRIALS)
    };
    Row {
        case: *case,
        false_alarms: share(1.0, None),
        found: share(SHIFT, Some("p95")),
    }
}

fn is_worse(case: Case, shift: f64, what: Option<&str>, random: &mut Random) -> bool {
    let before: Vec<Report> = (0..case.sessions)
        .map(|_| session(case, 1.0, random))
        .collect();
    let after = session(case, shift, random);
    let before: Vec<&Report> = before.iter().collect();
    let comparison = compare(&before, &[&after], CONFIDENCE);
    let mut judged = comparison
        .compared
        .iter()
        .filter(|one| what.is_none_or(|what| one.what == what));
    judged.any(|one| one.standing == Some(Standing::Worse))
}

fn session(case: Case, shift: f64, random: &mut Random) -> Report {
    let scale = 40.0 * shift * (case.between * random.normal()).exp();
    let mut seconds = Seconds::new(case.model, RATE, 0.5, random);
    let mut times = Vec::new();
    for _ in 0..SECONDS {
        times.extend(seconds.normals().map(|z| (0, scale * (SIGMA * z).exp())));
    }
    let run = recorded::record(times.into_iter(), RATE as usize, 1);
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
        runs: vec![RunReport {
            run,
            intervals: RunIntervals::default(),
        }],
    }
}

fn markdown(rows: &[Row]) -> String {
    let mut text = String::from(
        "| target | runs differ by | sessions in the baseline | called worse, and the same | p95 20 % longer, found |\n\
         | --- | --: | --: | --: | --: |\n",
    );
    for row in rows {
        let Case {
            model,
            between,
            sessions,
            ..
        } = row.case;
        let _ = writeln!(
            text,
            "| {} | {:.0} % | {sessions} | {:.1} % | {:.0} % |",
            model.name(),
            100.0 * between,
            100.0 * row.false_alarms,
            100.0 * row.found,
        );
    }
    text
}
