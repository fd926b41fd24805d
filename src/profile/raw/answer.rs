//! What an answer must have, and what is taken from it: the keys that endpoints and the steps of journeys share.

use serde_json::Value as Json;

use crate::diagnostic::{InvalidValue, Origin};
use crate::plan::{AnswerRules, Take, TakeFrom};
use crate::profile::raw::top::to_json;
use crate::profile::text::reader::{Reader, as_text};
use crate::profile::text::tree::{Entry, Table, Value};
use crate::profile::value::quantity::ReadValue;

/// The keys that [`read`] reads.
pub(in crate::profile) const ANSWER_KEYS: [&str; 7] = [
    "answer",
    "contains",
    "lacks",
    "header",
    "take",
    "until",
    "redirects",
];

/// Keys that only a step of a journey has.
const OF_STEPS: [&str; 3] = ["take", "until", "redirects"];
/// What braces stand for already.
const MARKS: [&str; 8] = ["user", "n", "ip", "id", "uuid", "now", "random", "env"];

/// Whose answers they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::profile) enum Asked {
    /// A request that stands for itself.
    Endpoint,
    /// A step of a journey, which later steps follow.
    #[allow(
        dead_code,
        reason = "steps are read with the journeys that they belong to"
    )]
    Step,
}

/// Rules as they were written.
#[derive(Debug, Default)]
pub(in crate::profile) struct RawAnswer {
    pub(in crate::profile) rules: AnswerRules,
    /// Where each of `rules.take` was written.
    #[allow(
        dead_code,
        reason = "steps are read with the journeys that they belong to"
    )]
    pub(in crate::profile) takes: Vec<Origin>,
}

/// Reads all of them.
pub(in crate::profile) fn read(reader: &mut Reader<'_, '_>, asked: Asked) -> RawAnswer {
    if asked == Asked::Endpoint {
        refuse_of_steps(reader);
    }
    let (take, takes) = match asked {
        Asked::Endpoint => (Vec::new(), Vec::new()),
        Asked::Step => read_take(reader).into_iter().unzip(),
    };
    let until = match asked {
        Asked::Endpoint => Vec::new(),
        Asked::Step => read_fields(reader, "until", "until = { status = \"done\" }"),
    };
    let redirects = match asked {
        Asked::Endpoint => None,
        Asked::Step => reader.bool("redirects"),
    };
    RawAnswer {
        rules: AnswerRules {
            fields: read_fields(reader, "answer", "answer = { status = \"ready\" }"),
            contains: read_texts(reader, "contains"),
            lacks: read_texts(reader, "lacks"),
            headers: read_headers(reader),
            until,
            take,
            no_graphql_errors: false,
            redirects: redirects.is_some_and(|redirects| redirects.value),
        },
        takes,
    }
}

fn refuse_of_steps(reader: &mut Reader<'_, '_>) {
    for key in OF_STEPS {
        if let Some(place) = reader.node(key).map(|node| node.place.clone()) {
            let complaint = InvalidValue::new(format!(
                "`{key}` belongs to a step of a journey: the requests of endpoints do not follow one another"
            ))
            .help("write [[scenario.NAME.step]] in the place of [[scenario.NAME.endpoint]]");
            reader.problems().push(complaint.at(place));
        }
    }
}

fn read_fields(reader: &mut Reader<'_, '_>, key: &str, example: &str) -> Vec<(String, Json)> {
    let Some(table) = reader.table(key) else {
        return Vec::new();
    };
    let mut fields = Vec::new();
    add_fields(reader, table, ("", example), &mut fields);
    fields
}

/// A table within a table names fields within a field.
fn add_fields(
    reader: &mut Reader<'_, '_>,
    table: &Table,
    (parent, example): (&str, &str),
    fields: &mut Vec<(String, Json)>,
) {
    if table.entries.is_empty() {
        let complaint = InvalidValue::new("it names no field, so every answer would do")
            .help(format!("write {example}, or leave it out"));
        reader.problems().push(complaint.at(table.place.clone()));
    }
    for Entry { key, place, node } in &table.entries {
        let path = format!("{parent}{key}");
        if let Value::Table(inner) = &node.value {
            add_fields(reader, inner, (&format!("{path}."), example), fields);
            continue;
        }
        if let Some(value) = to_json(&node.value) {
            fields.push((path, value));
        } else {
            let complaint = InvalidValue::new("JSON has no such number (nan, inf)");
            reader.problems().push(complaint.at(place.clone()));
        }
    }
}

