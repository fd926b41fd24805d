use serde_json::Value;

use super::*;
use crate::record::{AddressResult, Histogram, Outcomes};
use crate::report::{Report, fixture};

fn value(report: &Report) -> Value {
    serde_json::from_str(&to_json(report)).expect("JSON")
}

#[test]
fn a_report_reads_back_as_it_was() {
    for report in [
        fixture::report(),
        fixture::hostile(),
        fixture::searches(),
        fixture::against_baseline(),
    ] {
        assert_eq!(from_json(&to_json(&report)).expect("a report"), report);
    }
}

#[test]
fn addresses_read_back_as_they_were() {
    let mut report = fixture::report();
    let run = &mut report.runs[0].run;
    let endpoint = &run.endpoints[0];
    run.addresses = vec![
        AddressResult {
            address: "192.0.2.1:80".to_owned(),
            left_out: None,
            outcomes: endpoint.outcomes.clone(),
            response: endpoint.response.clone(),
        },
        AddressResult {
            address: "192.0.2.2:80".to_owned(),
            left_out: Some("refused".to_owned()),
            outcomes: Outcomes::new(),
            response: Histogram::new(),
        },
    ];
    let counts = run.seconds[5].endpoints[0].clone();
    run.seconds[5].addresses = vec![counts];
    assert_eq!(from_json(&to_json(&report)).expect("a report"), report);
}

/// The stored reports that foreign readers are given are those of the fixtures. `UPDATE_REPORTS=1` writes them anew.
#[test]
fn the_readers_reports_are_the_fixtures() {
    let folder =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("perf-tests/readers/reports");
    let reports = [
        ("usual", fixture::report()),
        ("hostile", fixture::marked()),
        ("searches", fixture::searches()),
        ("baseline", fixture::against_baseline()),
    ];
    for (name, report) in reports {
        let path = folder.join(format!("{name}.json"));
        if std::env::var_os("UPDATE_REPORTS").is_some() {
            std::fs::write(&path, to_json(&report) + "\n").expect("written");
        }
        let text = std::fs::read_to_string(&path).expect("a stored report");
        let stored = from_json(&text).expect("a report");
        assert!(
            stored == report,
            "{name}.json is not the fixture; write it anew with UPDATE_REPORTS=1"
        );
    }
}

#[test]
fn the_form_of_a_report() {
    let mut value = value(&fixture::report());
    shorten(&mut value);
    insta::assert_json_snapshot!(value);
}

/// Leaves one second, and of histograms only that there are some.
fn shorten(value: &mut Value) {
    for run in value["runs"].as_array_mut().expect("runs") {
        if let Some(seconds) = run["seconds"].as_array_mut() {
            *seconds = seconds.drain(..).skip(5).take(1).collect();
        }
        run["endpoints"]
            .as_array_mut()
            .expect("endpoints")
            .truncate(1);
    }
    hide(value);
}

fn hide(value: &mut Value) {
    match value {
        Value::String(text) if text.starts_with("HISTF") => *text = "(histogram)".to_owned(),
        Value::Array(items) => items.iter_mut().for_each(hide),
        Value::Object(fields) => fields.values_mut().for_each(hide),
        _ => {}
    }
}

#[test]
fn what_was_not_measured_is_null_and_never_nan() {
    let mut report = fixture::report();
    let estimate = report.judgements[1].checks[0]
        .estimate
        .as_mut()
        .expect("an estimate");
    estimate.value = f64::NAN;
    estimate.high = Some(f64::INFINITY);
    report.runs[0].run.generator.cpu[0] = f64::NAN;
    let value = value(&report);
    let requirement = &value["requirements"][1];
    assert!(requirement["value"].is_null() && requirement["high"].is_null());
    let unmade = &value["runs"][2];
    assert!(unmade["response_time_ms"]["p95"].is_null() && unmade["rps"].is_null());
    assert!(from_json(&to_json(&report)).is_ok());
}

#[test]
fn sums_agree_with_their_parts() {
    let value = value(&fixture::report());
    for run in value["runs"].as_array().expect("runs") {
        let sum = |outcomes: &Value| -> u64 {
            let counts = outcomes.as_object().expect("outcomes").values();
            counts.filter_map(Value::as_u64).sum()
        };
        let seconds = run["seconds"].as_array().expect("seconds");
        let due: u64 = seconds.iter().filter_map(|one| one["due"].as_u64()).sum();
        let judged = run["due"].as_u64().expect("due");
        let unjudged = run["unjudged"]["due"].as_u64().expect("due");
        assert_eq!(judged + unjudged, due);
        assert_eq!(sum(&run["outcomes"]), judged);
        assert_eq!(sum(&run["unjudged"]["outcomes"]), unjudged);
        for second in seconds {
            assert_eq!(Some(sum(&second["outcomes"])), second["due"].as_u64());
        }
    }
}

