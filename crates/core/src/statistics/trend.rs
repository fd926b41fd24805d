//! Whether latencies rise or fall throughout a run.

use super::dependence::RankBlock;

/// A slope this many standard errors from 0 is a trend: more than slow waves in a short run show.
const ERRORS: f64 = 4.0;
const FEWEST_SECONDS: usize = 8;

/// By how much the mean rank of the latencies changes from the first second of a run to the last, of all ranks as 1, when
/// that is a trend; negative when they fall.
///
/// The least-squares line through the mean ranks of the seconds. Its standard error knows the residuals and how each hangs
/// together with the next.
pub fn trend(blocks: &[RankBlock]) -> Option<f64> {
    let points: Vec<(f64, f64)> = blocks
        .iter()
        .enumerate()
        .filter(|(_, block)| block.requests > 0.0)
        .map(|(second, block)| (second as f64, block.ranks / block.requests))
        .collect();
    if points.len() < FEWEST_SECONDS {
        return None;
    }
    let n = points.len() as f64;
    let at = points.iter().map(|point| point.0).sum::<f64>() / n;
    let mean = points.iter().map(|point| point.1).sum::<f64>() / n;
    let spread: f64 = points.iter().map(|point| (point.0 - at).powi(2)).sum();
    let common: f64 = points
        .iter()
        .map(|point| (point.0 - at) * (point.1 - mean))
        .sum();
    let slope = common / spread;
    let rest: Vec<f64> = points
        .iter()
        .map(|point| point.1 - mean - slope * (point.0 - at))
        .collect();
    let squares: f64 = rest.iter().map(|one| one * one).sum();
    let pairs: f64 = rest.windows(2).map(|pair| pair[0] * pair[1]).sum();
    let correlation = if squares > 0.0 {
        (pairs / squares).clamp(0.0, 0.9)
    } else {
        0.0
    };
    let inflation = (1.0 + correlation) / (1.0 - correlation);
    let error = (squares / (n - 2.0) / spread * inflation).sqrt();
    let last = points[points.len() - 1].0 - points[0].0;
    (slope.abs() > ERRORS * error && slope.abs() > 0.0).then_some(slope * last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks(means: impl Iterator<Item = f64>) -> Vec<RankBlock> {
        let block = |mean: f64| RankBlock {
            ranks: 50.0 * mean,
            requests: 50.0,
        };
        means.map(block).collect()
    }

    #[test]
    fn a_warm_up_is_a_falling_trend() {
        let noise = [0.01, -0.02, 0.02, 0.0, -0.01];
        let falling = (0..20).map(|s: usize| 0.9 - 0.04 * s as f64 + noise[s % 5]);
        let found = trend(&blocks(falling)).unwrap();
        assert!((found + 0.76).abs() < 0.05, "{found}");
    }

    #[test]
    fn waves_and_chance_are_no_trend() {
        let wave = (0..20).map(|s| 0.5 + 0.3 * (f64::from(s) / 3.0).sin());
        assert_eq!(trend(&blocks(wave)), None);
        let means = [
            0.52, 0.47, 0.5, 0.55, 0.46, 0.49, 0.53, 0.44, 0.51, 0.5, 0.56, 0.47,
        ];
        assert_eq!(trend(&blocks(means.into_iter())), None);
        assert_eq!(trend(&blocks([0.5; 9].into_iter())), None);
        assert_eq!(trend(&blocks([0.1, 0.9].into_iter())), None);
    }
}
