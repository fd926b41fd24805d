//! From counts to a decision, at one look or at several.

use super::anytime::{lower_bound_anytime, upper_bound_anytime};
use super::clusters::{cluster_effect, clusters};
use super::design_effect::{Block, DesignEffect, design_effect};
use super::proportion::{lower_bound, upper_bound};
use super::units::units;
use statrs::function::erf::erfc;

/// Blocks after which the boundary for means is lowest: about as many seconds as a short run has.
const NARROWEST: f64 = 20.0;

/// What is known about a proportion at a look.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ProportionEvidence {
    /// Settled requests over the limit.
    pub hits: f64,
    /// All requests that were due, the unsettled among them.
    pub trials: f64,
    /// Requests still in flight: hits for the upper bound, none for the lower one.
    pub unsettled: f64,
    /// What correlation takes from them.
    pub design: DesignEffect,
    /// What the upper bound assumes beyond what was seen.
    pub again: WorstAgain,
    /// What the trials are worth at least for the lower bound, however strongly they hang together.
    pub units: f64,
}

/// The worst block of a run, met once more.
///
/// Where slow requests come in clusters, a run that met few of them shows both a low proportion and a low
/// variance, and an upper bound from these two is too low. It therefore speaks of a run with its worst
/// block twice. (The one success more that Clopper and Pearson's upper bound counts is the same for
/// independent requests.)
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WorstAgain {
    /// Hits of the block beyond its share of all.
    pub excess: f64,
    /// Design effect with the block twice.
    pub design: DesignEffect,
}

impl WorstAgain {
    /// For requests known to be independent of each other.
    pub const NONE: Self = Self {
        excess: 0.0,
        design: DesignEffect::NONE,
    };

    fn of(blocks: &[Block], users: &[Block], share: f64) -> Self {
        let excess = |block: &Block| block.hits - share * block.trials;
        let worst = |among: &[Block]| {
            let worst = among.iter().max_by(|a, b| excess(a).total_cmp(&excess(b)));
            worst.copied().unwrap_or_default()
        };
        let twice = |among: &[Block]| [among, &[worst(among)]].concat();
        let worst = excess(&worst(blocks)).max(excess(&worst(users)));
        Self {
            excess: worst.max(0.0),
            design: design_effect(&twice(blocks)).and(cluster_effect(&twice(users))),
        }
    }
}

impl ProportionEvidence {
    /// Evidence from blocks in the order of time; `unsettled` of their trials are still in flight.
    pub fn from_blocks(blocks: &[Block], unsettled: f64) -> Self {
        Self::from_users(blocks, &[], unsettled)
    }

    /// The same, and what users (or groups of them) had of these requests: they may differ, which no block of time
    /// shows.
    pub fn from_users(blocks: &[Block], users: &[Block], unsettled: f64) -> Self {
        let hits: f64 = blocks.iter().map(|block| block.hits).sum();
        let trials: f64 = blocks.iter().map(|block| block.trials).sum();
        Self {
            hits,
            trials,
            unsettled,
            design: design_effect(blocks).and(cluster_effect(users)),
            again: WorstAgain::of(blocks, users, hits / trials.max(1.0)),
            units: units(blocks).min(clusters(users)),
        }
    }
}

impl ProportionEvidence {
    /// What the trials are worth as independent ones, for the lower and for the upper bound of [`bounds`].
    pub fn effective(&self, look: Look, alpha: f64) -> (f64, f64) {
        let spent = spent(look, alpha);
        let worth = |design: DesignEffect| design.effective_share(self.trials, spent) * self.trials;
        // In a failed half of a run there are too few batches to know how it varies, and yet it has failed.
        let least = self.units.min(self.trials);
        (worth(self.design).max(least), worth(self.again.design))
    }
}

/// Which look at the run it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// The planned end, and there is no other look.
    Only,
    /// The planned end, where there may be others before or after it.
    Planned,
    /// Any other look: before the planned end, to settle, or after it, into the extension.
    Anytime,
}

