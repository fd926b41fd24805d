//! Random choices that hang on a seed and a number alone, so that any of them can be made again.

use std::convert::Infallible;

use rand_core::TryRng;

pub use crate::template::mix;

/// Whether the second of two targets that are loaded by turns comes first in this pair of turns.
///
/// A coin is thrown for each pair: any fixed order keeps step with some disturbance of the same period, which then
/// looks like a difference of the targets.
pub fn is_second_first(seed: u64, pair: u32) -> bool {
    // Apart from the seed of the due times and of the mix.
    mix(mix(seed, 0x7475_726e_735f_6162), u64::from(pair)) & 1 == 1
}

/// The same as a number in [0, 1).
pub(super) fn unit(seed: u64, number: u64) -> f64 {
    (mix(seed, number) >> 11) as f64 / (1u64 << 53) as f64
}

/// A generator for the distributions, begun at a mixed number.
pub(super) struct SplitMix {
    seed: u64,
    next: u64,
}

impl SplitMix {
    pub(super) fn new(seed: u64) -> SplitMix {
        SplitMix { seed, next: 0 }
    }
}

impl TryRng for SplitMix {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok((self.try_next_u64()? >> 32) as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        self.next += 1;
        Ok(mix(self.seed, self.next))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        rand_core::utils::fill_bytes_via_next_word(bytes, || self.try_next_u64())
    }
}