#[test]
fn another_version_or_another_form_is_refused() {
    let text = to_json(&fixture::report());
    let other = text.replacen("report/1", "report/2", 1);
    let told = from_json(&other).expect_err("refused").to_string();
    assert!(told.contains("agentos-perf/report/2"), "{told}");
    for broken in [
        "",
        "{}",
        "[]",
        "{\"schema\":\"agentos-perf/report/1\"}",
        &text[..text.len() / 2],
    ] {
        assert!(
            matches!(from_json(broken), Err(ReportReadError::Form(_))),
            "{broken}"
        );
    }
    let no_instant = text.replacen("2026-01-31T", "2026-02-31T", 1);
    assert!(matches!(
        from_json(&no_instant),
        Err(ReportReadError::NoInstant(_))
    ));
}

#[test]
fn reports_keep_to_the_documented_schema() {
    let schema: Value =
        serde_json::from_str(include_str!("../../../docs/report.schema.json")).expect("a schema");
    for report in [
        fixture::report(),
        fixture::hostile(),
        fixture::searches(),
        fixture::journeys(),
    ] {
        let mut wrong = Vec::new();
        validate(&value(&report), &schema, &schema, "$", &mut wrong);
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
    let mut broken = value(&fixture::report());
    broken["runs"][0]["due"] = Value::from("many");
    broken["surplus"] = Value::Null;
    let mut wrong = Vec::new();
    validate(&broken, &schema, &schema, "$", &mut wrong);
    assert_eq!(wrong.len(), 2, "{wrong:#?}");
}

/// The part of JSON Schema that the document uses; a keyword beyond it is an error in itself.
fn validate(value: &Value, schema: &Value, root: &Value, at: &str, wrong: &mut Vec<String>) {
    for (keyword, rule) in schema.as_object().expect("a schema is an object") {
        match keyword.as_str() {
            "$schema"
            | "$id"
            | "$defs"
            | "title"
            | "description"
            | "properties"
            | "additionalProperties" => {}
            "$ref" => {
                let pointer = rule.as_str().and_then(|path| path.strip_prefix('#'));
                let target = pointer
                    .and_then(|path| root.pointer(path))
                    .expect("a definition");
                validate(value, target, root, at, wrong);
            }
            "type" => {
                if !is_of(value, rule) {
                    wrong.push(format!("{at}: {value} is not {rule}"));
                }
            }
            "const" if value == rule => {}
            "enum" if rule.as_array().expect("a list").contains(value) => {}
            "const" | "enum" => wrong.push(format!("{at}: {value} is not {rule}")),
            "required" => {
                let names = rule
                    .as_array()
                    .expect("names")
                    .iter()
                    .filter_map(Value::as_str);
                let missing = names.filter(|name| value.is_object() && value.get(name).is_none());
                wrong.extend(missing.map(|name| format!("{at}: no {name}")));
            }
            "minimum" => {
                if value.as_f64() < rule.as_f64() && value.is_number() {
                    wrong.push(format!("{at}: {value} is below {rule}"));
                }
            }
            "minItems" | "maxItems" => {
                let length = value.as_array().map(|items| items.len() as u64);
                let is_kept = |bound: u64| match (keyword.as_str(), length) {
                    (_, None) => true,
                    ("minItems", Some(length)) => length >= bound,
                    (_, Some(length)) => length <= bound,
                };
                if !rule.as_u64().is_some_and(is_kept) {
                    wrong.push(format!("{at}: {keyword} is {rule}"));
                }
            }
            "items" => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    validate(item, rule, root, &format!("{at}[{index}]"), wrong);
                }
            }
            other => wrong.push(format!("{at}: the check knows no keyword {other}")),
        }
    }
    for (name, field) in value.as_object().into_iter().flatten() {
        let known = schema.get("properties").and_then(|known| known.get(name));
        match known.or(schema.get("additionalProperties")) {
            Some(Value::Bool(false)) => wrong.push(format!("{at}: surplus {name}")),
            Some(rule @ Value::Object(_)) => {
                validate(field, rule, root, &format!("{at}.{name}"), wrong);
            }
            _ => {}
        }
    }
}

fn is_of(value: &Value, kinds: &Value) -> bool {
    let is = |kind: &str| match kind {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        "number" => value.is_number(),
        "integer" => value.is_u64() || value.is_i64(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => false,
    };
    match kinds {
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).any(is),
        kind => kind.as_str().is_some_and(is),
    }
}
