//! Two targets that were loaded by turns: each pair of turns is one difference.

use super::compare::{Compared, Comparison, JUDGED, SHARES, TIMES, standing};
use super::text;
use crate::record::{RunResult, Status, Summary, Times};
use crate::requirement::Unit;
use crate::statistics::{Measured, paired};

/// Fewer pairs of turns than this tell nothing.
const LEAST: usize = 4;

/// One turn in few figures.
struct Turn {
    times: Times,
    /// In percent.
    failed: f64,
    rps: f64,
}

type Pair = (Turn, Turn);

/// A figure: its name, its unit, its value, and whether it is judged.
type Figure = (&'static str, Unit, fn(&Turn) -> f64, bool);

const FIGURES: [Figure; 5] = [
    ("p50", Unit::Time, |turn| turn.times.p50, true),
    ("p95", Unit::Time, |turn| turn.times.p95, true),
    ("p99", Unit::Time, |turn| turn.times.p99, false),
    ("failed", Unit::Share, |turn| turn.failed, true),
    ("req/s", Unit::Rate, |turn| turn.rps, false),
];

/// Judges pairs of runs, of any number of scenarios: what both met at the same time cancels out, and the spread of the
/// pairs is the noise.
///
/// `confidence`, in (0.5, 1), is that of all verdicts together (Bonferroni). Pairs with a run that is not complete are
/// left out.
pub fn compare_pairs(pairs: &[(RunResult, RunResult)], confidence: f64) -> Comparison {
    let mut unsettled = Vec::new();
    let mut scenarios: Vec<(String, Vec<Pair>)> = Vec::new();
    for (before, after) in pairs {
        let at = scenarios
            .iter()
            .position(|(name, _)| *name == before.scenario);
        let at = at.unwrap_or_else(|| {
            scenarios.push((before.scenario.clone(), Vec::new()));
            scenarios.len() - 1
        });
        scenarios[at].1.extend(turn(before).zip(turn(after)));
    }
    scenarios.retain(|(name, pairs)| {
        if pairs.len() < LEAST {
            unsettled.push(format!(
                "{name}: {} pairs of complete turns, and {LEAST} are needed",
                pairs.len()
            ));
        }
        pairs.len() >= LEAST
    });
    let alpha = (1.0 - confidence) / (JUDGED * scenarios.len().max(1) as f64);
    let compared = scenarios.iter().flat_map(|(scenario, pairs)| {
        FIGURES
            .iter()
            .filter_map(move |figure| of(scenario, pairs, figure, alpha))
    });
    let compared: Vec<Compared> = compared.collect();
    unsettled.extend(text::open(&compared));
    Comparison {
        compared,
        confidence,
        left_out: Vec::new(),
        unsettled,
    }
}

fn turn(run: &RunResult) -> Option<Turn> {
    let summary = Summary::of(run);
    if run.status != Status::Complete {
        return None;
    }
    Some(Turn {
        times: Times::of(&summary.response)?,
        failed: 100.0 * summary.failed() as f64 / summary.due as f64,
        rps: summary.rps?,
    })
}

fn of(
    scenario: &str,
    pairs: &[Pair],
    (what, unit, value, is_judged): &Figure,
    alpha: f64,
) -> Option<Compared> {
    let is_share = *unit == Unit::Share;
    let difference = |(before, after): &Pair| {
        let (before, after) = (value(before), value(after));
        if is_share {
            after - before
        } else {
            (after / before).ln()
        }
    };
    let differences: Vec<f64> = pairs.iter().map(difference).collect();
    let told = paired(&differences, alpha)?;
    let (change, scale) = if is_share {
        (told, &SHARES)
    } else {
        let ratio = Measured {
            value: told.value.exp(),
            low: told.low.map(f64::exp),
            high: told.high.map(f64::exp),
        };
        (ratio, &TIMES)
    };
    let mean = |side: fn(&Pair) -> &Turn| {
        pairs.iter().map(|pair| value(side(pair))).sum::<f64>() / pairs.len() as f64
    };
    Some(Compared {
        scenario: scenario.to_owned(),
        what,
        unit: *unit,
        before: mean(|pair| &pair.0),
        after: mean(|pair| &pair.1),
        change,
        standing: is_judged.then(|| standing(change, scale)),
    })
}
