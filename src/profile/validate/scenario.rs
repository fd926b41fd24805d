//! From a scenario as it was written to its plan.

use std::time::Duration;

use crate::diagnostic::{Diagnostic, InvalidValue, Spanned};
use crate::plan::EndpointKind;
use crate::plan::{Arrivals, Bounds, Content, Endpoint, Phases, Plan, Rate};
use crate::profile::raw::profile::{ArrivalWord, ProfileFile, RawEndpoint, ScenarioTable};
use crate::profile::raw::top::MISSING;
use crate::profile::text::suggest::list;
use crate::profile::validate::body::body;
use crate::profile::validate::profile::{same_file, value_or};
use crate::profile::validate::search;
use crate::profile::validate::socket;
use crate::profile::validate::values::Values;
use crate::profile::value::units::show_duration;
use crate::template::PlanValues;

/// Rates are given no fewer connections than this.
const FEWEST_CONNECTIONS: f64 = 200.0;
/// And no more, unless the profile says so: Linux has 28,232 local ports towards one address.
const MOST_CONNECTIONS: f64 = 20_000.0;
const EVERY: Duration = Duration::from_secs(1);
pub(in crate::profile) const THINK: (Duration, Duration) =
    (Duration::from_secs(1), Duration::from_secs(1));

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
    let endpoints = endpoints(table, common, problems);
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
    let (headers, mut endpoints) = share_headers(common.headers, endpoints?);
    endpoints.extend(socket.iter().flat_map(socket::endpoints));
    let mut plan = Plan {
        scenario: table.name.clone(),
        arrivals: arrivals?,
        phases: phases?,
        endpoints,
        socket,
        journeys: Vec::new(),
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

/// Reports the keys that belong to other kinds of arrivals.
fn misplaced(table: &ScenarioTable, kind: ArrivalWord, problems: &mut Vec<Diagnostic>) {
    for (key, place) in &table.written {
        if ArrivalWord::all_keys().contains(&key.as_str()) && !kind.keys().contains(&key.as_str()) {
            let complaint =
                InvalidValue::new(format!("does not go with arrivals = \"{}\"", kind.name()));
            let kinds = ArrivalWord::with_key(key);
            let help = format!("it goes with {}", list(&kinds));
            problems.push(complaint.help(help).at(place.clone()));
        }
    }
}

/// The most connections that a rate may open. A user that waits longer than the timeout is given up, so that many are
/// never all busy: the generator delays nothing of its own accord.
pub(in crate::profile) fn connections(table: &ScenarioTable, rate: Rate, bounds: &Bounds) -> u32 {
    let enough = (rate.as_f64() * bounds.timeout.as_secs_f64()).ceil();
    let enough = enough.clamp(FEWEST_CONNECTIONS, MOST_CONNECTIONS) as u32;
    value_or(table.connections.as_ref(), enough)
}

fn arrivals(
    table: &ScenarioTable,
    bounds: &Bounds,
    problems: &mut Vec<Diagnostic>,
) -> Option<Arrivals> {
    let kind = table.arrivals.as_ref()?.value;
    misplaced(table, kind, problems);
    let rate = |problems| needed(table, "rate", "\"120/s\"", table.rate.as_ref(), problems);
    Some(match kind {
        ArrivalWord::Users => {
            let (think_min, think_max) = value_or(table.think_time.as_ref(), THINK);
            Arrivals::Users {
                count: needed(table, "users", "100", table.users.as_ref(), problems)?,
                think_min,
                think_max,
            }
        }
        ArrivalWord::Constant => {
            let rate = rate(problems)?;
            let connections = connections(table, rate, bounds);
            Arrivals::Constant { rate, connections }
        }
        ArrivalWord::Poisson => {
            let rate = rate(problems)?;
            let connections = connections(table, rate, bounds);
            Arrivals::Poisson { rate, connections }
        }
        ArrivalWord::Burst => Arrivals::Burst {
            count: needed(table, "users", "100", table.users.as_ref(), problems)?,
            every: value_or(table.every.as_ref(), EVERY),
        },
        ArrivalWord::Steps | ArrivalWord::Capacity => return None,
    })
}

/// A value without which this kind of arrivals says nothing.
fn needed<T: Clone>(
    table: &ScenarioTable,
    key: &str,
    example: &str,
    value: Option<&Spanned<T>>,
    problems: &mut Vec<Diagnostic>,
) -> Option<T> {
    if value.is_none() && table.written.iter().all(|(written, _)| written != key) {
        let complaint = InvalidValue::new(MISSING).help(format!("write {key} = {example}"));
        problems.push(complaint.at(table.place.below(key)));
    }
    value.map(|at| at.value.clone())
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
    let kind = table.arrivals.as_ref().map(|kind| kind.value);
    let shown = show_duration(duration.value);
    let rounds = value_or(table.every.as_ref(), EVERY);
    let none_due = match kind {
        Some(ArrivalWord::Burst) if duration.value < rounds => Some(format!(
            "{shown} is shorter than one round of {}",
            show_duration(rounds)
        )),
        Some(ArrivalWord::Constant | ArrivalWord::Poisson) => table
            .rate
            .as_ref()
            .filter(|rate| rate.value.as_f64() * duration.value.as_secs_f64() < 1.0)
            .map(|rate| {
                let rate = rate.value.as_f64();
                format!("at {rate}/s not one request is due in {shown}")
            }),
        _ => None,
    };
    if let Some(message) = none_due {
        let complaint = InvalidValue::new(message).help("let it last longer");
        problems.push(complaint.at(duration.place.clone()));
    }
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
    let weighed = weights(table, problems);
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
        let Some(name) = name(written) else { continue };
        if seen.contains(&name) {
            let place = written.name.as_ref().map_or(&written.place, |at| &at.place);
            let complaint = InvalidValue::new(format!("a second endpoint is called `{name}`"))
                .help("give each one a name of its own");
            problems.push(complaint.at(place.clone()));
        }
        seen.push(name);
    }
}

/// Whether the weights are all there and add up to 100.
fn weights(table: &ScenarioTable, problems: &mut Vec<Diagnostic>) -> bool {
    let mut known = true;
    for written in &table.endpoints {
        if written.weight.is_none() && table.endpoints.len() > 1 {
            known = false;
            if !written.has_weight {
                let complaint = InvalidValue::new(MISSING)
                    .help("say in percent how often this endpoint is asked: weight = 30");
                problems.push(complaint.at(written.place.below("weight")));
            }
        }
        known &= written.weight.is_some() || !written.has_weight;
    }
    let alone = table.endpoints.len() == 1;
    let default = if alone { 100 } else { 0 };
    let parts: Vec<u32> = table
        .endpoints
        .iter()
        .map(|written| value_or(written.weight.as_ref(), default))
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
        problems.push(complaint.help(help).at(table.place.below("endpoint")));
    }
    known && sum == 100
}

fn endpoint(
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
        name: name(written)?,
        kind: EndpointKind::Http,
        method: method(written),
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

/// The name that was given, or else what is asked.
pub(in crate::profile) fn name(written: &RawEndpoint) -> Option<String> {
    if let Some(name) = &written.name {
        return Some(name.value.clone());
    }
    let path = &written.path.as_ref()?.value;
    Some(match method(written).as_str() {
        "GET" => path.clone(),
        method => format!("{method} {path}"),
    })
}

fn method(written: &RawEndpoint) -> String {
    let body = written.body.as_ref();
    let is_posted = body.is_some_and(|body| body.value.is_posted(written.body_key));
    let usual = if is_posted { "POST" } else { "GET" };
    value_or(written.method.as_ref(), usual.to_owned())
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
