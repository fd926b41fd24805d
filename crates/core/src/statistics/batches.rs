//! The variance of a ratio of sums whose terms are correlated in time.

/// How much a ratio of sums varies, and how well that is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct RatioVariance {
    pub(super) ratio: f64,
    /// Variance of `ratio`, in its unit squared.
    pub(super) variance: f64,
    /// Non-empty batches.
    pub(super) batches: usize,
    /// Degrees of freedom of `variance`.
    pub(super) freedom: f64,
    /// Lean of the estimate to one side, in its unit: third moment over six variances of it.
    pub(super) lean: f64,
    /// Blocks in a batch.
    pub(super) length: usize,
}

/// Variances of `Σ top / Σ bottom` over the dyadic batch lengths that leave `fewest` batches, and always
/// over single blocks; empty when fewer than two of the `(top, bottom)` blocks have a bottom.
///
/// Batches of length L miss a share of the variance that is proportional to 1/L. Twice the variance of
/// a length less that of half the length has this bias removed (Vats and Flegal 2022, "Lugsail lag
/// windows for estimating time-average covariance matrices"), and is among them.
pub(super) fn ratio_variances(blocks: &[(f64, f64)], fewest: usize) -> Vec<RatioVariance> {
    let mut found: Vec<RatioVariance> = std::iter::successors(Some(1), |length| Some(2 * length))
        .take_while(|&length| length == 1 || blocks.len() / length >= fewest)
        .filter_map(|length| at_length(blocks, length))
        .collect();
    let unbiased: Vec<_> = found
        .windows(2)
        .map(|pair| RatioVariance {
            variance: (2.0 * pair[1].variance - pair[0].variance).max(0.0),
            ..pair[1]
        })
        .collect();
    found.extend(unbiased);
    found
}

/// Linearized variance of a ratio estimator over batches of `length` blocks
/// (Cochran 1977, "Sampling Techniques", 6.13).
fn at_length(blocks: &[(f64, f64)], length: usize) -> Option<RatioVariance> {
    let top: f64 = blocks.iter().map(|block| block.0).sum();
    let bottom: f64 = blocks.iter().map(|block| block.1).sum();
    let ratio = top / bottom;
    let (mut squares, mut cubes, mut fourths, mut batches) = (0.0, 0.0, 0.0, 0_usize);
    for batch in blocks.chunks(length) {
        let (t, b) = batch
            .iter()
            .fold((0.0, 0.0), |sum, block| (sum.0 + block.0, sum.1 + block.1));
        if b > 0.0 {
            let residual = t - ratio * b;
            let square = residual * residual;
            squares += square;
            cubes += square * residual;
            fourths += square * square;
            batches += 1;
        }
    }
    if batches < 2 {
        return None;
    }
    let n = batches as f64;
    Some(RatioVariance {
        ratio,
        variance: n / (n - 1.0) * squares / (bottom * bottom),
        batches,
        freedom: freedom(n, squares, fourths),
        lean: if squares > 0.0 {
            cubes / (6.0 * squares * bottom)
        } else {
            0.0
        },
        length,
    })
}

/// Degrees of freedom of the variance of `n` values with these sums of squares and fourth powers:
/// `n - 1`, and fewer when a few values make most of it
/// (Hummel, Banga and Hettmansperger 2005, "Better confidence intervals for the variance").
fn freedom(n: f64, squares: f64, fourths: f64) -> f64 {
    if squares <= 0.0 {
        return n - 1.0;
    }
    let excess = (n * fourths / (squares * squares) - 3.0).max(0.0);
    (2.0 * n / (excess + 2.0 * n / (n - 1.0))).max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn widest(blocks: &[(f64, f64)]) -> Option<RatioVariance> {
        let found = ratio_variances(blocks, 4);
        found
            .into_iter()
            .max_by(|a, b| a.variance.total_cmp(&b.variance))
    }

    #[test]
    fn independent_blocks_have_the_textbook_variance() {
        let values = [3.0, 5.0, 4.0, 6.0, 2.0, 4.0];
        let blocks: Vec<_> = values.iter().map(|&value| (value, 1.0)).collect();
        let found = widest(&blocks).unwrap();
        assert!((found.ratio - 4.0).abs() < 1e-12);
        assert!((found.variance - 2.0 / 6.0).abs() < 1e-12);
        assert_eq!((found.batches, found.length), (6, 1));
    }

    #[test]
    fn a_slow_wave_is_seen_by_the_longer_batches() {
        let blocks: Vec<_> = (0..64).map(|i| (f64::from(i / 8 % 2), 1.0)).collect();
        let found = widest(&blocks).unwrap();
        assert_eq!(found.length, 8);
        assert!(found.variance > 7.0 * at_length(&blocks, 1).unwrap().variance);
    }

    #[test]
    fn one_outlier_leaves_few_degrees_of_freedom() {
        let mut blocks = vec![(0.0, 100.0); 20];
        blocks[7].0 = 30.0;
        assert!(at_length(&blocks, 1).unwrap().freedom < 3.0);
    }

    #[test]
    fn empty_blocks_are_no_batches() {
        assert!(widest(&[(1.0, 2.0), (0.0, 0.0)]).is_none());
        assert_eq!(
            widest(&[(1.0, 2.0), (0.0, 0.0), (1.0, 3.0)])
                .unwrap()
                .batches,
            2
        );
    }
}
