//! From the keys of a search to what it does, and which metrics are found by it.

use std::time::Duration;

use crate::diagnostic::{Diagnostic, InvalidValue};
use crate::plan::{
    Arrivals, Bounds, ConstantRate, Loads, Rate, RecoveryWatch, Search, ThinkingUsers,
};
use crate::profile::raw::arrivals::ArrivalWord;
use crate::profile::raw::profile::{CheckTable, ProfileFile, ScenarioTable, value_or};
use crate::profile::raw::search::{HoldTable, SearchTable};
use crate::profile::raw::top::MISSING;
use crate::profile::text::suggest::advice;
use crate::profile::validate::journey;
use crate::profile::validate::requirement::{scope, within_timeout};
use crate::profile::validate::scenario::Common;
use crate::profile::value::units::show_duration;
use crate::requirement::{Check, Limit, Metric, Requirement, Scope};

const PRECISION: f64 = 0.05;
const WITHIN: f64 = 1.5;

/// What a generator keeps that is up to its load, where the profile doesn't say it.
const HEADROOM: [(&str, &str); 3] = [
    ("generator_lateness_p99", "< 50 ms"),
    ("generator_cpu", "< 80 %"),
    ("generator_refusals", "== 0"),
];

/// The arrivals of a search's first load, and the search, its headroom still to come; `None` when something
/// is missing or was misread.
pub(in crate::profile) fn loads(
    table: &ScenarioTable,
    kind: ArrivalWord,
    common: &Common<'_>,
    problems: &mut Vec<Diagnostic>,
) -> Option<(Arrivals, Search)> {
    let (loads, holds) = search(table, kind, (common.file, &common.bounds), problems)?;
    let keys = table
        .keys
        .values(journey::longest_visit(table, &common.bounds));
    let first = match &loads {
        Loads::Steps { users, .. } => Arrivals::Users(ThinkingUsers::new(*users.first()?, &keys)),
        Loads::Capacity { from, to, .. } => Arrivals::Constant(ConstantRate {
            rate: *from,
            connections: keys.connections_for(*to),
        }),
    };
    let search = Search {
        loads,
        holds,
        headroom: Vec::new(),
    };
    Some((first, search))
}

/// The loads, and what each must keep.
fn search(
    table: &ScenarioTable,
    kind: ArrivalWord,
    (file, bounds): (&ProfileFile, &Bounds),
    problems: &mut Vec<Diagnostic>,
) -> Option<(Loads, Vec<Check>)> {
    let keys = &table.search;
    match kind {
        ArrivalWord::Steps => {
            missing(table, "steps", "[50, 100, 200, 400]", problems);
            let example = "{ p95 = \"> 1 s\", errors = \"> 10 %\" }";
            missing(table, "break_when", example, problems);
            let longest = journey::longest_request(table, bounds.timeout);
            let holds = unbroken(keys, file, longest, problems);
            let loads = Loads::Steps {
                users: keys.steps.as_ref()?.value.clone(),
                recovery: recovery(keys),
            };
            Some((loads, holds?))
        }
        ArrivalWord::Capacity => {
            let example = "{ from = \"50/s\", to = \"2000/s\" }";
            missing(table, "rate", example, problems);
            let example = "[{ metric = \"response_time_p95\", limit = \"< 200 ms\" }]";
            missing(table, "holds", example, problems);
            let holds = holds(table, file, bounds, problems);
            let (from, to) = range(keys, problems)?;
            let precision = value_or(keys.precision.as_ref(), PRECISION);
            let loads = Loads::Capacity {
                from,
                to,
                precision,
            };
            Some((loads, holds?))
        }
        ArrivalWord::Model(_) => None,
    }
}

fn missing(table: &ScenarioTable, key: &str, example: &str, problems: &mut Vec<Diagnostic>) {
    if table.written.iter().all(|(written, _)| written != key) {
        let complaint = InvalidValue::new(MISSING).help(format!("write {key} = {example}"));
        problems.push(complaint.at(table.place.below(key)));
    }
}

fn unbroken(
    keys: &SearchTable,
    file: &ProfileFile,
    longest: Duration,
    problems: &mut Vec<Diagnostic>,
) -> Option<Vec<Check>> {
    let timeout = file.target.timeout.as_ref().map(|at| &at.place);
    let typed = timeout.filter(|place| place.is_override());
    let breaks = keys.breaks.as_ref()?;
    for one in breaks {
        let limit = one.written;
        let is_time = one.check.metric.value != Metric::ErrorRate;
        if is_time && limit.value >= longest.as_secs_f64() * 1e3 {
            let complaint = InvalidValue::new(format!(
                "a request is given up after {}, so `{limit}` can't be seen",
                show_duration(longest)
            ));
            let complaint = complaint.help("the timeout must be above the limit");
            let place = typed.unwrap_or(&one.check.limit.place);
            problems.push(complaint.at(place.clone()));
        }
    }
    let check = |one: &CheckTable| Check {
        metric: one.metric.value,
        scope: Scope::All,
        limit: one.limit.value,
    };
    let checks: Vec<Check> = breaks.iter().map(|one| check(&one.check)).collect();
    (!checks.is_empty()).then_some(checks)
}

