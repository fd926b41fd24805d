//! Which endpoint of a scenario that got slower to look at first.

use crate::model::Report;
use crate::record::{EndpointResult, RunResult};
use crate::requirement::format;
use crate::text::clean as cleaned;

const QUANTILE: f64 = 0.95;

/// The endpoint whose p95 grew most; `None` where there is only one, or none grew.
pub(super) fn suspect(scenario: &str, before: &[&Report], after: &Report) -> Option<String> {
    let earlier: Vec<&RunResult> = before.iter().flat_map(|one| runs(one, scenario)).collect();
    let later = runs(after, scenario).next()?;
    let requests = || later.endpoints.iter().filter(|one| one.kind.is_request());
    if requests().count() < 2 {
        return None;
    }
    let grown = requests().filter_map(|endpoint| {
        let all = earlier.iter().flat_map(|run| &run.endpoints);
        let all: Vec<f64> = all
            .filter(|one| one.name == endpoint.name)
            .filter_map(p95)
            .collect();
        let was = all.iter().sum::<f64>() / all.len() as f64;
        let is = p95(endpoint)?;
        (is > was).then_some((is / was, &endpoint.name, is, was))
    });
    let (_, name, is, was) = grown.max_by(|a, b| a.0.total_cmp(&b.0))?;
    Some(format!(
        "look at {} of {} first: its p95 is {}, and was {}",
        cleaned(name),
        cleaned(scenario),
        format::time(is),
        format::time(was)
    ))
}

fn runs<'a>(report: &'a Report, scenario: &str) -> impl Iterator<Item = &'a RunResult> {
    let runs = report.runs.iter().map(|shown| &shown.run);
    runs.filter(move |run| run.scenario == scenario)
}

fn p95(endpoint: &EndpointResult) -> Option<f64> {
    (!endpoint.response.is_empty()).then(|| endpoint.response.quantile_ms(QUANTILE))
}
