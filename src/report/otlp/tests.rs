use serde_json::Value;

use super::*;
use crate::record::{CoarseHistogram, Second};
use crate::report::fixture;

fn value(report: &Report) -> Value {
    serde_json::from_str(&render(report)).expect("JSON")
}

fn metrics(value: &Value) -> &[Value] {
    let all = &value["resourceMetrics"][0]["scopeMetrics"][0]["metrics"];
    all.as_array().expect("metrics")
}

fn points(metric: &Value) -> &[Value] {
    ["gauge", "sum", "exponentialHistogram"]
        .iter()
        .find_map(|kind| metric[kind]["dataPoints"].as_array())
        .expect("points")
}

fn of_name<'a>(all: &'a Value, name: &str) -> &'a [Value] {
    let metric = metrics(all).iter().find(|metric| metric["name"] == name);
    points(metric.expect(name))
}

/// The first and the last point of each metric; of buckets, how many there are.
fn shortened(mut value: Value) -> Value {
    let all = &mut value["resourceMetrics"][0]["scopeMetrics"][0]["metrics"];
    for metric in all.as_array_mut().expect("metrics") {
        for kind in ["gauge", "sum", "exponentialHistogram"] {
            let Some(points) = metric
                .get_mut(kind)
                .and_then(|data| data["dataPoints"].as_array_mut())
            else {
                continue;
            };
            if points.len() > 2 {
                points.drain(1..points.len() - 1);
            }
            for buckets in points
                .iter_mut()
                .filter_map(|point| point.get_mut("positive"))
            {
                let count = buckets["bucketCounts"].as_array().map_or(0, Vec::len);
                buckets["bucketCounts"] = format!("({count} buckets)").into();
            }
        }
    }
    value
}

#[test]
fn the_form_of_a_report() {
    insta::assert_json_snapshot!(shortened(value(&fixture::report())));
}

#[test]
fn series_rise_in_time_and_have_each_moment_once() {
    for report in [
        fixture::report(),
        fixture::hostile(),
        fixture::searches(),
        fixture::journeys(),
        fixture::hostile_journeys(),
    ] {
        let value = value(&report);
        for metric in metrics(&value) {
            let mut last: std::collections::BTreeMap<String, u64> =
                std::collections::BTreeMap::new();
            for point in points(metric) {
                let time = point["timeUnixNano"].as_str().expect("text");
                let time: u64 = time.parse().expect("a number");
                let before = last.insert(point["attributes"].to_string(), time);
                let rises = before.is_none_or(|before| before < time);
                assert!(rises, "{}: {point}", metric["name"]);
            }
        }
    }
}

#[test]
fn counts_of_the_judged_part_are_those_of_the_run() {
    let report = fixture::report();
    let value = value(&report);
    let run = &report.runs[0].run;
    let mut last = std::collections::BTreeMap::new();
    for point in of_name(&value, "agentos_perf.requests") {
        let of = |key: &str| -> String {
            let attributes = point["attributes"].as_array().expect("attributes");
            let found = attributes.iter().find(|one| one["key"] == key);
            let text = found.map(|one| &one["value"]["stringValue"]);
            text.and_then(Value::as_str).expect(key).to_owned()
        };
        if of("scenario") == run.scenario && of("judged") == "true" {
            let count: u64 = point["asInt"].as_str().expect("text").parse().expect("int");
            last.insert((of("endpoint"), of("outcome")), count);
        }
    }
    let mut counted = 0;
    for endpoint in &run.endpoints {
        for (outcome, count) in &endpoint.outcomes {
            let key = (endpoint.name.clone(), outcome.to_string());
            assert_eq!(last.get(&key), Some(count), "{key:?}");
            counted += 1;
        }
    }
    assert_eq!(counted, last.len());
}

/// A report whose runs go on for this long.
fn lasting(seconds: usize) -> Report {
    let mut report = fixture::report();
    for shown in &mut report.runs {
        let Some(second) = shown.run.seconds.get(3).cloned() else {
            continue;
        };
        shown.run.seconds = vec![second; seconds];
        shown.run.generator.cpu = vec![12.5; seconds];
        shown.run.window.to = SECOND * seconds as u64;
    }
    report
}

#[test]
fn an_hour_and_a_day_stay_small() {
    for hours in [1, 24] {
        let text = render(&lasting(hours * 3_600));
        assert!(text.len() < 5_000_000, "{hours} h: {} bytes", text.len());
    }
}

#[test]
fn what_is_thinned_out_keeps_its_counts_and_its_times() {
    let report = lasting(3_600);
    let (fine, thin) = (all(&report, 1), all(&report, 10));
    let ends = |metrics: &[OtlpMetric], name: &str| {
        let metric = metrics.iter().find(|metric| metric.name == name);
        let json = serde_json::to_value(metric.expect(name)).expect("JSON");
        points(&json).last().expect("a point").clone()
    };
    for name in [
        "agentos_perf.requests",
        "agentos_perf.throughput",
        "agentos_perf.response_time.quantile",
        "agentos_perf.response_time",
        "agentos_perf.generator.cpu.utilization",
    ] {
        assert_eq!(ends(&fine, name), ends(&thin, name), "{name}");
    }
}

#[test]
fn a_second_without_requests_has_no_percentiles() {
    let mut report = lasting(2);
    report.runs.truncate(1);
    report.runs[0].run.seconds[1] = Second {
        response: CoarseHistogram::default(),
        ..Second::default()
    };
    let value = value(&report);
    let quantiles = of_name(&value, "agentos_perf.response_time.quantile");
    assert_eq!(quantiles.len(), 3);
    assert_eq!(of_name(&value, "agentos_perf.throughput").len(), 2);
}

#[test]
fn what_is_no_number_is_left_out() {
    let mut report = fixture::report();
    let judged = &mut report.judgements[1].checks[0];
    let estimate = judged.estimate.as_mut().expect("an estimate");
    estimate.value = f64::NAN;
    estimate.high = Some(f64::INFINITY);
    assert!(!render(&report).contains("null"));
}

#[test]
fn a_session_without_runs_and_requirements_is_told_too() {
    let mut report = fixture::report();
    report.runs.clear();
    report.judgements.clear();
    let value = value(&report);
    assert_eq!(metrics(&value).len(), 2);
}

#[test]
fn journeys_and_their_steps() {
    let mut report = fixture::journeys();
    report.judgements.clear();
    report.runs[0].run.observed = crate::record::Observed::default();
    insta::assert_json_snapshot!(shortened(value(&report)));
}

#[test]
fn journeys_are_counted_beside_the_requests() {
    let report = fixture::journeys();
    let value = value(&report);
    let run = &report.runs[0].run;
    let last = |name: &str| -> u64 {
        let mut ends = std::collections::BTreeMap::new();
        for point in of_name(&value, name) {
            let count = point["asInt"].as_str().expect("text");
            let count: u64 = count.parse().expect("a number");
            if point["attributes"].to_string().contains("\"true\"") {
                ends.insert(point["attributes"].to_string(), count);
            }
        }
        ends.values().sum()
    };
    let due = crate::record::Summary::of(run).due;
    assert_eq!(
        (last("agentos_perf.requests"), last("agentos_perf.journeys")),
        (due, 1_000)
    );
}
