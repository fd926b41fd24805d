//! Pauses that come again: stretches of slow seconds at equal distances, among others that are not.

mod rhythm;
#[cfg(test)]
mod tests;

use super::result::{RunResult, Second};
use crate::record::Outcome;
use rhythm::{PauseEvent, strongest};

/// A second is slow when one of its requests took so many times what is usual in the run ...
const TIMES_USUAL: f64 = 5.0;
/// ... and so much longer than that, in milliseconds.
const MORE_MS: f64 = 50.0;
/// When more of the seconds are slow than this part, nothing stands out.
const MOST_SLOW: f64 = 0.7;
/// How far a time of a second may be off: half a bucket of its histogram.
const ROUGH: f64 = 0.065;
/// Kinds of pauses that are named.
const KINDS: usize = 2;

/// Trouble that came again and again.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Recurring {
    /// How often it came.
    pub times: usize,
    /// From one beginning to the next, in seconds, on the average.
    pub period: f64,
    /// The longest response time in each, in milliseconds, which is about how long it lasts; the median of them.
    pub typical_ms: f64,
    /// The second of the run in which it came first.
    pub first: usize,
    /// Requests due in its seconds that took as long as a pause.
    pub slow: u64,
}

impl Recurring {
    /// What recurs in the judged part of a run, the least doubtful first; empty when nothing does.
    ///
    /// Seconds that were slow because the generator was held up are not the target's.
    pub fn all(run: &RunResult) -> Vec<Recurring> {
        let window = run.window.seconds();
        let end = window.end.min(run.seconds.len());
        let (Some(seconds), Some(usual)) = (run.seconds.get(window.start..end), usual(run)) else {
            return Vec::new();
        };
        let looks: Vec<SecondSummary> = seconds
            .iter()
            .map(|second| SecondSummary::of(second, usual))
            .collect();
        let found = among(&looks, usual);
        let from_start = |one: Recurring| Recurring {
            first: one.first + window.start,
            ..one
        };
        found.into_iter().map(from_start).collect()
    }
}

/// The median response time of the judged part, in milliseconds.
fn usual(run: &RunResult) -> Option<f64> {
    let mut all = super::Histogram::new();
    let requests = run.endpoints.iter().filter(|one| one.kind.is_request());
    requests.for_each(|endpoint| all.merge(&endpoint.response));
    (!all.is_empty()).then(|| all.quantile_ms(0.5))
}

/// What a second shows about pauses.
#[derive(Debug, Clone, Copy, Default)]
struct SecondSummary {
    /// The longest response time, in milliseconds; 0 when it was the generator's doing.
    longest: f64,
    due: u64,
    /// Requests that were slow.
    slow: u64,
}

impl SecondSummary {
    fn of(second: &Second, usual: f64) -> SecondSummary {
        let due = second.due();
        // What failed at once is charged its timeout, and no pause.
        let failed = second.endpoints.iter().map(|counts| {
            let timeouts = counts.outcomes.get(&Outcome::Timeout).copied();
            counts.failed.saturating_sub(timeouts.unwrap_or(0))
        });
        let lasted = second.response.len().saturating_sub(failed.sum());
        if lasted == 0 || is_generators(second) {
            return SecondSummary {
                due,
                ..SecondSummary::default()
            };
        }
        let rank = (lasted as f64 - 0.5) / second.response.len() as f64;
        let longest = second.response.quantile_ms(rank).unwrap_or(0.0);
        let limit = (least(usual) * 1e6) as u64;
        SecondSummary {
            longest,
            due,
            slow: second.response.above(limit).min(lasted),
        }
    }
}

/// A time above this is slow, in milliseconds.
fn least(usual: f64) -> f64 {
    (TIMES_USUAL * usual).max(usual + MORE_MS)
}

