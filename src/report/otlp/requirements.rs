//! Verdicts, and the figures that they rest on.

use super::message::{Attribute, OtlpMetric};
use super::metric::GaugePoint;
use super::{MILLIS, PERCENT};
use crate::report::unique_names::UniqueNames;
use crate::requirement::{Check, CheckJudgement, Judgement, TestVerdict, Unit, Verdict};

type NamedJudgement<'a> = (String, &'a Judgement);

pub(super) fn metrics(judgements: &[Judgement], strict: bool, time: u64) -> Vec<OtlpMetric> {
    let mut names = UniqueNames::default();
    let named: Vec<NamedJudgement<'_>> = judgements
        .iter()
        .map(|judgement| (names.unique(&judgement.requirement.name), judgement))
        .collect();
    let mut metrics = vec![verdicts(&named, time), tests(&named, strict, time)];
    let units = [Unit::Time, Unit::Share, Unit::Rate, Unit::Count];
    metrics.extend(units.map(|unit| figures(&named, unit, time)));
    metrics
}

fn verdicts(named: &[NamedJudgement<'_>], time: u64) -> OtlpMetric {
    let mut gauge = GaugePoint::new(
        "agentos_perf.requirement.verdict",
        "{verdict}",
        "Whether each requirement is kept, at the stated confidence: 1 for its verdict, 0 for the others.",
    );
    for (name, judgement) in named {
        for verdict in [Verdict::Pass, Verdict::Inconclusive, Verdict::Fail] {
            let attributes = vec![
                Attribute::new("requirement", name),
                Attribute::new("severity", judgement.requirement.severity.to_string()),
                Attribute::new("verdict", verdict.to_string()),
            ];
            let is_so = f64::from(u8::from(judgement.verdict == verdict));
            gauge.add(attributes, time, is_so);
        }
    }
    gauge.metric()
}

fn tests(named: &[NamedJudgement<'_>], strict: bool, time: u64) -> OtlpMetric {
    let mut gauge = GaugePoint::new(
        "agentos_perf.requirement.test",
        "{test}",
        "What each verdict means for its test: 1 for what it came to, 0 for the others.",
    );
    for (name, judgement) in named {
        let states = [
            ("pass", TestVerdict::Pass),
            ("warn", TestVerdict::Warn),
            ("fail", TestVerdict::Fail),
        ];
        for (state, test) in states {
            let attributes = vec![
                Attribute::new("requirement", name),
                Attribute::new("test", state),
            ];
            let is_so = f64::from(u8::from(judgement.test_verdict(strict) == test));
            gauge.add(attributes, time, is_so);
        }
    }
    gauge.metric()
}

/// What was measured of all checks of one unit: the value, the ends of its interval and the limit.
fn figures(named: &[NamedJudgement<'_>], unit: Unit, time: u64) -> OtlpMetric {
    let (name, of_unit, divisor) = match unit {
        Unit::Time => ("agentos_perf.check.time", "s", MILLIS),
        Unit::Share => ("agentos_perf.check.ratio", "1", PERCENT),
        Unit::Rate => ("agentos_perf.check.rate", "{request}/s", 1.0),
        Unit::Count => ("agentos_perf.check.number", "{count}", 1.0),
    };
    let description = "What was measured for each check, with its interval and its limit.";
    let mut gauge = GaugePoint::new(name, of_unit, description);
    for (name, judgement) in named {
        let checks = judgement.requirement.checks.iter().enumerate();
        for (place, check) in checks.filter(|(_, check)| check.limit.unit == unit) {
            for (figure, value) in numbers(check, judgement.of(check)) {
                let attributes = vec![
                    Attribute::new("requirement", name),
                    Attribute::new("check", place.to_string()),
                    Attribute::new("metric", check.metric.to_string()),
                    Attribute::new("figure", figure),
                ];
                let known = value.unwrap_or(f64::NAN);
                gauge.add(attributes, time, known / divisor);
            }
        }
    }
    gauge.metric()
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
