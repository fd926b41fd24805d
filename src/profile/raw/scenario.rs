//! `[scenario.NAME]` and its endpoints, as they were written.

use crate::diagnostic::{Diagnostic, InvalidValue, Spanned};
use crate::profile::raw::answer::{self, ANSWER_KEYS, Asked};
use crate::profile::raw::arrivals::{ArrivalTable, ArrivalWord};
use crate::profile::raw::body;
use crate::profile::raw::journey;
use crate::profile::raw::profile::{RawEndpoint, ScenarioTable};
use crate::profile::raw::search;
use crate::profile::raw::socket;
use crate::profile::raw::top::{marked_path, require};
use crate::profile::text::reader::{Reader, as_text};
use crate::profile::text::suggest::nearest;
use crate::profile::text::tree::{Entry, Table, Value};
use crate::profile::value::quantity::{self, ReadValue};
use crate::profile::value::word::word;
use crate::template::Template;

/// Headers that the client sets by itself, so that a profile's would contradict it.
const OWN_HEADERS: [&str; 6] = [
    "connection",
    "content-length",
    "host",
    "te",
    "transfer-encoding",
    "upgrade",
];

/// Headers that hold a secret.
const SECRET_HEADERS: [&str; 2] = ["authorization", "proxy-authorization"];

/// Words of a header's value that are longer may be a secret.
const SHORTEST_SECRET: usize = 8;

const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// Reads all scenarios, in the order in which they were written.
pub(in crate::profile) fn read_all(
    table: &Table,
    problems: &mut Vec<Diagnostic>,
) -> Vec<ScenarioTable> {
    let mut scenarios = Vec::new();
    for entry in &table.entries {
        if let Err(complaint) = scenario_name(&entry.key) {
            problems.push(complaint.at(entry.place.clone()));
        }
        if let Value::Table(table) = &entry.node.value {
            scenarios.push(read(&entry.key, table, problems));
        } else {
            let complaint = InvalidValue::new("a scenario is a table")
                .help(format!("write [scenario.{}] and its keys below", entry.key));
            problems.push(complaint.at(entry.node.place.clone()));
        }
    }
    scenarios
}

fn scenario_name(name: &str) -> ReadValue<()> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if !name.is_empty() && name.chars().all(plain) {
        return Ok(());
    }
    Err(
        InvalidValue::new(format!("`{name}` is not a scenario name"))
            .help("use letters, digits, _ and -, so that --scenarios can name it"),
    )
}

fn read(name: &str, table: &Table, problems: &mut Vec<Diagnostic>) -> ScenarioTable {
    const OTHER_KEYS: [&str; 14] = [
        "steps",
        "break_when",
        "recovery",
        "precision",
        "holds",
        "ramp_up",
        "warm_up",
        "duration",
        "extend",
        "settle",
        "endpoint",
        "step",
        "journey",
        "socket",
    ];
    let table = &journey::paced(table, problems);
    let keys = [&["arrivals"], ArrivalTable::KEYS, &OTHER_KEYS].concat();
    let mut reader = Reader::new(table, &keys, problems);
    require(&mut reader, "arrivals", "\"users\"");
    require(&mut reader, "duration", "\"30s\"");
    let names: Vec<&str> = ArrivalWord::all().map(ArrivalWord::name).collect();
    let mut scenario = ScenarioTable {
        place: reader.place(),
        name: name.to_owned(),
        kept: true,
        arrivals: reader.text("arrivals", |text| {
            word(text, "kind of arrivals", &names, ArrivalWord::parse(text))
        }),
        keys: ArrivalTable::read(&mut reader),
        ramp_up: reader.scalar("ramp_up", quantity::phase),
        warm_up: reader.scalar("warm_up", quantity::phase),
        duration: reader.scalar("duration", quantity::lasting),
        extend: reader.scalar("extend", quantity::phase),
        settle: reader.scalar("settle", quantity::settle),
        endpoints: Vec::new(),
        journeys: Vec::new(),
        search: search::read(&mut reader),
        socket: None,
        written: table
            .entries
            .iter()
            .map(|entry| (entry.key.clone(), entry.place.clone()))
            .collect(),
    };
    let endpoints = reader.tables("endpoint");
    let journeys = (reader.tables("step"), reader.tables("journey"));
    let socket = reader.table("socket");
    scenario.socket = socket.map(|table| socket::read(table, problems));
    scenario.journeys = journey::read_all((&journeys.0, &journeys.1), problems);
    scenario.endpoints = endpoints
        .into_iter()
        .map(|table| read_endpoint(table, problems))
        .collect();
    scenario
}

fn read_endpoint(table: &Table, problems: &mut Vec<Diagnostic>) -> RawEndpoint {
    let keys = [
        &REQUEST_KEYS[..],
        &body::BODY_KEYS,
        &ANSWER_KEYS,
        &["weight"],
    ]
    .concat();
    let mut reader = Reader::new(table, &keys, problems);
    RawEndpoint {
        weight: reader.scalar("weight", quantity::weight),
        has_weight: reader.node("weight").is_some(),
        ..read_request(&mut reader, Asked::Endpoint)
    }
}

