//! How long the requests of a run hang together, by all of their latencies.
//!
//! Requests over a limit are few in a run that passes, and tell little of how they came together. All latencies know
//! more: their ranks, averaged by second, vary by no more than chance where requests are independent.

use super::batches::ratio_variances;
use super::beta::student_t_quantile;

/// Batches as long as this many of them leave.
const FEWEST_BATCHES: usize = 4;
/// Seconds that vary by chance are taken for dependent this rarely.
const DOUBT: f64 = 0.01;
/// With fewer seconds nothing is known.
const FEWEST_SECONDS: usize = 5;

/// Ranks of the latencies of one second among all of the run, from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct RankBlock {
    /// Their sum.
    pub ranks: f64,
    /// How many they are.
    pub requests: f64,
}

/// For how many seconds requests hang together, as an autoregressive process with such a correlation time would: half of the
/// design effect of the mean rank, in mean distances between requests. `variance` is that of a single rank.
///
/// `None` when the seconds vary by no more than chance.
pub fn dependence(blocks: &[RankBlock], variance: f64) -> Option<f64> {
    let requests: f64 = blocks.iter().map(|block| block.requests).sum();
    let seconds = blocks.iter().filter(|block| block.requests > 0.0).count();
    if seconds < FEWEST_SECONDS || variance <= 0.0 {
        return None;
    }
    let pairs: Vec<(f64, f64)> = blocks
        .iter()
        .map(|block| (block.ranks, block.requests))
        .collect();
    let found = ratio_variances(&pairs, FEWEST_BATCHES);
    let effect = |variance_of_mean: f64| variance_of_mean * requests / variance;
    let single = found.iter().find(|one| one.length == 1)?;
    let widest = found.iter().map(|one| one.variance).fold(0.0, f64::max);
    let (single, widest) = (effect(single.variance), effect(widest));
    // Longer batches are fewer and vary more by chance.
    let chance = highest_by_chance(seconds as f64 - 1.0);
    (single > chance || widest > 2.0 * chance)
        .then(|| widest * blocks.len() as f64 / (2.0 * requests))
}

/// The variance ratio that chance exceeds with a probability of `DOUBT`: the quantile of chi-squared over its degrees of
/// freedom (Wilson and Hilferty 1931).
fn highest_by_chance(freedom: f64) -> f64 {
    let z = student_t_quantile(1.0 - DOUBT, 1e9);
    let step = 2.0 / (9.0 * freedom);
    (1.0 - step + z * step.sqrt()).powi(3)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of fifty requests in each second, with the mean ranks of these seconds.
    fn blocks(means: &[f64]) -> Vec<RankBlock> {
        let block = |mean: &f64| RankBlock {
            ranks: 50.0 * mean,
            requests: 50.0,
        };
        means.iter().map(block).collect()
    }

    const UNIFORM: f64 = 1.0 / 12.0;

    #[test]
    fn chance_is_no_dependence() {
        // Standard error of the mean of fifty uniform ranks: 0.041.
        let means = [
            0.52, 0.47, 0.5, 0.55, 0.46, 0.49, 0.53, 0.44, 0.51, 0.5, 0.56, 0.47,
        ];
        assert_eq!(dependence(&blocks(&means), UNIFORM), None);
        assert_eq!(dependence(&blocks(&[0.1, 0.9]), UNIFORM), None);
        assert_eq!(dependence(&[], UNIFORM), None);
        assert_eq!(dependence(&blocks(&[0.5; 20]), 0.0), None);
    }

    #[test]
    fn seconds_that_are_slow_together_are_dependence() {
        let quick_and_slow: Vec<f64> = (0..24)
            .map(|s| if s / 4 % 2 == 0 { 0.3 } else { 0.7 })
            .collect();
        let length = dependence(&blocks(&quick_and_slow), UNIFORM).unwrap();
        assert!((0.5..4.0).contains(&length), "{length}");
        let by_turns: Vec<f64> = (0..24)
            .map(|s| if s % 2 == 0 { 0.3 } else { 0.7 })
            .collect();
        let shorter = dependence(&blocks(&by_turns), UNIFORM).unwrap();
        assert!(shorter < 0.5 * length, "{shorter} {length}");
    }

    #[test]
    fn the_quantile_of_chi_squared() {
        // 99 % of chi-squared with 19 degrees of freedom: 36.19.
        assert!((highest_by_chance(19.0) - 36.19 / 19.0).abs() < 0.01);
    }
}
