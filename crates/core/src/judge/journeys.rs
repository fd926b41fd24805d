//! What is particular to steps of journeys: those that were never reached, and those that are polled.

use super::evidence::{EndpointSelection, Slice};
use super::text::{count, time};
use crate::record::{Counts, JourneyEnding};
use crate::statistics::Block;

/// The hits of each second and of each user, with every journey that ended before a step as one more hit.
pub(super) fn with_unreached(slice: &Slice<'_>, hits: impl Fn(&Counts) -> u64) -> [Vec<Block>; 2] {
    let add = |blocks: &mut [Block], unreached: Vec<u64>| {
        for (block, unreached) in blocks.iter_mut().zip(unreached) {
            block.hits += unreached as f64;
            block.trials += unreached as f64;
        }
    };
    let (mut blocks, mut users) = (slice.blocks(&hits), slice.users(&hits));
    add(&mut blocks, slice.each(|counts| counts.unreached));
    add(&mut users, slice.each_user(|counts| counts.unreached));
    [blocks, users]
}

/// Why a pass does not stand: so many journeys ended before, and by what.
pub(super) fn unreached(slice: &Slice<'_>, unreached: u64) -> String {
    let ending = most_frequent_ending(slice).and_then(|ending| {
        let step = slice.run.endpoints.get(ending.step)?;
        Some(format!(
            ", most often in step `{}` ({})",
            step.name, ending.outcome
        ))
    });
    format!(
        "{} more were never due, as their journeys had ended before{}: if these counted as missed, it would not pass",
        count(unreached as f64),
        ending.unwrap_or_default()
    )
}

/// What most often ended the journeys before they came to the part that is judged.
fn most_frequent_ending(slice: &Slice<'_>) -> Option<JourneyEnding> {
    let journeys = slice.run.endpoints.iter();
    let endings = journeys.filter_map(|journey| {
        let steps = journey.steps.clone()?;
        let is_before = |ending: &&JourneyEnding| match slice.part {
            EndpointSelection::Endpoint(step) => steps.contains(&step) && ending.step < step,
            _ => true,
        };
        let before = journey.ended_by.iter().filter(is_before);
        before.max_by_key(|ending| ending.count).copied()
    });
    endings.max_by_key(|ending| ending.count)
}

/// Why a verdict is open: so many may have been in time, had they been asked for more often.
pub(super) fn polled(slice: &Slice<'_>, may_be_in_time: f64) -> String {
    let endpoints = slice.run.endpoints.iter().enumerate();
    let every = endpoints.filter_map(|(index, endpoint)| {
        let is_meant = match slice.part {
            EndpointSelection::Endpoint(mine)
            | EndpointSelection::Journey { endpoint: mine, .. } => mine == index,
            _ => true,
        };
        endpoint.poll_every.filter(|_| is_meant)
    });
    let every = time(every.max().unwrap_or(0) as f64 / 1e6);
    format!(
        "{} of them may have been in time, and were only asked for again later: poll more often than every {every}",
        count(may_be_in_time)
    )
}
