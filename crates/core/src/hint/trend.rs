//! Whether values rise over time, beyond what chance makes of them.

use crate::statistics::student_t_quantile;

/// The chance of calling a rise what is none.
const ALPHA: f64 = 0.01;
const FEWEST: usize = 6;

/// The slope of the line through `(time, value)` points by least squares, in values per time; `None` unless
/// it is above 0 with 99 % confidence, and still is in each half: what rises once and stays is not a trend.
pub(super) fn slope(points: &[(f64, f64)]) -> Option<f64> {
    if points.len() < FEWEST {
        return None;
    }
    let (first, second) = points.split_at(points.len() / 2);
    let rises = |half: &[(f64, f64)]| line(half).is_some_and(|line| line.slope > 0.0);
    let whole = line(points)?;
    let freedom = points.len() as f64 - 2.0;
    let sure = whole.slope > student_t_quantile(1.0 - ALPHA, freedom) * whole.error;
    (sure && rises(first) && rises(second)).then_some(whole.slope)
}

struct TrendLine {
    slope: f64,
    /// Standard error of the slope.
    error: f64,
}

fn line(points: &[(f64, f64)]) -> Option<TrendLine> {
    let n = points.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / n;
    let (t, v) = (mean(|point| point.0), mean(|point| point.1));
    let spread: f64 = points.iter().map(|point| (point.0 - t).powi(2)).sum();
    if spread <= 0.0 {
        return None;
    }
    let slope = points
        .iter()
        .map(|point| (point.0 - t) * (point.1 - v))
        .sum::<f64>()
        / spread;
    let residual = |point: &(f64, f64)| (point.1 - v - slope * (point.0 - t)).powi(2);
    let variance = points.iter().map(residual).sum::<f64>() / (n - 2.0).max(1.0);
    Some(TrendLine {
        slope,
        error: (variance / spread).sqrt(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(value: impl Fn(f64) -> f64) -> Vec<(f64, f64)> {
        (0..20)
            .map(f64::from)
            .map(|time| (time, value(time)))
            .collect()
    }

    #[test]
    fn only_what_rises_throughout_is_a_trend() {
        let found = slope(&points(|time| 100.0 + 3.0 * time + (time * 7.0) % 5.0)).expect("a rise");
        assert!((found - 3.0).abs() < 0.3, "{found}");
        assert_eq!(slope(&points(|_| 100.0)), None);
        assert_eq!(slope(&points(|time| 100.0 - time)), None);
        assert_eq!(slope(&points(|time| (time * 7.0) % 5.0)), None);
        assert_eq!(
            slope(&points(|time| if time < 10.0 { 100.0 } else { 180.0 })),
            None
        );
        assert_eq!(slope(&points(|time| time)[..4]), None);
    }
}
