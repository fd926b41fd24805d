//! `[evidence]`: read and checked in one go, as nothing else of a profile bears on it but the base path.

use std::time::Duration;

use crate::diagnostic::{Diagnostic, InvalidValue, Spanned};
use crate::profile::plan::evidence::{
    CounterPage, EndpointTable, EvidencePlan, Field, FigureSource, TargetPages,
};
use crate::profile::raw::top::{path, require};
use crate::profile::text::reader::{Reader, any, as_text};
use crate::profile::text::suggest::advice;
use crate::profile::text::tree::{Table, Value};
use crate::profile::value::quantity::{self, ReadValue};
use crate::profile::value::word::word;
use crate::requirement::{Metric, Source};

const EVERY: Duration = Duration::from_secs(2);
const TIMEOUT: Duration = Duration::from_secs(2);

/// What a target may tell of itself.
const TARGET_FIGURES: [&str; 11] = [
    "cache_hits",
    "cache_misses",
    "cache_hit_rate_percent",
    "queries",
    "failed_queries",
    "timed_queries",
    "query_time_ms",
    "query_time_mean_ms",
    "query_time_p95_ms",
    "cpu_percent",
    "memory_percent",
];

/// What counters on a page may be about.
const COUNTERS: [&str; 6] = [
    "cache_hits",
    "cache_misses",
    "queries",
    "failed_queries",
    "timed_queries",
    "query_time_seconds",
];

/// Reads `[evidence]`.
pub(in crate::profile) fn read(table: &Table, problems: &mut Vec<Diagnostic>) -> EvidencePlan {
    let names: Vec<String> = Metric::all_observed().map(|one| one.to_string()).collect();
    let tables = ["target", "prometheus"].into_iter();
    let keys: Vec<&str> = tables.chain(names.iter().map(String::as_str)).collect();
    let mut reader = Reader::new(table, &keys, problems);
    let mut plan = EvidencePlan::default();
    for (metric, name) in Metric::all_observed().zip(&names) {
        if let Some(order) = reader.list(name, |text| source(metric, text)) {
            plan.sources.set(metric, order.value);
        }
    }
    let target = reader.table("target");
    let prometheus = reader.table("prometheus");
    plan.target = target.and_then(|table| read_target(table, problems));
    plan.prometheus = prometheus.map(|table| read_counters(table, problems));
    plan
}

/// One that can know the metric at all.
fn source(metric: Metric, text: &str) -> ReadValue<Source> {
    let able: Vec<&str> = metric
        .sources()
        .iter()
        .map(|source| source.name())
        .collect();
    let found = Source::parse(text).filter(|source| metric.sources().contains(source));
    word(text, &format!("source of {metric}"), &able, found)
}

fn read_target(table: &Table, problems: &mut Vec<Diagnostic>) -> Option<TargetPages> {
    const KEYS: [&str; 7] = [
        "pages",
        "auth",
        "every",
        "timeout",
        "figures",
        "endpoints",
        "endpoint_fields",
    ];
    let mut reader = Reader::new(table, &KEYS, problems);
    require(&mut reader, "pages", "{ summary = \"/metrics.json\" }");
    let auth = reader.bool("auth").is_some_and(|at| at.value);
    let every = reader.scalar("every", quantity::lasting);
    let timeout = reader.scalar("timeout", quantity::lasting);
    let pages = read_pages(&mut reader);
    let names = pages.as_ref().map(|pages| {
        let names = pages.iter().map(|(name, _)| name.as_str());
        names.collect::<Vec<_>>()
    });
    let names = names.as_deref();
    let figures = read_figures(&mut reader, &TARGET_FIGURES, "fields", |text| {
        field(text, names)
    });
    let at = reader.text("endpoints", |text| field(text, names));
    let fields = reader.table("endpoint_fields");
    let endpoints = at.map(|at| read_endpoints(at, fields, reader.problems()));
    let pages = pages.filter(|pages| !pages.is_empty())?;
    Some(TargetPages {
        paths: pages.into_iter().map(|(_, path)| path).collect(),
        auth,
        every: every.map_or(EVERY, |at| at.value),
        timeout: timeout.map_or(TIMEOUT, |at| at.value),
        figures,
        endpoints,
    })
}

/// The names and paths of all pages; `None` where they cannot be read at all. A page with a wrong path keeps its name: what
/// refers to it is right.
fn read_pages(reader: &mut Reader<'_, '_>) -> Option<Vec<(String, String)>> {
    let table = reader.table("pages")?;
    let mut pages = Vec::new();
    for entry in &table.entries {
        let read = as_text(&entry.node).and_then(path);
        let path = read.unwrap_or_else(|complaint| {
            let problem = complaint.at(entry.node.place.clone());
            reader.problems().push(problem);
            String::new()
        });
        pages.push((entry.key.clone(), path));
    }
    Some(pages)
}

