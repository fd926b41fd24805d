//! A small histogram for every second of a run: buckets a twelfth wide, kept sparse.

use std::ops::Range;

use serde::{Deserialize, Serialize};

/// Buckets to a factor of ten: each is 10^(1/29), about 8.3 %, wider than the last.
const PER_DECADE: f64 = 29.0;
/// Everything shorter is one bucket, in nanoseconds.
const SHORTEST: f64 = 1_000.0;

/// Counts of times by bucket, sorted by bucket; memory follows the spread of the times, not their number.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Coarse(Vec<(u16, u64)>);

impl Coarse {
    /// Counts one time, in nanoseconds.
    pub fn record(&mut self, nanos: u64) {
        self.add(bucket(nanos), 1);
    }

    /// Adds all of another's counts.
    pub fn merge(&mut self, other: &Coarse) {
        for (bucket, count) in &other.0 {
            self.add(*bucket, *count);
        }
    }

    /// How many times were counted.
    pub fn len(&self) -> u64 {
        self.0.iter().map(|(_, count)| count).sum()
    }

    /// Whether nothing was counted.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many of the times lie in buckets above the one that holds `nanos`.
    pub fn above(&self, nanos: u64) -> u64 {
        let limit = bucket(nanos);
        self.0
            .iter()
            .filter(|(bucket, _)| *bucket > limit)
            .map(|(_, count)| count)
            .sum()
    }

    /// How many of the times lie in the bucket that holds `nanos`, or above it.
    pub fn at_or_above(&self, nanos: u64) -> u64 {
        let limit = bucket(nanos);
        let counts = self.0.iter().filter(|(bucket, _)| *bucket >= limit);
        counts.map(|(_, count)| count).sum()
    }

    /// The bucket that holds `nanos`, from its first nanosecond to the one after its last, give or take one.
    pub fn bucket_of(nanos: u64) -> Range<u64> {
        let edge =
            |below: u16| (SHORTEST * 10f64.powf(f64::from(below) / PER_DECADE)).ceil() as u64;
        match bucket(nanos) {
            0 => 0..edge(0),
            number => edge(number - 1)..edge(number),
        }
    }

    /// The middle of the bucket that holds the quantile, in milliseconds; `None` when empty.
    pub fn quantile_ms(&self, quantile: f64) -> Option<f64> {
        let rank = (quantile.clamp(0.0, 1.0) * self.len() as f64)
            .ceil()
            .max(1.0) as u64;
        let mut seen = 0;
        let holder = self.0.iter().find(|(_, count)| {
            seen += count;
            seen >= rank
        })?;
        let exponent = (f64::from(holder.0) - 0.5).max(0.0) / PER_DECADE;
        Some(SHORTEST * 10f64.powf(exponent) / 1e6)
    }

    fn add(&mut self, bucket: u16, count: u64) {
        match self.0.binary_search_by_key(&bucket, |(bucket, _)| *bucket) {
            Ok(index) => self.0[index].1 += count,
            Err(index) => self.0.insert(index, (bucket, count)),
        }
    }
}

/// 0 up to the shortest, then `PER_DECADE` buckets to a decade.
fn bucket(nanos: u64) -> u16 {
    if (nanos as f64) < SHORTEST {
        return 0;
    }
    ((nanos as f64 / SHORTEST).log10() * PER_DECADE) as u16 + 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn buckets_hold_their_times(nanos in 0..4_000_000_000_000_u64) {
            let held = Coarse::bucket_of(nanos);
            prop_assert!(held.start <= nanos + 1 && nanos <= held.end, "{nanos} in {held:?}");
        }

        #[test]
        fn between_the_cuts_lies_the_bucket(times in prop::collection::vec(0..100_000_000_u64, 1..50), at in 0..100_000_000_u64) {
            let mut coarse = Coarse::default();
            times.iter().for_each(|nanos| coarse.record(*nanos));
            let inside = times.iter().filter(|nanos| bucket(**nanos) == bucket(at)).count() as u64;
            prop_assert_eq!(coarse.at_or_above(at) - coarse.above(at), inside);
        }
    }
}
