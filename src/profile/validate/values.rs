//! What the marks of a profile are filled in from, and whether all of them are.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::diagnostic::{Diagnostic, InvalidValue, Origin, Spanned};
use crate::plan::{Content, DueTimes, Endpoint, EndpointKind, PartValue, Plan, nanos, streams};
use crate::profile::raw::body::RawBody;
use crate::profile::raw::data::DataFile;
use crate::profile::raw::overrides::Overrides;
use crate::profile::raw::profile::value_or;
use crate::profile::raw::profile::{ProfileFile, RawEndpoint, ScenarioTable};
use crate::profile::validate::body::{FROM_PROFILE, beside};
use crate::profile::validate::data_file;
use crate::profile::value::filled::{Known, check};
use crate::requirement::format;
use crate::secret::Secret;
use crate::template::{
    DataTable, Mark, Place, PlanValues, Rows, Template, Variables, is_header_text,
};

/// How much longer than its last end a run goes on until all workers know that it has ended.
const TAIL: Duration = Duration::from_secs(1);

/// What all scenarios of a profile are filled in from.
#[derive(Default)]
pub(in crate::profile) struct Values {
    tables: Vec<DataTable>,
    /// Those that could not be read.
    unread: Vec<String>,
    /// The environment variables.
    pub(in crate::profile) variables: Variables,
    user: String,
}

/// A text of a profile in which something may be filled in.
struct MarkedText<'a> {
    text: &'a str,
    place: Place,
    origin: &'a Origin,
}

/// Reads the data files, and the environment variables that the texts name.
pub(in crate::profile) fn read(
    file: &ProfileFile,
    overrides: &Overrides,
    problems: &mut Vec<Diagnostic>,
) -> Values {
    let mut values = Values {
        user: file.identity.clone().unwrap_or_default().user,
        ..Values::default()
    };
    for data in &file.data {
        match table(data, problems) {
            Some(table) => values.tables.push(table),
            None => values.unread.push(data.name.clone()),
        }
    }
    values.variables = variables(file, overrides, problems);
    let known = Known {
        fixed: &Mark::FIXED,
        // They are those of requests beside the load as well.
        ..Known::default()
    };
    for header in &file.target.headers {
        report(
            check(&header.value.1, Place::Header, &known),
            &header.place,
            problems,
        );
    }
    values
}

fn table(data: &DataFile, problems: &mut Vec<Diagnostic>) -> Option<DataTable> {
    let file = data.file.as_ref()?;
    let path = beside(&file.place, &file.value);
    let rows = value_or(data.rows.as_ref(), Rows::default());
    data_file::read(&data.name, &path, rows)
        .map_err(|wrong| {
            let complaint = InvalidValue::new(format!("`{}`: {wrong}", file.value));
            problems.push(complaint.help(FROM_PROFILE).at(file.place.clone()));
        })
        .ok()
}

fn report(checked: Result<(), InvalidValue>, origin: &Origin, problems: &mut Vec<Diagnostic>) {
    if let Err(complaint) = checked {
        problems.push(complaint.at(origin.clone()));
    }
}

/// The variables that the profile names where it is not left out.
fn variables(
    file: &ProfileFile,
    overrides: &Overrides,
    problems: &mut Vec<Diagnostic>,
) -> Variables {
    let mut texts = Vec::new();
    texts.extend(file.target.headers.iter().map(header));
    let kept = file.scenarios.iter().filter(|table| table.kept);
    for table in kept {
        let endpoints = table.requests().filter(|one| one.kept);
        texts.extend(endpoints.flat_map(endpoint_texts));
        texts.extend(socket_texts(table));
    }
    let identity = file.identity.iter().flat_map(|identity| &identity.headers);
    texts.extend(identity.map(|(_, value)| MarkedText {
        text: value,
        place: Place::Header,
        origin: &file.place,
    }));
    let mut found = BTreeMap::new();
    for text in &texts {
        for mark in Template::parse(text.text).marks() {
            let Mark::Env(name) = &mark.mark else {
                continue;
            };
            match variable(name, text.place, overrides) {
                Ok(secret) => drop(found.insert(name.clone(), secret)),
                Err(complaint) => problems.push(complaint.at(text.origin.clone())),
            }
        }
    }
    found.into_iter().collect()
}

