//! A run that is on, in a few lines for a terminal. The figures are those of the report so far.

use std::fmt::Write as _;

use crate::record::{Outcomes, RunResult, Second, Summary, Times, figure};
use crate::report::facts;
use crate::requirement::{Judgement, Source, Unit, Verdict, format};
use crate::text::clean;

/// What happens now, in contrast to the whole run.
const RECENT: usize = 5;

/// A line each: what the last seconds were like, the run so far, failures by cause, resources, and every requirement
/// with its interval as it narrows.
pub fn lines(run: &RunResult, so_far: &[Judgement]) -> Vec<String> {
    let summary = Summary::of(run);
    let mut lines = vec![recent(&run.seconds), whole(&summary)];
    let journeys = facts::journeys(run).into_iter();
    lines.extend(journeys.map(|line| format!("journeys   {line}")));
    lines.extend(failures(&summary.outcomes));
    lines.extend(resources(run));
    lines.extend(so_far.iter().map(requirement));
    lines
}

/// Of the seconds that are over and in which something was due.
fn recent(seconds: &[Second]) -> String {
    let over = seconds.len().saturating_sub(1);
    let recent = &seconds[over.saturating_sub(RECENT)..over];
    let mut times = crate::record::CoarseHistogram::default();
    let (mut well, mut failed) = (0, 0);
    for second in recent {
        times.merge(&second.response);
        well += second.done_ok;
        failed += second.failed();
    }
    let rate = well as f64 / recent.len().max(1) as f64;
    let mut line = format!(
        "last {} s   {}",
        recent.len(),
        format::show(Unit::Rate, rate)
    );
    for (name, quantile) in [("p50", 0.5), ("p95", 0.95), ("p99", 0.99)] {
        if let Some(value) = times.quantile_ms(quantile) {
            let _ = write!(line, "  {name} {}", format::time(value));
        }
    }
    let _ = write!(line, "  {} failed", format::count(failed));
    line
}

fn whole(summary: &Summary) -> String {
    let mut line = format!("judged     {} requests", format::count(summary.due));
    if let Some(times) = Times::of(&summary.response) {
        for (name, value) in [("p50", times.p50), ("p95", times.p95), ("p99", times.p99)] {
            let _ = write!(line, "  {name} {}", format::time(value));
        }
    }
    let _ = write!(line, "  {} failed", format::count(summary.failed()));
    line
}

fn failures(outcomes: &Outcomes) -> Option<String> {
    let failed = outcomes
        .iter()
        .filter(|(outcome, count)| !outcome.is_ok() && **count > 0);
    let told: Vec<String> = failed
        .map(|(outcome, count)| format!("{} {outcome}", format::count(*count)))
        .collect();
    (!told.is_empty()).then(|| format!("failures   {}", told.join(", ")))
}

fn resources(run: &RunResult) -> Option<String> {
    let mut told = Vec::new();
    for (source, who) in [
        (Source::Process, "target"),
        (Source::Host, "this machine"),
        (Source::Target, "target, by itself"),
    ] {
        let Some(seen) = run.observed.seen(source) else {
            continue;
        };
        for (name, what) in [(figure::CPU, "processors"), (figure::MEMORY, "memory")] {
            if let Some(share) = seen.last(name) {
                told.push(format!("{who} {what} {}", format::show(Unit::Share, share)));
            }
        }
    }
    if let Some(own) = run.generator.cpu.last() {
        told.push(format!("generator {}", format::show(Unit::Share, *own)));
    }
    (!told.is_empty()).then(|| format!("resources  {}", told.join(", ")))
}

fn requirement(judgement: &Judgement) -> String {
    let sign = match judgement.verdict {
        Verdict::Pass => "pass",
        Verdict::Fail => "FAIL",
        Verdict::Inconclusive => "open",
    };
    let checks = judgement.checks.iter().map(|one| {
        let limit = format::limit(&one.check.limit);
        match &one.estimate {
            Some(estimate) => format!(
                "{} {limit}: {}",
                one.check.metric,
                format::measured(estimate, &one.check.limit)
            ),
            None => format!("{} {limit}", one.check.metric),
        }
    });
    let checks: Vec<String> = checks.collect();
    format!(
        "{sign}       {}  {}",
        clean(&judgement.requirement.name),
        checks.join("; ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn a_run_that_is_on_in_a_few_lines() {
        let report = fixture::report();
        let run = &report.runs[0].run;
        let of_run = report
            .judgements
            .iter()
            .filter(|one| one.requirement.scenario.as_ref() == Some(&run.scenario));
        let judgements: Vec<Judgement> = of_run.cloned().collect();
        insta::assert_snapshot!(lines(run, &judgements).join("\n"));
    }

    #[test]
    fn journeys_are_said_beside_the_requests() {
        let run = fixture::walked("training");
        let lines = lines(&run, &[]);
        let said = "journeys   1,000 due, 974 completed (97.4/s); ended at pay 13 × status_500, 3 × timeout; at order 10 × \
                    wrong_answer";
        assert_eq!(lines[2], said);
    }

    #[test]
    fn of_nothing_little_is_said() {
        let run = RunResult {
            seconds: Vec::new(),
            ..fixture::failed("api")
        };
        assert_eq!(lines(&run, &[]).len(), 2);
    }
}
