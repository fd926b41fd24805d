//! Names of metrics, as profiles and reports write them.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Metric, PLAIN, QUANTILES};

impl Metric {
    /// Reads a metric as a profile names it: `error_rate`, `response_time_p95`, `response_time_p99.9`.
    pub fn parse(name: &str) -> Option<Metric> {
        if let Some(plain) = PLAIN.iter().find(|plain| plain.spec().name == name) {
            return Some(*plain);
        }
        QUANTILES.iter().find_map(|(prefix, _, metric)| {
            let percentile = name.strip_prefix(prefix)?;
            parse_percentile(percentile).map(metric)
        })
    }

    /// Every name a profile may use, with `p95` standing for any percentile.
    pub fn names() -> Vec<&'static str> {
        let quantiles = QUANTILES.iter().map(|(_, name, _)| *name);
        let plain = PLAIN.iter().map(|metric| metric.spec().name);
        quantiles.chain(plain).collect()
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.spec().name)?;
        match self.any_quantile() {
            Some(quantile) => write!(f, "{}", percentile(quantile)),
            None => Ok(()),
        }
    }
}

impl Serialize for Metric {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Metric {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Metric::parse(&name)
            .ok_or_else(|| serde::de::Error::custom(format!("unknown metric `{name}`")))
    }
}

/// `95` → 0.95, `99.9` → 0.999; `None` outside (0, 100).
fn parse_percentile(text: &str) -> Option<f64> {
    let plain = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.');
    let value: f64 = if plain {
        text.parse().ok()?
    } else {
        return None;
    };
    (value > 0.0 && value < 100.0).then_some(value / 100.0)
}

/// 0.95 → 95, 0.999 → 99.9, without the dust of binary fractions.
fn percentile(quantile: f64) -> f64 {
    (quantile * 1e8).round() / 1e6
}
