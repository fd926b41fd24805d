//! Counted requests held against the proportion that is allowed.

use super::CheckLevels;
use super::evidence::Slice;
use crate::record::Counts;
use crate::requirement::Verdict;
use crate::statistics::{
    Block, Decision, DesignEffect, Look, ProportionEvidence, WorstAgain, bounds, decide,
};

/// The proportion of bad requests that is allowed.
pub(super) struct Allowed {
    pub(super) share: f64,
    /// Whether exactly this share is still allowed.
    pub(super) inclusive: bool,
}

/// What the counts say of a proportion.
pub(super) struct Weighed {
    pub(super) hits: f64,
    pub(super) trials: f64,
    pub(super) low: f64,
    pub(super) high: f64,
    /// What the trials are worth as independent ones, for the bound that decides.
    pub(super) effective: f64,
    pub(super) decision: Decision,
}

impl Weighed {
    /// The hits among `blocks` in the order of time; `unsettled` of their trials have not ended yet.
    pub(super) fn of(
        blocks: &[Block],
        unsettled: u64,
        look: Look,
        allowed: &Allowed,
        levels: CheckLevels,
    ) -> Weighed {
        Weighed::of_users([blocks, &[]], unsettled, look, allowed, levels)
    }

    /// The same with what each user, or each group of users, had of them.
    fn of_users(
        [blocks, users]: [&[Block]; 2],
        unsettled: u64,
        look: Look,
        allowed: &Allowed,
        levels: CheckLevels,
    ) -> Weighed {
        let mut evidence = ProportionEvidence::from_users(blocks, users, unsettled as f64);
        if levels.are_independent {
            evidence.design = DesignEffect::NONE;
            evidence.again = WorstAgain::NONE;
        }
        let high = bounds(&evidence, look, levels.pass).1;
        let low = bounds(&evidence, look, levels.fail).0;
        let decision = decide(low, high, allowed.share, allowed.inclusive);
        let effective = match decision {
            Decision::Above => evidence.effective(look, levels.fail).0,
            _ => evidence.effective(look, levels.pass).1,
        };
        Weighed {
            hits: evidence.hits,
            trials: evidence.trials,
            low,
            high,
            effective,
            decision,
        }
    }

    /// The verdict where nothing of it can be the generator's fault.
    pub(super) fn verdict(&self) -> Verdict {
        verdict(self.decision, self.decision)
    }
}

/// The requests of a slice that `hits` counts, those that have not ended yet included.
pub(super) fn weigh(
    hits: impl Fn(&Counts) -> u64,
    slice: &Slice<'_>,
    allowed: &Allowed,
    levels: CheckLevels,
) -> Weighed {
    let blocks = [slice.blocks(&hits), slice.users(&hits)];
    weigh_blocks(blocks, slice, allowed, levels)
}

/// The hits of each second, and of each user.
pub(super) fn weigh_blocks(
    [blocks, users]: [Vec<Block>; 2],
    slice: &Slice<'_>,
    allowed: &Allowed,
    levels: CheckLevels,
) -> Weighed {
    let weighed = |blocks: &[Block], users: &[Block], unsettled: u64| {
        Weighed::of_users([blocks, users], unsettled, slice.look(), allowed, levels)
    };
    let mut seen = weighed(&blocks, &users, slice.unsettled);
    let still_to_come = slice.still_to_come();
    if seen.decision == Decision::Below && still_to_come > 0 {
        // As hits they would also tell how hits come together: a pass that ends the run early must survive that.
        let (mut worst, mut worst_users) = (blocks, users);
        let last = worst.last_mut().into_iter();
        last.for_each(|block| block.hits = (block.hits + still_to_come as f64).min(block.trials));
        let theirs = worst_users.iter_mut().take(still_to_come as usize);
        theirs.for_each(|user| *user = user.with_hit());
        if weighed(&worst, &worst_users, 0).decision != Decision::Below {
            seen.decision = Decision::Undecided;
        }
    }
    seen
}

/// A verdict that hangs on what the generator itself was late with is none.
pub(super) fn verdict(all: Decision, without_generator: Decision) -> Verdict {
    match (all, without_generator) {
        (Decision::Below, _) => Verdict::Pass,
        (Decision::Above, Decision::Above) => Verdict::Fail,
        _ => Verdict::Inconclusive,
    }
}
