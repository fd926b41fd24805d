//! Journeys by how they ended and where, and how many reached each step.

use std::collections::BTreeMap;

use super::Named;
use super::writer::{FamilyKind, MetricFamily};

pub(super) fn write(runs: &[Named<'_>], out: &mut String) {
    all(runs, out);
    ended(runs, out);
    steps(runs, out);
}

fn counter(name: &'static str, help: &str) -> MetricFamily {
    MetricFamily::new(FamilyKind::Counter, name, "", help)
}

fn all(runs: &[Named<'_>], out: &mut String) {
    let mut family = counter(
        "agentos_perf_journeys",
        "Journeys due in the judged part of each run, by how they ended; in no count of requests.",
    );
    for run in runs {
        for (_, journey, name) in run.journeys() {
            for (outcome, count) in &journey.outcomes {
                let outcome = outcome.to_string();
                let labels = vec![
                    ("scenario", run.scenario.as_str()),
                    ("journey", name),
                    ("outcome", outcome.as_str()),
                ];
                family.add("_total", &labels, *count as f64);
            }
        }
    }
    family.write(out);
}

fn ended(runs: &[Named<'_>], out: &mut String) {
    let mut family = counter(
        "agentos_perf_journeys_ended",
        "Journeys due in the judged part that a step ended, by the step and its outcome.",
    );
    for run in runs {
        for (_, journey, name) in run.journeys() {
            for ((step, outcome), count) in endings(run, journey) {
                let labels = vec![
                    ("scenario", run.scenario.as_str()),
                    ("journey", name),
                    ("step", step),
                    ("outcome", outcome.as_str()),
                ];
                family.add("_total", &labels, count as f64);
            }
        }
    }
    family.write(out);
}

fn endings<'a>(
    run: &'a Named<'_>,
    journey: &crate::record::EndpointResult,
) -> BTreeMap<(&'a str, String), u64> {
    let mut all = BTreeMap::new();
    for ending in &journey.ended_by {
        if let Some(step) = run.endpoints.get(ending.step) {
            *all.entry((step.as_str(), ending.outcome.to_string()))
                .or_default() += ending.count;
        }
    }
    all
}

fn steps(runs: &[Named<'_>], out: &mut String) {
    let mut reached = counter(
        "agentos_perf_step_reached",
        "Journeys due in the judged part that came as far as this step.",
    );
    let mut unreached = counter(
        "agentos_perf_step_unreached",
        "Journeys due in the judged part that ended before this step.",
    );
    for run in runs {
        for (endpoint, name) in run.steps() {
            let labels = vec![("scenario", run.scenario.as_str()), ("endpoint", name)];
            reached.add("_total", &labels, endpoint.reached as f64);
            unreached.add("_total", &labels, endpoint.unreached as f64);
        }
    }
    reached.write(out);
    unreached.write(out);
}
