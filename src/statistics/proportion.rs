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
