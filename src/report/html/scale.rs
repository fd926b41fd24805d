//! From values to places on a chart.

/// One axis: a range of values, and the pixels it is laid out on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct AxisScale {
    low: f64,
    high: f64,
    from: f64,
    to: f64,
    kind: AxisKind,
}

/// How equal distances on an axis relate to values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AxisKind {
    /// Equal distances are equal differences.
    Linear,
    /// Equal distances are equal ratios.
    Logarithmic,
}

impl AxisScale {
    /// From `low` to `high`, which is above it or moved there.
    pub(super) fn linear(low: f64, high: f64, from: f64, to: f64) -> AxisScale {
        let high = if high > low { high } else { low + 1.0 };
        AxisScale {
            low,
            high,
            from,
            to,
            kind: AxisKind::Linear,
        }
    }

    /// From `low`, above 0, to `high`; widened to at least a factor of two.
    pub(super) fn logarithmic(low: f64, high: f64, from: f64, to: f64) -> AxisScale {
        let low = low.max(1e-6);
        AxisScale {
            low,
            high: high.max(2.0 * low),
            from,
            to,
            kind: AxisKind::Logarithmic,
        }
    }

    /// The place of a value; one beyond an end lies at that end.
    pub(super) fn at(&self, value: f64) -> f64 {
        let value = value.clamp(self.low, self.high);
        let share = match self.kind {
            AxisKind::Linear => (value - self.low) / (self.high - self.low),
            AxisKind::Logarithmic => (value / self.low).ln() / (self.high / self.low).ln(),
        };
        self.from + share * (self.to - self.from)
    }

    /// Whether a value lies on the axis.
    pub(super) fn holds(&self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }

    /// The ends, in values.
    pub(super) fn ends(&self) -> (f64, f64) {
        (self.low, self.high)
    }

    /// The ends, in pixels.
    pub(super) fn pixels(&self) -> (f64, f64) {
        (self.from, self.to)
    }

    /// What a reader of the page needs to go back from places to values.
    pub(super) fn name(&self) -> &'static str {
        match self.kind {
            AxisKind::Linear => "linear",
            AxisKind::Logarithmic => "log",
        }
    }

    /// Round values to be written along the axis, ascending: at most about `most` of them.
    pub(super) fn ticks(&self, most: usize) -> Vec<f64> {
        match self.kind {
            AxisKind::Linear => linear_ticks(self.low, self.high, most),
            AxisKind::Logarithmic => logarithmic_ticks(self.low, self.high, most),
        }
    }
}

/// Multiples of 1, 2 or 5 times a power of ten.
fn linear_ticks(low: f64, high: f64, most: usize) -> Vec<f64> {
    let raw = (high - low) / most.max(1) as f64;
    let power = 10_f64.powf(raw.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0]
        .map(|times| times * power)
        .into_iter()
        .find(|step| *step >= raw * (1.0 - 1e-9))
        .unwrap_or(10.0 * power);
    let first = (low / step - 1e-9).ceil() as i64;
    let last = (high / step + 1e-9).floor() as i64;
    (first..=last).map(|number| number as f64 * step).collect()
}

/// 1, 2 and 5 times powers of ten; powers of ten alone, or few of them, where there is no room for more.
fn logarithmic_ticks(low: f64, high: f64, most: usize) -> Vec<f64> {
    let first = low.log10().floor() as i32;
    let last = high.log10().ceil() as i32;
    let inside = |value: &f64| (low * (1.0 - 1e-9)..=high * (1.0 + 1e-9)).contains(value);
    let of = |times: &[f64]| -> Vec<f64> {
        let powers = (first..=last).map(|power| 10_f64.powi(power));
        let all = powers.flat_map(|power| times.iter().map(move |times| times * power));
        all.filter(inside).collect()
    };
    let ticks = of(&[1.0, 2.0, 5.0]);
    if ticks.len() <= most {
        return ticks;
    }
    let tens = of(&[1.0]);
    let every = tens.len().div_ceil(most.max(1)).max(1);
    tens.into_iter().step_by(every).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ticks_are_round() {
        assert_eq!(linear_ticks(0.0, 10.0, 5), [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]);
        assert_eq!(linear_ticks(0.0, 100.0, 4), [0.0, 50.0, 100.0]);
        assert_eq!(logarithmic_ticks(1.0, 20.0, 6), [1.0, 2.0, 5.0, 10.0, 20.0]);
        assert_eq!(logarithmic_ticks(1.0, 1e6, 3), [1.0, 1e3, 1e6]);
    }

    proptest! {
        #[test]
        fn every_value_lies_on_the_axis(low in 0.01..1e3_f64, over in 0.0..1e6_f64, value in -1e3..1e9_f64) {
            for scale in [AxisScale::linear(low, low + over, 60.0, 700.0), AxisScale::logarithmic(low, low + over, 60.0, 700.0)] {
                prop_assert!((60.0..=700.0 + 1e-6).contains(&scale.at(value)));
            }
        }

        #[test]
        fn there_are_some_ticks_and_not_too_many(low in 0.01..1e3_f64, factor in 2.0..1e6_f64) {
            for scale in [AxisScale::linear(low, low * factor, 0.0, 1.0), AxisScale::logarithmic(low, low * factor, 0.0, 1.0)] {
                let ticks = scale.ticks(6);
                prop_assert!(ticks.len() <= 7, "{ticks:?}");
                prop_assert!(ticks.iter().all(|tick| *tick >= low * 0.999 && *tick <= low * factor * 1.001));
            }
        }
    }
}
