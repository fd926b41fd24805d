//! Users that differ: clusters of requests that batches over time do not show.

use super::batches::{RatioVariance, ratio_variances};
use super::design_effect::{Block, DesignEffect, MixedBlock, effect_within};

/// With fewer clusters that count, nothing can be estimated.
const FEWEST: f64 = 3.0;

/// The design effect of the proportion Σ hits / Σ trials over clusters of requests, such as users or groups of
/// users, which are taken as independent of each other.
///
/// [`DesignEffect::NONE`] where there are no hits or nothing else, and where the requests come from too few clusters
/// to tell how much they differ: the square of the sum of their trials over the sum of the squares (Kish 1965) is the
/// number of equal clusters that they count as.
pub fn cluster_effect(clusters: &[Block]) -> DesignEffect {
    let hits: f64 = clusters.iter().map(|cluster| cluster.hits).sum();
    let trials: f64 = clusters.iter().map(|cluster| cluster.trials).sum();
    if hits <= 0.0 || hits >= trials {
        return DesignEffect::NONE;
    }
    let pairs: Vec<_> = clusters
        .iter()
        .map(|cluster| (cluster.hits, cluster.trials))
        .collect();
    cluster_variance(&pairs).map_or(DesignEffect::NONE, |found| DesignEffect {
        factor: (found.variance * trials / (found.ratio * (1.0 - found.ratio))).max(1.0),
        blocks: found.freedom + 1.0,
        block_length: 1,
    })
}

/// The clusters with the one that has the largest excess of hits once more: a run that met few slow users shows too
/// little of how much users differ.
pub fn worst_twice(clusters: &[Block]) -> Vec<Block> {
    let hits: f64 = clusters.iter().map(|cluster| cluster.hits).sum();
    let trials: f64 = clusters.iter().map(|cluster| cluster.trials).sum();
    let share = hits / trials.max(1.0);
    let excess = |cluster: &Block| cluster.hits - share * cluster.trials;
    let worst = clusters
        .iter()
        .max_by(|a, b| excess(a).total_cmp(&excess(b)));
    clusters.iter().chain(worst).copied().collect()
}

/// The same of a part of the requests, as [`super::design_effect_within`] is for stretches of time: `share` of the
/// part and `others_share` of the others are hits in the whole run.
pub fn cluster_effect_within(
    clusters: &[MixedBlock],
    share: f64,
    others_share: f64,
) -> DesignEffect {
    let trials: f64 = clusters.iter().map(|cluster| cluster.trials).sum();
    let others: f64 = clusters.iter().map(|cluster| cluster.others).sum();
    if share <= 0.0 || share >= 1.0 || trials <= 0.0 {
        return DesignEffect::NONE;
    }
    let rest =
        |cluster: &MixedBlock| (cluster.hits - others_share * cluster.others, cluster.trials);
    let pairs: Vec<_> = clusters.iter().map(rest).collect();
    let foreign = others * others_share * (1.0 - others_share) / (trials * trials);
    cluster_variance(&pairs).map_or(DesignEffect::NONE, |found| {
        effect_within(&found, foreign, share, trials)
    })
}

/// How many clusters there are; infinitely many where they are too few to tell anything.
pub(super) fn clusters(clusters: &[Block]) -> f64 {
    let count = clusters.iter().filter(|one| one.trials > 0.0).count() as f64;
    if count < FEWEST { f64::INFINITY } else { count }
}

/// The variance of Σ top / Σ bottom over `(top, bottom)` of clusters; `None` with too few of them.
pub(super) fn cluster_variance(clusters: &[(f64, f64)]) -> Option<RatioVariance> {
    let sum: f64 = clusters.iter().map(|cluster| cluster.1).sum();
    let squares: f64 = clusters.iter().map(|cluster| cluster.1.powi(2)).sum();
    if sum * sum < FEWEST * squares {
        return None;
    }
    // Clusters have no order, so that there are none of them to put together.
    ratio_variances(clusters, usize::MAX).into_iter().next()
}

