//! A quantile of times of which only means and deviations are known.

use crate::record::Statement;

/// Halvings of the interval that holds the quantile: more than a double can tell apart.
const STEPS: u32 = 80;

/// The time that a share `quantile` of all calls keep, in milliseconds, as if the times of each statement
/// were lognormal with its mean and deviation; `None` without calls.
///
/// Times of queries are positive and lean to the right, which a lognormal distribution is the simplest to
/// do. It is an estimate: two statements with the same mean and deviation can have other quantiles.
pub(super) fn quantile(statements: &[Statement], quantile: f64) -> Option<f64> {
    let calls: f64 = statements.iter().map(|one| one.calls as f64).sum();
    if calls <= 0.0 {
        return None;
    }
    let share = |time: f64| -> f64 {
        let below = |one: &Statement| one.calls as f64 * share_below(one, time);
        statements.iter().map(below).sum::<f64>() / calls
    };
    let far = |one: &Statement| one.mean_ms() + 100.0 * one.deviation_ms;
    let (mut low, mut high) = (0.0, statements.iter().map(far).fold(0.0, f64::max));
    for _ in 0..STEPS {
        let middle = f64::midpoint(low, high);
        if share(middle) >= quantile {
            high = middle;
        } else {
            low = middle;
        }
    }
    Some(high)
}

/// The share of a statement's calls that take at most `time`.
fn share_below(statement: &Statement, time: f64) -> f64 {
    let (mean, deviation) = (statement.mean_ms(), statement.deviation_ms);
    if deviation <= 1e-9 * mean || mean <= 0.0 {
        return if time >= mean { 1.0 } else { 0.0 };
    }
    if time <= 0.0 {
        return 0.0;
    }
    let spread = (1.0 + (deviation / mean).powi(2)).ln();
    normal_below((time.ln() - (mean.ln() - spread / 2.0)) / spread.sqrt())
}

/// The standard normal distribution function, to about 1e-7 (Abramowitz and Stegun 1964, 26.2.17).
fn normal_below(z: f64) -> f64 {
    const FACTORS: [f64; 5] = [
        0.319_381_530,
        -0.356_563_782,
        1.781_477_937,
        -1.821_255_978,
        1.330_274_429,
    ];
    let t = 1.0 / (1.0 + 0.231_641_9 * z.abs());
    let sum = FACTORS
        .iter()
        .rev()
        .fold(0.0, |sum, factor| t * (factor + sum));
    let density = (-z * z / 2.0).exp() / std::f64::consts::TAU.sqrt();
    let above = density * sum;
    if z >= 0.0 { 1.0 - above } else { above }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statement(calls: u64, mean: f64, deviation: f64) -> Statement {
        Statement {
            id: String::new(),
            text: String::new(),
            calls,
            total_ms: mean * calls as f64,
            deviation_ms: deviation,
        }
    }

    #[test]
    fn one_lognormal_statement_has_its_own_quantile() {
        // μ = 1, σ = 0.5: mean e^1.125, deviation mean × √(e^0.25 − 1), p95 e^(1 + 1.6449 × 0.5).
        let mean = 1.125_f64.exp();
        let deviation = mean * (0.25_f64.exp() - 1.0).sqrt();
        let found = quantile(&[statement(100, mean, deviation)], 0.95).unwrap();
        assert!(
            (found - (1.0_f64 + 1.644_854 * 0.5).exp()).abs() < 1e-4,
            "{found}"
        );
    }

    #[test]
    fn statements_are_weighed_by_their_calls() {
        let quick = statement(94, 1.0, 0.0);
        let slow = statement(6, 100.0, 0.0);
        let found = quantile(&[quick.clone(), slow.clone()], 0.95).unwrap();
        assert!((found - 100.0).abs() < 1e-6, "{found}");
        let found = quantile(&[quick, slow], 0.9).unwrap();
        assert!((found - 1.0).abs() < 1e-6, "{found}");
    }

    #[test]
    fn no_call_no_quantile() {
        assert_eq!(quantile(&[], 0.95), None);
        assert_eq!(quantile(&[statement(0, 0.0, 0.0)], 0.95), None);
        assert_eq!(quantile(&[statement(3, 0.0, 0.0)], 0.95), Some(0.0));
    }
}
