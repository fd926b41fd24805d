//! Why a proportion is judged as it is, in words.

use super::CheckLevels;
use super::text::{count, percent};
use super::weighed::{Allowed, Weighed};
use crate::record::Generator;
use crate::statistics::Decision;

/// A generator that is less late than this at p99, in milliseconds, has held up nothing that shows.
const LATE_MS: f64 = 10.0;

/// The reason of a verdict on `what`: `requests failed`.
pub(super) fn proportion_reason(
    what: &str,
    [all, without]: [&Weighed; 2],
    allowed: &Allowed,
    levels: CheckLevels,
    generator: &Generator,
) -> String {
    let share = percent(all.hits / all.trials.max(1.0));
    let sure = percent(1.0 - levels.pass);
    let bound = match all.decision {
        Decision::Below => format!("at most {} with {sure} confidence", percent(all.high)),
        Decision::Above => format!("at least {} with {sure} confidence", percent(all.low)),
        Decision::Undecided => format!(
            "{} to {} with {sure} confidence",
            percent(all.low),
            percent(all.high)
        ),
    };
    let trials = count(all.trials);
    let allowed = percent(allowed.share);
    let blame = if all.decision != Decision::Below && without.decision != all.decision {
        let own = count(all.hits - without.hits);
        format!(
            "; without the {own} that {} it would be otherwise",
            held_up(generator)
        )
    } else {
        String::new()
    };
    format!("{share} of {trials} {what}, {bound} (allowed: {allowed}){blame}")
}

/// What kept requests from being sent when they were due, and is not the target's.
fn held_up(generator: &Generator) -> String {
    const ITSELF: &str = "the load generator itself held up";
    let limit = generator
        .connection_limit
        .filter(|_| !generator.waits.is_empty());
    let Some(limit) = limit else {
        return ITSELF.to_owned();
    };
    let waited =
        format!("waited while the plan's `connections = {limit}` was in use by earlier requests");
    // Both kinds are in the same counter; the histograms tell them apart.
    if generator.lag.quantile_ms(0.99) < LATE_MS {
        return waited;
    }
    format!("{waited}, or {ITSELF},")
}
