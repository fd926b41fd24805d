//! From a scenario as it was written to its plan.

use std::time::Duration;

use crate::diagnostic::{Diagnostic, InvalidValue, Origin, Spanned};
use crate::plan::EndpointKind;
use crate::plan::{Bounds, Content, Endpoint, Phases, Plan};
use crate::profile::raw::profile::{ProfileFile, RawEndpoint, ScenarioTable, value_or};
use crate::profile::raw::top::MISSING;
use crate::profile::validate::arrivals::{arrivals, misplaced, too_short};
use crate::profile::validate::body::body;
use crate::profile::validate::journey;
use crate::profile::validate::profile::same_file;
use crate::profile::validate::search;
use crate::profile::validate::socket;
use crate::profile::validate::values::Values;
use crate::profile::value::units::show_duration;
use crate::template::PlanValues;

/// What all scenarios of a profile have in common.
pub(in crate::profile) struct Common<'a> {
    pub(in crate::profile) prefix: String,
    pub(in crate::profile) headers: &'a [Spanned<(String, String)>],
    pub(in crate::profile) bounds: Bounds,
    /// All that was written: a search may name requirements of the profile.
    pub(in crate::profile) file: &'a ProfileFile,
    pub(in crate::profile) seed: u64,
    pub(in crate::profile) workers: usize,
    /// What requests are filled in from.
    pub(in crate::profile) values: &'a Values,
}

/// The plan of a scenario; `None` when something that it needs is missing or was misread.
pub(in crate::profile) fn plan(
    table: &ScenarioTable,
    common: &Common<'_>,
    problems: &mut Vec<Diagnostic>,
) -> Option<Plan> {
    let asked = if table.journeys.is_empty() {
        endpoints(table, common, problems).map(|endpoints| (endpoints, Vec::new()))
    } else {
        journey::journeys(table, common, problems)
    };
    let (arrivals, search) = match table.arrivals.as_ref().map(|kind| kind.value) {
        Some(kind) if kind.is_search() => {
            misplaced(table, kind, problems);
            search::loads(table, kind, common, problems).unzip()
        }
        _ => (arrivals(table, &common.bounds, problems), None),
    };
    let phases = phases(table, problems);
    let socket = socket::socket(table, &common.prefix, problems);
    if table.socket.is_some() != socket.is_some() {
        return None;
    }
    if table.kept {
        common.values.check_socket(table, problems);
    }
    let (endpoints, mut journeys) = asked?;
    let (headers, mut endpoints) = share_headers(common.headers, endpoints);
    endpoints.extend(journey::endpoints(&mut journeys, endpoints.len()));
    endpoints.extend(socket.iter().flat_map(socket::endpoints));
    let mut plan = Plan {
        scenario: table.name.clone(),
        arrivals: arrivals?,
        phases: phases?,
        endpoints,
        socket,
        journeys,
        headers,
        values: PlanValues::default(),
        bounds: common.bounds,
        thresholds: Vec::new(),
        seed: common.seed,
        workers: common.workers,
        search,
    };
    plan.values = common.values.of_plan(&plan);
    Some(plan)
}

fn phases(table: &ScenarioTable, problems: &mut Vec<Diagnostic>) -> Option<Phases> {
    let duration = table.duration.as_ref()?;
    let phases = Phases {
        ramp_up: value_or(table.ramp_up.as_ref(), Duration::ZERO),
        warm_up: value_or(table.warm_up.as_ref(), Duration::ZERO),
        measure: duration.value,
        extend: value_or(table.extend.as_ref(), Duration::ZERO),
        settle: value_or(table.settle.as_ref(), None),
    };
    settles_in_time(table, duration, problems);
    too_short(table, duration, problems);
    Some(phases)
}

/// Reports a least time that leaves nothing to be saved.
fn settles_in_time(
    table: &ScenarioTable,
    duration: &Spanned<Duration>,
    problems: &mut Vec<Diagnostic>,
) {
    let Some(settle) = &table.settle else { return };
    if let Some(least) = settle.value.filter(|least| *least >= duration.value)
        && same_file(&settle.place, &duration.place)
    {
        let complaint = InvalidValue::new(format!(
            "{} is not less than the duration, {}, so it would have no effect",
            show_duration(least),
            show_duration(duration.value)
        ));
        let help = "make it shorter than duration, or leave it out";
        problems.push(complaint.help(help).at(settle.place.clone()));
    }
}

fn endpoints(
    table: &ScenarioTable,
    common: &Common<'_>,
    problems: &mut Vec<Diagnostic>,
) -> Option<Vec<Endpoint>> {
    if table.endpoints.is_empty() {
        if table.socket.is_some() {
            return Some(Vec::new());
        }
        // A misread list is told already.
        if table.written.iter().all(|(key, _)| key != "endpoint") {
            let complaint = InvalidValue::new("the scenario has no endpoint").help(format!(
                "begin one with [[scenario.{}.endpoint]]",
                table.name
            ));
            problems.push(complaint.at(table.place.clone()));
        }
        return None;
    }
    duplicates(table, problems);
    let each = table.endpoints.iter().map(|written| Weighed {
        weight: written.weight.as_ref(),
        is_written: written.has_weight,
        place: &written.place,
    });
    let weighed = weights((table, "endpoint"), &each.collect::<Vec<_>>(), problems);
    let alone = table.endpoints.len() == 1;
    let mut endpoints = Vec::new();
    for written in &table.endpoints {
        let weight = value_or(written.weight.as_ref(), if alone { 100 } else { 0 });
        if weight > 0 && written.kept {
            if table.kept {
                common.values.check_endpoint(written, &[], &[], problems);
            }
            endpoints.push(endpoint(written, weight, common, problems)?);
        }
    }
    weighed.then_some(endpoints)
}

