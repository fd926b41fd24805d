//! Ever more users, until the target breaks; then back to where it began.

use super::step::Probe;
use crate::plan::RecoveryWatch;
use crate::record::{CoarseHistogram, Recovery, Role, RunResult, Second, Step, StepVerdict};

const SECOND: u64 = 1_000_000_000;
/// Seconds over which a p95 is taken on the way back.
const SLIDING: usize = 2;
/// One in so many requests may be over a p95.
const OVER_P95: u64 = 20;

/// The next step up, as long as nothing broke and the generator was up to it; then the first once more.
pub(super) fn next(users: &[u32], recovers: bool, steps: &[Step]) -> Option<Probe> {
    let tried: Vec<&Step> = of_loads(steps).collect();
    if tried.len() < steps.len() {
        return None;
    }
    let goes_up = tried.last().is_none_or(|last| goes_on(last));
    if let (true, Some(load)) = (goes_up, users.get(tried.len())) {
        return Some(Probe::up(f64::from(*load)));
    }
    // Where the first step broke there is nothing to come back to.
    let first = tried.first()?;
    (recovers && first.standing != StepVerdict::Broken).then_some(Probe {
        role: Role::Recovery,
        load: first.load,
    })
}

fn of_loads(steps: &[Step]) -> impl Iterator<Item = &Step> {
    steps.iter().filter(|step| step.role == Role::Load)
}

fn goes_on(step: &Step) -> bool {
    step.standing != StepVerdict::Broken && step.saturated.is_none()
}

/// How long it took until p95 was back at the first step's.
///
/// `last` is the run of the highest load and `back` the one at the first step's load after it. Time counts
/// from the last request due at the highest load: requests that are still open then are part of the way
/// back.
pub(super) fn recovery(
    watch: RecoveryWatch,
    first: &Step,
    last: &RunResult,
    back: &RunResult,
) -> Recovery {
    let before_ms = first.response.quantile_ms(0.95);
    let bound_ms = (watch.within * before_ms).max(watch.or_below.as_secs_f64() * 1e3);
    let end = last.started as f64 + last.window.to as f64 / 1e6;
    let gap = (back.started as f64 - end).max(0.0);
    let whole = (back.window.to / SECOND) as usize;
    let seconds = &back.seconds[..back.seconds.len().min(whole)];
    let first_good = seconds
        .windows(SLIDING)
        .position(|window| is_within(window, bound_ms));
    Recovery {
        before_ms,
        bound_ms,
        after_ms: first_good.map(|second| gap + second as f64 * 1e3),
        watched_ms: gap + whole as f64 * 1e3,
    }
}

fn is_within(window: &[Second], bound_ms: f64) -> bool {
    let mut times = CoarseHistogram::default();
    for second in window {
        times.merge(&second.response);
    }
    !times.is_empty() && times.above((bound_ms * 1e6) as u64) * OVER_P95 <= times.len()
}