/// A table from figures to where they are found, each a list or `{ KEY = [...], absent = 0 }`.
fn read_figures<T>(
    reader: &mut Reader<'_, '_>,
    known: &[&str],
    key: &str,
    parse: impl Fn(&str) -> ReadValue<T>,
) -> Vec<FigureSource<T>> {
    let Some(table) = reader.table("figures") else {
        return Vec::new();
    };
    let mut inner = Reader::new(table, known, reader.problems());
    let mut figures = Vec::new();
    for name in known {
        let is_table = matches!(
            inner.node(name).map(|node| &node.value),
            Some(Value::Table(_))
        );
        let (from, absent) = if is_table {
            let Some(table) = inner.table(name) else {
                continue;
            };
            let mut reader = Reader::new(table, &[key, "absent"], inner.problems());
            require(&mut reader, key, "[...]");
            let absent = reader.scalar("absent", |text| absent(name, text));
            (reader.list(key, &parse), absent.is_some())
        } else {
            (inner.list(name, &parse), false)
        };
        figures.extend(from.map(|from| FigureSource {
            name: (*name).to_owned(),
            from: from.value,
            absent_is_zero: absent,
        }));
    }
    figures
}

/// What stands for a counter that does not exist: 0 or nothing.
fn absent(figure: &str, text: &str) -> ReadValue<()> {
    if !is_counter(figure) {
        return Err(InvalidValue::new(format!(
            "`{figure}` is not a counter, so nothing can stand for it"
        ))
        .help("leave `absent` out"));
    }
    match text {
        "0" => Ok(()),
        _ => Err(
            InvalidValue::new(format!("`{text}` is not what a counter begins with"))
                .help("write absent = 0, or leave it out"),
        ),
    }
}

/// Whether a figure only rises.
fn is_counter(figure: &str) -> bool {
    COUNTERS.contains(&figure) || figure == "query_time_ms"
}

/// `PAGE:FIELD`; where the pages themselves are wrong, any name may be right.
fn field(text: &str, pages: Option<&[&str]>) -> ReadValue<Field> {
    let example = "write PAGE:FIELD, such as \"summary:database.cache_hit_rate\"";
    let (name, field) = text
        .split_once(':')
        .ok_or_else(|| InvalidValue::new(format!("`{text}` names no page")).help(example))?;
    if field.is_empty() {
        return Err(InvalidValue::new(format!("`{text}` names no field")).help(example));
    }
    let page = match pages {
        None => 0,
        Some(pages) => pages.iter().position(|page| *page == name).ok_or_else(|| {
            InvalidValue::new(format!("there is no page `{name}`")).help(advice(name, pages))
        })?,
    };
    Ok(Field {
        page,
        field: field.to_owned(),
    })
}

fn read_endpoints(
    at: Spanned<Field>,
    fields: Option<&Table>,
    problems: &mut Vec<Diagnostic>,
) -> EndpointTable {
    let mut endpoints = EndpointTable {
        at: at.value,
        mean: "mean".to_owned(),
        p95: "p95".to_owned(),
        requests: "requests".to_owned(),
    };
    if let Some(table) = fields {
        let mut reader = Reader::new(table, &["mean", "p95", "requests"], problems);
        let mut put = |key: &str, field: &mut String| {
            if let Some(at) = reader.text(key, any) {
                *field = at.value;
            }
        };
        put("mean", &mut endpoints.mean);
        put("p95", &mut endpoints.p95);
        put("requests", &mut endpoints.requests);
    }
    endpoints
}

fn read_counters(table: &Table, problems: &mut Vec<Diagnostic>) -> CounterPage {
    let mut reader = Reader::new(table, &["path", "auth", "figures"], problems);
    CounterPage {
        path: reader.text("path", path).map(|at| at.value),
        auth: reader.bool("auth").is_some_and(|at| at.value),
        figures: read_figures(&mut reader, &COUNTERS, "counters", counter),
    }
}

/// The name of a counter, as the text format of Prometheus allows it.
fn counter(text: &str) -> ReadValue<String> {
    let first = |c: char| c.is_ascii_alphabetic() || matches!(c, '_' | ':');
    let rest = |c: char| first(c) || c.is_ascii_digit();
    if text.starts_with(first) && text.chars().all(rest) {
        return Ok(text.to_owned());
    }
    Err(
        InvalidValue::new(format!("`{text}` is not the name of a counter"))
            .help("write the name alone, without {labels}: all its series are summed"),
    )
}

#[cfg(test)]
#[path = "evidence_tests.rs"]
mod tests;