fn recovery(keys: &SearchTable) -> Option<RecoveryWatch> {
    let table = keys.recovery.as_ref()?;
    Some(RecoveryWatch {
        duration: table.duration.as_ref()?.value,
        within: value_or(table.within.as_ref(), WITHIN),
        or_below: value_or(table.or_below.as_ref(), Duration::ZERO),
    })
}

fn range(keys: &SearchTable, problems: &mut Vec<Diagnostic>) -> Option<(Rate, Rate)> {
    let rates = keys.rates.as_ref()?;
    let (from, to) = (rates.from.as_ref()?.value, rates.to.as_ref()?.value);
    if from >= to {
        let complaint = InvalidValue::new(format!(
            "the range goes from {}/s to {}/s, and so not up",
            from.as_f64(),
            to.as_f64()
        ));
        problems.push(
            complaint
                .help("make from less than to")
                .at(rates.place.clone()),
        );
        return None;
    }
    Some((from, to))
}

fn holds(
    table: &ScenarioTable,
    file: &ProfileFile,
    bounds: &Bounds,
    problems: &mut Vec<Diagnostic>,
) -> Option<Vec<Check>> {
    let mut checks = Vec::new();
    for item in &table.search.holds.as_ref()?.value {
        let written = match item {
            HoldTable::Check(check) => vec![&**check],
            HoldTable::Named(name) => {
                let found = file.requirements.iter().find(|known| {
                    let known = known.name.as_ref().map(|at| &at.value);
                    known == Some(&name.value)
                });
                let Some(found) = found else {
                    // One whose name was misread, which is told already, may be the one that is meant.
                    if file.requirements.iter().any(|one| one.name.is_none()) {
                        continue;
                    }
                    let names = file.requirements.iter().filter_map(|one| one.name.as_ref());
                    let names: Vec<&str> = names.map(|at| at.value.as_str()).collect();
                    let message = format!("the profile has no requirement `{}`", name.value);
                    let complaint = InvalidValue::new(message).help(advice(&name.value, &names));
                    problems.push(complaint.at(name.place.clone()));
                    continue;
                };
                found.checks.iter().collect()
            }
        };
        for check in written {
            let place = match item {
                HoldTable::Named(name) => &name.place,
                HoldTable::Check(check) => &check.metric.place,
            };
            match held(check, table, file, bounds) {
                Ok(check) => checks.push(check),
                Err(SearchMistake::Told(problem)) => problems.push(problem),
                Err(SearchMistake::Metric(complaint)) => problems.push(complaint.at(place.clone())),
            }
        }
    }
    Some(checks)
}

enum SearchMistake {
    Told(Diagnostic),
    Metric(InvalidValue),
}

fn held(
    written: &CheckTable,
    table: &ScenarioTable,
    file: &ProfileFile,
    bounds: &Bounds,
) -> Result<Check, SearchMistake> {
    let metric = written.metric.value;
    if !metric.is_per_endpoint() {
        let complaint = InvalidValue::new(format!(
            "{metric} is not a metric that a search over rates can keep within a limit"
        ))
        .help("response times, error_rate and success_rate are");
        return Err(SearchMistake::Metric(complaint));
    }
    within_timeout(written, Some(table), file, bounds).map_err(SearchMistake::Told)?;
    Ok(Check {
        metric,
        scope: scope(written, Some(table)).map_err(SearchMistake::Told)?,
        limit: written.limit.value,
    })
}

/// What the profile asks of the generator as a whole, or the usual.
pub(in crate::profile) fn headroom(requirements: &[Requirement]) -> Vec<Check> {
    let asked: Vec<Check> = requirements
        .iter()
        .filter(|requirement| requirement.scenario.is_none())
        .flat_map(|requirement| &requirement.checks)
        .filter(|check| check.metric.is_of_generator())
        .cloned()
        .collect();
    if !asked.is_empty() {
        return asked;
    }
    let usual = |(metric, limit): (&str, &str)| {
        Some(Check {
            metric: Metric::parse(metric)?,
            scope: Scope::All,
            limit: Limit::parse(limit).ok()?,
        })
    };
    HEADROOM.into_iter().filter_map(usual).collect()
}
