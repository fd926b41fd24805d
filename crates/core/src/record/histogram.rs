//! A histogram of times, merged and never averaged.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::serialization::{
    Deserializer as HdrReader, Serializer as _, V2DeflateSerializer,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::counter::LONGEST;

/// Times in nanoseconds, kept to three significant digits (HDR histogram).
#[derive(Debug, Clone, PartialEq)]
pub struct Histogram(hdrhistogram::Histogram<u64>);

impl Default for Histogram {
    fn default() -> Self {
        Self::new()
    }
}

impl Histogram {
    /// An empty histogram.
    ///
    /// # Panics
    /// Never: three digits are in the allowed range.
    pub fn new() -> Histogram {
        let mut inner = hdrhistogram::Histogram::new(3).expect("three digits are allowed");
        inner.auto(true);
        Histogram(inner)
    }

    /// Counts one time, in nanoseconds.
    ///
    /// # Panics
    /// Never: the histogram grows, and an hour is within its reach.
    pub fn record(&mut self, nanos: u64) {
        self.record_many(nanos, 1);
    }

    /// Counts one time `count` times.
    pub(super) fn record_many(&mut self, nanos: u64, count: u64) {
        self.0
            .record_n(nanos.min(LONGEST), count)
            .expect("an hour is within reach");
    }

    /// Adds all of another's counts.
    ///
    /// # Panics
    /// Never: a histogram that grows takes any other.
    pub fn merge(&mut self, other: &Histogram) {
        self.0
            .add(&other.0)
            .expect("a growing histogram takes any other");
    }

    /// The counts themselves, in nanoseconds, for writers of other forms.
    pub fn hdr(&self) -> &hdrhistogram::Histogram<u64> {
        &self.0
    }

    /// How many times were counted.
    pub fn len(&self) -> u64 {
        self.0.len()
    }

    /// Whether nothing was counted.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The time that a share `quantile` of all stays at or below, in milliseconds; 0 when empty.
    pub fn quantile_ms(&self, quantile: f64) -> f64 {
        self.0.value_at_quantile(quantile.clamp(0.0, 1.0)) as f64 / 1e6
    }

    /// The bounds of the times that can't be distinguished from the quantile, in milliseconds; 0 when empty.
    pub fn quantile_bounds_ms(&self, quantile: f64) -> (f64, f64) {
        let nanos = self.0.value_at_quantile(quantile.clamp(0.0, 1.0));
        let (low, high) = (
            self.0.lowest_equivalent(nanos),
            self.0.highest_equivalent(nanos),
        );
        (low as f64 / 1e6, high as f64 / 1e6)
    }

    /// How many times are at least this long, in nanoseconds, to three digits.
    pub fn at_or_above(&self, nanos: u64) -> u64 {
        if nanos > self.0.max() {
            return 0;
        }
        self.0.count_between(nanos, self.0.max())
    }

    /// The longest, in milliseconds; 0 when empty.
    pub fn max_ms(&self) -> f64 {
        self.0.max() as f64 / 1e6
    }

    /// The mean, in milliseconds; 0 when empty.
    pub fn mean_ms(&self) -> f64 {
        self.0.mean() / 1e6
    }
}

#[cfg(test)]
impl From<hdrhistogram::Histogram<u64>> for Histogram {
    fn from(inner: hdrhistogram::Histogram<u64>) -> Histogram {
        Histogram(inner)
    }
}

impl Serialize for Histogram {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut bytes = Vec::new();
        V2DeflateSerializer::new()
            .serialize(&self.0, &mut bytes)
            .map_err(|error| serde::ser::Error::custom(format!("{error:?}")))?;
        serializer.serialize_str(&STANDARD.encode(bytes))
    }
}

impl<'de> Deserialize<'de> for Histogram {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = STANDARD.decode(text).map_err(serde::de::Error::custom)?;
        let mut inner: hdrhistogram::Histogram<u64> = HdrReader::new()
            .deserialize(&mut bytes.as_slice())
            .map_err(|error| serde::de::Error::custom(format!("{error:?}")))?;
        inner.auto(true);
        Ok(Histogram(inner))
    }
}
