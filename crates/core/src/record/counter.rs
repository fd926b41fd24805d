//! The histogram of the hot path: counts alone, in the buckets of an HDR histogram of three digits.
//!
//! A [`Histogram`] keeps the least, the greatest and the total with every sample, and can be of any precision and
//! unit. Here all of that is computed from the counts on demand.

use super::Histogram;

/// Longer times count as this one: an hour.
pub(super) const LONGEST: u64 = 3_600_000_000_000;

/// Up to 2 to this power, less one, each nanosecond has a bucket of its own.
const EXACT: u32 = 11;
/// Above, each doubling has 2 to this power buckets.
const SPLIT: u32 = EXACT - 1;

/// Counts of times, in nanoseconds.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Counter {
    /// One for each bucket, up to the doubling of the longest time.
    counts: Vec<u64>,
}

impl Counter {
    /// Counts one time.
    #[inline]
    pub(super) fn record(&mut self, nanos: u64) {
        let bucket = bucket(nanos.min(LONGEST));
        match self.counts.get_mut(bucket) {
            Some(count) => *count += 1,
            None => self.grow(bucket),
        }
    }

    /// Adds all of another's counts.
    pub(super) fn merge(&mut self, other: &Counter) {
        if self.counts.len() < other.counts.len() {
            self.counts.resize(other.counts.len(), 0);
        }
        for (mine, theirs) in self.counts.iter_mut().zip(&other.counts) {
            *mine += theirs;
        }
    }

    /// The same as a histogram.
    pub(super) fn histogram(&self) -> Histogram {
        let mut histogram = Histogram::new();
        let buckets = self.counts.iter().enumerate();
        for (bucket, count) in buckets.filter(|(_, count)| **count > 0) {
            histogram.record_many(lowest(bucket), *count);
        }
        histogram
    }

    #[cold]
    fn grow(&mut self, bucket: usize) {
        let doublings = (bucket >> SPLIT) + 1;
        self.counts.resize(doublings << SPLIT, 0);
        self.counts[bucket] = 1;
    }
}

/// How often the range of exact buckets doubles up to the time, and its part of the last doubling.
#[inline]
fn bucket(nanos: u64) -> usize {
    let doublings = (nanos | ((1 << EXACT) - 1)).ilog2() + 1 - EXACT;
    ((doublings as usize) << SPLIT) + (nanos >> doublings) as usize
}

/// The shortest time of a bucket.
fn lowest(bucket: usize) -> u64 {
    let doublings = (bucket >> SPLIT).saturating_sub(1);
    ((bucket - (doublings << SPLIT)) as u64) << doublings
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn counted(times: &[u64]) -> Counter {
        let mut counter = Counter::default();
        for nanos in times {
            counter.record(*nanos);
        }
        counter
    }

    /// Times of all lengths, and not mostly long ones.
    fn times() -> impl Strategy<Value = Vec<u64>> {
        let time = (0..46_u32, any::<u64>()).prop_map(|(bits, random)| random >> (63 - bits));
        prop::collection::vec(time, 0..200)
    }

    proptest! {
        #[test]
        fn it_counts_what_an_hdr_histogram_counts(times in times()) {
            let mut expected = hdrhistogram::Histogram::<u64>::new_with_bounds(1, LONGEST, 3).unwrap();
            for nanos in &times {
                expected.saturating_record((*nanos).min(LONGEST));
            }
            let ours = counted(&times).histogram();
            let expected = Histogram::from(expected);
            let told = |histogram: &Histogram| {
                let quantiles = (0..=50_u32).map(|step| histogram.quantile_ms(f64::from(step) / 50.0));
                let figures = [histogram.len() as f64, histogram.max_ms(), histogram.mean_ms()];
                quantiles.chain(figures).map(f64::to_bits).collect::<Vec<_>>()
            };
            prop_assert_eq!(told(&ours), told(&expected));
        }

        #[test]
        fn merged_is_as_counted_by_one(a in times(), b in times()) {
            let mut merged = counted(&a);
            merged.merge(&counted(&b));
            prop_assert_eq!(merged, counted(&[a, b].concat()));
        }

        #[test]
        fn a_bucket_begins_with_its_shortest_time(nanos in 0..=LONGEST) {
            let number = bucket(nanos);
            prop_assert!(lowest(number) <= nanos && nanos < lowest(number + 1));
            prop_assert_eq!(bucket(lowest(number)), number);
        }
    }
}
