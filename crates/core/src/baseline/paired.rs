//! Two targets that were loaded by turns: each pair of turns is one difference.

use super::classify::{SHARES, TIMES, blameless, reported_change, standing};
use super::compare::BaselineComparison;
use super::generator_bias::{Blame, left};
use super::levels::JUDGED;
use super::text;
use crate::record::{Histogram, RunResult, Status, Summary};
use crate::requirement::{Compared, Figure, Unit};
use crate::statistics::{Measured, paired};

/// Fewer pairs of turns than this tell nothing.
pub const LEAST_PAIRS: usize = 4;

/// One turn in few figures.
struct Turn {
    response: Histogram,
    blame: Blame,
    /// In percent.
    failed: f64,
    rps: f64,
}

type TurnPair = (Turn, Turn);

/// A figure: its value, how much of it may be the generator's, and whether it is judged.
type PairedFigure = (Figure, TurnValue, TurnValue, bool);
type TurnValue = fn(&Turn) -> f64;

const FIGURES: [PairedFigure; 5] = [
    (
        Figure::P50,
        |turn| turn.time(0.5),
        |turn| turn.moved(0.5),
        true,
    ),
    (
        Figure::P95,
        |turn| turn.time(0.95),
        |turn| turn.moved(0.95),
        true,
    ),
    (
        Figure::P99,
        |turn| turn.time(0.99),
        |turn| turn.moved(0.99),
        false,
    ),
    (
        Figure::Failed,
        |turn| turn.failed,
        |turn| turn.blame.failed,
        true,
    ),
    (Figure::Throughput, |turn| turn.rps, |_| 0.0, false),
];

impl Turn {
    fn time(&self, quantile: f64) -> f64 {
        self.response.quantile_ms(quantile)
    }

    fn moved(&self, quantile: f64) -> f64 {
        self.blame.moved(&self.response, quantile)
    }
}

/// Judges pairs of runs, of any number of scenarios: what both met at the same time cancels out, and the spread of the
/// pairs is the noise.
///
/// `confidence`, in (0.5, 1), is that of all verdicts together (Bonferroni). Pairs with a run that is not complete are
/// left out.
pub fn compare_pairs(pairs: &[(RunResult, RunResult)], confidence: f64) -> BaselineComparison {
    let mut unsettled = Vec::new();
    let mut scenarios: Vec<(String, Vec<TurnPair>)> = Vec::new();
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
        if pairs.len() < LEAST_PAIRS {
            unsettled.push(format!(
                "{name}: {} pairs of complete turns, and {LEAST_PAIRS} are needed",
                pairs.len()
            ));
        }
        pairs.len() >= LEAST_PAIRS
    });
    let alpha = (1.0 - confidence) / (JUDGED * scenarios.len().max(1) as f64);
    let compared = scenarios.iter().flat_map(|(scenario, pairs)| {
        FIGURES
            .iter()
            .filter_map(move |figure| of(scenario, pairs, figure, alpha))
    });
    let compared: Vec<Compared> = compared.collect();
    unsettled.extend(text::open(&compared));
    BaselineComparison {
        compared,
        confidence,
        left_out: Vec::new(),
        unsettled,
        assumed: None,
    }
}

fn turn(run: &RunResult) -> Option<Turn> {
    let summary = Summary::of(run);
    if run.status != Status::Complete || summary.response.is_empty() {
        return None;
    }
    Some(Turn {
        failed: 100.0 * summary.failed() as f64 / summary.due as f64,
        rps: summary.rps?,
        blame: Blame::of(run, &summary),
        response: summary.response,
    })
}

fn of(
    scenario: &str,
    pairs: &[TurnPair],
    (what, value, moved, is_judged): &PairedFigure,
    alpha: f64,
) -> Option<Compared> {
    let is_share = what.unit() == Unit::Share;
    let scale = if is_share { &SHARES } else { &TIMES };
    let change = change(pairs, is_share, alpha, |pair| {
        (value(&pair.0), value(&pair.1))
    })?;
    // Without what the generator may have added to one of them more than to the other.
    let without = self::change(pairs, is_share, alpha, |(before, after)| {
        let extra = moved(after) - moved(before);
        let less = |value: f64, extra: f64| {
            if is_share {
                value - extra.max(0.0)
            } else {
                value * left(value, extra)
            }
        };
        (less(value(before), -extra), less(value(after), extra))
    })?;
    let mean = |side: fn(&TurnPair) -> &Turn| {
        pairs.iter().map(|pair| value(side(pair))).sum::<f64>() / pairs.len() as f64
    };
    Some(Compared {
        scenario: scenario.to_owned(),
        what: *what,
        before: mean(|pair| &pair.0),
        after: mean(|pair| &pair.1),
        change: reported_change(change),
        standing: is_judged.then(|| blameless(standing(change, scale), standing(without, scale))),
    })
}

/// The change from the first to the second of two figures of each pair: a ratio, or a difference of shares.
fn change(
    pairs: &[TurnPair],
    is_share: bool,
    alpha: f64,
    figures: impl Fn(&TurnPair) -> (f64, f64),
) -> Option<Measured> {
    let difference = |pair: &TurnPair| {
        let (before, after) = figures(pair);
        if is_share {
            after - before
        } else {
            (after / before).ln()
        }
    };
    let differences: Vec<f64> = pairs.iter().map(difference).collect();
    let told = paired(&differences, alpha)?;
    Some(if is_share {
        told
    } else {
        Measured {
            value: told.value.exp(),
            low: told.low.map(f64::exp),
            high: told.high.map(f64::exp),
        }
    })
}
