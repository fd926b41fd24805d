//! Where journeys ended, and how many reached each step: sums over the judged part.

use std::collections::BTreeMap;

use super::message::{Attribute, Data, Number, OtlpMetric, PointValue};
use super::{Named, at, started};
use crate::record::EndpointResult;

pub(super) fn metrics(runs: &[Named<'_>]) -> [OtlpMetric; 3] {
    let (mut ended, mut reached, mut unreached) = (Vec::new(), Vec::new(), Vec::new());
    for run in runs {
        for (_, journey, name) in run.journeys() {
            ended.extend(endings(run, journey, name));
        }
        for (endpoint, name) in run.steps() {
            let step = || vec![scenario(run), Attribute::new("endpoint", name)];
            reached.push(sum(run, step(), endpoint.reached));
            unreached.push(sum(run, step(), endpoint.unreached));
        }
    }
    let metric = |name, description, points| OtlpMetric {
        name,
        description,
        unit: "{journey}",
        data: Data::sum(points),
    };
    [
        metric(
            "agentos_perf.journeys.ended",
            "Journeys due in the judged part that a step ended, by the step and its outcome.",
            ended,
        ),
        metric(
            "agentos_perf.step.reached",
            "Journeys due in the judged part that came as far as this step.",
            reached,
        ),
        metric(
            "agentos_perf.step.unreached",
            "Journeys due in the judged part that ended before this step.",
            unreached,
        ),
    ]
}

fn endings(run: &Named<'_>, journey: &EndpointResult, name: &str) -> Vec<Number> {
    let mut all: BTreeMap<(&str, String), u64> = BTreeMap::new();
    for ending in &journey.ended_by {
        if let Some(step) = run.endpoints.get(ending.step) {
            let outcome = ending.outcome.to_string();
            *all.entry((step.as_str(), outcome)).or_default() += ending.count;
        }
    }
    let points = all.into_iter().map(|((step, outcome), count)| {
        let attributes = vec![
            scenario(run),
            Attribute::new("journey", name),
            Attribute::new("step", step),
            Attribute::new("outcome", outcome),
        ];
        sum(run, attributes, count)
    });
    points.collect()
}

fn scenario(run: &Named<'_>) -> Attribute {
    Attribute::new("scenario", &run.scenario)
}

/// A count of the whole run, at its end.
fn sum(run: &Named<'_>, attributes: Vec<Attribute>, count: u64) -> Number {
    let record = &run.shown.run;
    Number {
        attributes,
        start_time_unix_nano: started(record),
        time_unix_nano: at(record, record.seconds.len()),
        value: PointValue::AsInt(count),
    }
}
