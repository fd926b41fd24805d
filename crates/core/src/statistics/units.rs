//! How many stretches of a run count as independent, whatever happens within them.

use super::design_effect::{Block, FEWEST_BATCHES};

/// The batches of the longest length that a design effect is estimated from, as if each of them were a single request:
/// however strongly requests of the same batch hang together, they are worth no less than that.
///
/// Batches of different size count as `(Σ trials)² / Σ trials²` of the same size. 0 without any trial.
pub(super) fn units(blocks: &[Block]) -> f64 {
    let lengths = std::iter::successors(Some(1), |length| Some(2 * length));
    let fits = |length: &usize| *length == 1 || blocks.len() / length >= FEWEST_BATCHES;
    let length = lengths.take_while(fits).last().unwrap_or(1);
    let (mut sum, mut squares) = (0.0, 0.0);
    for batch in blocks.chunks(length) {
        let trials: f64 = batch.iter().map(|block| block.trials).sum();
        sum += trials;
        squares += trials * trials;
    }
    if sum > 0.0 { sum * sum / squares } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn even(seconds: usize) -> Vec<Block> {
        let block = Block {
            hits: 0.0,
            trials: 50.0,
        };
        vec![block; seconds]
    }

    #[test]
    fn a_run_has_eight_to_fifteen_units_of_equal_length() {
        for (seconds, expected) in [
            (3, 3.0),
            (8, 8.0),
            (15, 15.0),
            (16, 8.0),
            (20, 10.0),
            (64, 8.0),
        ] {
            assert!(
                (units(&even(seconds)) - expected).abs() < 1e-9,
                "{seconds} s"
            );
        }
        assert!(units(&[]).abs() < 1e-12);
    }

    proptest! {
        #[test]
        fn never_more_than_batches(trials in prop::collection::vec(0..50_u32, 1..60)) {
            let block = |trials: &u32| Block { hits: 0.0, trials: f64::from(*trials) };
            let blocks: Vec<Block> = trials.iter().map(block).collect();
            prop_assert!(units(&blocks) <= 16.0 + 1e-9);
        }
    }
}
