//! The text of a failing test: what was measured, against what, how sure, why, and what to do.

use super::clean::clean;
use crate::requirement::{CheckJudgement, Judgement, Verdict, human};

/// The text of a failing test, in a handful of lines without a final line break.
///
/// `confidence` is that of the verdict, in (0.5, 1).
pub fn failure(judgement: &Judgement, confidence: f64) -> String {
    let requirement = &judgement.requirement;
    let mut lines = vec![headline(judgement)];
    let open = judgement
        .checks
        .iter()
        .filter(|check| check.verdict != Verdict::Pass);
    for check in open {
        lines.push(format!("  measured  {}", measured(check, confidence)));
    }
    if judgement.checks.is_empty() {
        for check in &requirement.checks {
            let limit = human::limit(&check.limit);
            lines.push(format!(
                "  measured  nothing; {} has to be {limit}",
                check.metric
            ));
        }
    }
    lines.push(format!("  because   {}", clean(&judgement.reason)));
    for advice in &judgement.advice {
        lines.push(format!("  try       {}", clean(advice)));
    }
    lines.join("\n")
}

fn headline(judgement: &Judgement) -> String {
    let requirement = &judgement.requirement;
    let verdict = match judgement.verdict {
        Verdict::Pass => "is kept",
        Verdict::Inconclusive => "is inconclusive",
        Verdict::Fail => "is missed",
    };
    let scenario = requirement
        .scenario
        .as_ref()
        .map_or_else(String::new, |scenario| {
            format!(", scenario {}", clean(scenario))
        });
    format!(
        "{} {verdict} ({}{scenario})",
        clean(&requirement.name),
        requirement.severity
    )
}

/// One check in one line: `response_time_p95 243 ms (231–255 at 95 % confidence), has to be < 200 ms`.
fn measured(judged: &CheckJudgement, confidence: f64) -> String {
    let check = &judged.check;
    let place = judged
        .endpoint
        .as_ref()
        .map_or_else(String::new, |endpoint| format!(" at {}", clean(endpoint)));
    let limit = human::limit(&check.limit);
    let Some(estimate) = &judged.estimate else {
        return format!("{}{place}: nothing; has to be {limit}", check.metric);
    };
    let value = human::measured_value(estimate, &check.limit);
    let interval = human::interval(estimate, &check.limit);
    let has_interval = estimate.low.is_some() || estimate.high.is_some();
    let sure = match (interval.is_empty(), has_interval) {
        (true, _) => String::new(),
        (false, true) => format!(
            " ({interval} at {} confidence)",
            human::confidence(confidence)
        ),
        (false, false) => format!(" ({interval})"),
    };
    let samples = human::count(estimate.samples);
    let worth = if estimate.effective_samples < 0.9 * estimate.samples as f64 {
        let worth = human::count(estimate.effective_samples.max(0.0).round() as u64);
        format!("{samples} samples (effective sample size {worth})")
    } else {
        format!("{samples} samples")
    };
    format!(
        "{}{place} {value}{sure}, has to be {limit}; {worth}",
        check.metric
    )
}

#[cfg(test)]
mod tests {
    use super::failure;
    use crate::report::fixture;
    use crate::requirement::Verdict;

    #[test]
    fn messages_of_failing_tests() {
        let report = fixture::report();
        let messages: Vec<String> = report
            .judgements
            .iter()
            .filter(|judgement| judgement.verdict != Verdict::Pass)
            .map(|judgement| failure(judgement, report.confidence))
            .collect();
        insta::assert_snapshot!(messages.join("\n\n"));
    }

    #[test]
    fn what_the_target_said_cannot_forge_a_line() {
        for judgement in fixture::hostile().judgements {
            let message = failure(&judgement, 0.95);
            assert!(message.lines().count() <= 8, "{message}");
            assert!(
                !message.contains(|c: char| c.is_control() && c != '\n'),
                "{message:?}"
            );
        }
    }
}
