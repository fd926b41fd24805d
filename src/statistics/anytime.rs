//! Bounds of a proportion that hold at every look at once, however many there are.
//!
//! The e-value is the likelihood averaged over the proportions on the far side of `p0`, over the
//! likelihood at `p0`: a test supermartingale under the hypothesis, so that the chance of it ever
//! reaching `1/alpha` is at most `alpha` (Ville 1939; Robbins 1970, "Statistical methods related to the
//! law of the iterated logarithm"; Howard et al. 2021, "Time-uniform, nonparametric, nonasymptotic
//! confidence sequences"). With a truncated beta distribution as weight the average has a closed form.

use super::proportion::check;
use super::special::{beta_tails, ln_beta};

/// Trials that the weight is worth: it is Beta(`WEIGHT p0`, `WEIGHT (1 - p0)`), cut at `p0`.
///
/// Sharpest when the run has about eight times as many effective trials (Howard et al. 2021, 3.5).
const WEIGHT: f64 = 250.0;

/// Logarithm of the evidence against "the proportion is at least `p0`".
///
/// # Panics
///
/// When `p0` is outside `(0, 1)` or not `0 <= hits <= trials`.
pub fn ln_e_value_at_least(p0: f64, hits: f64, trials: f64) -> f64 {
    check(hits, trials, 0.5);
    assert!(
        p0 > 0.0 && p0 < 1.0,
        "a proportion to test lies in (0, 1), not {p0}"
    );
    mixture(p0, 1.0 - p0, hits, trials - hits)
}

/// Logarithm of the evidence against "the proportion is at most `p0`".
///
/// # Panics
///
/// When `p0` is outside `(0, 1)` or not `0 <= hits <= trials`.
pub fn ln_e_value_at_most(p0: f64, hits: f64, trials: f64) -> f64 {
    check(hits, trials, 0.5);
    assert!(
        p0 > 0.0 && p0 < 1.0,
        "a proportion to test lies in (0, 1), not {p0}"
    );
    mixture(1.0 - p0, p0, trials - hits, hits)
}

fn mixture(x: f64, y: f64, inside: f64, outside: f64) -> f64 {
    let (a, b) = (WEIGHT * x, WEIGHT * y);
    ln_beta(a + inside, b + outside) + beta_tails(a + inside, b + outside, x, y).below
        - ln_beta(a, b)
        - beta_tails(a, b, x, y).below
        - inside * x.ln()
        - outside * y.ln()
}

/// The smallest proportion that no look so far could rule out from above: with probability at least
/// `1 - alpha` the truth never exceeds it, at any look.
///
/// # Panics
///
/// When `alpha` is outside `(0, 1)` or not `0 <= hits <= trials`.
pub fn upper_bound_anytime(hits: f64, trials: f64, alpha: f64) -> f64 {
    check(hits, trials, alpha);
    1.0 - lowest_not_rejected(trials - hits, trials, alpha)
}

/// The counterpart of [`upper_bound_anytime`]: the truth is never below it, at any look.
///
/// # Panics
///
/// When `alpha` is outside `(0, 1)` or not `0 <= hits <= trials`.
pub fn lower_bound_anytime(hits: f64, trials: f64, alpha: f64) -> f64 {
    check(hits, trials, alpha);
    lowest_not_rejected(hits, trials, alpha)
}

/// Bisects on the logit, so that a bound near 0 keeps its relative precision.
fn lowest_not_rejected(hits: f64, trials: f64, alpha: f64) -> f64 {
    if hits <= 0.0 {
        return 0.0;
    }
    let threshold = -alpha.ln();
    let share = (hits / trials).min(1.0 - 1e-15);
    let (mut rejected, mut kept) = (-100.0, (share / (1.0 - share)).ln());
    for _ in 0..100 {
        let middle = 0.5 * (rejected + kept);
        let p0 = 1.0 / (1.0 + f64::exp(-middle));
        if ln_e_value_at_most(p0, hits, trials) >= threshold {
            rejected = middle;
        } else {
            kept = middle;
        }
        if kept - rejected < 1e-12 * kept.abs().max(1.0) {
            break;
        }
    }
    // The rejected end: rounding must not make a bound tighter than it is.
    1.0 / (1.0 + f64::exp(-rejected))
}