impl DesignEffect {
    /// Both this effect, over time, and that of the clusters that the requests come from.
    ///
    /// Each is the variance of independent requests, 1, and what its kind of cluster adds to it; the sum has both
    /// additions. Its degrees of freedom are those of Satterthwaite (1946), with what the clusters add as uncertain as
    /// their effect.
    #[must_use]
    pub fn and(self, clusters: DesignEffect) -> DesignEffect {
        let added = clusters.factor - 1.0;
        if added <= 0.0 {
            return self;
        }
        let factor = self.factor + added;
        let doubt = self.factor.powi(2) / (self.blocks - 1.0).max(1.0)
            + added.powi(2) / (clusters.blocks - 1.0).max(1.0);
        DesignEffect {
            factor,
            blocks: factor.powi(2) / doubt + 1.0,
            block_length: self.block_length,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn users(hits: &[u32]) -> Vec<Block> {
        let user = |hits: &u32| Block {
            hits: f64::from(*hits),
            trials: 100.0,
        };
        hits.iter().map(user).collect()
    }

    #[test]
    fn one_slow_user_of_sixteen_is_worth_one_request() {
        let mut hits = [0; 16];
        hits[5] = 100;
        let found = cluster_effect(&users(&hits));
        // Sixteen users, each of them either slow or not.
        assert!(
            (found.factor - 100.0 * 16.0 / 15.0).abs() < 1e-9,
            "{found:?}"
        );
        assert!(found.blocks < 4.0, "{found:?}");
    }

    #[test]
    fn the_worst_user_comes_once_more() {
        let twice = worst_twice(&users(&[3, 40, 2, 5]));
        assert_eq!(twice, users(&[3, 40, 2, 5, 40]));
        assert!(worst_twice(&[]).is_empty());
    }

    #[test]
    fn alike_users_add_nothing() {
        assert!((cluster_effect(&users(&[5; 16])).factor - 1.0).abs() < 1e-12);
        assert_eq!(cluster_effect(&users(&[0; 16])), DesignEffect::NONE);
        assert_eq!(cluster_effect(&users(&[100; 16])), DesignEffect::NONE);
        assert_eq!(cluster_effect(&[]), DesignEffect::NONE);
    }

    #[test]
    fn a_busy_connection_with_rarely_used_ones_beside_it_tells_nothing() {
        let mut connections = users(&[2; 1]);
        connections[0].trials = 1_900.0;
        let rare = Block {
            hits: 1.0,
            trials: 2.0,
        };
        connections.extend([rare; 50]);
        assert_eq!(cluster_effect(&connections), DesignEffect::NONE);
    }

    #[test]
    fn what_users_do_at_one_endpoint_is_seen_among_the_others() {
        let mixed = |hits: &u32| MixedBlock {
            hits: f64::from(*hits) + 20.0,
            trials: 100.0,
            others: 400.0,
        };
        let of = |hits: &[u32]| {
            let clusters: Vec<_> = hits.iter().map(mixed).collect();
            cluster_effect_within(&clusters, 0.05, 0.05).factor
        };
        let mut slow = [0; 20];
        slow[3] = 100;
        assert!(of(&slow) > 90.0, "{}", of(&slow));
        assert!(of(&[5; 20]) < 1.5, "{}", of(&[5; 20]));
    }

    proptest! {
        #[test]
        fn what_both_add_comes_together(time in 1.0..50.0_f64, user in 1.0..50.0_f64, blocks in 2.0..60.0_f64) {
            let of = |factor| DesignEffect { factor, blocks, block_length: 1 };
            let both = of(time).and(of(user));
            prop_assert!((both.factor - (time + user - 1.0)).abs() < 1e-9);
            prop_assert!(both.blocks >= blocks - 1e-9, "{both:?}");
            prop_assert_eq!(of(time).and(DesignEffect::NONE), of(time));
        }

        #[test]
        fn users_have_no_order(mut hits in prop::collection::vec(0..=100_u32, 3..40)) {
            let one = cluster_effect(&users(&hits));
            hits.reverse();
            prop_assert!((cluster_effect(&users(&hits)).factor - one.factor).abs() < 1e-9);
        }
    }
}
