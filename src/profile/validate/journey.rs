//! From journeys as they were written to a part of the plan.

use std::time::Duration;

use crate::diagnostic::{Diagnostic, InvalidValue, Spanned};
use crate::plan::{ArrivalKind, Bounds, Endpoint, EndpointKind, Journey, Poll, Step};
use crate::profile::plan::target_rules::Redirects;
use crate::profile::raw::arrivals::ArrivalWord;
use crate::profile::raw::journey::{JOURNEY, RawJourney, RawStep};
use crate::profile::raw::profile::{RawEndpoint, ScenarioTable, value_or};
use crate::profile::raw::top::MISSING;
use crate::profile::validate::scenario::{Common, Weighed, endpoint, weights};
use crate::profile::value::units::show_duration;

/// The steps of a scenario's journeys, and the journeys; `None` when something that they need was misread.
pub(in crate::profile) fn journeys(
    table: &ScenarioTable,
    common: &Common<'_>,
    problems: &mut Vec<Diagnostic>,
) -> Option<(Vec<Endpoint>, Vec<Journey>)> {
    let before = problems.len();
    if !table.endpoints.is_empty() {
        let complaint = InvalidValue::new("a scenario has either endpoints or journeys, not both")
            .help("write a request that stands for itself as a journey of one step");
        problems.push(complaint.at(table.journeys[0].place.clone()));
    }
    let alone = table.journeys.len() == 1;
    let weighed = table.journeys.iter().map(|journey| Weighed {
        weight: journey.weight.as_ref(),
        is_written: journey.has_weight,
        place: &journey.place,
    });
    weights((table, "journey"), &weighed.collect::<Vec<_>>(), problems);
    names(table, problems);
    keeps_up(table, problems);
    let (mut steps, mut journeys) = (Vec::new(), Vec::new());
    for written in &table.journeys {
        let from = steps.len();
        written_steps(written, problems);
        if table.kept && written.kept {
            check_marks(written, common, problems);
        }
        for step in &written.steps {
            let read = step.step.as_ref();
            let plan = read.map(|read| self::step(read, step, problems));
            let endpoint = endpoint(step, 0, common, problems);
            if let (Some(plan), Some(mut endpoint)) = (plan, endpoint) {
                endpoint.answer.redirects |= follows_all(common);
                steps.push(Endpoint {
                    name: written.step_name(step)?,
                    step: Some(plan),
                    ..endpoint
                });
            }
        }
        let weight = value_or(written.weight.as_ref(), if alone { 100 } else { 0 });
        if weight > 0 && written.kept {
            journeys.push(Journey {
                name: written.name(),
                weight,
                endpoint: 0,
                steps: from..steps.len(),
            });
        } else {
            steps.truncate(from);
        }
    }
    (problems.len() == before).then_some((steps, journeys))
}

/// Whether the target's rules have every redirect followed, which the steps of journeys do for each request.
fn follows_all(common: &Common<'_>) -> bool {
    let rule = common.file.target.redirects.as_ref();
    rule.is_some_and(|rule| rule.value == Redirects::All)
}

/// The endpoints that stand for whole journeys in tables and counters, of which the first has this place; the journeys are told
/// theirs.
pub(in crate::profile) fn endpoints(journeys: &mut [Journey], first: usize) -> Vec<Endpoint> {
    let journeys = journeys.iter_mut().enumerate();
    journeys
        .map(|(index, journey)| {
            journey.endpoint = first + index;
            Endpoint {
                name: journey.name.clone(),
                kind: EndpointKind::Journey,
                method: "JOURNEY".to_owned(),
                path: format!("/{}", journey.name),
                weight: 0,
                ..Endpoint::default()
            }
        })
        .collect()
}

/// The longest that one visit may take from its due time to its end: a request, or a journey with its think times.
pub(in crate::profile) fn longest_visit(table: &ScenarioTable, bounds: &Bounds) -> Duration {
    let of = |journey: &RawJourney| thinks(journey) + waits(journey, bounds.timeout);
    table
        .journeys
        .iter()
        .map(of)
        .max()
        .unwrap_or(bounds.timeout)
}

/// The longest that a single request may be waited for, polls included.
pub(in crate::profile) fn longest_request(table: &ScenarioTable, timeout: Duration) -> Duration {
    let steps = table.journeys.iter().flat_map(|journey| &journey.steps);
    let longest = steps.map(|step| wait(step, timeout)).max();
    longest.map_or(timeout, |longest| longest.max(timeout))
}

