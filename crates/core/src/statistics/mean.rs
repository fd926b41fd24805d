//! Interval of a mean of values that are correlated in time.

use super::batches::{RatioVariance, ratio_variances};
use super::beta::student_t_quantile;
use super::clusters::cluster_variance;

/// The t quantile pays for few batches, so that they may be as long as this leaves.
const FEWEST_BATCHES: usize = 5;

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
pub struct MeanInterval {
    /// The estimate itself.
    pub value: f64,
    /// Lower bound; minus infinity when nothing is known.
    pub low: f64,
    /// Upper bound; infinity when nothing is known.
    pub high: f64,
}

/// The mean Σ sum / Σ count over blocks in the order of time, each bound missing the truth with
/// probability about `alpha`: t interval on batch means (Law and Kelton, "Simulation Modeling and
/// Analysis", 9.5.3), with the batch length that gives the widest one, made longer on the side of the
/// tail of skewed values (Johnson 1978, "Modified t tests and confidence intervals for asymmetrical
/// populations"), and never shorter on the other.
///
/// Fewer than three non-empty blocks tell the value but not how sure it is: the bounds are infinite.
/// `None` without any count.
///
/// # Panics
///
/// When `alpha` is outside `(0, 0.5)`.
pub fn mean_interval(blocks: &[MeanBlock], alpha: f64) -> Option<MeanInterval> {
    mean_interval_of_users(blocks, &[], alpha)
}

/// The same where it is known what each user, or each group of users, had of the values: their spread is one more
/// that the widest interval is chosen from.
///
/// # Panics
///
/// When `alpha` is outside `(0, 0.5)`.
pub fn mean_interval_of_users(
    blocks: &[MeanBlock],
    users: &[MeanBlock],
    alpha: f64,
) -> Option<MeanInterval> {
    assert!(
        alpha > 0.0 && alpha < 0.5,
        "alpha lies in (0, 0.5), not {alpha}"
    );
    let count: f64 = blocks.iter().map(|block| block.count).sum();
    if count <= 0.0 {
        return None;
    }
    let value = blocks.iter().map(|block| block.sum).sum::<f64>() / count;
    let pairs = |blocks: &[MeanBlock]| -> Vec<_> {
        let pairs = blocks.iter().map(|block| (block.sum, block.count));
        pairs.collect()
    };
    let over_time = ratio_variances(&pairs(blocks), FEWEST_BATCHES);
    let mut margins: Vec<_> = over_time
        .iter()
        .filter(|found| found.batches >= 3)
        .map(|found| margins(found, alpha))
        .collect();
    if !margins.is_empty() {
        let among_users = cluster_variance(&pairs(users));
        margins.extend(among_users.map(|found| self::margins(&found, alpha)));
    }
    if margins.is_empty() {
        return Some(MeanInterval {
            value,
            low: f64::NEG_INFINITY,
            high: f64::INFINITY,
        });
    }
    let down = margins.iter().map(|margin| margin.0).fold(0.0, f64::max);
    let up = margins.iter().map(|margin| margin.1).fold(0.0, f64::max);
    Some(MeanInterval {
        value,
        low: value - down,
        high: value + up,
    })
}

/// How far the bounds are below and above the value.
fn margins(found: &RatioVariance, alpha: f64) -> (f64, f64) {
    let t = student_t_quantile(1.0 - alpha, found.freedom);
    let half = t * found.variance.sqrt();
    let lean = found.lean * (1.0 + 2.0 * t * t);
    (half + (-lean).max(0.0), half + lean.max(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks(sums: &[f64]) -> Vec<MeanBlock> {
        sums.iter()
            .map(|&sum| MeanBlock { sum, count: 1.0 })
            .collect()
    }

    #[test]
    fn the_textbook_interval() {
        let found = mean_interval(&blocks(&[3.0, 5.0, 4.0, 6.0, 2.0, 4.0]), 0.025).unwrap();
        assert!((found.value - 4.0).abs() < 1e-12);
        // t(5) at 97.5 % is 2.5706, the standard error 0.5774; the values have no skew and no heavy tail.
        assert!((found.high - 5.4841).abs() < 1e-3, "{found:?}");
    }

    #[test]
    fn users_that_differ_widen_it() {
        let steady = blocks(&[4.0; 6]);
        let users = blocks(&[3.0, 5.0, 4.0, 6.0, 2.0, 4.0]);
        let found = mean_interval_of_users(&steady, &users, 0.025).unwrap();
        assert!((found.high - 5.4841).abs() < 1e-3, "{found:?}");
    }

    #[test]
    fn equal_values_leave_no_doubt() {
        let found = mean_interval(&blocks(&[7.0; 5]), 0.05).unwrap();
        assert_eq!((found.low, found.high), (7.0, 7.0));
    }

    #[test]
    fn too_few_blocks_bound_nothing() {
        assert_eq!(mean_interval(&[], 0.05), None);
        let found = mean_interval(&blocks(&[1.0, 2.0]), 0.05).unwrap();
        assert_eq!(
            (found.value, found.low, found.high),
            (1.5, f64::NEG_INFINITY, f64::INFINITY)
        );
    }
}
