//! Metrics as they come together, a point after the other.

use super::message::{Attribute, Data, Number, OtlpMetric, PointValue};

/// Figures of a moment. What is not a number is left out.
pub(super) struct GaugePoint {
    name: &'static str,
    unit: &'static str,
    description: &'static str,
    points: Vec<Number>,
}

impl GaugePoint {
    pub(super) fn new(
        name: &'static str,
        unit: &'static str,
        description: &'static str,
    ) -> GaugePoint {
        GaugePoint {
            name,
            unit,
            description,
            points: Vec::new(),
        }
    }

    /// Adds a point; `time` is in nanoseconds since 1970.
    pub(super) fn add(&mut self, attributes: Vec<Attribute>, time: u64, value: f64) {
        if value.is_finite() {
            self.points.push(Number {
                attributes,
                start_time_unix_nano: 0,
                time_unix_nano: time,
                value: PointValue::AsDouble(value),
            });
        }
    }

    pub(super) fn metric(self) -> OtlpMetric {
        OtlpMetric {
            name: self.name,
            description: self.description,
            unit: self.unit,
            data: Data::gauge(self.points),
        }
    }
}
