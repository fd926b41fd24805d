//! What a search came to, in a line each.

use super::Fact;
use crate::record::{LoadUnit, Recovery, Scaling, SearchEnding, SearchResult, Step, StepVerdict};
use crate::requirement::{Unit, format};
use crate::text::clean;

/// Where it held and where it broke, in a few words.
pub(in crate::report) fn heading(search: &SearchResult) -> String {
    let held = search.held().map(|step| load(search, step));
    let broken = search.broken().map(|step| load(search, step));
    match (held, broken) {
        (Some(held), Some(broken)) => format!("{held} held, {broken} broke"),
        (Some(held), None) => format!("{held} held"),
        (None, Some(broken)) => format!("{broken} broke"),
        (None, None) => "nothing held and nothing broke".to_owned(),
    }
}

/// What it came to, and why; `extensions` is how often its steps were extended.
pub(in crate::report) fn of_search(search: &SearchResult, extensions: u32) -> Vec<Fact> {
    let at = |step: &Step, why: &str| format!("at {}: {}", load(search, step), clean(why));
    let mut facts = vec![("ended", ended(search).to_owned())];
    facts.extend(
        search
            .broken()
            .map(|step| ("broke by", clean(&step.reason))),
    );
    facts.extend(search.saturated().map(|(step, why)| {
        let what = if step.capped {
            "too few connections"
        } else {
            "saturated"
        };
        (what, at(step, why))
    }));
    let is_open =
        |step: &&Step| step.standing == StepVerdict::Undecided && step.saturated.is_none();
    let open = search.loads().filter(is_open);
    facts.extend(open.map(|step| ("undecided", at(step, &step.reason))));
    facts.extend(
        search
            .recovery
            .map(|recovery| ("recovery", recovered(recovery))),
    );
    let scaling = search.scaling.map(|scaling| scaled(scaling, search.unit));
    facts.extend(scaling.map(|text| ("scaling", text)));
    if extensions > 0 {
        facts.push((
            "extended",
            format!("{extensions} times in all, for steps still open"),
        ));
    }
    facts
}

fn ended(search: &SearchResult) -> &'static str {
    match search.ending {
        SearchEnding::Broken => "at the first step that broke",
        SearchEnding::Unbroken => "at the highest load, which did not break the target",
        SearchEnding::Settled => "with the interval as narrow as asked",
        SearchEnding::Exhausted => "after as many probes as a search may have",
        SearchEnding::Saturated => {
            "by the load generator, which could not keep up: not the target's end"
        }
        SearchEnding::Capped => {
            "as all connections that the plan allows were busy (`connections`): not the target's end"
        }
        SearchEnding::Interrupted => "by an interruption",
    }
}

fn recovered(recovery: Recovery) -> String {
    let bound = format!(
        "p95 {} or less (before: {})",
        format::time(recovery.bound_ms),
        format::time(recovery.before_ms)
    );
    match recovery.after_ms {
        Some(after) => format!("{bound} {} after the highest load", format::time(after)),
        None => format!(
            "{bound} not within {} after the highest load",
            format::time(recovery.watched_ms)
        ),
    }
}

fn scaled(scaling: Scaling, unit: LoadUnit) -> String {
    let (one, many) = match unit {
        LoadUnit::Users => ("user", "users"),
        LoadUnit::Rate => ("request", "requests in flight"),
    };
    let peak = scaling.peak.map_or_else(
        || "no peak".to_owned(),
        |peak| format!("peak at {} {many}", format::count(peak.round() as u64)),
    );
    format!(
        "{} a {one}, contention {:.2} %, coherency {:.4} %, {peak} (Universal Scalability Law, {} loads)",
        format::show(Unit::Rate, scaling.lambda),
        100.0 * scaling.sigma,
        100.0 * scaling.kappa,
        scaling.points,
    )
}

fn load(search: &SearchResult, step: &Step) -> String {
    match search.unit {
        LoadUnit::Users => format!("{} users", number(step.load)),
        LoadUnit::Rate => format!("{}/s", number(step.load)),
    }
}

/// A load as it is read: whole numbers with their thousands apart, others as they are.
pub(in crate::report) fn number(load: f64) -> String {
    if load.fract() == 0.0 {
        format::count(load as u64)
    } else {
        load.to_string()
    }
}
