//! A profile as it was written: typed and with places, but not yet checked as a whole.

use std::time::Duration;

use super::nearest::advice;
use super::plan::Rate;
use super::problem::{At, Complaint, Place, Problem};
use super::quantity::{self, Reading};
use super::reader::{Reader, any};
use super::target::Target;
use super::tree::{Table, Value};
use super::{file_requirement, file_scenario};

/// What is told of a key that has to be there.
pub(super) const MISSING: &str = "is missing";

/// A profile as it was written.
pub(super) struct ProfileFile {
    pub(super) place: Place,
    pub(super) name: Option<At<String>>,
    pub(super) description: Option<At<String>>,
    pub(super) confidence: Option<At<f64>>,
    pub(super) seed: Option<At<u64>>,
    pub(super) workers: Option<At<usize>>,
    pub(super) target: TargetTable,
    pub(super) health: Option<HealthTable>,
    pub(super) uptime: Option<UptimeTable>,
    pub(super) scenarios: Vec<ScenarioTable>,
    pub(super) requirements: Vec<RequirementTable>,
}

/// `[target]`.
#[derive(Default)]
pub(super) struct TargetTable {
    pub(super) url: Option<At<Target>>,
    pub(super) base_path: Option<At<String>>,
    pub(super) headers: Vec<At<(String, String)>>,
    pub(super) timeout: Option<At<Duration>>,
    pub(super) connect_timeout: Option<At<Duration>>,
    pub(super) body_limit: Option<At<u64>>,
}

/// `[health]`.
pub(super) struct HealthTable {
    pub(super) path: Option<At<String>>,
    pub(super) auth: Option<At<bool>>,
    pub(super) field: Option<At<String>>,
    pub(super) healthy: Option<At<Vec<String>>>,
    pub(super) requests: Option<At<u32>>,
    pub(super) timeout: Option<At<Duration>>,
}

/// `[uptime]`.
pub(super) struct UptimeTable {
    pub(super) path: Option<At<String>>,
    pub(super) auth: Option<At<bool>>,
    pub(super) every: Option<At<Duration>>,
    pub(super) uptime_field: Option<At<String>>,
    pub(super) timeout: Option<At<Duration>>,
    pub(super) alone: Option<At<Duration>>,
}

/// `[scenario.NAME]`.
pub(super) struct ScenarioTable {
    pub(super) place: Place,
    pub(super) name: String,
    /// Whether `--scenarios` lets it run.
    pub(super) kept: bool,
    /// `None` when it is missing or was misread, which is told already.
    pub(super) arrivals: Option<At<Kind>>,
    pub(super) users: Option<At<u32>>,
    pub(super) think_time: Option<At<(Duration, Duration)>>,
    pub(super) rate: Option<At<Rate>>,
    pub(super) connections: Option<At<u32>>,
    pub(super) every: Option<At<Duration>>,
    pub(super) ramp_up: Option<At<Duration>>,
    pub(super) warm_up: Option<At<Duration>>,
    pub(super) duration: Option<At<Duration>>,
    pub(super) extend: Option<At<Duration>>,
    pub(super) endpoints: Vec<EndpointTable>,
    /// Which keys were written, misread ones included: they are not missing.
    pub(super) written: Vec<(String, Place)>,
}

/// `[[scenario.NAME.endpoint]]`.
pub(super) struct EndpointTable {
    pub(super) place: Place,
    pub(super) name: Option<At<String>>,
    pub(super) method: Option<At<String>>,
    pub(super) path: Option<At<String>>,
    pub(super) weight: Option<At<u32>>,
    pub(super) headers: Vec<At<(String, String)>>,
    pub(super) body: Option<At<String>>,
    pub(super) is_json: bool,
    pub(super) auth: Option<At<bool>>,
    pub(super) expect: Option<At<Vec<u16>>>,
    pub(super) has_weight: bool,
}

/// `[[requirement]]`.
pub(super) struct RequirementTable {
    pub(super) name: Option<At<String>>,
    pub(super) severity: Option<At<crate::requirement::Severity>>,
    pub(super) scenario: Option<At<String>>,
    pub(super) checks: Vec<CheckTable>,
}

