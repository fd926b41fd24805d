//! The measurements as Markdown.

use crate::{intervals, verdicts};
use std::fmt::Write as _;

const VERDICTS: &str = "
### Verdicts: % passed / % failed

| target | limit | run | at the limit | slightly worse | slightly better | far worse | far better |
|---|---|---|---|---|---|---|---|
";

const RISKS: &str = "
### Runs that are too short: % passed right at the limit

| target | limit | 1 disturbance in the run | 3 | 5 |
|---|---|---|---|---|
";

const INTERVALS: &str = "
### Intervals: % that miss

| target | figure | run | truth below | truth above |
|---|---|---|---|---|
";

pub(crate) fn markdown(
    verdicts: &[verdicts::Row],
    risks: &[verdicts::Risk],
    intervals: &[intervals::Row],
) -> String {
    let mut text = VERDICTS.to_owned();
    for row in verdicts {
        let name = row.target.name();
        let _ = write!(
            text,
            "| {name} | {} | {} s |",
            limit(row.limit),
            row.planned
        );
        for tally in &row.tallies {
            let (passed, failed) = (100.0 * tally.pass_rate(), 100.0 * tally.fail_rate());
            let _ = write!(text, " {passed:.1} / {failed:.1} |");
        }
        text.push('\n');
    }
    text.push_str(RISKS);
    for risk in risks {
        let _ = write!(text, "| {} | {} |", risk.target.name(), limit(risk.limit));
        for tally in &risk.tallies {
            let _ = write!(text, " {:.1} |", 100.0 * tally.pass_rate());
        }
        text.push('\n');
    }
    text.push_str(INTERVALS);
    for row in intervals {
        let (below, above) = (100.0 * row.truth_below, 100.0 * row.truth_above);
        let _ = writeln!(
            text,
            "| {} | {} | {} s | {below:.1} | {above:.1} |",
            row.target, row.figure, row.seconds
        );
    }
    text.push('\n');
    text
}

fn limit(share: f64) -> &'static str {
    match share {
        0.5 => "p50",
        0.05 => "p95",
        _ => "p99, errors < 1 %",
    }
}
