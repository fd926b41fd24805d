//! Interval of a quantile by order statistics.

use super::special::beta_tails;

/// Proportions at which to read the distribution seen, for the bounds of a quantile of the true one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct QuantileRanks {
    /// Where to read the lower bound, in `(0, 1)`; `None` when too few samples lie below to have one.
    pub low: Option<f64>,
    /// Where to read the upper bound, in `(0, 1)`; `None` when too few samples lie above to have one.
    pub high: Option<f64>,
}

/// The ranks between which the `quantile` of the true distribution lies, each missed with probability
/// at most `alpha`; `samples` is the effective number of them, a real number.
///
/// The r-th smallest of n samples lies above the q-quantile with probability `P(Bin(n, q) < r)`, whatever
/// the distribution (David and Nagaraja, "Order Statistics", 7.1): exact for independent samples. The
/// proportions point to the middle of a rank, so that rounding cannot read the next one.
///
/// # Panics
///
/// When `quantile` or `alpha` is outside `(0, 1)`, or `samples` is negative or not finite.
pub fn quantile_ranks(quantile: f64, samples: f64, alpha: f64) -> QuantileRanks {
    assert!(
        quantile > 0.0 && quantile < 1.0,
        "a quantile lies in (0, 1), not {quantile}"
    );
    assert!(
        alpha > 0.0 && alpha < 1.0,
        "alpha lies in (0, 1), not {alpha}"
    );
    assert!(samples >= 0.0 && samples.is_finite(), "{samples} samples");
    let low = highest_rank(quantile, samples, alpha);
    let high = highest_rank(1.0 - quantile, samples, alpha);
    QuantileRanks {
        low: low.map(|rank| (rank - 0.5) / samples),
        high: high.map(|rank| (samples - rank + 0.5) / samples),
    }
}

/// The largest whole rank that lies above the quantile with probability at most `alpha`.
fn highest_rank(quantile: f64, samples: f64, alpha: f64) -> Option<f64> {
    let missed = |rank: f64| {
        beta_tails(rank, samples - rank + 1.0, quantile, 1.0 - quantile)
            .above
            .exp()
    };
    let (mut fits, mut fails) = (0.0, (samples * quantile).floor() + 1.0);
    while fails - fits > 1.5 {
        let middle = f64::floor(0.5 * (fits + fails));
        if missed(middle) <= alpha {
            fits = middle;
        } else {
            fails = middle;
        }
    }
    (fits > 0.0).then_some(fits)
}