/// The longest that one may wait for what a check looks at, where that is a journey or a step of one.
pub(in crate::profile) fn longest_of(
    table: &ScenarioTable,
    endpoint: &str,
    timeout: Duration,
) -> Option<Duration> {
    table.journeys.iter().find_map(|journey| {
        let mut steps = journey.steps.iter();
        let is_meant = |step: &&RawEndpoint| journey.step_name(step).as_deref() == Some(endpoint);
        match steps.find(is_meant) {
            Some(step) => Some(wait(step, timeout)),
            None => (journey.name() == endpoint).then(|| waits(journey, timeout)),
        }
    })
}

fn wait(step: &RawEndpoint, timeout: Duration) -> Duration {
    let step = step.step.as_ref();
    value_or(step.and_then(|step| step.within.as_ref()), timeout)
}

fn waits(journey: &RawJourney, timeout: Duration) -> Duration {
    journey.steps.iter().map(|step| wait(step, timeout)).sum()
}

fn thinks(journey: &RawJourney) -> Duration {
    let steps = journey.steps.iter().filter_map(|step| step.step.as_ref());
    let thinks = steps.filter_map(|step| step.think_time.as_ref());
    thinks.map(|at| at.value.1).sum()
}

impl ScenarioTable {
    /// What tables call all that is counted in it, but for the parts of a WebSocket.
    pub(in crate::profile) fn names(&self) -> Vec<String> {
        let endpoints = self.endpoints.iter().filter_map(RawEndpoint::full_name);
        let named = |journey: &&RawJourney| !journey.is_one_of_several || journey.name.is_some();
        let journeys = self.journeys.iter().filter(named).flat_map(|journey| {
            let steps = journey
                .steps
                .iter()
                .filter_map(|step| journey.step_name(step));
            steps.chain([journey.name()])
        });
        endpoints.chain(journeys).collect()
    }

    /// The names of what `--without` leaves out.
    pub(in crate::profile) fn left_out(&self) -> Vec<String> {
        let endpoints = self.endpoints.iter().filter(|endpoint| !endpoint.kept);
        let journeys = self.journeys.iter().filter(|journey| !journey.kept);
        let names = journeys.flat_map(|journey| {
            let steps = journey
                .steps
                .iter()
                .filter_map(|step| journey.step_name(step));
            steps.chain([journey.name()])
        });
        endpoints
            .filter_map(RawEndpoint::full_name)
            .chain(names)
            .collect()
    }
}

/// What a step is filled in with must have been taken before it.
fn check_marks(journey: &RawJourney, common: &Common<'_>, problems: &mut Vec<Diagnostic>) {
    let takes = |step: &RawEndpoint| {
        let takes = step.answer.rules.take.iter();
        takes.map(|take| take.name.clone()).collect::<Vec<_>>()
    };
    for (index, step) in journey.steps.iter().enumerate() {
        let (before, after) = journey.steps.split_at(index);
        let taken: Vec<String> = before.iter().flat_map(takes).collect();
        let later: Vec<(String, String)> = after
            .iter()
            .flat_map(|step| {
                let by = step.full_name().unwrap_or_default();
                takes(step)
                    .into_iter()
                    .map(move |taken| (taken, by.clone()))
            })
            .collect();
        common.values.check_endpoint(step, &taken, &later, problems);
    }
}

/// Journeys must have names, and steps of one journey different ones.
fn names(table: &ScenarioTable, problems: &mut Vec<Diagnostic>) {
    let mut seen: Vec<String> = Vec::new();
    for journey in table
        .journeys
        .iter()
        .filter(|journey| journey.is_one_of_several)
    {
        match &journey.name {
            None if !journey.has_name => {
                let complaint = InvalidValue::new(MISSING).help("write name = \"checkout\"");
                problems.push(complaint.at(journey.place.below("name")));
            }
            Some(name) if seen.contains(&name.value) => {
                problems.push(second("journey", name).at(name.place.clone()));
            }
            _ => {}
        }
        seen.extend(journey.name.as_ref().map(|name| name.value.clone()));
    }
    for journey in &table.journeys {
        let mut seen: Vec<String> = Vec::new();
        for step in &journey.steps {
            let Some(own) = step.full_name() else {
                continue;
            };
            let place = step.name.as_ref().map_or(&step.place, |at| &at.place);
            let at = Spanned::new(own.clone(), place.clone());
            if seen.contains(&own) {
                problems.push(second("step", &at).at(at.place.clone()));
            } else if own == JOURNEY && journey.name.is_none() {
                let complaint =
                    InvalidValue::new("`journey` is what all steps together are called");
                problems.push(complaint.help("give the step another name").at(at.place));
            }
            seen.push(own);
        }
    }
}

