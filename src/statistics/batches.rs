//! The variance of a ratio of sums whose terms are correlated in time.

/// Shortest series of batches that a batch length longer than one block may leave.
const MIN_BATCHES: usize = 8;

/// How much a ratio of sums varies, and how well that is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct RatioVariance {
    pub(super) ratio: f64,
    /// Variance of `ratio`, in its unit squared.
    pub(super) variance: f64,
    /// Non-empty batches; the degrees of freedom are one less.
    pub(super) batches: usize,
    /// Blocks in a batch.
    pub(super) length: usize,
}

/// The largest variance of `Σ top / Σ bottom` over the dyadic batch lengths; `None` when fewer than two
/// of the `(top, bottom)` blocks have a bottom.
pub(super) fn ratio_variance(blocks: &[(f64, f64)]) -> Option<RatioVariance> {
    std::iter::successors(Some(1), |length| Some(2 * length))
        .take_while(|&length| length == 1 || blocks.len() / length >= MIN_BATCHES)
        .filter_map(|length| at_length(blocks, length))
        .reduce(|worst, next| {
            if next.variance > worst.variance {
                next
            } else {
                worst
            }
        })
}

/// Linearized variance of a ratio estimator over batches of `length` blocks
/// (Cochran 1977, "Sampling Techniques", 6.13).
fn at_length(blocks: &[(f64, f64)], length: usize) -> Option<RatioVariance> {
    let top: f64 = blocks.iter().map(|block| block.0).sum();
    let bottom: f64 = blocks.iter().map(|block| block.1).sum();
    let ratio = top / bottom;
    let (mut squares, mut batches) = (0.0, 0_usize);
    for batch in blocks.chunks(length) {
        let (t, b) = batch
            .iter()
            .fold((0.0, 0.0), |sum, block| (sum.0 + block.0, sum.1 + block.1));
        if b > 0.0 {
            squares += (t - ratio * b).powi(2);
            batches += 1;
        }
    }
    if batches < 2 {
        return None;
    }
    let correction = batches as f64 / (batches - 1) as f64;
    Some(RatioVariance {
        ratio,
        variance: correction * squares / (bottom * bottom),
        batches,
        length,
    })
}