fn read_texts(reader: &mut Reader<'_, '_>, key: &str) -> Vec<String> {
    let text = |text: &str| {
        let is_empty = text.is_empty();
        let complaint = InvalidValue::new("an empty text stands in every body");
        let complaint = complaint.help("write a text, or leave the key out");
        (!is_empty).then(|| text.to_owned()).ok_or(complaint)
    };
    let Some(texts) = reader.list(key, text) else {
        return Vec::new();
    };
    if texts.value.is_empty() {
        let complaint = InvalidValue::new("it names no text, so every answer would do")
            .help(format!("write {key} = [\"text\"], or leave it out"));
        reader.problems().push(complaint.at(texts.place));
    }
    texts.value
}

fn read_headers(reader: &mut Reader<'_, '_>) -> Vec<(String, String)> {
    let Some(table) = reader.table("header") else {
        return Vec::new();
    };
    if table.entries.is_empty() {
        let complaint = InvalidValue::new("it names no header, so every answer would do")
            .help("write header = { content-type = \"application/json\" }, or leave it out");
        reader.problems().push(complaint.at(table.place.clone()));
    }
    let mut headers = Vec::new();
    for entry in &table.entries {
        match header_name(&entry.key).and_then(|name| Ok((name, header_value(entry)?))) {
            Ok(header) => headers.push(header),
            Err(complaint) => reader.problems().push(complaint.at(entry.place.clone())),
        }
    }
    headers
}

fn header_value(entry: &Entry) -> ReadValue<String> {
    match &entry.node.value {
        Value::Number(number) => Ok(number.clone()),
        _ => as_text(&entry.node).map(str::to_owned),
    }
}

fn header_name(name: &str) -> ReadValue<String> {
    match http::HeaderName::from_bytes(name.as_bytes()) {
        Ok(name) => Ok(name.as_str().to_owned()),
        Err(_) => Err(InvalidValue::new(format!("`{name}` is not a header name"))
            .help("header names have letters, digits and -, no spaces")),
    }
}

fn read_take(reader: &mut Reader<'_, '_>) -> Vec<(Take, Origin)> {
    let Some(table) = reader.table("take") else {
        return Vec::new();
    };
    if table.entries.is_empty() {
        let complaint = InvalidValue::new("it names nothing that is taken")
            .help("write take = { order = \"id\" }, or leave it out");
        reader.problems().push(complaint.at(table.place.clone()));
    }
    let mut takes = Vec::new();
    for Entry { key, place, node } in &table.entries {
        let from = as_text(node).and_then(take_from);
        match taken_name(key).and_then(|name| Ok(Take { name, from: from? })) {
            Ok(take) => takes.push((take, place.clone())),
            Err(complaint) => reader.problems().push(complaint.at(place.clone())),
        }
    }
    takes
}

fn taken_name(name: &str) -> ReadValue<String> {
    if MARKS.contains(&name) {
        return Err(
            InvalidValue::new(format!("`{{{name}}}` stands for something else already"))
                .help(format!("choose another name, such as `taken_{name}`")),
        );
    }
    let is_first = |c: char| c.is_ascii_alphabetic() || c == '_';
    let is_next = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if name.starts_with(is_first) && name.chars().all(is_next) {
        return Ok(name.to_owned());
    }
    let complaint = InvalidValue::new(format!("`{name}` cannot be the name of a value"));
    Err(complaint.help("use letters, digits, _ and -, a letter first"))
}

/// `id`, `header location`, `cookie session` or `text order (\d+)`.
fn take_from(text: &str) -> ReadValue<TakeFrom> {
    let (kind, rest) = text.split_once(' ').unwrap_or((text, ""));
    let rest = rest.trim();
    match kind {
        "header" | "cookie" | "text" if rest.is_empty() && text.contains(' ') => {
            Err(InvalidValue::new(format!("`{text}` does not say which")))
        }
        "header" if !rest.is_empty() => header_name(rest).map(TakeFrom::Header),
        "cookie" if !rest.is_empty() => Ok(TakeFrom::Cookie(rest.to_owned())),
        "text" if !rest.is_empty() => pattern(rest),
        _ if text.trim().is_empty() => Err(InvalidValue::new("it does not say what is taken")
            .help(
                "name a field of the answer: \"id\"; or \"header NAME\", \"cookie NAME\", \"text REGEX\"",
            )),
        _ => Ok(TakeFrom::Field(text.to_owned())),
    }
}

fn pattern(text: &str) -> ReadValue<TakeFrom> {
    match regex_lite::Regex::new(text) {
        Ok(_) => Ok(TakeFrom::Text(text.to_owned())),
        Err(error) => {
            let why = error.to_string();
            let why = why.lines().last().unwrap_or_default().trim();
            let complaint =
                InvalidValue::new(format!("`{text}` is not a regular expression: {why}"));
            Err(complaint.help("put \\ before a character that stands for itself, such as ( or ["))
        }
    }
}

#[cfg(test)]
mod tests;
