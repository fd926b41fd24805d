//! From a requirement as it was written to one that can be judged.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::diagnostic::{Diagnostic, InvalidValue, Spanned};
use crate::plan::{Bounds, Plan, Senders};
use crate::profile::raw::arrivals::ArrivalWord;
use crate::profile::raw::profile::{CheckTable, ProfileFile, RequirementTable, ScenarioTable};
use crate::profile::text::suggest::advice;
use crate::profile::validate::journey;
use crate::profile::validate::search_metric;
use crate::profile::validate::socket::{CONNECT, MESSAGE, connect_timeout, reply_timeout};
use crate::profile::value::quantity::ReadValue;
use crate::profile::value::units::show_duration;
use crate::requirement::{
    Check, Family, Metric, Population, Requirement, Scope, SessionMetric, Severity, Unit,
};

/// The requirement of a table; `None` when something that it needs was misread.
pub(in crate::profile) fn requirement(
    table: &RequirementTable,
    file: &ProfileFile,
    bounds: &Bounds,
    problems: &mut Vec<Diagnostic>,
) -> Option<Requirement> {
    let scenario = scenario(table, file, problems);
    let mut checks = Vec::new();
    for written in &table.checks {
        let complaints = checked(written, table, scenario.ok().flatten(), file, bounds);
        match complaints {
            Ok(check) => checks.push(check),
            Err(problem) => problems.push(problem),
        }
    }
    Some(Requirement {
        name: table.name.as_ref()?.value.clone(),
        severity: table
            .severity
            .as_ref()
            .map_or(Severity::Critical, |at| at.value),
        scenario: table.scenario.as_ref().map(|at| at.value.clone()),
        checks,
    })
}

/// The scenario that a requirement names; an error when there is none of that name.
fn scenario<'a>(
    table: &RequirementTable,
    file: &'a ProfileFile,
    problems: &mut Vec<Diagnostic>,
) -> Result<Option<&'a ScenarioTable>, ()> {
    let Some(wanted) = &table.scenario else {
        return Ok(None);
    };
    let found = file
        .scenarios
        .iter()
        .find(|known| known.name == wanted.value);
    if found.is_none() {
        let names: Vec<&str> = file
            .scenarios
            .iter()
            .map(|known| known.name.as_str())
            .collect();
        let complaint =
            InvalidValue::new(format!("the profile has no scenario `{}`", wanted.value))
                .help(advice(&wanted.value, &names));
        problems.push(complaint.at(wanted.place.clone()));
        return Err(());
    }
    Ok(found)
}

fn checked(
    written: &CheckTable,
    table: &RequirementTable,
    scenario: Option<&ScenarioTable>,
    file: &ProfileFile,
    bounds: &Bounds,
) -> Result<Check, Diagnostic> {
    let metric = written.metric.value;
    needs(metric, table, file).map_err(|complaint| complaint.at(written.metric.place.clone()))?;
    let scope = scope(written, scenario)?;
    within_timeout(written, scenario, file, bounds)?;
    if let Some(scenario) = scenario {
        search_metric::fits(written, scenario)?;
        within_offer(written, scenario)?;
        has_sockets(written, scenario)?;
    }
    Ok(Check {
        metric,
        scope,
        limit: written.limit.value,
    })
}

/// Whether the profile has what a metric is measured on.
fn needs(metric: Metric, table: &RequirementTable, file: &ProfileFile) -> ReadValue<()> {
    let Family::Session(measured) = metric.family() else {
        if table.scenario.is_some() || metric.is_of_generator() {
            return Ok(());
        }
        let names: Vec<&str> = file
            .scenarios
            .iter()
            .map(|known| known.name.as_str())
            .collect();
        let example = names.first().copied().unwrap_or("api");
        return Err(
            InvalidValue::new(format!("{metric} is measured on a scenario"))
                .help(format!("write scenario = \"{example}\"")),
        );
    };
    if table.scenario.is_some() {
        return Err(
            InvalidValue::new(format!("{metric} is not measured on a scenario"))
                .help("put it into a requirement of its own, without scenario"),
        );
    }
    let (section, there) = match measured {
        SessionMetric::Health => ("health", file.health.is_some()),
        SessionMetric::Outages => ("uptime", file.uptime.is_some()),
    };
    if there {
        return Ok(());
    }
    Err(InvalidValue::new(format!("{metric} needs [{section}]"))
        .help(format!("write [{section}] with path = \"/health\"")))
}

