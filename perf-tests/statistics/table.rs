//! The measurements as Markdown.

use crate::{intervals, verdicts};
use std::fmt::Write as _;

const VERDICTS: &str = "
| target | limit | at the limit | slightly worse | slightly better | far worse | far better |
|---|---|---|---|---|---|---|
";

const INTERVALS: &str = "
| target | figure | truth below | truth above |
|---|---|---|---|
";

pub(crate) fn markdown(verdicts: &[verdicts::Row], intervals: &[intervals::Row]) -> String {
    let mut text = String::new();
    for (title, within) in [
        ("Verdicts: % passed / % failed", true),
        ("Verdicts outside the method's reach", false),
    ] {
        let _ = write!(text, "\n### {title}\n{VERDICTS}");
        for row in verdicts.iter().filter(|row| row.within_reach() == within) {
            let _ = write!(text, "| {} | {} |", row.target, limit(row.limit));
            for tally in &row.tallies {
                let _ = write!(
                    text,
                    " {:.1} / {:.1} |",
                    100.0 * tally.pass_rate(),
                    100.0 * tally.fail_rate()
                );
            }
            text.push('\n');
        }
    }
    for (title, within) in [
        ("Intervals: % that miss", true),
        ("Intervals outside the method's reach", false),
    ] {
        let _ = write!(text, "\n### {title}\n{INTERVALS}");
        for row in intervals.iter().filter(|row| row.within_reach == within) {
            let (below, above) = (100.0 * row.truth_below, 100.0 * row.truth_above);
            let _ = writeln!(
                text,
                "| {} | {} | {below:.1} | {above:.1} |",
                row.target, row.figure
            );
        }
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