/// Whether most of what was slow in a second was so because the generator was held up.
fn is_generators(second: &Second) -> bool {
    let thresholds = second
        .endpoints
        .first()
        .map_or(0, |counts| counts.over.len());
    let sum = |of: &dyn Fn(&super::Counts) -> u64| second.endpoints.iter().map(of).sum::<u64>();
    let highest = (0..thresholds).rev().find_map(|index| {
        let over = sum(&|counts| counts.over[index]);
        (over > 0).then(|| (over, sum(&|counts| counts.over_by_generator[index])))
    });
    highest.is_some_and(|(over, by_generator)| 2 * by_generator > over)
}

/// What recurs among the seconds.
fn among(looks: &[SecondSummary], usual: f64) -> Vec<Recurring> {
    let is_slow = |look: &SecondSummary| look.longest > least(usual);
    let slow = looks.iter().filter(|look| is_slow(look)).count();
    if slow as f64 > MOST_SLOW * looks.len() as f64 {
        return Vec::new();
    }
    let mut stretches: Vec<SlowStretch<'_>> = Vec::new();
    for (at, look) in looks.iter().enumerate().filter(|(_, look)| is_slow(look)) {
        match stretches
            .last_mut()
            .filter(|last| last.from + last.looks.len() == at)
        {
            Some(last) => last.looks = &looks[last.from..=at],
            None => stretches.push(SlowStretch {
                from: at,
                looks: std::slice::from_ref(look),
            }),
        }
    }
    let mut found = Vec::new();
    while found.len() < KINDS {
        let events: Vec<PauseEvent> = stretches.iter().map(SlowStretch::event).collect();
        let Some(chain) = strongest(&events, looks.len() as f64) else {
            break;
        };
        let members: Vec<&SlowStretch<'_>> =
            chain.members.iter().map(|at| &stretches[*at]).collect();
        found.push(Recurring {
            times: members.len(),
            period: chain.period,
            typical_ms: median(members.iter().map(|one| one.longest()).collect()),
            first: members[0].from,
            slow: members
                .iter()
                .flat_map(|one| one.looks)
                .map(|look| look.slow)
                .sum(),
        });
        let mut place = 0;
        stretches.retain(|_| {
            place += 1;
            !chain.members.contains(&(place - 1))
        });
    }
    found
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

/// Slow seconds in a row: one pause, as far as seconds tell.
struct SlowStretch<'a> {
    from: usize,
    looks: &'a [SecondSummary],
}

impl SlowStretch<'_> {
    fn longest(&self) -> f64 {
        self.looks
            .iter()
            .map(|look| look.longest)
            .fold(0.0, f64::max)
    }

    /// When it began, more exactly than to the second: whatever is due while the target pauses waits until the same
    /// end, and what was due first waits longest.
    fn event(&self) -> PauseEvent {
        let from = self.from as f64;
        let (mut low, mut high) = (from, from + 1.0);
        let first = self.looks[0];
        let seconds = |look: &SecondSummary, rough: f64| look.longest / 1e3 * (1.0 + rough);
        // How long after its beginning a second, or a pause, has its first request, at most.
        let gap = |look: &SecondSummary| (4.0 / look.due.max(1) as f64).min(1.0);
        // More that was slow than one pause over both seconds would have met: there are two of them.
        let slow = first.slow as f64 / first.due.max(1) as f64;
        let is_one = |next: &&SecondSummary| {
            let begin = from + 1.0 + gap(next) + seconds(next, ROUGH) - seconds(&first, -ROUGH);
            from + 1.0 - slow > begin - seconds(next, ROUGH).min(0.3) - 2.0 * gap(&first)
        };
        match self.looks.get(1).filter(is_one) {
            Some(next) => {
                let end_low = from + 1.0 + seconds(next, -ROUGH);
                let end_high = from + 1.0 + gap(next) + seconds(next, ROUGH);
                low = low.max(end_low - seconds(&first, ROUGH) - gap(&first));
                high = high.min(end_high - seconds(&first, -ROUGH));
            }
            // It was over before the next second.
            None => high = high.min(from + 1.0 - seconds(&first, -ROUGH) + gap(&first)),
        }
        if low > high {
            (low, high) = (from, from + 1.0);
        }
        PauseEvent {
            at: low.midpoint(high),
            unsure: (high - low) / 2.0,
            strength: self.longest(),
        }
    }
}
