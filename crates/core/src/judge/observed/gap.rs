//! What part of a run a source did not tell of.

use super::super::text::time;
use crate::record::{RunResult, SourceSeries};
use crate::requirement::Source;

/// A counter that was first or last seen this long from the run's ends misses part of it, in milliseconds.
const SLACK_MS: i64 = 2_500;
/// More than this part of a run without a word, and nothing passes on the rest.
const WIDE: f64 = 0.25;

/// A part of the run that a figure says nothing of.
pub(super) struct Gap {
    /// As it stands behind a reason.
    pub(super) text: String,
    /// Whether it is too much for a pass.
    pub(super) is_wide: bool,
}

/// What counters do not cover: what they counted between two looks is known, however many failed in between.
pub(super) fn of_counters(counter: Option<&str>, source: Source, run: &RunResult) -> Option<Gap> {
    let name = counter?;
    let seen = run.observed.seen(source)?;
    let (first, last) = seen.span(name)?;
    let end = (run.window.to / 1_000_000).cast_signed();
    if first <= SLACK_MS && last >= end - SLACK_MS {
        return None;
    }
    let covered = last.min(end) - first.max(0);
    Some(Gap {
        text: format!(
            "; it answered only from {} to {} of the run's {}{}",
            time(first.max(0) as f64),
            time(last as f64),
            time(end as f64),
            problems(seen)
        ),
        is_wide: covered as f64 <= (1.0 - WIDE) * end as f64,
    })
}

/// How many looks brought no answer: what a source reports about a moment is known for that moment alone.
pub(super) fn of_looks(name: &str, source: Source, run: &RunResult) -> Option<Gap> {
    let seen = run.observed.seen(source)?;
    let missed = seen.missed(name);
    (missed > 0).then(|| Gap {
        text: format!(
            "; it did not answer at {missed} of {} looks{}",
            seen.asked,
            problems(seen)
        ),
        is_wide: missed as f64 > WIDE * seen.asked as f64,
    })
}

fn problems(seen: &SourceSeries) -> String {
    if seen.problems.is_empty() {
        return String::new();
    }
    format!(" ({})", seen.problems.join(", "))
}
