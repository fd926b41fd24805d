//! What a scenario says of a search: its loads, and what a load must keep.

use std::time::Duration;

use crate::diagnostic::{InvalidValue, Origin, Spanned};
use crate::plan::Rate;
use crate::profile::raw::arrivals::ArrivalWord;
use crate::profile::raw::profile::CheckTable;
use crate::profile::raw::requirement::{read_check, unit_name};
use crate::profile::raw::top::require;
use crate::profile::text::reader::Reader;
use crate::profile::text::tree::{Node, Value};
use crate::profile::value::quantity::{self, ReadValue};
use crate::requirement::{Comparison, Limit, Metric, Unit};

/// What of a load can be over, by the key that says so.
const BREAKS: [(&str, &str); 6] = [
    ("p50", "response_time_p50"),
    ("p90", "response_time_p90"),
    ("p95", "response_time_p95"),
    ("p99", "response_time_p99"),
    ("mean", "response_time_mean"),
    ("errors", "error_rate"),
];

/// The keys of a search; all are `None` or empty for a run at one load.
#[derive(Default)]
pub(in crate::profile) struct SearchTable {
    pub(in crate::profile) steps: Option<Spanned<Vec<u32>>>,
    pub(in crate::profile) rates: Option<RatesTable>,
    pub(in crate::profile) precision: Option<Spanned<f64>>,
    pub(in crate::profile) breaks: Option<Vec<BreakTable>>,
    pub(in crate::profile) recovery: Option<RecoveryTable>,
    pub(in crate::profile) holds: Option<Spanned<Vec<HoldTable>>>,
}

/// `rate = { from, to }`.
pub(in crate::profile) struct RatesTable {
    pub(in crate::profile) place: Origin,
    pub(in crate::profile) from: Option<Spanned<Rate>>,
    pub(in crate::profile) to: Option<Spanned<Rate>>,
}

/// One limit of `break_when`, turned into what is kept as long as nothing breaks.
pub(in crate::profile) struct BreakTable {
    pub(in crate::profile) check: CheckTable,
    /// As it was written.
    pub(in crate::profile) written: Limit,
}

/// `recovery`.
pub(in crate::profile) struct RecoveryTable {
    pub(in crate::profile) duration: Option<Spanned<Duration>>,
    pub(in crate::profile) within: Option<Spanned<f64>>,
    pub(in crate::profile) or_below: Option<Spanned<Duration>>,
}

/// One item of `holds`.
pub(in crate::profile) enum HoldTable {
    /// A requirement of the profile, all of whose checks are meant.
    Named(Spanned<String>),
    /// A check.
    Check(Box<CheckTable>),
}

/// The rate of a scenario at one load; a range of rates is read by [`read`].
pub(in crate::profile) fn single_rate(reader: &mut Reader<'_, '_>) -> Option<Spanned<Rate>> {
    let kind = kind(reader);
    let node = reader.node("rate")?;
    let wrong = match (&node.value, kind) {
        (Value::Table(_), Some(ArrivalWord::Capacity) | None) => return None,
        (Value::Table(_), Some(_)) => InvalidValue::new("one rate is wanted here, not a range")
            .help("a range goes with arrivals = \"capacity\""),
        (_, Some(ArrivalWord::Capacity)) => {
            InvalidValue::new("a range of rates is wanted here, not one rate")
                .help("write rate = { from = \"50/s\", to = \"2000/s\" }")
        }
        _ => return reader.scalar("rate", quantity::rate),
    };
    reader.problems().push(wrong.at(node.place.clone()));
    None
}

fn kind(reader: &Reader<'_, '_>) -> Option<ArrivalWord> {
    match &reader.node("arrivals")?.value {
        Value::Text(name) => ArrivalWord::parse(name),
        _ => None,
    }
}

/// Reads the keys of a search.
pub(in crate::profile) fn read(reader: &mut Reader<'_, '_>) -> SearchTable {
    SearchTable {
        steps: steps(reader),
        rates: rates(reader),
        precision: reader.scalar("precision", precision),
        breaks: breaks(reader),
        recovery: recovery(reader),
        holds: holds(reader),
    }
}

fn steps(reader: &mut Reader<'_, '_>) -> Option<Spanned<Vec<u32>>> {
    let steps = reader.list("steps", quantity::users)?;
    let wrong = if steps.value.is_empty() {
        InvalidValue::new("a search without a step finds nothing")
    } else if let Some(pair) = steps.value.windows(2).find(|pair| pair[0] >= pair[1]) {
        InvalidValue::new(format!(
            "steps go up, but {} comes after {}",
            quantity::grouped(pair[1].into()),
            quantity::grouped(pair[0].into())
        ))
    } else {
        return Some(steps);
    };
    let wrong = wrong.help("write ever more users: steps = [50, 100, 200, 400]");
    reader.problems().push(wrong.at(steps.place));
    None
}

fn rates(reader: &mut Reader<'_, '_>) -> Option<RatesTable> {
    let is_range = matches!(reader.node("rate")?.value, Value::Table(_));
    let is_search = kind(reader) == Some(ArrivalWord::Capacity);
    if !is_range || !is_search {
        return None;
    }
    let table = reader.table("rate")?;
    let mut reader = Reader::new(table, &["from", "to"], reader.problems());
    require(&mut reader, "from", "\"50/s\"");
    require(&mut reader, "to", "\"2000/s\"");
    Some(RatesTable {
        place: reader.place(),
        from: reader.scalar("from", quantity::rate),
        to: reader.scalar("to", quantity::rate),
    })
}

