//! Trouble that recurs: stretches of slow seconds at equal distances.

use super::result::{RunResult, Second};

/// Fewer than these are no rhythm.
const FEWEST: usize = 3;
/// A second is slow when one of its requests took so many times what is usual in the run ...
const TIMES_USUAL: f64 = 5.0;
/// ... and so much longer than that, in milliseconds.
const MORE_MS: f64 = 50.0;
/// Distances may differ from their mean by so many seconds, as a second is the finest that is known, ...
const SECONDS_APART: f64 = 1.0;
/// ... or by this part of it.
const PART_APART: f64 = 0.15;
/// When more of the seconds are slow than this part, nothing stands out.
const MOST_SLOW: f64 = 0.5;

/// Trouble that came again and again.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Recurring {
    /// How often it came.
    pub times: usize,
    /// From one beginning to the next, in seconds, on the average.
    pub period: f64,
    /// The longest response time in it, in milliseconds: about as long as it lasts.
    pub longest_ms: f64,
    /// The second of the run in which it came first.
    pub first: usize,
}

impl Recurring {
    /// What recurs in the judged part of a run; `None` when nothing does.
    pub fn of(run: &RunResult) -> Option<Recurring> {
        let window = run.window.seconds();
        let end = window.end.min(run.seconds.len());
        let seconds = run.seconds.get(window.start..end)?;
        let found = among(&longest(seconds), usual(run)?)?;
        Some(Recurring {
            first: found.first + window.start,
            ..found
        })
    }
}

/// The median response time of the judged part, in milliseconds.
fn usual(run: &RunResult) -> Option<f64> {
    let mut all = super::Histogram::new();
    for endpoint in &run.endpoints {
        all.merge(&endpoint.response);
    }
    (!all.is_empty()).then(|| all.quantile_ms(0.5))
}

fn longest(seconds: &[Second]) -> Vec<f64> {
    let of = |second: &Second| second.response.quantile_ms(1.0).unwrap_or(0.0);
    seconds.iter().map(of).collect()
}

/// What recurs among the longest times of each second.
fn among(longest: &[f64], usual: f64) -> Option<Recurring> {
    let is_slow = |ms: &f64| *ms > TIMES_USUAL * usual && *ms > usual + MORE_MS;
    let slow = longest.iter().filter(|ms| is_slow(ms)).count();
    if slow as f64 > MOST_SLOW * longest.len() as f64 {
        return None;
    }
    let begins: Vec<usize> = (0..longest.len())
        .filter(|&at| is_slow(&longest[at]) && (at == 0 || !is_slow(&longest[at - 1])))
        .collect();
    if begins.len() < FEWEST {
        return None;
    }
    let distances = begins.windows(2).map(|pair| (pair[1] - pair[0]) as f64);
    let period = (begins[begins.len() - 1] - begins[0]) as f64 / (begins.len() - 1) as f64;
    let apart = SECONDS_APART.max(PART_APART * period);
    // Within a second or two of each other nothing could fail this.
    let is_even = period >= 3.0
        && distances
            .into_iter()
            .all(|one| (one - period).abs() <= apart);
    let longest_ms = longest.iter().copied().filter(is_slow).fold(0.0, f64::max);
    is_even.then_some(Recurring {
        times: begins.len(),
        period,
        longest_ms,
        first: begins[0],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A second of 2 ms each, but where `slow` names another time.
    fn series(seconds: usize, slow: &[(usize, f64)]) -> Vec<f64> {
        let mut all = vec![2.0; seconds];
        for (at, ms) in slow {
            all[*at] = *ms;
        }
        all
    }

    #[test]
    fn only_what_comes_at_equal_distances_recurs() {
        let spikes = |places: &[usize]| -> Vec<(usize, f64)> {
            places.iter().map(|at| (*at, 400.0)).collect()
        };
        for (places, period) in [
            (&[5, 15, 25][..], Some(10.0)),
            (&[5, 14, 25, 35], Some(10.0)),
            (&[3, 4, 13, 14, 23, 24], Some(10.0)),
            (&[5, 15], None),
            (&[5, 8, 25], None),
            (&[5, 7, 9, 11], None),
            (&[], None),
        ] {
            let found = among(&series(40, &spikes(places)), 2.0);
            assert_eq!(found.map(|found| found.period), period, "{places:?}");
        }
    }

    #[test]
    fn it_is_told_how_long_and_since_when() {
        let slow = [(4, 300.0), (5, 80.0), (14, 500.0), (24, 400.0)];
        let found = among(&series(30, &slow), 2.0).unwrap();
        assert_eq!((found.times, found.first), (3, 4));
        assert!((found.longest_ms - 500.0).abs() < 1e-9);
    }

    #[test]
    fn what_is_slow_most_of_the_time_has_no_spikes() {
        let slow: Vec<(usize, f64)> = (0..30)
            .filter(|at| at % 3 > 0)
            .map(|at| (at, 300.0))
            .collect();
        assert_eq!(among(&series(30, &slow), 2.0), None);
        // Slow by half, but not by much: 20 ms among 5 ms ones.
        assert_eq!(
            among(&series(30, &[(5, 20.0), (15, 20.0), (25, 20.0)]), 5.0),
            None
        );
    }
}
