//! The body of an endpoint, as it was written.

use serde_json::Value as Json;

use crate::diagnostic::{Diagnostic, InvalidValue, Spanned};
use crate::profile::raw::top::{require, to_json};
use crate::profile::text::reader::{Reader, any, as_text};
use crate::profile::text::suggest::list;
use crate::profile::text::tree::{Node, Table, Value};
use crate::profile::value::quantity::ReadValue;
use crate::template::{Template, escape_literal};

/// The keys of which an endpoint has one at most.
pub(in crate::profile) const BODY_KEYS: [&str; 6] =
    ["body", "json", "form", "multipart", "graphql", "body_file"];

/// A body.
pub(in crate::profile) enum RawBody {
    /// A text.
    Text(String),
    /// JSON, with marks in its strings, or as its values where they are written `{x:json}`.
    Json(String),
    /// Names and values.
    Form(Vec<(String, String)>),
    /// Parts.
    Multipart(Vec<RawPart>),
    /// The path of a file.
    File(String),
}

/// A part of a multipart body.
pub(in crate::profile) struct RawPart {
    pub(in crate::profile) name: Spanned<String>,
    pub(in crate::profile) file: Option<Spanned<String>>,
    pub(in crate::profile) value: Option<Spanned<String>>,
    pub(in crate::profile) filename: Option<Spanned<String>>,
    pub(in crate::profile) content_type: Option<Spanned<String>>,
}

impl RawBody {
    /// Whether a request that says no method is a POST because of it.
    pub(in crate::profile) fn is_posted(&self, key: &str) -> bool {
        !matches!(key, "body" | "json") && !matches!(self, RawBody::Text(_))
    }
}

/// Reads the body, and the key that it stands under.
pub(in crate::profile) fn read(
    reader: &mut Reader<'_, '_>,
) -> Option<(&'static str, Spanned<RawBody>)> {
    let is_written = |key: &&&str| reader.node(key).is_some();
    let written: Vec<&'static str> = BODY_KEYS.iter().filter(is_written).copied().collect();
    let &key = written.first()?;
    let node = reader.node(key)?;
    if let [_, .., last] = written[..] {
        let named: Vec<String> = written.iter().map(|key| format!("`{key}`")).collect();
        let named: Vec<&str> = named.iter().map(String::as_str).collect();
        let complaint = InvalidValue::new(format!(
            "an endpoint has one body, and this one has {}",
            list(&named)
        ));
        if let Some(node) = reader.node(last) {
            let place = node.place.clone();
            reader.problems().push(complaint.help("keep one").at(place));
        }
    }
    let body = match key {
        "multipart" => multipart(reader),
        "form" => form(reader),
        "graphql" => graphql(reader),
        "json" => keep(json(node).map(RawBody::Json), node, reader),
        "body_file" => reader.text(key, any).map(|at| RawBody::File(at.value)),
        _ => reader.text(key, any).map(|at| RawBody::Text(at.value)),
    };
    Some((key, Spanned::new(body?, node.place.clone())))
}

fn keep<T>(read: ReadValue<T>, node: &Node, reader: &mut Reader<'_, '_>) -> Option<T> {
    read.map_err(|complaint| reader.problems().push(complaint.at(node.place.clone())))
        .ok()
}

fn json(node: &Node) -> ReadValue<String> {
    let value = to_json(&node.value)
        .ok_or_else(|| InvalidValue::new("JSON has no such number (nan, inf)"))?;
    Ok(json_text(&value))
}

/// JSON as a text in which a string that is nothing but `{x:json}` stands without its quotes.
fn json_text(value: &Json) -> String {
    match value {
        Json::String(text) if is_value(text) => text.clone(),
        Json::Array(items) => {
            let items: Vec<String> = items.iter().map(json_text).collect();
            format!("[{}]", items.join(","))
        }
        Json::Object(fields) => {
            let field = |(key, value): (&String, &Json)| {
                format!("{}:{}", Json::from(key.as_str()), json_text(value))
            };
            let fields: Vec<String> = fields.iter().map(field).collect();
            format!("{{{}}}", fields.join(","))
        }
        other => other.to_string(),
    }
}