/// Whether a requirement looks back on all that was done, and so must be judged last.
pub(in crate::profile) fn speaks_of_the_session(requirement: &Requirement) -> bool {
    requirement.scenario.is_none()
        && requirement
            .checks
            .iter()
            .any(|check| check.metric == Metric::Outages || check.metric.is_of_generator())
}

/// The users that a check looks at, if there are such users.
fn population(
    written: &CheckTable,
    population: &Spanned<Population>,
    scenario: Option<&ScenarioTable>,
) -> Result<Scope, Diagnostic> {
    let metric = written.metric.value;
    let complain = |complaint: InvalidValue| complaint.at(population.place.clone());
    if !metric.is_per_endpoint() {
        let complaint =
            InvalidValue::new(format!("{metric} is not measured population by population"));
        return Err(complain(complaint.help("leave population out")));
    }
    let there = scenario.is_none_or(|scenario| match population.value {
        Population::Http => scenario.requests().next().is_some(),
        Population::WebSocket => scenario.socket.is_some(),
    });
    if there {
        return Ok(Scope::Population(population.value));
    }
    Err(complain(InvalidValue::new(format!(
        "the scenario has no users of this kind: {}",
        population.value
    ))))
}

pub(in crate::profile) fn scope(
    written: &CheckTable,
    scenario: Option<&ScenarioTable>,
) -> Result<Scope, Diagnostic> {
    if let Some(wanted) = &written.population {
        return population(written, wanted, scenario);
    }
    if let Some(each) = &written.address {
        let metric = written.metric.value;
        if metric.is_per_endpoint() {
            return Ok(Scope::EachAddress);
        }
        let complaint = InvalidValue::new(format!("{metric} is not measured address by address"));
        return Err(complaint.help("leave address out").at(each.place.clone()));
    }
    let Some(endpoint) = &written.endpoint else {
        return Ok(Scope::All);
    };
    let metric = written.metric.value;
    if !metric.is_per_endpoint() {
        let complaint = InvalidValue::new(format!("{metric} is not measured endpoint by endpoint"))
            .help("leave endpoint out");
        return Err(complaint.at(endpoint.place.clone()));
    }
    if endpoint.value == "each" {
        return Ok(Scope::EachEndpoint);
    }
    if let Some(scenario) = scenario {
        let mut names = scenario.names();
        if scenario.socket.is_some() {
            names.extend([CONNECT, MESSAGE].map(str::to_owned));
        }
        if !names.contains(&endpoint.value) {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let complaint = InvalidValue::new(format!(
                "the scenario `{}` has no endpoint `{}`",
                scenario.name, endpoint.value
            ));
            let help = advice(&endpoint.value, &names);
            return Err(complaint.help(help).at(endpoint.place.clone()));
        }
    }
    Ok(Scope::Endpoint(endpoint.value.clone()))
}

/// A request that is given up can't be distinguished from one that would have kept a longer limit.
pub(in crate::profile) fn within_timeout(
    written: &CheckTable,
    scenario: Option<&ScenarioTable>,
    file: &ProfileFile,
    bounds: &Bounds,
) -> Result<(), Diagnostic> {
    let socket = scenario.and_then(|scenario| scenario.socket.as_ref());
    let endpoint = written.endpoint.as_ref().map(|at| at.value.as_str());
    let metric = written.metric.value;
    let (timeout, place) = match metric.family() {
        Family::Load(_) if metric.unit() == Unit::Time => match (socket, endpoint) {
            (Some(socket), Some(CONNECT)) => {
                (connect_timeout(socket), socket.connect_timeout.as_ref())
            }
            (Some(socket), Some(MESSAGE)) => (reply_timeout(socket), socket.reply_timeout.as_ref()),
            (_, Some(endpoint)) => {
                let (scenario, bounds) = (scenario, bounds.timeout);
                let longest =
                    scenario.and_then(|scenario| journey::longest_of(scenario, endpoint, bounds));
                match longest {
                    Some(longest) => (longest, None),
                    None => (bounds, file.target.timeout.as_ref()),
                }
            }
            _ => (bounds.timeout, file.target.timeout.as_ref()),
        },
        Family::Session(SessionMetric::Health) => {
            let health = file.health.as_ref();
            let timeout = health.and_then(|table| table.timeout.as_ref());
            match timeout {
                Some(at) => (at.value, Some(at)),
                None => return Ok(()),
            }
        }
        Family::Load(_)
        | Family::Session(SessionMetric::Outages)
        | Family::Sockets(_)
        | Family::Generator(_)
        | Family::Observed(_)
        | Family::Search(_) => return Ok(()),
    };
    let limit = written.limit.value;
    if limit.value <= timeout.as_secs_f64() * 1e3 {
        return Ok(());
    }
    let complaint = InvalidValue::new(format!(
        "a request is given up after {}, so `{limit}` can't be judged",
        show_duration(timeout)
    ))
    .help("the timeout must be at least the limit");
    let place = place
        .map(|at| &at.place)
        .filter(|place| place.is_override());
    Err(complaint.at(place.unwrap_or(&written.limit.place).clone()))
}

