//! Verdicts, and the figures that they rest on.

use super::writer::{FamilyKind, MetricFamily};
use super::{MILLIS, PERCENT};
use crate::report::unique_names::UniqueNames;
use crate::requirement::{Check, CheckJudgement, Judgement, TestVerdict, Unit, Verdict};

const VERDICT: &str = "agentos_perf_requirement_verdict";
const TEST: &str = "agentos_perf_requirement_test";

pub(super) fn write(judgements: &[Judgement], strict: bool, out: &mut String) {
    let mut names = UniqueNames::default();
    let named: Vec<(String, &Judgement)> = judgements
        .iter()
        .map(|judgement| (names.unique(&judgement.requirement.name), judgement))
        .collect();
    verdicts(&named, out);
    tests(&named, strict, out);
    for unit in [Unit::Time, Unit::Share, Unit::Rate, Unit::Count] {
        figures(&named, unit, out);
    }
}

fn verdicts(named: &[(String, &Judgement)], out: &mut String) {
    let mut family = MetricFamily::new(
        FamilyKind::StateSet,
        VERDICT,
        "",
        "Whether each requirement is kept, at the stated confidence.",
    );
    for (name, judgement) in named {
        let severity = judgement.requirement.severity.to_string();
        for verdict in [Verdict::Pass, Verdict::Inconclusive, Verdict::Fail] {
            let state = verdict.to_string();
            let labels = vec![
                ("requirement", name.as_str()),
                ("severity", severity.as_str()),
                (VERDICT, state.as_str()),
            ];
            let is_so = judgement.verdict == verdict;
            family.add("", &labels, f64::from(u8::from(is_so)));
        }
    }
    family.write(out);
}

fn tests(named: &[(String, &Judgement)], strict: bool, out: &mut String) {
    let mut family = MetricFamily::new(
        FamilyKind::StateSet,
        TEST,
        "",
        "What each verdict means for its test.",
    );
    for (name, judgement) in named {
        let states = [
            ("pass", TestVerdict::Pass),
            ("warn", TestVerdict::Warn),
            ("fail", TestVerdict::Fail),
        ];
        for (state, test) in states {
            let labels = vec![("requirement", name.as_str()), (TEST, state)];
            let is_so = judgement.test_verdict(strict) == test;
            family.add("", &labels, f64::from(u8::from(is_so)));
        }
    }
    family.write(out);
}

/// What was measured of all checks of one unit: the value, the ends of its interval and the limit.
fn figures(named: &[(String, &Judgement)], unit: Unit, out: &mut String) {
    let help = "What was measured for each check, with its interval and its limit.";
    let (name, of_unit, divisor) = match unit {
        Unit::Time => ("agentos_perf_check_seconds", "seconds", MILLIS),
        Unit::Share => ("agentos_perf_check_ratio", "ratio", PERCENT),
        Unit::Rate => ("agentos_perf_check_per_second", "", 1.0),
        Unit::Count => ("agentos_perf_check_number", "", 1.0),
    };
    let mut family = MetricFamily::new(FamilyKind::Gauge, name, of_unit, help);
    for (name, judgement) in named {
        let checks = judgement.requirement.checks.iter().enumerate();
        for (place, check) in checks.filter(|(_, check)| check.limit.unit == unit) {
            let figures = numbers(check, judgement.of(check));
            let (metric, place) = (check.metric.to_string(), place.to_string());
            for (figure, value) in figures {
                let labels = vec![
                    ("requirement", name.as_str()),
                    ("check", place.as_str()),
                    ("metric", metric.as_str()),
                    ("figure", figure),
                ];
                family.add_some(&labels, value.map(|value| value / divisor));
            }
        }
    }
    family.write(out);
}

fn numbers(check: &Check, judged: Option<&CheckJudgement>) -> [(&'static str, Option<f64>); 4] {
    let estimate = judged.and_then(|judged| judged.estimate.as_ref());
    [
        ("limit", Some(check.limit.value)),
        ("value", estimate.map(|estimate| estimate.value)),
        ("low", estimate.and_then(|estimate| estimate.low)),
        ("high", estimate.and_then(|estimate| estimate.high)),
    ]
}
