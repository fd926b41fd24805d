//! `--without`: endpoints, scenarios and requirements that a session leaves out.

use crate::diagnostic::{Diagnostic, InvalidValue, Spanned};
use crate::profile::raw::journey::RawJourney;
use crate::profile::raw::profile::{ProfileFile, RawEndpoint, ScenarioTable};
use crate::profile::text::suggest::nearest;

/// Marks what is left out, and complains about what is unknown.
pub(in crate::profile) fn leave_out(
    file: &mut ProfileFile,
    without: &[Spanned<String>],
    problems: &mut Vec<Diagnostic>,
) {
    for one in without {
        if let Err(complaint) = leave_out_one(file, &one.value) {
            problems.push(complaint.at(one.place.clone()));
        }
    }
    for table in file.scenarios.iter().filter(|table| table.kept) {
        let nothing_left = table.endpoints.iter().all(|endpoint| !endpoint.kept)
            && table.journeys.iter().all(|journey| !journey.kept);
        let place = without
            .iter()
            .find(|one| endpoint_of(&one.value, &table.name).is_some());
        if let Some(place) = place.filter(|_| nothing_left) {
            let complaint = InvalidValue::new(format!(
                "the scenario `{}` has no other endpoint",
                table.name
            ))
            .help(format!("leave out the scenario: --without {}", table.name));
            problems.push(complaint.at(place.place.clone()));
        }
    }
}

fn leave_out_one(file: &mut ProfileFile, wanted: &str) -> Result<(), InvalidValue> {
    let mut found = false;
    for table in &mut file.requirements {
        if table.name.as_ref().is_some_and(|name| name.value == wanted) {
            (table.kept, found) = (false, true);
        }
    }
    for table in &mut file.scenarios {
        if table.name == wanted {
            (table.kept, found) = (false, true);
        }
        if let Some(wanted) = endpoint_of(wanted, &table.name) {
            found |= leave_out_endpoint(table, wanted);
        }
    }
    if found {
        Ok(())
    } else {
        Err(unknown(file, wanted))
    }
}

/// The endpoint that is meant, if it is one of this scenario.
fn endpoint_of<'a>(wanted: &'a str, scenario: &str) -> Option<&'a str> {
    wanted.strip_prefix(scenario)?.strip_prefix('/')
}

/// An endpoint without a name of its own is called by its path, whose first `/` need not be written twice.
fn leave_out_endpoint(table: &mut ScenarioTable, wanted: &str) -> bool {
    let mut found = false;
    for endpoint in &mut table.endpoints {
        let is_meant = endpoint
            .full_name()
            .is_some_and(|name| name == wanted || name.strip_prefix('/') == Some(wanted));
        if is_meant {
            (endpoint.kept, found) = (false, true);
        }
    }
    // A journey without one of its steps would be another one.
    for journey in &mut table.journeys {
        if journey.name() == wanted {
            (journey.kept, found) = (false, true);
        }
    }
    found
}

fn unknown(file: &ProfileFile, wanted: &str) -> InvalidValue {
    let scenarios = file.scenarios.iter();
    let endpoints = scenarios.clone().flat_map(|table| {
        let journeys = table.journeys.iter().map(RawJourney::name);
        let names = table
            .endpoints
            .iter()
            .filter_map(RawEndpoint::full_name)
            .chain(journeys);
        names.map(|name| format!("{}/{}", table.name, name.trim_start_matches('/')))
    });
    let requirements = file
        .requirements
        .iter()
        .filter_map(|table| table.name.as_ref());
    let known: Vec<String> = requirements
        .map(|name| name.value.clone())
        .chain(scenarios.map(|table| table.name.clone()))
        .chain(endpoints)
        .collect();
    let complaint = InvalidValue::new(format!(
        "the profile has no requirement, scenario or endpoint `{wanted}`"
    ));
    let of_scenario = |one: &&String| {
        let scenario = wanted.split_once('/').map(|(scenario, _)| scenario);
        scenario.is_some_and(|scenario| endpoint_of(one, scenario).is_some())
    };
    let of_scenario: Vec<&str> = known
        .iter()
        .filter(of_scenario)
        .map(String::as_str)
        .collect();
    complaint.help(match nearest(wanted, known.iter().map(String::as_str)) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None if !of_scenario.is_empty() => format!("there are {}", of_scenario.join(", ")),
        None => "write an endpoint as scenario/endpoint; --list shows the requirements".to_owned(),
    })
}

#[cfg(test)]
#[path = "without_tests.rs"]
mod tests;