/// Only WebSockets can be lost.
fn has_sockets(written: &CheckTable, scenario: &ScenarioTable) -> Result<(), Diagnostic> {
    let metric = written.metric.value;
    let of_sockets = matches!(metric.family(), Family::Sockets(_));
    if !of_sockets || scenario.socket.is_some() {
        return Ok(());
    }
    let complaint = InvalidValue::new(format!(
        "the scenario `{}` has no WebSocket, so {metric} can't be measured",
        scenario.name
    ));
    let help = format!("write [scenario.{}.socket]", scenario.name);
    Err(complaint.help(help).at(written.metric.place.clone()))
}

/// No target can answer more than it is asked.
fn within_offer(written: &CheckTable, scenario: &ScenarioTable) -> Result<(), Diagnostic> {
    // A journey is several requests.
    if !scenario.journeys.is_empty() {
        return Ok(());
    }
    let Some(ArrivalWord::Model(kind)) = scenario.arrivals.as_ref().map(|at| at.value) else {
        return Ok(());
    };
    let arrivals = kind.read(&scenario.keys.values(Duration::ZERO));
    let (Metric::Throughput, Some(Senders::Rate { rate, .. })) = (
        written.metric.value,
        arrivals.map(|arrivals| arrivals.senders()),
    ) else {
        return Ok(());
    };
    let (offered, limit) = (rate.as_f64(), written.limit.value);
    if offered > limit.value {
        return Ok(());
    }
    let complaint = InvalidValue::new(format!(
        "the scenario `{}` offers {offered}/s, so `{limit}` can't be shown",
        scenario.name
    ))
    .help(format!(
        "offer more than the limit, such as {}/s",
        (limit.value * 1.2).ceil()
    ));
    let place = scenario.keys.rate.as_ref().map(|rate| &rate.place);
    let place = place.filter(|place| place.is_override());
    Err(complaint.at(place.unwrap_or(&written.limit.place).clone()))
}

/// The times at which requests of a plan are counted, for all requirements on it and for its own search; those of a
/// quantile also with the margins that a pass may need.
pub(in crate::profile) fn thresholds(plan: &Plan, requirements: &[Requirement]) -> Vec<Duration> {
    let required = requirements
        .iter()
        .filter(|requirement| requirement.scenario.as_deref() == Some(plan.scenario.as_str()))
        .flat_map(|requirement| &requirement.checks);
    let searched = plan.search.iter().flat_map(|search| &search.holds);
    let times: BTreeSet<Duration> = required
        .chain(searched)
        .filter(|check| {
            let metric = check.metric;
            !metric.is_of_generator() && !metric.is_observed() && !metric.needs_search()
        })
        .flat_map(|check| {
            let is_quantile = check.metric.response_quantile().is_some();
            let margins = [check.limit.with_margin(), check.limit.with_wide_margin()];
            let stricter = margins.into_iter().filter(move |_| is_quantile);
            std::iter::once(Some(check.limit)).chain(stricter)
        })
        .filter_map(|limit| limit?.threshold())
        .collect();
    times.into_iter().collect()
}