/// The bounds `(low, high)` of the proportion at this look.
///
/// Each side of all looks together misses the truth with probability at most `alpha`: the one at the
/// planned end spends one half of it, all others, however many and wherever they are, share the other.
///
/// # Panics
///
/// When `alpha` is outside `(0, 0.5)`, or the counts are not `0 <= hits`, `0 <= unsettled`,
/// `hits + unsettled <= trials`.
pub fn bounds(evidence: &ProportionEvidence, look: Look, alpha: f64) -> (f64, f64) {
    let (spent, count) = (spent(look, alpha), evidence.trials);
    let (trials, most_trials) = evidence.effective(look, alpha);
    let part = |trials: f64| if count > 0.0 { trials / count } else { 0.0 };
    let hits = (part(trials) * evidence.hits).min(trials);
    let most = evidence.hits + evidence.unsettled + evidence.again.excess;
    let most = (part(most_trials) * most.min(count)).min(most_trials);
    match look {
        Look::Only | Look::Planned => (
            lower_bound(hits, trials, spent),
            upper_bound(most, most_trials, spent),
        ),
        Look::Anytime => (
            lower_bound_anytime(hits, trials, spent),
            upper_bound_anytime(most, most_trials, spent),
        ),
    }
}

/// What one look at a proportion may spend, of all that its side has.
fn spent(look: Look, alpha: f64) -> f64 {
    if look == Look::Only {
        alpha
    } else {
        0.5 * alpha
    }
}

/// The level of an interval that is shown beside a verdict, each end of it missing the truth with a probability of at most
/// `alpha`: it speaks of the run as it is, and takes no part in when the run ended but through the verdict that
/// ended it. That is what half of `alpha` pays for where there was more than one look.
pub fn shown_level(look: Look, alpha: f64) -> f64 {
    spent(look, alpha)
}

/// The level of a bound that knows the normal or t distribution alone, at a look after `blocks` blocks of
/// time, so that all looks together miss the truth with probability at most `alpha`.
///
/// At any time it is where the mixture boundary for sums of normal variables lies,
/// `sqrt((1 + 1/x) (ln(1 + x) - 2 ln(2a)))` standard errors out with `a` the half of `alpha`, which no path
/// of them ever crosses on one side with a probability above `a` (Robbins 1970; as a bound for means of other
/// variables Waudby-Smith et al. 2024, "Time-uniform central limit theory and asymptotic confidence
/// sequences"). `x` is the time, in a unit that makes the boundary lowest after `NARROWEST` blocks.
///
/// # Panics
///
/// When `alpha` is outside `(0, 0.5)`.
pub fn level(look: Look, blocks: f64, alpha: f64) -> f64 {
    assert!(
        alpha > 0.0 && alpha < 0.5,
        "alpha lies in (0, 0.5), not {alpha}"
    );
    match look {
        Look::Only => alpha,
        Look::Planned => 0.5 * alpha,
        Look::Anytime => {
            let doubt = -2.0 * alpha.ln();
            let x = (doubt + doubt.ln().max(0.0) + 1.0) * blocks.max(1.0) / NARROWEST;
            let out = ((1.0 + 1.0 / x) * (x.ln_1p() + doubt)).sqrt();
            0.5 * erfc(out * std::f64::consts::FRAC_1_SQRT_2)
        }
    }
}

/// Where a proportion lies, seen from a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// On the lower side.
    Below,
    /// On the upper side.
    Above,
    /// Not yet reported.
    Undecided,
}