/// A variable's value, which no message repeats.
fn variable(name: &str, place: Place, overrides: &Overrides) -> Result<Secret, InvalidValue> {
    let value = match &overrides.variables {
        Some(variables) => variables.get(name).cloned().map(Into::into),
        None => std::env::var_os(name),
    };
    let wrong = |what: &str| InvalidValue::new(format!("the environment variable {name} {what}"));
    let value = value.ok_or_else(|| {
        wrong("is not set").help(format!("`{{env.{name}}}` is filled in from it"))
    })?;
    let value = value
        .into_string()
        .map_err(|_| wrong("is not UTF-8 text"))?;
    if value.is_empty() {
        return Err(wrong("is empty"));
    }
    if place == Place::Header && !is_header_text(&value) {
        return Err(wrong("has characters that no header may have")
            .help("a line break at its end is a usual cause"));
    }
    Ok(Secret::new(value))
}

fn header(header: &Spanned<(String, String)>) -> MarkedText<'_> {
    MarkedText {
        text: &header.value.1,
        place: Place::Header,
        origin: &header.place,
    }
}

fn endpoint_texts(written: &RawEndpoint) -> Vec<MarkedText<'_>> {
    let mut texts: Vec<MarkedText<'_>> = written.headers.iter().map(header).collect();
    texts.extend(written.path.as_ref().map(|path| MarkedText {
        text: &path.value,
        place: Place::Url,
        origin: &path.place,
    }));
    let Some(body) = &written.body else {
        return texts;
    };
    let mut add = |text, place, origin| {
        texts.push(MarkedText {
            text,
            place,
            origin,
        });
    };
    match &body.value {
        RawBody::Text(text) if Template::parse(text).is_json() => {
            add(text, Place::Json, &body.place);
        }
        RawBody::Text(text) => add(text, Place::Raw, &body.place),
        RawBody::Json(text) => add(text, Place::Json, &body.place),
        RawBody::Form(fields) => {
            for (_, value) in fields {
                add(value, Place::Form, &body.place);
            }
        }
        RawBody::Multipart(parts) => {
            for part in parts {
                add(&part.name.value, Place::Quoted, &part.name.place);
                if let Some(text) = &part.value {
                    add(&text.value, Place::Raw, &text.place);
                }
                if let Some(text) = &part.filename {
                    add(&text.value, Place::Quoted, &text.place);
                }
            }
        }
        RawBody::File(_) => {}
    }
    texts
}

fn socket_texts(table: &ScenarioTable) -> Vec<MarkedText<'_>> {
    let Some(socket) = &table.socket else {
        return Vec::new();
    };
    let path = socket.path.as_ref().map(|path| (path, Place::Url));
    let message = socket.message.as_ref().map(|message| {
        let is_json = Template::parse(&message.value).is_json();
        (message, if is_json { Place::Json } else { Place::Raw })
    });
    let all = path.into_iter().chain(message);
    all.map(|(text, place)| MarkedText {
        text: &text.value,
        place,
        origin: &text.place,
    })
    .collect()
}

impl Values {
    /// What a text may name besides environment variables.
    fn known<'a>(&'a self, taken: &'a [String], later: &'a [(String, String)]) -> Known<'a> {
        Known {
            fixed: &Mark::FIXED,
            tables: &self.tables,
            unread: &self.unread,
            taken,
            later,
        }
    }

    /// Checks the marks of an endpoint, or of a step that comes after those that took `taken`, and before those that take
    /// `later`.
    pub(in crate::profile) fn check_endpoint(
        &self,
        written: &RawEndpoint,
        taken: &[String],
        later: &[(String, String)],
        problems: &mut Vec<Diagnostic>,
    ) {
        let known = self.known(taken, later);
        for text in endpoint_texts(written) {
            report(check(text.text, text.place, &known), text.origin, problems);
        }
    }

    /// Checks the marks of the users on a WebSocket. Only a message has an id.
    pub(in crate::profile) fn check_socket(
        &self,
        table: &ScenarioTable,
        problems: &mut Vec<Diagnostic>,
    ) {
        let taken = ["token".to_owned()];
        for text in socket_texts(table) {
            let mut fixed = Mark::FIXED.to_vec();
            fixed.retain(|name| *name != "id" || text.place != Place::Url);
            let known = Known {
                fixed: &fixed,
                ..self.known(&taken, &[])
            };
            report(check(text.text, text.place, &known), text.origin, problems);
        }
    }

    /// What a plan is filled in from: the data that it uses, and no other.
    pub(in crate::profile) fn of_plan(&self, plan: &Plan) -> PlanValues {
        let used = used_data(plan);
        let tables = self.tables.iter();
        PlanValues {
            data: tables
                .filter(|table| used.contains(&table.name().to_owned()))
                .cloned()
                .collect(),
            variables: self.variables.clone(),
            user: self.user.clone(),
            first_id: 0,
        }
    }

    /// Reports data whose rows are each used once, and are not enough for all plans that use it.
    pub(in crate::profile) fn check_rows(
        &self,
        plans: &[Plan],
        file: &ProfileFile,
        problems: &mut Vec<Diagnostic>,
    ) {
        for data in &file.data {
            let table = self.tables.iter().find(|table| table.name() == data.name);
            let Some(table) = table.filter(|table| table.rows() == Rows::Once) else {
                continue;
            };
            let is_user = |plan: &&Plan| {
                let mut tables = plan.values.data.iter();
                tables.any(|used| used.name() == data.name)
            };
            let users: Vec<&Plan> = plans.iter().filter(is_user).collect();
            let place = data.rows.as_ref().map_or(&data.place, |rows| &rows.place);
            report(enough(table, &users), place, problems);
        }
    }
}

