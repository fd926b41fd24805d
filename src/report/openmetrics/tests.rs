use std::collections::BTreeSet;

use super::*;
use crate::report::fixture;

#[test]
fn the_form_of_a_report() {
    insta::assert_snapshot!(render(&fixture::report()));
}

#[test]
fn no_sample_is_there_twice_and_no_line_is_broken() {
    for report in [
        fixture::report(),
        fixture::hostile(),
        fixture::searches(),
        fixture::journeys(),
        fixture::hostile_journeys(),
    ] {
        let text = render(&report);
        assert!(text.ends_with("\n# EOF\n"));
        let mut seen = BTreeSet::new();
        for line in text.lines() {
            if line.starts_with('#') {
                continue;
            }
            let (sample, value) = line.rsplit_once(' ').expect("a value");
            assert!(sample.starts_with("agentos_perf_"), "{line}");
            assert!(value.parse::<f64>().is_ok_and(f64::is_finite), "{line}");
            assert!(seen.insert(sample.to_owned()), "twice: {line}");
        }
    }
}

#[test]
fn each_family_is_described_once() {
    let text = render(&fixture::report());
    let types: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("# TYPE"))
        .collect();
    let distinct: BTreeSet<&&str> = types.iter().collect();
    assert_eq!(types.len(), distinct.len());
}

#[test]
fn a_session_without_runs_and_requirements_is_told_too() {
    let mut report = fixture::report();
    report.runs.clear();
    report.judgements.clear();
    let text = render(&report);
    assert!(text.contains("agentos_perf_session_info{") && text.ends_with("# EOF\n"));
}

#[test]
fn journeys_and_their_steps() {
    let text = render(&fixture::journeys());
    let lines = text.lines();
    let of_it = |line: &&str| {
        let names = ["journey", "step_", "requests", "throughput"];
        names.iter().any(|name| line.contains(name)) && !line.contains("bound")
    };
    insta::assert_snapshot!(lines.filter(of_it).collect::<Vec<_>>().join("\n"));
}

#[test]
fn a_sum_over_endpoints_has_no_request_twice() {
    let report = fixture::journeys();
    let text = render(&report);
    let sum = |name: &str| -> f64 {
        let samples = text.lines().filter(|line| line.starts_with(name));
        let values = samples.filter_map(|line| line.rsplit_once(' ')?.1.parse::<f64>().ok());
        values.sum()
    };
    let due = crate::record::Summary::of(&report.runs[0].run).due as f64;
    let counted = [
        "agentos_perf_requests_total",
        "agentos_perf_response_time_seconds_count",
    ];
    for name in counted {
        assert!((sum(name) - due).abs() < 1e-9, "{name}");
    }
    assert!((sum("agentos_perf_journeys_total") - 1_000.0).abs() < 1e-9);
}
