//! Interval of a mean of values that are correlated in time.

use super::batches::ratio_variance;
use super::beta::student_t_quantile;

/// Values of one stretch of time, usually a second.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct MeanBlock {
    /// Sum of the values, in their unit.
    pub sum: f64,
    /// Number of the values; for a rate, the length of the block in seconds.
    pub count: f64,
}

/// A value and the bounds it lies between.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// The estimate itself.
    pub value: f64,
    /// Lower bound; minus infinity when nothing is known.
    pub low: f64,
    /// Upper bound; infinity when nothing is known.
    pub high: f64,
}

/// The mean Σ sum / Σ count over blocks in the order of time, each bound missing the truth with
/// probability about `alpha`: t interval on batch means (Law and Kelton, "Simulation Modeling and
/// Analysis", 9.5.3), with the batch length that gives the widest variance.
///
/// Fewer than three non-empty blocks tell the value but not how sure it is: the bounds are infinite.
/// `None` without any count.
///
/// # Panics
///
/// When `alpha` is outside `(0, 0.5)`.
pub fn mean_interval(blocks: &[MeanBlock], alpha: f64) -> Option<Interval> {
    assert!(
        alpha > 0.0 && alpha < 0.5,
        "alpha lies in (0, 0.5), not {alpha}"
    );
    let count: f64 = blocks.iter().map(|block| block.count).sum();
    if count <= 0.0 {
        return None;
    }
    let value = blocks.iter().map(|block| block.sum).sum::<f64>() / count;
    let pairs: Vec<_> = blocks
        .iter()
        .map(|block| (block.sum, block.count))
        .collect();
    let half = match ratio_variance(&pairs) {
        Some(found) if found.batches >= 3 => {
            student_t_quantile(1.0 - alpha, (found.batches - 1) as f64) * found.variance.sqrt()
        }
        _ => f64::INFINITY,
    };
    Some(Interval {
        value,
        low: value - half,
        high: value + half,
    })
}
