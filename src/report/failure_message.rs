//! The text of a failing test: what was measured, against what, how sure, why, and what to do.

use super::said::SaidOnce;
use crate::requirement::{CheckJudgement, Judgement, Verdict, format};
use crate::text::clean;

/// The text of a failing test, in a handful of lines without a final line break.
///
/// `confidence` is that of the verdict, in (0.5, 1).
pub fn failure(judgement: &Judgement, confidence: f64) -> String {
    failure_once(judgement, confidence, &mut SaidOnce::default())
}

/// The same as one of several: what `said` has already is referred to.
pub fn failure_once(judgement: &Judgement, confidence: f64, said: &mut SaidOnce) -> String {
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
            let limit = format::limit(&check.limit);
            lines.push(format!(
                "  measured  nothing; {} must be {limit}",
                check.metric
            ));
        }
    }
    let remarks = said.of(judgement);
    lines.push(format!("  because   {}", clean(&remarks.reason)));
    for advice in &remarks.advice {
        lines.push(format!("  try       {}", clean(advice)));
    }
    lines.join("\n")
}

fn headline(judgement: &Judgement) -> String {
    let requirement = &judgement.requirement;
    let scenario = requirement
        .scenario
        .as_ref()
        .map_or_else(String::new, |scenario| {
            format!(", scenario {}", clean(scenario))
        });
    format!(
        "{} is {} ({}{scenario})",
        clean(&requirement.name),
        judgement.stands(),
        requirement.severity
    )
}

/// One check in one line: `response_time_p95 243 ms (231–255 at 95 % confidence), must be < 200 ms`.
fn measured(judged: &CheckJudgement, confidence: f64) -> String {
    let check = &judged.check;
    let place = judged
        .endpoint
        .as_ref()
        .map_or_else(String::new, |endpoint| format!(" at {}", clean(endpoint)));
    let limit = format::limit(&check.limit);
    let Some(estimate) = &judged.estimate else {
        return format!("{}{place}: nothing; must be {limit}", check.metric);
    };
    let value = format::measured_value(estimate, &check.limit);
    let interval = format::interval(estimate, &check.limit);
    let has_interval = estimate.low.is_some() || estimate.high.is_some();
    let sure = match (interval.is_empty(), has_interval) {
        (true, _) => String::new(),
        (false, true) => format!(
            " ({interval} at {} confidence)",
            format::confidence(confidence)
        ),
        (false, false) => format!(" ({interval})"),
    };
    let samples = format::count(estimate.samples);
    let worth = if estimate.effective_samples < 0.9 * estimate.samples as f64 {
        let worth = format::count(estimate.effective_samples.max(0.0).round() as u64);
        format!("{samples} samples (effective sample size {worth})")
    } else {
        format!("{samples} samples")
    };
    format!(
        "{}{place} {value}{sure}, must be {limit}; {worth}",
        check.metric
    )
}

#[cfg(test)]
mod tests {
    use super::{SaidOnce, failure, failure_once};
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
    fn a_paragraph_that_many_share_is_said_once() {
        let mut first = fixture::report().judgements[0].clone();
        first.verdict = Verdict::Fail;
        first.reason =
            "the service at http://127.0.0.1:9 refuses every connection that it is asked for"
                .to_owned();
        first.advice = vec![
            "Is the service running there? Does a firewall keep this machine from it, perhaps?"
                .to_owned(),
        ];
        let mut second = first.clone();
        second.requirement.name = "other".to_owned();
        let mut third = second.clone();
        third.requirement.name = "third".to_owned();
        third.reason = "slow".to_owned();
        third.advice.push("Look at it.".to_owned());
        third.advice.push(format!("api: {}", first.advice[0]));
        let mut said = SaidOnce::default();
        let texts = [&first, &second, &third].map(|one| failure_once(one, 0.95, &mut said));
        let name = &first.requirement.name;
        assert!(texts[0].contains(&first.reason) && texts[0].contains(&first.advice[0]));
        assert!(
            texts[1].ends_with(&format!("  because   the same as {name}")),
            "{}",
            texts[1]
        );
        assert!(
            texts[2].ends_with(&format!(
                "  because   slow\n  try       Look at it.\n  try       the advice of {name}"
            )),
            "{}",
            texts[2]
        );
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
