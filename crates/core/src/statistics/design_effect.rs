//! How many independent requests a series of correlated ones is worth.

use super::batches::{RatioVariance, ratio_variances};
use super::beta::student_t_quantile;

/// With fewer batches the variance is so uncertain that the correction for it costs more verdicts than
/// the longer batches save from being wrong.
pub(super) const FEWEST_BATCHES: usize = 8;

/// Counts of the requests that were due in one stretch of time, usually a second.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Block {
    /// Requests over the limit, from 0 to `trials`.
    pub hits: f64,
    /// All requests.
    pub trials: f64,
}

impl Block {
    /// With one more request, which is a hit.
    #[must_use]
    pub fn with_hit(self) -> Block {
        Block {
            hits: self.hits + 1.0,
            trials: self.trials + 1.0,
        }
    }
}

/// Counts of one stretch of time where the hits of a part of the requests are known together with all others
/// alone.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct MixedBlock {
    /// Requests over the limit, of the part and the others.
    pub hits: f64,
    /// Requests of the part.
    pub trials: f64,
    /// Requests of the others.
    pub others: f64,
}

/// How much wider correlation makes the interval of a proportion.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DesignEffect {
    /// Variance of the proportion over that of as many independent requests; at least 1.
    pub factor: f64,
    /// Degrees of freedom of the factor, and one more: the batches it was estimated from, or fewer when a
    /// few of them make most of it; infinite when it is taken as known.
    pub blocks: f64,
    /// Blocks in a batch.
    pub block_length: usize,
}

impl DesignEffect {
    /// For requests known to be independent of each other.
    pub const NONE: Self = Self {
        factor: 1.0,
        blocks: f64::INFINITY,
        block_length: 1,
    };

    /// For requests of which nothing is known but in how many stretches of time they were due: each stretch
    /// counts as one.
    pub fn of_stretches(trials: f64, stretches: usize) -> Self {
        Self {
            factor: (trials / stretches.max(1) as f64).max(1.0),
            ..Self::NONE
        }
    }

    /// The share of `trials` that counts as independent, with the factor itself taken as uncertain:
    /// `(t(n - 1) / t(df))²` (Korn and Graubard 1998) at the level `alpha` of the bound to come.
    ///
    /// In `(0, 1]`; 1 when there is no trial.
    ///
    /// # Panics
    ///
    /// When `alpha` is outside `(0, 0.5)`.
    pub fn effective_share(&self, trials: f64, alpha: f64) -> f64 {
        assert!(
            alpha > 0.0 && alpha < 0.5,
            "alpha lies in (0, 0.5), not {alpha}"
        );
        let df = self.blocks - 1.0;
        let correction = if df < trials - 1.0 {
            let t = |df: f64| student_t_quantile(1.0 - alpha, df.clamp(1.0, 1e9));
            (t(trials - 1.0) / t(df)).powi(2)
        } else {
            1.0
        };
        (correction / self.factor).min(1.0)
    }
}

/// The design effect of the proportion Σ hits / Σ trials over blocks in the order of time.
///
/// A series without hits or with nothing else varies in no way, and 1 is all it can tell. Fewer than
/// three blocks with trials cannot tell either, and each then counts as one request.
pub fn design_effect(blocks: &[Block]) -> DesignEffect {
    let hits: f64 = blocks.iter().map(|block| block.hits).sum();
    let trials: f64 = blocks.iter().map(|block| block.trials).sum();
    if hits <= 0.0 || hits >= trials {
        return DesignEffect::NONE;
    }
    let pairs: Vec<_> = blocks
        .iter()
        .map(|block| (block.hits, block.trials))
        .collect();
    match widest(&pairs) {
        Some(found) => DesignEffect {
            factor: (found.variance * trials / (found.ratio * (1.0 - found.ratio))).max(1.0),
            blocks: found.freedom + 1.0,
            block_length: found.length,
        },
        None => DesignEffect::of_stretches(trials, stretches(&pairs)),
    }
}

/// The design effect of the share of hits among the requests of a part, over blocks in the order of time;
/// `share` of them and `others_share` of the others are hits in the whole run, both in `[0, 1]`.
///
/// From the hits of all are taken those that the others have on the average. What the others vary by is still
/// in the rest, so that its variance is too large, unless the others are slow when the part is quick. What they
/// would vary by if independent of each other is taken off, from a variance that is one standard error larger.
/// No part of the requests varies by less than that, and so the effect is rather too large than too small.
pub fn design_effect_within(blocks: &[MixedBlock], share: f64, others_share: f64) -> DesignEffect {
    let trials: f64 = blocks.iter().map(|block| block.trials).sum();
    let others: f64 = blocks.iter().map(|block| block.others).sum();
    if share <= 0.0 || share >= 1.0 || trials <= 0.0 {
        return DesignEffect::NONE;
    }
    let rest = |block: &MixedBlock| (block.hits - others_share * block.others, block.trials);
    let pairs: Vec<_> = blocks.iter().map(rest).collect();
    let Some(found) = widest(&pairs) else {
        return DesignEffect::of_stretches(trials, stretches(&pairs));
    };
    let foreign = others * others_share * (1.0 - others_share) / (trials * trials);
    effect_within(&found, foreign, share, trials)
}