fn breaks(reader: &mut Reader<'_, '_>) -> Option<Vec<BreakTable>> {
    let table = reader.table("break_when")?;
    let keys = BREAKS.map(|(key, _)| key);
    let mut reader = Reader::new(table, &keys, reader.problems());
    if table.entries.is_empty() {
        let complaint = InvalidValue::new("without a limit nothing ever breaks")
            .help("write break_when = { p95 = \"> 1 s\", errors = \"> 10 %\" }");
        let place = reader.place();
        reader.problems().push(complaint.at(place));
    }
    let mut breaks = Vec::new();
    for (key, metric) in BREAKS {
        let Some(metric) = Metric::parse(metric) else {
            continue;
        };
        if let Some(limit) = reader.scalar(key, |text| break_limit(text, metric)) {
            let check = CheckTable {
                metric: Spanned::new(metric, limit.place.clone()),
                limit: Spanned::new(turned(limit.value), limit.place.clone()),
                endpoint: None,
                population: None,
                address: None,
            };
            breaks.push(BreakTable {
                check,
                written: limit.value,
            });
        }
    }
    Some(breaks)
}

fn break_limit(text: &str, metric: Metric) -> ReadValue<Limit> {
    let example = if metric.unit() == Unit::Time {
        "> 1 s"
    } else {
        "> 10 %"
    };
    let help = format!("write a limit such as \"{example}\"");
    let limit = Limit::parse(text).map_err(|error| {
        InvalidValue::new(format!("`{text}` is not a limit: {error}")).help(&help)
    })?;
    if limit.unit != metric.unit() {
        let message = format!(
            "`{limit}` is {}, but {metric} is {}",
            unit_name(limit.unit),
            unit_name(metric.unit())
        );
        return Err(InvalidValue::new(message).help(help));
    }
    if limit.comparison.is_upper() {
        let message = format!("a target breaks by more, not by `{limit}`");
        return Err(InvalidValue::new(message).help(help));
    }
    if limit.unit == Unit::Share && limit.value >= 100.0 {
        return Err(InvalidValue::new(format!("nothing is ever `{limit}`")).help(help));
    }
    Ok(limit)
}

/// `> 1 s` breaks, so `<= 1 s` holds.
fn turned(limit: Limit) -> Limit {
    let comparison = match limit.comparison {
        Comparison::Greater => Comparison::AtMost,
        _ => Comparison::Less,
    };
    Limit {
        comparison,
        ..limit
    }
}

fn recovery(reader: &mut Reader<'_, '_>) -> Option<RecoveryTable> {
    let table = reader.table("recovery")?;
    let keys = ["duration", "within", "or_below"];
    let mut reader = Reader::new(table, &keys, reader.problems());
    require(&mut reader, "duration", "\"10s\"");
    Some(RecoveryTable {
        duration: reader.scalar("duration", lasting_seconds),
        within: reader.scalar("within", times),
        or_below: reader.scalar("or_below", quantity::phase),
    })
}

fn holds(reader: &mut Reader<'_, '_>) -> Option<Spanned<Vec<HoldTable>>> {
    let node = reader.node("holds")?;
    let Value::List(items) = &node.value else {
        let complaint = InvalidValue::new("a list is wanted here").help(HOLDS);
        reader.problems().push(complaint.at(node.place.clone()));
        return None;
    };
    if items.is_empty() {
        let complaint = InvalidValue::new("a search that keeps nothing has no end").help(HOLDS);
        reader.problems().push(complaint.at(node.place.clone()));
        return None;
    }
    let read: Vec<HoldTable> = items.iter().filter_map(|item| hold(item, reader)).collect();
    (read.len() == items.len()).then(|| Spanned::new(read, node.place.clone()))
}

const HOLDS: &str = "name requirements or write checks: \
    holds = [\"response_time::p95\", { metric = \"error_rate\", limit = \"< 1 %\" }]";

fn hold(item: &Node, reader: &mut Reader<'_, '_>) -> Option<HoldTable> {
    match &item.value {
        Value::Text(name) => {
            let named = Spanned::new(name.clone(), item.place.clone());
            Some(HoldTable::Named(named))
        }
        Value::Table(table) => {
            let keys = ["metric", "limit", "endpoint"];
            let mut check = Reader::new(table, &keys, reader.problems());
            read_check(&mut check).map(|check| HoldTable::Check(Box::new(check)))
        }
        other => {
            let message = format!(
                "a requirement's name or a check is wanted, not {}",
                other.kind()
            );
            let complaint = InvalidValue::new(message).help(HOLDS);
            reader.problems().push(complaint.at(item.place.clone()));
            None
        }
    }
}

/// A time that holds at least two windows of a second.
fn lasting_seconds(text: &str) -> ReadValue<Duration> {
    let time = quantity::lasting(text)?;
    if time < Duration::from_secs(3) {
        return Err(InvalidValue::new(
            "too short to see the response time come back; the least is 3s",
        ));
    }
    Ok(time)
}

/// How many times as long: 1 to 100.
fn times(text: &str) -> ReadValue<f64> {
    let value: Option<f64> = text.trim().parse().ok();
    value
        .filter(|value| (1.0..=100.0).contains(value))
        .ok_or_else(|| {
            InvalidValue::new(format!(
                "`{text}` is not a factor from 1 to 100; 1.5 means half as long again"
            ))
        })
}

/// How narrow an interval is wanted: 1 % to 50 %.
fn precision(text: &str) -> ReadValue<f64> {
    let number = text.trim().strip_suffix('%').map(str::trim_end);
    let value: Option<f64> = number.and_then(|number| number.parse().ok());
    value
        .filter(|value| (1.0..=50.0).contains(value))
        .map(|percent| percent / 100.0)
        .ok_or_else(|| {
            InvalidValue::new(format!("`{text}` is not a precision from 1 % to 50 %"))
                .help("write precision = \"5 %\"")
        })
}
