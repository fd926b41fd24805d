//! A small histogram for every second of a run: buckets about a tenth wide, kept sparse.

use std::ops::Range;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

/// Everything shorter is one bucket: 2 to this power, in nanoseconds.
const SHORTEST: u32 = 10;
/// Each doubling has 2 to this power buckets of equal width: they are between 6.7 and 12.5 % wide.
const SPLIT: u32 = 3;

/// Counts of times by bucket, sorted by bucket; memory follows the spread of the times, not their number.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(transparent)]
pub struct CoarseHistogram(Vec<(u16, u32)>);

impl CoarseHistogram {
    /// Counts one time, in nanoseconds.
    pub fn record(&mut self, nanos: u64) {
        self.add(bucket(nanos), 1);
    }

    /// Counts one time in this bucket.
    pub(super) fn count(&mut self, bucket: u16) {
        self.add(bucket, 1);
    }

    /// Adds all of another's counts.
    pub fn merge(&mut self, other: &CoarseHistogram) {
        for (bucket, count) in &other.0 {
            self.add(*bucket, *count);
        }
    }

    /// How many times were counted.
    pub fn len(&self) -> u64 {
        self.0.iter().map(|(_, count)| u64::from(*count)).sum()
    }

    /// Whether nothing was counted.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many times lie in each bucket, by its number, in order.
    pub fn counts(&self) -> impl Iterator<Item = (u16, u32)> {
        self.0.iter().copied()
    }

    /// How many of the times lie in buckets above the one that holds `nanos`.
    pub fn above(&self, nanos: u64) -> u64 {
        let limit = bucket(nanos);
        self.0
            .iter()
            .filter(|(bucket, _)| *bucket > limit)
            .map(|(_, count)| u64::from(*count))
            .sum()
    }

    /// How many of the times lie in the bucket that holds `nanos`, or above it.
    pub fn at_or_above(&self, nanos: u64) -> u64 {
        let limit = bucket(nanos);
        let counts = self.0.iter().filter(|(bucket, _)| *bucket >= limit);
        counts.map(|(_, count)| u64::from(*count)).sum()
    }

    /// The bucket that holds `nanos`, from its first nanosecond to the one after its last.
    pub fn bucket_of(nanos: u64) -> Range<u64> {
        let number = bucket(nanos);
        lowest(number) as u64..lowest(number + 1) as u64
    }

    /// The middle of the bucket that holds the quantile, in milliseconds; `None` when empty.
    pub fn quantile_ms(&self, quantile: f64) -> Option<f64> {
        let rank = (quantile.clamp(0.0, 1.0) * self.len() as f64)
            .ceil()
            .max(1.0) as u64;
        let mut seen = 0;
        let holder = self.0.iter().find(|(_, count)| {
            seen += u64::from(*count);
            seen >= rank
        })?;
        let (low, high) = (lowest(holder.0), lowest(holder.0 + 1));
        Some(low.midpoint(high) / 1e6)
    }

    fn add(&mut self, bucket: u16, count: u32) {
        match self.0.binary_search_by_key(&bucket, |(bucket, _)| *bucket) {
            Ok(index) => self.0[index].1 = self.0[index].1.saturating_add(count),
            Err(index) => self.0.insert(index, (bucket, count)),
        }
    }
}

impl<'de> Deserialize<'de> for CoarseHistogram {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let counts = Vec::<(u16, u32)>::deserialize(deserializer)?;
        // All else relies on both.
        if !counts.is_sorted_by_key(|(bucket, _)| *bucket) {
            return Err(Error::custom("buckets must be in order"));
        }
        match counts.last() {
            Some((last, _)) if *last > bucket(u64::MAX) => {
                Err(Error::custom(format!("there is no bucket {last}")))
            }
            _ => Ok(CoarseHistogram(counts)),
        }
    }
}

/// 0 up to the shortest; then the doubling that holds the time, and its part of it.
pub(super) fn bucket(nanos: u64) -> u16 {
    let Some(doubling) = nanos
        .checked_ilog2()
        .and_then(|log| log.checked_sub(SHORTEST))
    else {
        return 0;
    };
    let part = (nanos >> (doubling + SHORTEST - SPLIT)) as u32 & ((1 << SPLIT) - 1);
    ((doubling << SPLIT) + part + 1) as u16
}

/// The shortest time in a bucket, in nanoseconds.
fn lowest(bucket: u16) -> f64 {
    let Some(above) = bucket.checked_sub(1) else {
        return 0.0;
    };
    let parts = f64::from(1 << SPLIT);
    let within = 1.0 + f64::from(above & ((1 << SPLIT) - 1)) / parts;
    within * (1_u128 << ((u32::from(above) >> SPLIT) + SHORTEST)) as f64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_time_lies_in_its_bucket_which_is_narrow(nanos in 1_024..u64::MAX / 4) {
            let (low, high) = (lowest(bucket(nanos)), lowest(bucket(nanos) + 1));
            let value = nanos as f64;
            prop_assert!(low <= value * (1.0 + 1e-15) && value * (1.0 - 1e-15) <= high);
            prop_assert!(high / low <= 1.125 + 1e-9);
        }

        #[test]
        fn buckets_hold_their_times(nanos in 0..4_000_000_000_000_u64) {
            let held = CoarseHistogram::bucket_of(nanos);
            prop_assert!(held.contains(&nanos), "{nanos} in {held:?}");
        }

        #[test]
        fn between_the_cuts_lies_the_bucket(times in prop::collection::vec(0..100_000_000_u64, 1..50), at in 0..100_000_000_u64) {
            let mut coarse = CoarseHistogram::default();
            for nanos in &times {
                coarse.record(*nanos);
            }
            let inside = times.iter().filter(|nanos| bucket(**nanos) == bucket(at)).count() as u64;
            prop_assert_eq!(coarse.at_or_above(at) - coarse.above(at), inside);
        }

        #[test]
        fn longer_times_lie_in_no_lower_bucket(a in any::<u64>(), b in any::<u64>()) {
            prop_assert!(bucket(a.min(b)) <= bucket(a.max(b)));
        }
    }

    #[test]
    fn what_is_shorter_than_all_buckets_is_one() {
        assert_eq!((bucket(0), bucket(1_023), bucket(1_024)), (0, 0, 1));
    }
}
