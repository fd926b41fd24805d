//! One-sided Clopper–Pearson bounds of a proportion.
//!
//! Exact for independent trials (Clopper and Pearson 1934). Counts are real numbers, because dividing
//! by a design effect leaves no integers; the beta form of the bounds does not need them to be.

use super::beta::beta_quantile;

/// The proportion that is exceeded by the truth with probability at most `alpha`, given `hits` among
/// `trials`; 1 when there are no trials or nothing but hits.
///
/// # Panics
///
/// When `alpha` is outside `(0, 1)` or not `0 <= hits <= trials`.
pub fn upper_bound(hits: f64, trials: f64, alpha: f64) -> f64 {
    check(hits, trials, alpha);
    if hits >= trials {
        1.0
    } else {
        beta_quantile(1.0 - alpha, hits + 1.0, trials - hits)
    }
}

/// The proportion under which the truth lies with probability at most `alpha`, given `hits` among
/// `trials`; 0 when there are no trials or no hits.
///
/// # Panics
///
/// When `alpha` is outside `(0, 1)` or not `0 <= hits <= trials`.
pub fn lower_bound(hits: f64, trials: f64, alpha: f64) -> f64 {
    check(hits, trials, alpha);
    if hits <= 0.0 {
        0.0
    } else {
        beta_quantile(alpha, hits, trials - hits + 1.0)
    }
}

pub(super) fn check(hits: f64, trials: f64, alpha: f64) {
    assert!(
        alpha > 0.0 && alpha < 1.0,
        "alpha lies in (0, 1), not {alpha}"
    );
    assert!(
        hits >= 0.0 && hits <= trials && trials.is_finite(),
        "{hits} hits among {trials} trials"
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_intervals() {
        // The rule of three, and the classical 95 % interval of 10 among 100.
        assert!((upper_bound(0.0, 100.0, 0.05) - (1.0 - 0.05_f64.powf(0.01))).abs() < 1e-12);
        assert!((lower_bound(10.0, 100.0, 0.025) - 0.049_004_689).abs() < 1e-8);
        assert!((upper_bound(10.0, 100.0, 0.025) - 0.176_222_598).abs() < 1e-8);
    }

    #[test]
    fn no_trials_tell_nothing() {
        assert_eq!(
            (lower_bound(0.0, 0.0, 0.05), upper_bound(0.0, 0.0, 0.05)),
            (0.0, 1.0)
        );
    }

    proptest! {
        #[test]
        fn the_bounds_hold_the_share_between_them(
            trials in 0.01..1e6, share in 0.0..=1.0_f64, alpha in 0.001..0.3,
        ) {
            let hits = trials * share;
            let (low, high) = (lower_bound(hits, trials, alpha), upper_bound(hits, trials, alpha));
            prop_assert!(low <= hits / trials && hits / trials <= high, "{low} {high}");
        }

        #[test]
        fn more_hits_raise_and_more_misses_lower(hits in 0.0..500.0, misses in 0.0..500.0, more in 0.1..50.0) {
            let trials = hits + misses;
            for bound in [lower_bound, upper_bound] {
                let here = bound(hits, trials, 0.05);
                prop_assert!(bound(hits + more, trials + more, 0.05) >= here - 1e-12);
                prop_assert!(bound(hits, trials + more, 0.05) <= here + 1e-12);
            }
        }
    }
}
