//! From the runs of all steps to one record on one axis of time.

use super::step::Probe;
use super::{capacity, stress};
use crate::plan::{Loads, Plan, Search};
use crate::record::{
    LoadUnit, Recovery, Role, RunResult, Scaling, SearchEnding, Second, Status, Step, StepVerdict,
    Window,
};
use crate::statistics::fit_usl;

const SECOND: u64 = 1_000_000_000;

/// A step that was run.
#[derive(Debug, Clone)]
pub struct CompletedStep {
    /// Its load.
    pub leg: Probe,
    /// How the target stood it; its times are those of the run alone.
    pub step: Step,
    /// Its run.
    pub run: RunResult,
}

/// The record of a whole search.
///
/// Counters and histograms are merged; every step begins at a whole second of the common axis, and the
/// seconds between steps are empty. `None` when no step was run.
pub fn record(plan: &Plan, search: &Search, made: &[CompletedStep]) -> Option<RunResult> {
    let first = made.first()?;
    let mut whole = first.run.clone();
    drop_waits_note(&mut whole.notes, &first.run);
    whole.plan = plan.fingerprint();
    // Each step has a load of its own.
    whole.load = String::new();
    // A user who is there at the highest loads alone is slower than the others for that.
    whole.users.clear();
    let mut steps = vec![first.step.clone()];
    for next in &made[1..] {
        let from = append(&mut whole, &next.run, first.run.started);
        let mut step = next.step.clone();
        step.from = from;
        step.window = moved(step.window, from);
        whole.window.to = step.window.to;
        steps.push(step);
    }
    whole.notes.extend(whole.generator.waits_note());
    whole.search = Some(crate::record::SearchResult {
        unit: match search.loads {
            Loads::Steps { .. } => LoadUnit::Users,
            Loads::Capacity { .. } => LoadUnit::Rate,
        },
        ending: ending(search, made),
        recovery: recovery(search, made),
        scaling: scaling(search, &steps),
        steps,
    });
    Some(whole)
}

fn moved(window: Window, by: u64) -> Window {
    Window {
        from: window.from + by,
        to: window.to + by,
        extended_from: window.extended_from.map(|end| end + by),
        ..window
    }
}

/// Appends a run to those before it; returns where on the axis it begins, in nanoseconds.
fn append(whole: &mut RunResult, run: &RunResult, origin: u64) -> u64 {
    let since = run.started.saturating_sub(origin).div_ceil(1_000) as usize;
    let place = since.max(whole.seconds.len());
    let empty = Second::empty(whole.endpoints.len(), whole.thresholds.len());
    whole.seconds.resize(place, empty);
    let seconds = whole.merge_addresses(run);
    whole.seconds.extend(seconds);
    for (mine, theirs) in whole.endpoints.iter_mut().zip(&run.endpoints) {
        mine.merge(theirs);
    }
    whole.generator.merge(&run.generator);
    whole.slowest.append(&run.slowest, place as u64 * SECOND);
    whole.excerpts.merge(&run.excerpts);
    whole.window.extensions += run.window.extensions;
    if run.status == Status::Partial {
        whole.status = Status::Partial;
    }
    let mut notes = run.notes.clone();
    drop_waits_note(&mut notes, run);
    for note in notes {
        if !whole.notes.contains(&note) {
            whole.notes.push(note);
        }
    }
    place as u64 * SECOND
}

/// Each step has numbers of its own in this note, so the search says it once, of all of them.
fn drop_waits_note(notes: &mut Vec<String>, run: &RunResult) {
    if let Some(of_step) = run.generator.waits_note() {
        notes.retain(|note| *note != of_step);
    }
}

fn ending(search: &Search, made: &[CompletedStep]) -> SearchEnding {
    let tried: Vec<&Step> = loads(made).map(|made| &made.step).collect();
    let broke = tried
        .iter()
        .any(|step| step.standing == StepVerdict::Broken);
    if made.iter().any(|made| made.run.status == Status::Partial) {
        return SearchEnding::Interrupted;
    }
    let lowest = |is_meant: fn(&Step) -> bool| {
        let meant = tried.iter().filter(|step| is_meant(step));
        meant.map(|step| step.load).fold(f64::INFINITY, f64::min)
    };
    let saturated = lowest(|step| step.saturated.is_some());
    if saturated.is_finite() && saturated < lowest(|step| step.standing == StepVerdict::Broken) {
        let first = tried
            .iter()
            .find(|step| step.load.total_cmp(&saturated).is_eq());
        return if first.is_some_and(|step| step.capped) {
            SearchEnding::Capped
        } else {
            SearchEnding::Saturated
        };
    }
    match search.loads {
        Loads::Steps { .. } if broke => SearchEnding::Broken,
        Loads::Capacity { .. } if tried.len() >= capacity::MOST => SearchEnding::Exhausted,
        Loads::Capacity { .. } if broke => SearchEnding::Settled,
        _ => SearchEnding::Unbroken,
    }
}

fn loads(made: &[CompletedStep]) -> impl Iterator<Item = &CompletedStep> {
    made.iter().filter(|made| made.leg.role == Role::Load)
}

fn recovery(search: &Search, made: &[CompletedStep]) -> Option<Recovery> {
    let Loads::Steps {
        recovery: Some(watch),
        ..
    } = &search.loads
    else {
        return None;
    };
    let back = made.iter().find(|made| made.leg.role == Role::Recovery)?;
    if back.run.status == Status::Partial {
        return None;
    }
    let (first, last) = (loads(made).next()?, loads(made).last()?);
    if !first.step.has_p95() {
        return None;
    }
    Some(stress::recovery(*watch, &first.step, &last.run, &back.run))
}

/// Throughput over users; or, where a rate was offered, over the requests in flight, which are the
/// throughput times the mean time in the target (Little's law).
fn scaling(search: &Search, steps: &[Step]) -> Option<Scaling> {
    let tried = steps
        .iter()
        .filter(|step| step.role == Role::Load && step.saturated.is_none());
    let points: Vec<(f64, f64)> = tried
        .filter_map(|step| {
            let rps = step.rps?;
            Some(match search.loads {
                Loads::Steps { .. } => (step.load, rps),
                Loads::Capacity { .. } => (rps * step.answered.mean_ms() / 1e3, rps),
            })
        })
        .collect();
    let law = fit_usl(&points)?;
    Some(Scaling {
        lambda: law.lambda,
        sigma: law.sigma,
        kappa: law.kappa,
        peak: law.peak(),
        points: points.len() as u32,
    })
}
