//! Response times as one line of bars.

use crate::record::Histogram;
use crate::requirement::format;

/// Bars of a line.
const BARS: usize = 40;
/// From the lowest to the highest; the one before them is for no time at all.
const HEIGHTS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const NONE: char = '·';

/// From the shortest time to the longest, `0.5 ms ▁▂▆█▅▂▁·····▁ 12 ms`: each bar is the same factor wide, as times differ
/// by factors. `None` when there is nothing to be spread.
pub(super) fn line(times: &Histogram) -> Option<String> {
    let (low, high) = (times.quantile_ms(0.0), times.max_ms());
    // The histogram itself can't tell closer times apart.
    if times.is_empty() || low <= 0.0 || high < 1.01 * low {
        return None;
    }
    let edge = |bar: usize| 1e6 * low * (high / low).powf(bar as f64 / BARS as f64);
    let above = |bar: usize| match bar {
        0 => times.len(),
        BARS => 0,
        bar => times.at_or_above(edge(bar) as u64),
    };
    let counts: Vec<u64> = (0..BARS)
        .map(|bar| above(bar).saturating_sub(above(bar + 1)))
        .collect();
    let most = counts.iter().copied().max().unwrap_or(0).max(1);
    let bars: String = counts.iter().map(|count| bar(*count, most)).collect();
    Some(format!(
        "{} {bars} {}",
        format::time(low),
        format::time(high)
    ))
}

/// A bin that is not empty is always visible.
fn bar(count: u64, most: u64) -> char {
    if count == 0 {
        return NONE;
    }
    let height = (count * HEIGHTS.len() as u64).div_ceil(most) as usize;
    HEIGHTS[height.clamp(1, HEIGHTS.len()) - 1]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spread_line(times_ms: &[u64]) -> Option<String> {
        let mut times = Histogram::new();
        for ms in times_ms {
            times.record(ms * 1_000_000);
        }
        line(&times)
    }

    #[test]
    fn few_slow_ones_are_seen_beside_many_that_are_quick() {
        let mut times = vec![10; 900];
        times.extend([12; 400]);
        times.extend([1_000; 1]);
        let line = spread_line(&times).unwrap();
        assert!(
            line.starts_with("10 ms █") && line.ends_with("▁ 1.00 s"),
            "{line}"
        );
        assert_eq!(
            line.chars().filter(|c| HEIGHTS.contains(c)).count(),
            3,
            "{line}"
        );
    }

    #[test]
    fn every_time_is_in_a_bar() {
        let line = spread_line(&[1, 2, 4, 8, 16, 32, 64, 128]).unwrap();
        assert_eq!(line.matches('█').count(), 8, "{line}");
    }

    #[test]
    fn nothing_is_spread_where_all_are_alike() {
        assert_eq!(spread_line(&[]), None);
        assert_eq!(spread_line(&[5, 5, 5]), None);
    }
}
