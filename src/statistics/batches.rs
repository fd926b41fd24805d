//! The variance of a ratio of sums whose terms are correlated in time.

/// Shortest series of batches that a batch length longer than one block may leave.
const MIN_BATCHES: usize = 8;

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
    /// Blocks in a batch.
    pub(super) length: usize,
}

/// The largest variance of `Σ top / Σ bottom` over the dyadic batch lengths; `None` when fewer than two
/// of the `(top, bottom)` blocks have a bottom.
///
/// Batches of length L miss a share of the variance that is proportional to 1/L. Twice the variance of
/// a length less that of half the length has this bias removed (Vats and Flegal 2022, "Lugsail lag
/// windows for estimating time-average covariance matrices"), and takes part in the contest.
pub(super) fn ratio_variance(blocks: &[(f64, f64)]) -> Option<RatioVariance> {
    let lug = std::env::var("LUG").is_ok();
    let plain: Vec<RatioVariance> = std::iter::successors(Some(1), |length| Some(2 * length))
        .take_while(|&length| length == 1 || blocks.len() / length >= MIN_BATCHES)
        .filter_map(|length| at_length(blocks, length))
<<<<<<< HEAD
        .reduce(|worst, next| {
            if next.variance > worst.variance {
                next
            } else {
                worst
            }
        })
=======
        .collect();
    let lugged = plain.windows(2).map(|pair| RatioVariance {
        variance: if lug { 2.0 * pair[1].variance - pair[0].variance } else {0.0},
        ..pair[1]
    });
    plain
        .iter()
        .copied()
        .chain(lugged)
        .reduce(|worst, next| if next.variance > worst.variance { next } else { worst })
>>>>>>> stats
}

/// Linearized variance of a ratio estimator over batches of `length` blocks
/// (Cochran 1977, "Sampling Techniques", 6.13).
fn at_length(blocks: &[(f64, f64)], length: usize) -> Option<RatioVariance> {
    let top: f64 = blocks.iter().map(|block| block.0).sum();
    let bottom: f64 = blocks.iter().map(|block| block.1).sum();
    let ratio = top / bottom;
    let (mut squares, mut fourths, mut batches) = (0.0, 0.0, 0_usize);
    for batch in blocks.chunks(length) {
        let (t, b) = batch
            .iter()
            .fold((0.0, 0.0), |sum, block| (sum.0 + block.0, sum.1 + block.1));
        if b > 0.0 {
            let square = (t - ratio * b).powi(2);
            squares += square;
            fourths += square * square;
            batches += 1;
        }
    }
    if batches < 2 {
        return None;
    }
<<<<<<< HEAD
    let correction = batches as f64 / (batches - 1) as f64;
    Some(RatioVariance {
        ratio,
        variance: correction * squares / (bottom * bottom),
        batches,
        length,
    })
=======
    let n = batches as f64;
    let mut freedom = n - 1.0;
    if std::env::var("KURT").is_ok() && squares > 0.0 {
        freedom = freedom.min(2.0 * n / (n * fourths / (squares * squares) - 3.0 + 2.0 * n / (n - 1.0)).max(1e-9)).max(1.0);
    }
    Some(RatioVariance { ratio, variance: n / (n - 1.0) * squares / (bottom * bottom), batches, freedom, length })
>>>>>>> stats
}
