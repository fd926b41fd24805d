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
    let (mut fits, mut fails) = (0.0, samples.floor() + 1.0);
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// `P(Bin(n, p) < r)`, summed.
    fn binomial_below(r: u32, n: u32, p: f64) -> f64 {
        let mut term = (1.0 - p).powi(n.cast_signed());
        (0..r)
            .map(|k| {
                let here = term;
                term *= f64::from(n - k) / f64::from(k + 1) * p / (1.0 - p);
                here
            })
            .sum()
    }

    #[test]
    fn the_table_of_the_median() {
        // Nonparametric 95 % interval of the median of 20: the 6th and the 15th value.
        let ranks = quantile_ranks(0.5, 20.0, 0.025);
        assert_eq!(
            (
                ranks.low.map(|p| (p * 20.0).ceil()),
                ranks.high.map(|p| (p * 20.0).ceil())
            ),
            (Some(6.0), Some(15.0))
        );
    }

    #[test]
    fn few_samples_bound_one_side_only() {
        let ranks = quantile_ranks(0.99, 200.0, 0.05);
        assert!(ranks.low.is_some() && ranks.high.is_none());
        assert_eq!(
            quantile_ranks(0.5, 0.0, 0.05),
            QuantileRanks {
                low: None,
                high: None
            }
        );
    }

    #[test]
    fn a_single_sample_may_be_a_bound() {
        // It exceeds the 94th percentile with a probability of 6 %.
        assert!(quantile_ranks(0.94, 1.0, 0.1).low.is_some());
        assert!(quantile_ranks(0.94, 1.0, 0.05).low.is_none());
    }

    proptest! {
        #[test]
        fn the_rank_is_the_largest_that_keeps_alpha(n in 1..200_u32, q in 0.05..0.95, alpha in 0.01..0.2) {
            let rank = quantile_ranks(q, n.into(), alpha).low.map_or(0, |p| (p * f64::from(n)).ceil() as u32);
            prop_assert!(rank == 0 || binomial_below(rank, n, q) <= alpha + 1e-9);
            prop_assert!(binomial_below(rank + 1, n, q) > alpha - 1e-9);
        }

        #[test]
        fn the_quantile_lies_between(n in 0.0..1e6, q in 0.01..0.999, alpha in 0.001..0.2) {
            let ranks = quantile_ranks(q, n, alpha);
            prop_assert!(ranks.low.is_none_or(|low| 0.0 < low && low <= q + 0.5 / n));
            prop_assert!(ranks.high.is_none_or(|high| q - 0.5 / n <= high && high < 1.0));
        }
    }
}
