//! `[[requirement]]`, as it was written.

use crate::diagnostic::{Diagnostic, InvalidValue, Spanned};
use crate::profile::raw::profile::{CheckTable, RequirementTable};
use crate::profile::raw::top::require;
use crate::profile::text::reader::{Reader, any};
use crate::profile::text::suggest::nearest;
use crate::profile::text::tree::Table;
use crate::profile::value::quantity::ReadValue;
use crate::profile::value::word::word;
use crate::requirement::{Limit, Metric, Population, Severity};

/// What a check says, be it alone or one of several.
const CHECK_KEYS: [&str; 5] = ["metric", "limit", "endpoint", "population", "address"];

/// Reads one requirement.
pub(in crate::profile) fn read(table: &Table, problems: &mut Vec<Diagnostic>) -> RequirementTable {
    const KEYS: [&str; 9] = [
        "name",
        "severity",
        "scenario",
        "metric",
        "limit",
        "endpoint",
        "population",
        "address",
        "checks",
    ];
    const SEVERITIES: [&str; 3] = ["critical", "important", "target"];
    let mut reader = Reader::new(table, &KEYS, problems);
    require(&mut reader, "name", "\"response_time::p95\"");
    let mut requirement = RequirementTable {
        kept: true,
        name: reader.text("name", test_name),
        severity: reader.text("severity", |text| {
            word(text, "severity", &SEVERITIES, Severity::parse(text))
        }),
        scenario: reader.text("scenario", any),
        checks: Vec::new(),
    };
    let checks = reader.tables("checks");
    let short = CHECK_KEYS
        .into_iter()
        .find(|key| reader.node(key).is_some());
    match short {
        Some(key) if reader.node("checks").is_some() => {
            let place = reader
                .node(key)
                .map_or_else(|| reader.place(), |node| node.place.clone());
            let complaint = InvalidValue::new(format!("`{key}` and `checks` exclude each other"))
                .help("put every metric with its limit into checks");
            reader.problems().push(complaint.at(place));
        }
        None if reader.node("checks").is_some() => {
            if reader.node("checks").is_some() && checks.is_empty() {
                let place = reader.place().below("checks");
                let complaint = InvalidValue::new("a requirement without a check requires nothing")
                    .help("write checks = [{ metric = \"error_rate\", limit = \"< 1 %\" }]");
                reader.problems().push(complaint.at(place));
            }
            for table in checks {
                let mut check = Reader::new(table, &CHECK_KEYS, reader.problems());
                requirement.checks.extend(read_check(&mut check));
            }
        }
        _ => requirement.checks.extend(read_check(&mut reader)),
    }
    requirement
}

pub(in crate::profile) fn read_check(reader: &mut Reader<'_, '_>) -> Option<CheckTable> {
    require(reader, "metric", "\"response_time_p95\"");
    require(reader, "limit", "\"< 200 ms\"");
    let metric = reader.text("metric", metric);
    let limit = reader.scalar("limit", limit);
    let endpoint = reader.text("endpoint", any);
    let population = reader.text("population", |text| {
        let found = Population::parse(text);
        word(text, "population", &Population::NAMES, found)
    });
    if let (Some(_), Some(population)) = (&endpoint, &population) {
        let complaint = InvalidValue::new("`endpoint` and `population` exclude each other");
        reader
            .problems()
            .push(complaint.at(population.place.clone()));
    }
    let address = reader.text("address", |text| {
        word(text, "address", &["each"], (text == "each").then_some(()))
    });
    if let (Some(address), true) = (&address, endpoint.is_some() || population.is_some()) {
        let complaint = InvalidValue::new(
            "`address` excludes `endpoint` and `population`: write a check for each",
        );
        reader.problems().push(complaint.at(address.place.clone()));
    }
    let (metric, limit) = (metric?, limit?);
    let fits = check_fit(metric.value, limit.value);
    let limit: Spanned<Limit> = limit;
    if let Err(complaint) = fits {
        reader.problems().push(complaint.at(limit.place));
        return None;
    }
    Some(CheckTable {
        metric,
        limit,
        endpoint,
        population,
        address,
    })
}