/// The keys of what is asked, be it an endpoint or a step of a journey, besides those of its body and of its answer.
pub(in crate::profile) const REQUEST_KEYS: [&str; 6] =
    ["name", "method", "path", "headers", "auth", "expect"];

/// Reads what is asked.
pub(in crate::profile) fn read_request(reader: &mut Reader<'_, '_>, asked: Asked) -> RawEndpoint {
    require(reader, "path", "\"/health\"");
    let (body_key, body) = body::read(reader).unzip();
    RawEndpoint {
        place: reader.place(),
        kept: true,
        name: reader.text("name", endpoint_name),
        method: reader.text("method", method),
        path: reader.text("path", marked_path),
        weight: None,
        headers: read_headers(reader),
        body_key: body_key.unwrap_or_default(),
        body,
        auth: reader.bool("auth"),
        expect: expected(reader),
        answer: answer::read(reader, asked),
        has_weight: false,
        step: None,
    }
}

fn expected(reader: &mut Reader<'_, '_>) -> Option<Spanned<Vec<u16>>> {
    let expected = reader.list("expect", quantity::status)?;
    if expected.value.is_empty() {
        let complaint = InvalidValue::new("no status at all would be an answer")
            .help("write expect = [200], or leave it out for that");
        reader.problems().push(complaint.at(expected.place));
        return None;
    }
    Some(expected)
}

/// Reads `headers`, whose values may have marks; what may not be sent, or may not be kept in a file, is reported without its
/// value.
pub(in crate::profile) fn read_headers(
    reader: &mut Reader<'_, '_>,
) -> Vec<Spanned<(String, String)>> {
    let Some(table) = reader.table("headers") else {
        return Vec::new();
    };
    let mut headers: Vec<Spanned<(String, String)>> = Vec::new();
    for entry in &table.entries {
        let again = headers
            .iter()
            .any(|known| known.value.0.eq_ignore_ascii_case(&entry.key));
        if again {
            let complaint = InvalidValue::new("the same header a second time")
                .help("capital and small letters are the same in header names; keep one");
            reader.problems().push(complaint.at(entry.place.clone()));
            continue;
        }
        match header(entry) {
            Ok(header) => headers.push(Spanned::new(header, entry.place.clone())),
            Err(complaint) => reader.problems().push(complaint.at(entry.place.clone())),
        }
    }
    headers
}

fn header(entry: &Entry) -> ReadValue<(String, String)> {
    let name = entry.key.as_str();
    let lower = name.to_ascii_lowercase();
    if OWN_HEADERS.contains(&lower.as_str()) {
        return Err(
            InvalidValue::new("the load generator sets this header by itself").help("leave it out"),
        );
    }
    if http::HeaderName::from_bytes(name.as_bytes()).is_err() {
        return Err(InvalidValue::new(format!("`{name}` is not a header name"))
            .help("header names have letters, digits and -, no spaces"));
    }
    let value = as_text(&entry.node)?;
    if SECRET_HEADERS.contains(&lower.as_str()) && !is_filled_in(value) {
        return Err(InvalidValue::new("a profile must not contain a secret").help(
            "write auth = true at the endpoint, and give the token with PERF_TOKEN or --token-file; or write \
             \"Basic {env.NAME}\" for another scheme, with the secret in the environment variable NAME",
        ));
    }
    if http::HeaderValue::from_str(value).is_err() || !value.is_ascii() {
        return Err(
            InvalidValue::new("its value has characters that no header may have")
                .help("use printable ASCII without line breaks"),
        );
    }
    Ok((name.to_owned(), value.to_owned()))
}

/// Whether all that could be a secret in the value is filled in.
fn is_filled_in(value: &str) -> bool {
    let template = Template::parse(value);
    let written = template.with(|_| " ".to_owned());
    let scheme = written.split_once(' ').map_or("", |(scheme, _)| scheme);
    let is_long = |word: &str| word.len() >= SHORTEST_SECRET;
    let rest = written[scheme.len()..].split(|c: char| !c.is_ascii_alphanumeric());
    template.has_marks() && !rest.into_iter().any(is_long)
}

pub(in crate::profile) fn endpoint_name(text: &str) -> ReadValue<String> {
    if text.trim().is_empty() || text.chars().any(char::is_control) {
        return Err(InvalidValue::new("an endpoint's name is one line of text"));
    }
    if matches!(text, "connect" | "message") {
        return Err(InvalidValue::new(format!(
            "`{text}` is what the parts of a WebSocket are called"
        )));
    }
    if text == "each" {
        return Err(InvalidValue::new(
            "`each` stands for every endpoint and can't be the name of one",
        ));
    }
    Ok(text.to_owned())
}

fn method(text: &str) -> ReadValue<String> {
    let upper = text.to_ascii_uppercase();
    if METHODS.contains(&upper.as_str()) {
        return Ok(upper);
    }
    let wrong = InvalidValue::new(format!("`{text}` is not a method that can be sent"));
    if let Some(meant) = nearest(text, METHODS) {
        return Err(wrong.help(format!("did you mean `{meant}`?")));
    }
    if matches!(upper.as_str(), "CONNECT" | "TRACE")
        || http::Method::from_bytes(text.as_bytes()).is_err()
    {
        return Err(wrong.help(format!("use one of {}", METHODS.join(", "))));
    }
    Ok(upper)
}
