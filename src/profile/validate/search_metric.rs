//! Which metrics a search finds, and how far it can show them.

use crate::diagnostic::{Diagnostic, InvalidValue};
use crate::profile::raw::arrivals::ArrivalWord;
use crate::profile::raw::profile::{CheckTable, ScenarioTable};
use crate::requirement::{Comparison, Family, Metric, SearchMetric};

/// Whether a scenario is of the kind on which a metric is measured.
pub(in crate::profile) fn fits(
    written: &CheckTable,
    scenario: &ScenarioTable,
) -> Result<(), Diagnostic> {
    let metric = written.metric.value;
    let Some(kind) = scenario.arrivals.as_ref().map(|kind| kind.value) else {
        return Ok(());
    };
    let wanted = match metric.family() {
        Family::Search(found) => Some(match found {
            SearchMetric::Capacity => ArrivalWord::Capacity,
            SearchMetric::BreakingPoint
            | SearchMetric::RecoveryTime
            | SearchMetric::UngracefulFailures => ArrivalWord::Steps,
        }),
        Family::Load(_)
        | Family::Sockets(_)
        | Family::Session(_)
        | Family::Generator(_)
        | Family::Observed(_) => None,
    };
    let complaint = match wanted {
        Some(wanted) if wanted != kind => InvalidValue::new(format!(
            "{metric} is not measured with arrivals = \"{}\"",
            kind.name()
        ))
        .help(format!(
            "name a scenario with arrivals = \"{}\"",
            wanted.name()
        )),
        None if kind.is_search() && !metric.is_of_generator() => {
            let found = if kind == ArrivalWord::Steps {
                "breaking_point, recovery_time and ungraceful_failures"
            } else {
                "capacity"
            };
            InvalidValue::new(format!(
                "{metric} is not measured with arrivals = \"{}\"",
                kind.name()
            ))
            .help(format!("such a scenario is for {found}"))
        }
        Some(_) if metric == Metric::RecoveryTime => {
            if scenario.written.iter().any(|(key, _)| key == "recovery") {
                return Ok(());
            }
            InvalidValue::new("the scenario doesn't look at the recovery")
                .help("write recovery = { duration = \"10s\" } in it")
        }
        _ => return within_search(written, scenario),
    };
    Err(complaint.at(written.metric.place.clone()))
}

/// No search shows more than the highest load that it tries.
fn within_search(written: &CheckTable, scenario: &ScenarioTable) -> Result<(), Diagnostic> {
    let limit = written.limit.value;
    let Family::Search(found) = written.metric.value.family() else {
        return Ok(());
    };
    let (highest, sign) = match found {
        SearchMetric::BreakingPoint => {
            let steps = scenario.search.steps.as_ref();
            let last = steps.and_then(|steps| steps.value.last().copied());
            (last.map(f64::from), " users")
        }
        SearchMetric::Capacity => {
            let rates = scenario.search.rates.as_ref();
            let to = rates.and_then(|rates| rates.to.as_ref());
            (to.map(|to| to.value.as_f64()), "/s")
        }
        SearchMetric::RecoveryTime | SearchMetric::UngracefulFailures => return Ok(()),
    };
    let complaint = match highest {
        _ if limit.comparison == Comparison::Equal => InvalidValue::new(format!(
            "{} is asked to be at least something",
            written.metric.value
        ))
        .help(format!("write \">= {}\"", limit.value)),
        Some(highest) if highest < limit.value => InvalidValue::new(format!(
            "the scenario `{}` goes up to {highest}{sign}, so `{limit}` can't be shown",
            scenario.name
        ))
        .help("let it go up further"),
        _ => return Ok(()),
    };
    Err(complaint.at(written.limit.place.clone()))
}