fn limit(text: &str) -> ReadValue<Limit> {
    Limit::parse(text).map_err(|error| {
        InvalidValue::new(format!("`{text}` is not a limit: {error}"))
            .help("limits look like \"< 200 ms\", \">= 100/s\", \"< 1 %\" or \"== 0\"")
    })
}

fn metric(name: &str) -> ReadValue<Metric> {
    Metric::parse(name).ok_or_else(|| {
        let names = Metric::names();
        let stem = |start: &str| {
            name.strip_prefix(start)
                .filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit() || c == '-'))
                .map(|_| "the percentile behind `p` lies between 0 and 100, such as 95 or 99.9")
        };
        let complaint = InvalidValue::new(format!("unknown metric `{name}`"));
        if let Some(help) = stem("response_time_p").or_else(|| stem("generator_lateness_p")) {
            return complaint.help(help);
        }
        if let Some(meant) = nearest(name, names.iter().copied()) {
            return complaint.help(format!("did you mean `{meant}`?"));
        }
        complaint.help(format!("there are {}", names.join(", ")))
    })
}

/// Whether a limit can be held against a metric at all.
fn check_fit(metric: Metric, limit: Limit) -> ReadValue<()> {
    use crate::requirement::{Better, Comparison, Unit};
    let example = match (metric.unit(), metric.better()) {
        (Unit::Share, Better::Higher) => ">= 99 %",
        (unit, _) => unit.example(),
    };
    if limit.unit != metric.unit() {
        return Err(InvalidValue::new(format!(
            "`{limit}` is {}, but {metric} is {}",
            unit_name(limit.unit),
            unit_name(metric.unit())
        ))
        .help(format!("write a limit such as \"{example}\"")));
    }
    if limit.comparison == Comparison::Equal {
        return match limit.unit {
            Unit::Count => Ok(()),
            _ => Err(InvalidValue::new(format!(
                "`==` is for counts only; {metric} never comes out at exactly one value"
            ))
            .help(format!("write a limit such as \"{example}\""))),
        };
    }
    let (upper, direction) = match metric.better() {
        Better::Lower => (true, "lower"),
        Better::Higher => (false, "higher"),
    };
    if limit.comparison.is_upper() != upper {
        let turned = match limit.comparison {
            Comparison::Less => Comparison::Greater,
            Comparison::AtMost => Comparison::AtLeast,
            Comparison::Greater => Comparison::Less,
            Comparison::AtLeast => Comparison::AtMost,
            Comparison::Equal => Comparison::Equal,
        };
        let meant = Limit {
            comparison: turned,
            ..limit
        };
        return Err(InvalidValue::new(format!(
            "`{limit}` would demand a bad {metric}: {direction} is better"
        ))
        .help(format!("did you mean \"{meant}\"?")));
    }
    never_kept(limit)
}

/// Limits that nothing keeps.
fn never_kept(limit: Limit) -> ReadValue<()> {
    use crate::requirement::{Comparison, Unit};
    let below_nothing = limit.comparison == Comparison::Less && limit.value <= 0.0;
    let above_all = limit.unit == Unit::Share
        && limit.comparison == Comparison::Greater
        && limit.value >= 100.0;
    if below_nothing || above_all {
        return Err(InvalidValue::new(format!("nothing ever keeps `{limit}`")));
    }
    Ok(())
}

pub(in crate::profile) fn unit_name(unit: crate::requirement::Unit) -> &'static str {
    use crate::requirement::Unit;
    match unit {
        Unit::Time => "a time",
        Unit::Share => "a share in percent",
        Unit::Rate => "a rate per second",
        Unit::Count => "a plain number",
    }
}

fn test_name(text: &str) -> ReadValue<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let fits = text
        .split("::")
        .all(|part| !part.is_empty() && part.chars().all(plain));
    if fits {
        return Ok(text.to_owned());
    }
    Err(InvalidValue::new(format!("`{text}` is not a test name"))
        .help("use letters, digits, _, - and ., with :: between the parts: response_time::p95"))
}
