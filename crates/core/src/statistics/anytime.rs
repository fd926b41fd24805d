//! Bounds of a proportion that hold at every look at once, however many there are.
//!
//! The e-value is the likelihood averaged over the proportions on the far side of `p0`, over the
//! likelihood at `p0`: a test supermartingale under the hypothesis, so that the chance of it ever
//! reaching `1/alpha` is at most `alpha` (Ville 1939; Robbins 1970, "Statistical methods related to the
//! law of the iterated logarithm"; Howard et al. 2021, "Time-uniform, nonparametric, nonasymptotic
//! confidence sequences"). With a truncated beta distribution as weight the average has a closed form.

use super::beta::{LOGIT_LIMIT, expit};
use super::proportion::check;
use super::special::{beta_tails, ln_beta};

/// Trials that the weight is worth: it is Beta(`WEIGHT p0`, `WEIGHT (1 - p0)`), cut at `p0`.
///
/// Sharpest when the run has about eight times as many effective trials (Howard et al. 2021, 3.5). Of the numbers from 20 to
/// 250, this one needs at most a fifth more trials than the best for each of the limits and proportions that runs
/// of 100 to 2,000 effective trials can tell apart.
const WEIGHT: f64 = 40.0;

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

/// Works on the logit, so that a bound near 0 keeps its relative precision.
fn lowest_not_rejected(hits: f64, trials: f64, alpha: f64) -> f64 {
    if hits <= 0.0 {
        return 0.0;
    }
    let rejects = |logit: f64| ln_e_value_at_most(expit(logit), hits, trials) >= -alpha.ln();
    let share = (hits / trials).min(1.0 - f64::EPSILON);
    let mut kept = (share / (1.0 - share)).ln();
    let mut step = 0.25;
    let mut rejected = kept - step;
    while !rejects(rejected) {
        if rejected < -LOGIT_LIMIT {
            return 0.0;
        }
        kept = rejected;
        step *= 2.0;
        rejected -= step;
    }
    while kept - rejected > 1e-10 {
        let middle = 0.5 * (rejected + kept);
        if rejects(middle) {
            rejected = middle;
        } else {
            kept = middle;
        }
    }
    // The rejected end: rounding must not make a bound tighter than it is.
    expit(rejected)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::{lower_bound, upper_bound};
    use proptest::prelude::*;

    #[test]
    fn no_trials_are_no_evidence() {
        assert!(ln_e_value_at_most(0.05, 0.0, 0.0).abs() < 1e-12);
        assert!(lower_bound_anytime(0.0, 0.0, 0.05) <= 0.0);
        assert!(upper_bound_anytime(0.0, 0.0, 0.05) >= 1.0);
    }

    #[test]
    fn a_fair_next_request_leaves_the_evidence_as_it_is() {
        // The martingale property at the border of the hypothesis.
        let (p0, hits, trials) = (0.05, 12.0, 180.0);
        let after = p0 * ln_e_value_at_most(p0, hits + 1.0, trials + 1.0).exp()
            + (1.0 - p0) * ln_e_value_at_most(p0, hits, trials + 1.0).exp();
        assert!((after / ln_e_value_at_most(p0, hits, trials).exp() - 1.0).abs() < 1e-10);
    }

    proptest! {
        #[test]
        fn wider_than_a_single_look(trials in 1..5000_u32, share in 0.0..=1.0_f64, alpha in 0.005..0.2) {
            let trials = f64::from(trials);
            let hits = (trials * share).floor();
            prop_assert!(lower_bound_anytime(hits, trials, alpha) <= lower_bound(hits, trials, alpha) + 1e-9);
            prop_assert!(upper_bound_anytime(hits, trials, alpha) >= upper_bound(hits, trials, alpha) - 1e-9);
        }

        #[test]
        fn more_hits_raise(hits in 0.0..300.0, misses in 0.0..300.0, more in 0.1..50.0) {
            for bound in [lower_bound_anytime, upper_bound_anytime] {
                let here = bound(hits, hits + misses, 0.05);
                prop_assert!(bound(hits + more, hits + misses + more, 0.05) >= here - 1e-9);
            }
        }

        #[test]
        fn the_bound_is_where_the_evidence_suffices(hits in 1.0..300.0, misses in 1.0..300.0) {
            let low = lower_bound_anytime(hits, hits + misses, 0.05);
            prop_assert!((ln_e_value_at_most(low, hits, hits + misses) - 20_f64.ln()).abs() < 1e-5);
        }
    }
}