/// One check, inline or the requirement's own.
pub(super) struct CheckTable {
    pub(super) metric: At<crate::requirement::Metric>,
    pub(super) limit: At<crate::requirement::Limit>,
    pub(super) endpoint: Option<At<String>>,
}

/// The kinds of arrivals by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Users,
    Constant,
    Poisson,
    Burst,
}

impl Kind {
    pub(super) const NAMES: [(&'static str, Kind); 4] = [
        ("users", Kind::Users),
        ("constant", Kind::Constant),
        ("poisson", Kind::Poisson),
        ("burst", Kind::Burst),
    ];

    pub(super) fn parse(name: &str) -> Option<Kind> {
        let found = Kind::NAMES.iter().find(|(known, _)| *known == name);
        found.map(|(_, kind)| *kind)
    }

    pub(super) fn name(self) -> &'static str {
        let found = Kind::NAMES.iter().find(|(_, kind)| *kind == self);
        found.map_or("", |(name, _)| name)
    }

    /// The keys that go with this kind and not with every other.
    pub(super) fn keys(self) -> &'static [&'static str] {
        match self {
            Kind::Users => &["users", "think_time", "ramp_up"],
            Kind::Constant | Kind::Poisson => &["rate", "connections", "ramp_up"],
            Kind::Burst => &["users", "every"],
        }
    }

    /// The keys that go with some kinds alone.
    pub(super) fn all_keys() -> [&'static str; 6] {
        [
            "users",
            "think_time",
            "ramp_up",
            "rate",
            "connections",
            "every",
        ]
    }

    /// The kinds that a key goes with.
    pub(super) fn with_key(key: &str) -> Vec<&'static str> {
        Kind::NAMES
            .iter()
            .filter(|(_, kind)| kind.keys().contains(&key))
            .map(|(name, _)| *name)
            .collect()
    }
}

/// Reads a whole profile.
pub(super) fn read(tree: &Table, problems: &mut Vec<Problem>) -> ProfileFile {
    const KEYS: [&str; 12] = [
        "name",
        "description",
        "extends",
        "without",
        "confidence",
        "seed",
        "workers",
        "target",
        "health",
        "uptime",
        "scenario",
        "requirement",
    ];
    let mut reader = Reader::new(tree, &KEYS, problems);
    let mut file = ProfileFile {
        place: reader.place(),
        name: reader.text("name", title),
        description: reader.text("description", any),
        confidence: reader.scalar("confidence", quantity::confidence),
        seed: reader.scalar("seed", quantity::seed),
        workers: reader.scalar("workers", quantity::workers),
        target: TargetTable::default(),
        health: None,
        uptime: None,
        scenarios: Vec::new(),
        requirements: Vec::new(),
    };
    let target = reader.table("target");
    let health = reader.table("health");
    let uptime = reader.table("uptime");
    let scenarios = reader.table("scenario");
    let requirements = reader.tables("requirement");
    file.target = target
        .map(|table| read_target(table, problems))
        .unwrap_or_default();
    file.health = health.map(|table| read_health(table, problems));
    file.uptime = uptime.map(|table| read_uptime(table, problems));
    if let Some(table) = scenarios {
        file.scenarios = file_scenario::read_all(table, problems);
    }
    file.requirements = requirements
        .into_iter()
        .map(|table| file_requirement::read(table, problems))
        .collect();
    file
}

fn read_target(table: &Table, problems: &mut Vec<Problem>) -> TargetTable {
    const KEYS: [&str; 6] = [
        "url",
        "base_path",
        "headers",
        "timeout",
        "connect_timeout",
        "body_limit",
    ];
    let mut reader = Reader::new(table, &KEYS, problems);
    TargetTable {
        url: reader.text("url", Target::parse),
        base_path: reader.text("base_path", base_path),
        headers: file_scenario::read_headers(&mut reader),
        timeout: reader.scalar("timeout", quantity::lasting),
        connect_timeout: reader.scalar("connect_timeout", quantity::lasting),
        body_limit: reader.scalar("body_limit", quantity::body_limit),
    }
}

fn read_health(table: &Table, problems: &mut Vec<Problem>) -> HealthTable {
    const KEYS: [&str; 6] = ["path", "auth", "field", "healthy", "requests", "timeout"];
    let mut reader = Reader::new(table, &KEYS, problems);
    require(&mut reader, "path", "\"/health\"");
    HealthTable {
        path: reader.text("path", path),
        auth: reader.truth("auth"),
        field: reader.text("field", any),
        healthy: healthy(&mut reader),
        requests: reader.scalar("requests", quantity::requests),
        timeout: reader.scalar("timeout", quantity::lasting),
    }
}

