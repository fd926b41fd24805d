//! `[[scenario.NAME.step]]` and `[[scenario.NAME.journey]]`, as they were written.

use std::borrow::Cow;
use std::time::Duration;

use crate::diagnostic::{Diagnostic, InvalidValue, Origin, Spanned};
use crate::plan::ArrivalKind;
use crate::profile::raw::answer::{ANSWER_KEYS, Asked};
use crate::profile::raw::arrivals::ArrivalWord;
use crate::profile::raw::body;
use crate::profile::raw::profile::{RawEndpoint, ScenarioTable, value_or};
use crate::profile::raw::scenario::{REQUEST_KEYS, endpoint_name, read_request};
use crate::profile::text::reader::Reader;
use crate::profile::text::tree::Table;
use crate::profile::value::quantity;

/// What the only journey of a scenario is called.
pub(in crate::profile) const JOURNEY: &str = "journey";

/// One journey of a scenario.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own about what was written"
)]
pub(in crate::profile) struct RawJourney {
    pub(in crate::profile) place: Origin,
    /// Whether `--without` lets it be made.
    pub(in crate::profile) kept: bool,
    /// Whether it stands in a `[[scenario.NAME.journey]]` of its own.
    pub(in crate::profile) is_one_of_several: bool,
    pub(in crate::profile) has_name: bool,
    /// `None` where the steps are the scenario's own: its only journey.
    pub(in crate::profile) name: Option<Spanned<String>>,
    pub(in crate::profile) weight: Option<Spanned<u32>>,
    pub(in crate::profile) has_weight: bool,
    pub(in crate::profile) steps: Vec<RawEndpoint>,
}

/// What a step has besides the keys of an endpoint.
pub(in crate::profile) struct RawStep {
    pub(in crate::profile) think_time: Option<Spanned<(Duration, Duration)>>,
    pub(in crate::profile) every: Option<Spanned<Duration>>,
    pub(in crate::profile) within: Option<Spanned<Duration>>,
    pub(in crate::profile) always: bool,
    pub(in crate::profile) has_until: bool,
}

/// Keys of a step besides those of an endpoint; a step has no weight.
const STEP_KEYS: [&str; 4] = ["think_time", "every", "within", "always"];

/// Whether users begin journeys, so that `every` says how often.
fn is_paced(scenario: &Table) -> bool {
    let has_journeys = scenario.get("step").is_some() || scenario.get("journey").is_some();
    let kind = scenario.text("arrivals").and_then(ArrivalWord::parse);
    has_journeys
        && matches!(
            kind,
            Some(ArrivalWord::Model(ArrivalKind::Users) | ArrivalWord::Steps)
        )
}

/// The scenario with its keys by what they mean: `every` of users with journeys is the time from one due time to the next, which
/// is else their `think_time`.
pub(in crate::profile) fn paced<'a>(
    scenario: &'a Table,
    problems: &mut Vec<Diagnostic>,
) -> Cow<'a, Table> {
    if !is_paced(scenario) {
        return Cow::Borrowed(scenario);
    }
    let mut scenario = scenario.clone();
    let (thinks, mut entries): (Vec<_>, Vec<_>) = scenario
        .entries
        .into_iter()
        .partition(|entry| entry.key == "think_time");
    for entry in thinks {
        let complaint = InvalidValue::new("users of journeys think between steps").help(
            "write think_time at the steps, and here every = \"30s\": how often a user begins a journey",
        );
        problems.push(complaint.at(entry.place));
    }
    let pace = entries.iter_mut().find(|entry| entry.key == "every");
    if let Some(pace) = pace {
        "think_time".clone_into(&mut pace.key);
    }
    scenario.entries = entries;
    Cow::Owned(scenario)
}

/// Reads the steps or the journeys of a scenario, of which it has one or the other.
pub(in crate::profile) fn read_all(
    (steps, journeys): (&[&Table], &[&Table]),
    problems: &mut Vec<Diagnostic>,
) -> Vec<RawJourney> {
    if let (Some(step), Some(journey)) = (steps.first(), journeys.first()) {
        let complaint = InvalidValue::new("a scenario has either steps or journeys, not both")
            .help("write these steps as a journey of their own: [[....journey]], and [[....journey.step]] below it");
        problems.push(complaint.at(step.place.clone()));
        return vec![read_one(journey, problems)];
    }
    let only = steps.first().map(|first| RawJourney {
        place: first.place.clone(),
        kept: true,
        is_one_of_several: false,
        has_name: false,
        name: None,
        weight: None,
        has_weight: false,
        steps: read_steps(steps, problems),
    });
    let named = journeys.iter().map(|journey| read_one(journey, problems));
    only.into_iter().chain(named).collect()
}

fn read_one(table: &Table, problems: &mut Vec<Diagnostic>) -> RawJourney {
    let mut reader = Reader::new(table, &["name", "weight", "step"], problems);
    let steps = reader.tables("step");
    RawJourney {
        place: reader.place(),
        kept: true,
        is_one_of_several: true,
        has_name: reader.node("name").is_some(),
        name: reader.text("name", endpoint_name),
        weight: reader.scalar("weight", quantity::weight),
        has_weight: reader.node("weight").is_some(),
        steps: read_steps(&steps, problems),
    }
}

fn read_steps(tables: &[&Table], problems: &mut Vec<Diagnostic>) -> Vec<RawEndpoint> {
    tables
        .iter()
        .map(|table| read_step(table, problems))
        .collect()
}

fn read_step(table: &Table, problems: &mut Vec<Diagnostic>) -> RawEndpoint {
    let keys = [
        &REQUEST_KEYS[..],
        &body::BODY_KEYS,
        &ANSWER_KEYS,
        &STEP_KEYS,
    ]
    .concat();
    let mut reader = Reader::new(table, &keys, problems);
    RawEndpoint {
        step: Some(RawStep {
            think_time: reader.scalar("think_time", quantity::think_time),
            every: reader.scalar("every", quantity::lasting),
            within: reader.scalar("within", quantity::lasting),
            always: reader.bool("always").is_some_and(|at| at.value),
            has_until: reader.node("until").is_some(),
        }),
        ..read_request(&mut reader, Asked::Step)
    }
}

impl RawJourney {
    /// What tables call it.
    pub(in crate::profile) fn name(&self) -> String {
        value_or(self.name.as_ref(), JOURNEY.to_owned())
    }

    /// What tables call one of its steps: journeys of several may have steps of the same name.
    pub(in crate::profile) fn step_name(&self, step: &RawEndpoint) -> Option<String> {
        let name = step.full_name()?;
        Some(match &self.name {
            Some(journey) => format!("{}/{}", journey.value, name.trim_start_matches('/')),
            None => name,
        })
    }
}

impl ScenarioTable {
    /// All that is asked in it: its endpoints, or the steps of its journeys.
    pub(in crate::profile) fn requests(&self) -> impl Iterator<Item = &RawEndpoint> {
        let steps = self.journeys.iter().flat_map(|journey| &journey.steps);
        self.endpoints.iter().chain(steps)
    }
}