fn duplicates(table: &ScenarioTable, problems: &mut Vec<Diagnostic>) {
    let mut seen: Vec<String> = Vec::new();
    for written in &table.endpoints {
        let Some(name) = written.full_name() else {
            continue;
        };
        if seen.contains(&name) {
            let place = written.name.as_ref().map_or(&written.place, |at| &at.place);
            let complaint = InvalidValue::new(format!("a second endpoint is called `{name}`"))
                .help("give each one a name of its own");
            problems.push(complaint.at(place.clone()));
        }
        seen.push(name);
    }
}

/// What is chosen by weight: an endpoint, or a journey.
pub(in crate::profile) struct Weighed<'a> {
    pub(in crate::profile) weight: Option<&'a Spanned<u32>>,
    pub(in crate::profile) is_written: bool,
    pub(in crate::profile) place: &'a Origin,
}

/// Whether the weights of what a scenario chooses from, which is called `what`, are all there and add up to 100.
pub(in crate::profile) fn weights(
    (table, what): (&ScenarioTable, &str),
    weighed: &[Weighed<'_>],
    problems: &mut Vec<Diagnostic>,
) -> bool {
    let alone = weighed.len() == 1;
    let mut known = true;
    for one in weighed {
        if one.weight.is_none() && !alone {
            known = false;
            if !one.is_written {
                let complaint = InvalidValue::new(MISSING).help(format!(
                    "say in percent how often this {what} is {}: weight = 30",
                    if what == "journey" { "made" } else { "asked" }
                ));
                problems.push(complaint.at(one.place.below("weight")));
            }
        }
        known &= one.weight.is_some() || !one.is_written;
    }
    let default = if alone { 100 } else { 0 };
    let parts: Vec<u32> = weighed
        .iter()
        .map(|one| value_or(one.weight, default))
        .collect();
    let sum: u32 = parts.iter().sum();
    if known && sum != 100 {
        let shown: Vec<String> = parts.iter().map(u32::to_string).collect();
        let complaint = InvalidValue::new(format!(
            "the weights add up to {sum}, not to 100: {}",
            shown.join(" + ")
        ));
        let help = if sum < 100 {
            format!("{} too little", 100 - sum)
        } else {
            format!("{} too much", sum - 100)
        };
        problems.push(complaint.help(help).at(table.place.below(what)));
    }
    known && sum == 100
}

pub(in crate::profile) fn endpoint(
    written: &RawEndpoint,
    weight: u32,
    common: &Common<'_>,
    problems: &mut Vec<Diagnostic>,
) -> Option<Endpoint> {
    let mut headers: Vec<_> = written.headers.iter().map(|at| at.value.clone()).collect();
    let typed = |headers: &[(String, String)]| {
        headers
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case("content-type"))
    };
    let common_typed = common
        .headers
        .iter()
        .any(|at| at.value.0.eq_ignore_ascii_case("content-type"));
    let body = body(written, problems)?;
    let is_typed = typed(&headers) || common_typed;
    if let Content::Multipart { .. } = body.content
        && let Some(header) = (written.headers.iter().chain(common.headers))
            .find(|at| at.value.0.eq_ignore_ascii_case("content-type"))
    {
        let complaint = InvalidValue::new(
            "the parts of a body are found by its type, which says where they begin",
        );
        problems.push(
            complaint
                .help("leave Content-Type out: it is set")
                .at(header.place.clone()),
        );
    }
    if let Some(content_type) = body.content_type.filter(|_| !is_typed) {
        headers.push(("Content-Type".to_owned(), content_type));
    }
    Some(Endpoint {
        name: written.full_name()?,
        kind: EndpointKind::Http,
        method: written.method(),
        path: format!("{}{}", common.prefix, written.path.as_ref()?.value),
        weight,
        headers,
        body: body.text,
        content: body.content,
        auth: value_or(written.auth.as_ref(), false),
        expect: value_or(written.expect.as_ref(), vec![200]),
        answer: written.answer.rules.clone(),
        ..Endpoint::default()
    })
}

/// The headers of all requests, and the endpoints with theirs: an endpoint's replaces the target's.
fn share_headers(
    common: &[Spanned<(String, String)>],
    mut endpoints: Vec<Endpoint>,
) -> (Vec<(String, String)>, Vec<Endpoint>) {
    let has = |endpoint: &Endpoint, name: &str| {
        endpoint
            .headers
            .iter()
            .any(|(own, _)| own.eq_ignore_ascii_case(name))
    };
    let mut shared = Vec::new();
    for header in common.iter().map(|at| &at.value) {
        if endpoints.iter().any(|endpoint| has(endpoint, &header.0)) {
            for endpoint in &mut endpoints {
                if !has(endpoint, &header.0) {
                    endpoint.headers.push(header.clone());
                }
            }
        } else {
            shared.push(header.clone());
        }
    }
    (shared, endpoints)
}
