//! The JSON of times: their percentiles with intervals, and back.

use serde::{Deserialize, Serialize};

use super::write::finite;
use crate::record::{Histogram, Times};
use crate::requirement::{Interval, Intervals};

/// Figures of times in milliseconds; all null when there are none.
#[derive(Clone, Copy, Default, Serialize, Deserialize)]
pub(super) struct TimesForm {
    pub(super) p50: Option<PercentileForm>,
    pub(super) p90: Option<PercentileForm>,
    pub(super) p95: Option<PercentileForm>,
    pub(super) p99: Option<PercentileForm>,
    pub(super) p999: Option<PercentileForm>,
    pub(super) max: Option<f64>,
    pub(super) mean: Option<f64>,
}

/// A percentile with the ends of its interval.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub(super) struct PercentileForm {
    pub(super) value: Option<f64>,
    low: Option<f64>,
    high: Option<f64>,
}

impl TimesForm {
    pub(super) fn of(histogram: &Histogram, sure: &Intervals) -> TimesForm {
        TimesForm::from(Times::of(histogram), sure)
    }

    pub(super) fn from(times: Option<Times>, sure: &Intervals) -> TimesForm {
        let percentile = |value: f64, interval: Interval| {
            Some(PercentileForm {
                value: finite(value),
                low: interval.low.and_then(finite),
                high: interval.high.and_then(finite),
            })
        };
        times.map_or_else(TimesForm::default, |times| TimesForm {
            p50: percentile(times.p50, sure.p50),
            p90: percentile(times.p90, sure.p90),
            p95: percentile(times.p95, sure.p95),
            p99: percentile(times.p99, sure.p99),
            p999: percentile(times.p999, sure.p999),
            max: finite(times.max),
            mean: finite(times.mean),
        })
    }

    pub(super) fn intervals(&self) -> Intervals {
        let interval = |form: Option<PercentileForm>| {
            form.map_or_else(Interval::default, |form| Interval {
                low: form.low,
                high: form.high,
            })
        };
        Intervals {
            p50: interval(self.p50),
            p90: interval(self.p90),
            p95: interval(self.p95),
            p99: interval(self.p99),
            p999: interval(self.p999),
        }
    }
}