fn healthy(reader: &mut Reader<'_, '_>) -> Option<At<Vec<String>>> {
    let healthy = reader.list("healthy", any)?;
    if healthy.value.is_empty() {
        let complaint = Complaint::new("no answer at all would be healthy")
            .help("write healthy = [\"ok\"], or leave field out to take any answer");
        reader.problems().push(complaint.at(healthy.place));
        return None;
    }
    Some(healthy)
}

fn read_uptime(table: &Table, problems: &mut Vec<Problem>) -> UptimeTable {
    const KEYS: [&str; 6] = ["path", "auth", "every", "uptime_field", "timeout", "alone"];
    let mut reader = Reader::new(table, &KEYS, problems);
    require(&mut reader, "path", "\"/health\"");
    UptimeTable {
        path: reader.text("path", path),
        auth: reader.truth("auth"),
        every: reader.scalar("every", quantity::lasting),
        uptime_field: reader.text("uptime_field", any),
        timeout: reader.scalar("timeout", quantity::lasting),
        alone: reader.scalar("alone", quantity::lasting),
    }
}

/// Tells that a key is missing, with what it could say.
pub(super) fn require(reader: &mut Reader<'_, '_>, key: &str, example: &str) {
    if reader.node(key).is_none() {
        let place = reader.place().below(key);
        let complaint = Complaint::new(MISSING).help(format!("write {key} = {example}"));
        reader.problems().push(complaint.at(place));
    }
}

/// A path with its query.
pub(super) fn path(text: &str) -> Reading<String> {
    if !text.starts_with('/') {
        let complaint = Complaint::new(format!("the path `{text}` does not begin with `/`"));
        return Err(if text.contains("://") {
            complaint.help("the host belongs to --target-url, the rest here: /path")
        } else {
            complaint.help(format!("write `/{text}`"))
        });
    }
    if text.contains('#') {
        return Err(Complaint::new(format!(
            "the path `{text}` has a fragment (#…), which is never sent"
        )));
    }
    if text.parse::<http::uri::PathAndQuery>().is_err() || !text.is_ascii() || text.contains(' ') {
        return Err(Complaint::new(format!(
            "the path `{text}` has characters that no URL may have"
        ))
        .help("write them in percent form: a space is %20"));
    }
    Ok(text.to_owned())
}

fn base_path(text: &str) -> Reading<String> {
    if text.is_empty() {
        return Ok(String::new());
    }
    if text.contains('?') {
        return Err(Complaint::new("a base path has no query"));
    }
    path(text).map(|path| path.trim_end_matches('/').to_owned())
}

fn title(text: &str) -> Reading<String> {
    if text.trim().is_empty() || text.chars().any(char::is_control) {
        return Err(Complaint::new("a profile's name is one line of text"));
    }
    Ok(text.to_owned())
}

/// One of a few words.
pub(super) fn word<T>(text: &str, what: &str, known: &[&str], found: Option<T>) -> Reading<T> {
    found.ok_or_else(|| Complaint::new(format!("`{text}` is no {what}")).help(advice(text, known)))
}

/// A TOML value as JSON.
pub(super) fn to_json(value: &Value) -> Option<serde_json::Value> {
    use serde_json::Value as Json;
    Some(match value {
        Value::Text(text) | Value::Date(text) => Json::String(text.clone()),
        Value::Number(number) => match number.parse::<i64>() {
            Ok(whole) => Json::from(whole),
            Err(_) => Json::Number(serde_json::Number::from_f64(number.parse().ok()?)?),
        },
        Value::Truth(truth) => Json::Bool(*truth),
        Value::List(items) => items
            .iter()
            .map(|item| to_json(&item.value))
            .collect::<Option<Vec<_>>>()?
            .into(),
        Value::Table(table) => Json::Object(
            table
                .entries
                .iter()
                .map(|entry| Some((entry.key.clone(), to_json(&entry.node.value)?)))
                .collect::<Option<_>>()?,
        ),
    })
}
