//! Reads a profile's tables; scenarios and requirements have readers of their own.

use crate::diagnostic::{Diagnostic, InvalidValue, Spanned};
use crate::profile::plan::destination::HttpVersion;
use crate::profile::plan::evidence::EvidencePlan;
use crate::profile::plan::target::Target;
use crate::profile::plan::target_rules::Redirects;
use crate::profile::raw::profile::{HealthTable, ProfileFile, TargetTable, UptimeTable};
use crate::profile::raw::{data, evidence, identity, requirement, scenario};
use crate::profile::text::reader::{Reader, any};
use crate::profile::text::tree::{Table, Value};
use crate::profile::value::marks::check_marks;
use crate::profile::value::quantity::{self, ReadValue};
use crate::template::Template;

/// What is reported about a key that is required.
pub(in crate::profile) const MISSING: &str = "is missing";

/// Reads a whole profile.
pub(in crate::profile) fn read(tree: &Table, problems: &mut Vec<Diagnostic>) -> ProfileFile {
    const KEYS: [&str; 15] = [
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
        "evidence",
        "data",
        "identity",
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
        evidence: EvidencePlan::default(),
        identity: None,
        data: Vec::new(),
        scenarios: Vec::new(),
        requirements: Vec::new(),
    };
    let target = reader.table("target");
    let health = reader.table("health");
    let uptime = reader.table("uptime");
    let evidence = reader.table("evidence");
    let identity = reader.table("identity");
    let data = reader.table("data");
    let scenarios = reader.table("scenario");
    let requirements = reader.tables("requirement");
    file.target = target
        .map(|table| read_target(table, problems))
        .unwrap_or_default();
    file.health = health.map(|table| read_health(table, problems));
    file.uptime = uptime.map(|table| read_uptime(table, problems));
    if let Some(table) = evidence {
        file.evidence = evidence::read(table, problems);
    }
    file.identity = identity.map(|table| identity::read(table, problems));
    if let Some(table) = data {
        file.data = data::read_all(table, problems);
    }
    if let Some(table) = scenarios {
        file.scenarios = scenario::read_all(table, problems);
    }
    file.requirements = requirements
        .into_iter()
        .map(|table| requirement::read(table, problems))
        .collect();
    file
}

fn read_target(table: &Table, problems: &mut Vec<Diagnostic>) -> TargetTable {
    const KEYS: [&str; 8] = [
        "url",
        "base_path",
        "headers",
        "timeout",
        "connect_timeout",
        "body_limit",
        "http",
        "redirects",
    ];
    let mut reader = Reader::new(table, &KEYS, problems);
    TargetTable {
        url: reader.text("url", Target::parse),
        base_path: reader.text("base_path", base_path),
        headers: scenario::read_headers(&mut reader),
        timeout: reader.scalar("timeout", quantity::lasting),
        connect_timeout: reader.scalar("connect_timeout", quantity::lasting),
        body_limit: reader.scalar("body_limit", quantity::body_limit),
        http: reader.scalar("http", HttpVersion::parse),
        redirects: reader.text("redirects", Redirects::parse),
    }
}

fn read_health(table: &Table, problems: &mut Vec<Diagnostic>) -> HealthTable {
    const KEYS: [&str; 6] = ["path", "auth", "field", "healthy", "requests", "timeout"];
    let mut reader = Reader::new(table, &KEYS, problems);
    require(&mut reader, "path", "\"/health\"");
    HealthTable {
        path: reader.text("path", path),
        auth: reader.bool("auth"),
        field: reader.text("field", any),
        healthy: healthy(&mut reader),
        requests: reader.scalar("requests", quantity::requests),
        timeout: reader.scalar("timeout", quantity::lasting),
    }
}

fn healthy(reader: &mut Reader<'_, '_>) -> Option<Spanned<Vec<String>>> {
    let healthy = reader.list("healthy", any)?;
    if healthy.value.is_empty() {
        let complaint = InvalidValue::new("no answer at all would be healthy")
            .help("write healthy = [\"ok\"], or leave field out to take any answer");
        reader.problems().push(complaint.at(healthy.place));
        return None;
    }
    Some(healthy)
}

fn read_uptime(table: &Table, problems: &mut Vec<Diagnostic>) -> UptimeTable {
    const KEYS: [&str; 6] = ["path", "auth", "every", "uptime_field", "timeout", "alone"];
    let mut reader = Reader::new(table, &KEYS, problems);
    require(&mut reader, "path", "\"/health\"");
    UptimeTable {
        path: reader.text("path", path),
        auth: reader.bool("auth"),
        every: reader.scalar("every", quantity::lasting),
        uptime_field: reader.text("uptime_field", any),
        timeout: reader.scalar("timeout", quantity::lasting),
        alone: reader.scalar("alone", quantity::lasting),
    }
}

/// Reports that a key is missing, with its possible values.
pub(in crate::profile) fn require(reader: &mut Reader<'_, '_>, key: &str, example: &str) {
    if reader.node(key).is_none() {
        let place = reader.place().below(key);
        let complaint = InvalidValue::new(MISSING).help(format!("write {key} = {example}"));
        reader.problems().push(complaint.at(place));
    }
}

/// A path with its query.
pub(in crate::profile) fn path(text: &str) -> ReadValue<String> {
    if !text.starts_with('/') {
        let complaint = InvalidValue::new(format!("the path `{text}` does not begin with `/`"));
        return Err(if text.contains("://") {
            complaint.help("the host belongs to --target-url, the rest here: /path")
        } else {
            complaint.help(format!("write `/{text}`"))
        });
    }
    if text.contains('#') {
        return Err(InvalidValue::new(format!(
            "the path `{text}` has a fragment (#…), which is never sent"
        )));
    }
    if text.parse::<http::uri::PathAndQuery>().is_err() || !text.is_ascii() || text.contains(' ') {
        return Err(InvalidValue::new(format!(
            "the path `{text}` has characters that no URL may have"
        ))
        .help("write them in percent form: a space is %20"));
    }
    check_marks(text, &[]).map(|()| text.to_owned())
}

/// A path with its query, in which values are filled in.
pub(in crate::profile) fn marked_path(text: &str) -> ReadValue<String> {
    if !text.starts_with('/') {
        return path(text);
    }
    let filled = Template::parse(text).with(|_| "x".to_owned());
    path(&filled).map(|_| text.to_owned())
}

fn base_path(text: &str) -> ReadValue<String> {
    if text.is_empty() {
        return Ok(String::new());
    }
    if text.contains('?') {
        return Err(InvalidValue::new("a base path has no query"));
    }
    path(text).map(|path| path.trim_end_matches('/').to_owned())
}

fn title(text: &str) -> ReadValue<String> {
    if text.trim().is_empty() || text.chars().any(char::is_control) {
        return Err(InvalidValue::new("a profile's name is one line of text"));
    }
    Ok(text.to_owned())
}

/// A TOML value as JSON.
pub(in crate::profile) fn to_json(value: &Value) -> Option<serde_json::Value> {
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