/// Compares the bounds with the limit `p0`. When `inclusive`, a proportion of exactly `p0` belongs to the
/// lower side ("at most p0"), otherwise to the upper one ("less than p0").
pub fn decide(low: f64, high: f64, p0: f64, inclusive: bool) -> Decision {
    let (below, above) = if inclusive {
        (high <= p0, low > p0)
    } else {
        (high < p0, low >= p0)
    };
    match (below, above) {
        (true, false) => Decision::Below,
        (false, true) => Decision::Above,
        _ => Decision::Undecided,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn evidence(hits: f64, trials: f64, unsettled: f64) -> ProportionEvidence {
        ProportionEvidence {
            hits,
            trials,
            unsettled,
            design: DesignEffect::NONE,
            again: WorstAgain::NONE,
            units: 0.0,
        }
    }

    #[test]
    fn many_looks_cost_a_mean_about_three_standard_errors() {
        assert!((level(Look::Planned, 20.0, 0.05) - 0.025).abs() < 1e-12);
        // Φ(-3.036) = 0.0012; shorter and longer runs are further out.
        assert!((level(Look::Anytime, 20.0, 0.05) - 0.001_200_9).abs() < 1e-6);
        for blocks in [1.0, 5.0, 100.0, 3_000.0] {
            assert!(level(Look::Anytime, blocks, 0.05) < level(Look::Anytime, 20.0, 0.05));
        }
    }

    #[test]
    fn the_worst_block_counts_once_more_from_above() {
        let mut blocks = vec![
            Block {
                hits: 1.0,
                trials: 100.0,
            };
            20
        ];
        blocks[4].hits = 31.0;
        let seen = ProportionEvidence::from_blocks(&blocks, 0.0);
        assert!((seen.again.excess - 28.5).abs() < 1e-9);
        let alone = ProportionEvidence {
            again: WorstAgain {
                excess: 0.0,
                design: seen.design,
            },
            ..seen
        };
        let (low, high) = bounds(&seen, Look::Only, 0.05);
        let (low_alone, high_alone) = bounds(&alone, Look::Only, 0.05);
        assert!((low - low_alone).abs() < 1e-12 && high > high_alone);
    }

    #[test]
    fn the_limit_itself_belongs_to_one_side() {
        for (low, high, inclusive, expected) in [
            (0.01, 0.04, false, Decision::Below),
            (0.01, 0.05, false, Decision::Undecided),
            (0.01, 0.05, true, Decision::Below),
            (0.05, 0.09, false, Decision::Above),
            (0.05, 0.09, true, Decision::Undecided),
            (0.06, 0.09, true, Decision::Above),
            (0.00, 1.00, false, Decision::Undecided),
            (f64::NEG_INFINITY, f64::INFINITY, true, Decision::Undecided),
            (f64::NAN, f64::NAN, true, Decision::Undecided),
        ] {
            assert_eq!(
                decide(low, high, 0.05, inclusive),
                expected,
                "{low} {high} {inclusive}"
            );
        }
    }

    #[test]
    fn no_request_tells_nothing() {
        for look in [Look::Only, Look::Planned, Look::Anytime] {
            assert_eq!(bounds(&evidence(0.0, 0.0, 0.0), look, 0.05), (0.0, 1.0));
        }
    }

    #[test]
    fn a_first_look_is_more_careful_than_an_only_one() {
        let seen = evidence(30.0, 1000.0, 0.0);
        let [only, first, later] =
            [Look::Only, Look::Planned, Look::Anytime].map(|look| bounds(&seen, look, 0.05));
        assert!(later.0 < first.0 && first.0 < only.0);
        assert!(only.1 < first.1 && first.1 < later.1);
    }

    proptest! {
        #[test]
        fn what_is_in_flight_widens(hits in 0..50_u32, settled in 50..500_u32, flying in 0..100_u32) {
            let (hits, trials) = (f64::from(hits), f64::from(settled + flying));
            for look in [Look::Only, Look::Planned, Look::Anytime] {
                let (low, high) = bounds(&evidence(hits, trials, f64::from(flying)), look, 0.05);
                for ended in [0.0, f64::from(flying)] {
                    let (later_low, later_high) = bounds(&evidence(hits + ended, trials, 0.0), look, 0.05);
                    prop_assert!(low <= later_low + 1e-9 && later_high <= high + 1e-9);
                }
            }
        }
    }
}