fn enough(table: &DataTable, users: &[&Plan]) -> Result<(), InvalidValue> {
    let plan = match users {
        [] => return Ok(()),
        [plan] => plan,
        [one, other, ..] => {
            let wrong = InvalidValue::new(format!(
                "its rows are used once, by `{}` and again by `{}`",
                one.scenario, other.scenario
            ));
            return Err(
                wrong.help("give each scenario data of its own, or write rows = \"in_turn\"")
            );
        }
    };
    if plan.search.is_some() {
        return Err(InvalidValue::new(format!(
            "how many rows the search `{}` uses is not known before it, so they cannot be used once",
            plan.scenario
        ))
        .help("write rows = \"in_turn\""));
    }
    let is_asked = |one: &&Endpoint| one.kind == EndpointKind::Http;
    // Each is asked once before the load.
    let due = highest_number(plan) + plan.endpoints.iter().filter(is_asked).count() as u64;
    if due <= table.len() as u64 {
        return Ok(());
    }
    Err(InvalidValue::new(format!(
        "each of its {} rows is used once, and up to {} are due in `{}`",
        format::count(table.len() as u64),
        format::count(due),
        plan.scenario
    ))
    .help("give it more rows, or write rows = \"in_turn\""))
}

/// The highest number, counted from 1, that a request may have until the run ends at the latest, extensions included.
fn highest_number(plan: &Plan) -> u64 {
    let end = nanos(plan.phases.latest_end() + TAIL);
    let (streams, _) = streams(plan, 1);
    let last = |stream: &DueTimes| match stream.count_before(end) {
        0 => 0,
        due => stream.number(due - 1) + 1,
    };
    streams.iter().flatten().map(last).max().unwrap_or(0)
}

/// The data that a plan's requests name.
fn used_data(plan: &Plan) -> Vec<String> {
    let headers = |headers: &[(String, String)]| -> Vec<String> {
        headers.iter().map(|(_, value)| value.clone()).collect()
    };
    let mut texts = headers(&plan.headers);
    for endpoint in &plan.endpoints {
        texts.extend(headers(&endpoint.headers));
        texts.extend([endpoint.path.clone(), endpoint.body.clone()]);
        texts.extend(part_texts(endpoint));
    }
    if let Some(socket) = &plan.socket {
        texts.extend([socket.path.clone(), socket.message.clone()]);
    }
    let mut used = Vec::new();
    for text in &texts {
        for mark in Template::parse(text).marks() {
            if let Mark::Column { data, .. } = &mark.mark {
                used.push(data.clone());
            }
        }
    }
    used
}

fn part_texts(endpoint: &Endpoint) -> Vec<String> {
    let Content::Multipart { parts, .. } = &endpoint.content else {
        return Vec::new();
    };
    let mut texts = Vec::new();
    for part in parts {
        texts.push(part.name.clone());
        texts.extend(part.filename.clone());
        if let PartValue::Text(text) = &part.value {
            texts.push(text.clone());
        }
    }
    texts
}

#[cfg(test)]
#[path = "values_tests.rs"]
mod tests;