/// The effect that follows from the variance of a part's share of hits, some of which is foreign to it.
pub(super) fn effect_within(
    found: &RatioVariance,
    foreign: f64,
    share: f64,
    trials: f64,
) -> DesignEffect {
    let cautious = found.variance * (1.0 + (2.0 / found.freedom).sqrt()) - foreign;
    let variance = cautious.min(found.variance);
    DesignEffect {
        factor: (variance * trials / (share * (1.0 - share))).max(1.0),
        blocks: found.freedom + 1.0,
        block_length: found.length,
    }
}

/// The largest variance over all lengths of batches; `None` with fewer than three stretches that have any
/// requests.
fn widest(pairs: &[(f64, f64)]) -> Option<RatioVariance> {
    if stretches(pairs) < 3 {
        return None;
    }
    ratio_variances(pairs, FEWEST_BATCHES)
        .into_iter()
        .max_by(|a, b| a.variance.total_cmp(&b.variance))
}

fn stretches(pairs: &[(f64, f64)]) -> usize {
    pairs.iter().filter(|pair| pair.1 > 0.0).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn blocks(hits: &[u32], trials: u32) -> Vec<Block> {
        hits.iter()
            .map(|&hits| Block {
                hits: hits.into(),
                trials: trials.into(),
            })
            .collect()
    }

    #[test]
    fn nothing_varies_nothing_is_known() {
        assert_eq!(design_effect(&[]), DesignEffect::NONE);
        assert_eq!(design_effect(&blocks(&[0; 20], 100)), DesignEffect::NONE);
        assert_eq!(design_effect(&blocks(&[100; 20], 100)), DesignEffect::NONE);
    }

    #[test]
    fn two_blocks_count_as_two_requests() {
        let found = design_effect(&blocks(&[1, 3], 100));
        assert!((found.factor - 100.0).abs() < 1e-9);
    }

    #[test]
    fn requests_that_are_slow_together_count_little() {
        let mut hits = [0; 20];
        hits[4] = 50;
        hits[11] = 50;
        let found = design_effect(&blocks(&hits, 100));
        assert!(found.factor > 45.0, "{found:?}");
        assert!(found.effective_share(2000.0, 0.05) * 2000.0 < 45.0);
    }

    /// Twenty seconds of a hundred requests of the part and four hundred others.
    fn mixed(hits: &[u32]) -> Vec<MixedBlock> {
        let block = |hits: &u32| MixedBlock {
            hits: f64::from(*hits),
            trials: 100.0,
            others: 400.0,
        };
        hits.iter().map(block).collect()
    }

    #[test]
    fn a_part_without_others_is_all() {
        let hits = [3, 9, 4, 0, 5, 7, 2, 30, 25, 4, 6, 5];
        let alone: Vec<_> = blocks(&hits, 100)
            .iter()
            .map(|block| MixedBlock {
                hits: block.hits,
                trials: block.trials,
                others: 0.0,
            })
            .collect();
        let share = f64::from(hits.iter().sum::<u32>()) / 1_200.0;
        let (one, other) = (
            design_effect(&blocks(&hits, 100)),
            design_effect_within(&alone, share, 0.0),
        );
        assert!(
            (one.factor - other.factor).abs() < 1e-9,
            "{one:?} {other:?}"
        );
    }

    #[test]
    fn what_a_part_does_is_seen_among_others() {
        // Others steadily at 20 of 400, the part at 5 of 100 on the average, in bursts or steadily.
        let mut bursts = [20; 20];
        bursts[4] += 50;
        bursts[11] += 50;
        let burst = design_effect_within(&mixed(&bursts), 0.05, 0.05);
        let even = design_effect_within(&mixed(&[25; 20]), 0.05, 0.05);
        assert!(burst.factor > 40.0, "{burst:?}");
        assert!(even.factor < 1.5, "{even:?}");
    }

    #[test]
    fn two_stretches_count_as_two_requests_within_a_part_too() {
        let found = design_effect_within(&mixed(&[20, 30]), 0.05, 0.05);
        assert!((found.factor - 100.0).abs() < 1e-9);
    }

    proptest! {
        #[test]
        fn the_share_is_a_share(hits in prop::collection::vec(0..=50_u32, 0..40), alpha in 0.001..0.2) {
            let series = blocks(&hits, 50);
            let found = design_effect(&series);
            let share = found.effective_share(50.0 * hits.len() as f64, alpha);
            prop_assert!(found.factor >= 1.0 && share > 0.0 && share <= 1.0, "{found:?} {share}");
        }

        #[test]
        fn time_may_run_backwards(mut hits in prop::collection::vec(0..=50_u32, 16)) {
            let forth = design_effect(&blocks(&hits, 50)).factor;
            hits.reverse();
            let back = design_effect(&blocks(&hits, 50)).factor;
            prop_assert!((forth - back).abs() < 1e-9 * forth);
        }
    }
}