fn second(what: &str, name: &Spanned<String>) -> InvalidValue {
    InvalidValue::new(format!("a second {what} is called `{}`", name.value))
        .help("give each one a name of its own")
}

/// What the steps of a journey must be together.
fn written_steps(journey: &RawJourney, problems: &mut Vec<Diagnostic>) {
    let Some(first) = journey.steps.first() else {
        let complaint = InvalidValue::new("the journey has no step")
            .help("begin one with [[....journey.step]]");
        problems.push(complaint.at(journey.place.clone()));
        return;
    };
    let read = first.step.as_ref();
    if let Some(thinks) = read.and_then(|step| step.think_time.as_ref()) {
        let complaint =
            InvalidValue::new("nothing comes before the first step that a user could think about")
                .help("how often journeys begin is set by the scenario's `every` or `rate`");
        problems.push(complaint.at(thinks.place.clone()));
    }
    if journey
        .steps
        .iter()
        .all(|step| step.step.as_ref().is_some_and(|step| step.always))
    {
        let complaint = InvalidValue::new("all steps of the journey are clean-up")
            .help("write always = true at those alone that follow what may fail");
        problems.push(complaint.at(first.place.clone()));
    }
}

/// One step.
fn step(read: &RawStep, written: &RawEndpoint, problems: &mut Vec<Diagnostic>) -> Step {
    let (think_min, think_max) =
        value_or(read.think_time.as_ref(), (Duration::ZERO, Duration::ZERO));
    Step {
        think_min,
        think_max,
        poll: poll(read, written, problems),
        always: read.always,
    }
}

/// How a step polls, if it does: `until`, `every` and `within` stand together or not at all.
fn poll(read: &RawStep, written: &RawEndpoint, problems: &mut Vec<Diagnostic>) -> Option<Poll> {
    let keys = [
        ("until", read.has_until, "{ status = \"ready\" }"),
        ("every", read.every.is_some(), "\"500ms\""),
        ("within", read.within.is_some(), "\"60s\""),
    ];
    if keys.iter().all(|(_, there, _)| !there) {
        return None;
    }
    for (key, there, example) in keys {
        if !there {
            let complaint = InvalidValue::new(MISSING).help(format!(
                "a step that polls has `until`, `every` and `within`: write {key} = {example}"
            ));
            problems.push(complaint.at(written.place.below(key)));
        }
    }
    let (every, within) = (read.every.as_ref()?, read.within.as_ref()?);
    if every.value >= within.value {
        let complaint = InvalidValue::new(format!(
            "{} is not less than `within`, {}, so it would ask once",
            show_duration(every.value),
            show_duration(within.value)
        ));
        problems.push(
            complaint
                .help("ask more often, or wait longer")
                .at(every.place.clone()),
        );
    }
    Some(Poll {
        every: every.value,
        within: within.value,
    })
}

/// Users that think longer within a journey than from one journey to the next would fall behind whatever the target does.
fn keeps_up(table: &ScenarioTable, problems: &mut Vec<Diagnostic>) {
    let is_written = |key: &str| table.written.iter().any(|(written, _)| written == key);
    let is_users = |word: ArrivalWord| {
        matches!(
            word,
            ArrivalWord::Model(ArrivalKind::Users) | ArrivalWord::Steps
        )
    };
    let Some(every) = &table.keys.think_time else {
        let word = table.arrivals.as_ref().map(|at| at.value);
        if word.is_some_and(is_users) && !is_written("think_time") {
            let complaint = InvalidValue::new(MISSING)
                .help("write every = \"30s\": how often a user begins a journey");
            problems.push(complaint.at(table.place.below("every")));
        }
        return;
    };
    let longest = table.journeys.iter().map(thinks).max().unwrap_or_default();
    if longest >= every.value.0 {
        let complaint = InvalidValue::new(format!(
            "a user begins a journey every {}, but its steps think for {}",
            show_duration(every.value.0),
            show_duration(longest)
        ));
        let help = "begin journeys less often, with more users for the same load";
        problems.push(complaint.help(help).at(every.place.clone()));
    }
}