fn is_value(text: &str) -> bool {
    let template = Template::parse(text);
    let mut marks = template.marks();
    let is_json = marks.next().is_some_and(|mark| mark.is_json) && marks.next().is_none();
    is_json && template.with(|_| String::new()).is_empty()
}

fn form(reader: &mut Reader<'_, '_>) -> Option<RawBody> {
    let table = reader.table("form")?;
    let mut fields = Vec::new();
    for entry in &table.entries {
        let text = match &entry.node.value {
            Value::Text(text) | Value::Number(text) => text.clone(),
            Value::Truth(truth) => truth.to_string(),
            other => {
                let complaint = InvalidValue::new(format!(
                    "a field of a form is a text or a number, not {}",
                    other.kind()
                ));
                reader
                    .problems()
                    .push(complaint.at(entry.node.place.clone()));
                continue;
            }
        };
        fields.push((entry.key.clone(), text));
    }
    Some(RawBody::Form(fields))
}

fn multipart(reader: &mut Reader<'_, '_>) -> Option<RawBody> {
    let tables = reader.tables("multipart");
    let mut parts = Vec::new();
    let count = tables.len();
    for table in tables {
        parts.extend(part(table, reader.problems()));
    }
    (parts.len() == count && count > 0).then_some(RawBody::Multipart(parts))
}

fn part(table: &Table, problems: &mut Vec<Diagnostic>) -> Option<RawPart> {
    const KEYS: [&str; 5] = ["name", "file", "value", "filename", "type"];
    let mut reader = Reader::new(table, &KEYS, problems);
    require(&mut reader, "name", "\"document\"");
    let part = RawPart {
        file: reader.text("file", any),
        value: reader.text("value", any),
        filename: reader.text("filename", any),
        content_type: reader.text("type", content_type),
        name: reader.text("name", any)?,
    };
    let is_one = part.file.is_some() != part.value.is_some();
    if !is_one {
        let complaint = InvalidValue::new("a part has either `file` or `value`");
        let place = reader.place();
        reader.problems().push(complaint.at(place));
    }
    is_one.then_some(part)
}

fn content_type(text: &str) -> ReadValue<String> {
    let is_plain = |c: char| c.is_ascii_graphic() || c == ' ';
    if text.contains('/') && text.chars().all(is_plain) {
        return Ok(text.to_owned());
    }
    Err(InvalidValue::new(format!("`{text}` is not a content type"))
        .help("write it as type = \"application/pdf\""))
}

/// A query has braces of its own, so nothing is filled in there: what differs goes into the variables.
fn graphql(reader: &mut Reader<'_, '_>) -> Option<RawBody> {
    let table = reader.table("graphql")?;
    let problems = reader.problems();
    let mut inner = Reader::new(table, &["query", "variables", "operation"], problems);
    require(&mut inner, "query", "\"{ products { id } }\"");
    let operation = inner.text("operation", any);
    let variables = match inner.node("variables") {
        Some(node) if !matches!(node.value, Value::Table(_)) => {
            let complaint = InvalidValue::new("`variables` is a table");
            inner.problems().push(complaint.at(node.place.clone()));
            return None;
        }
        Some(node) => Some(keep(json(node), node, &mut inner)?),
        None => None,
    };
    let query = as_text(inner.node("query")?);
    let query = keep(query, inner.node("query")?, &mut inner)?;
    let mut text = format!("{{\"query\":{}", Json::from(escape_literal(query)));
    if let Some(variables) = variables {
        text += &format!(",\"variables\":{variables}");
    }
    if let Some(operation) = operation {
        let name = escape_literal(&operation.value);
        text += &format!(",\"operationName\":{}", Json::from(name));
    }
    Some(RawBody::Json(text + "}"))
}
