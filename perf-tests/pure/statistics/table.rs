//! The measurements as Markdown.

use super::{foreign, intervals, settling, verdicts};
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

const SETTLED: &str = "
### Verdicts at any stopping time: % passed / % failed

| target | limit | at least | at the limit | slightly worse | slightly better | far worse | far better |
|---|---|---|---|---|---|---|---|
";

const SETTLED_MEANS: &str = "
### Means at any stopping time: % that miss

| target | at least | truth below | truth above |
|---|---|---|---|
";

const FOREIGN: &str = "
### Models that the method was not made for: p95, 10 s to 35 s, % passed / % failed

| target | 30 % over the limit | 2 % over | 2 % under | at 40 % of it |
|---|---|---|---|---|
";

const SAVINGS: &str = "
### How long it takes: p95 against 200 ms, 50 req/s

| true p95 | target | budget | median time | % passed / % failed / % open |
|---|---|---|---|---|
";

/// What was measured of runs that end as soon as they are settled.
pub(crate) struct Settled {
    pub(crate) verdicts: Vec<verdicts::Row>,
    pub(crate) means: Vec<settling::Mean>,
    pub(crate) savings: Vec<settling::Saving>,
}

pub(crate) fn markdown(
    verdicts: &[verdicts::Row],
    risks: &[verdicts::Risk],
    settled: &Settled,
    foreign: &[foreign::Row],
    intervals: &[intervals::Row],
) -> String {
    let mut text = VERDICTS.to_owned();
    push_verdicts(&mut text, verdicts);
    text.push_str(RISKS);
    for risk in risks {
        let _ = write!(text, "| {} | {} |", risk.target.name(), limit(risk.limit));
        for tally in &risk.tallies {
            let _ = write!(text, " {:.1} |", 100.0 * tally.pass_rate());
        }
        text.push('\n');
    }
    text.push_str(SETTLED);
    push_verdicts(&mut text, &settled.verdicts);
    text.push_str(SETTLED_MEANS);
    for row in &settled.means {
        let (below, above) = (100.0 * row.truth_below, 100.0 * row.truth_above);
        let _ = writeln!(
            text,
            "| {} | {} s | {below:.1} | {above:.1} |",
            row.target, row.least
        );
    }
    text.push_str(SAVINGS);
    for row in &settled.savings {
        let (passed, failed) = (100.0 * row.tally.pass_rate(), 100.0 * row.tally.fail_rate());
        let _ = writeln!(
            text,
            "| {} ms | {} | {} s | {} s | {passed:.1} / {failed:.1} / {:.1} |",
            row.p95,
            row.model.name(),
            row.budget,
            row.median,
            100.0 - passed - failed
        );
    }
    text.push_str(FOREIGN);
    for row in foreign {
        let _ = write!(text, "| {} |", row.target);
        for (tally, factor) in row.tallies.iter().zip(foreign::FACTORS) {
            let (passed, failed) = (tally.pass_rate(), tally.fail_rate());
            let wrong = if factor > 1.0 { passed } else { failed };
            let bold = if wrong > verdicts::ALPHA { "**" } else { "" };
            let (passed, failed) = (100.0 * passed, 100.0 * failed);
            let _ = write!(text, " {bold}{passed:.1} / {failed:.1}{bold} |");
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

fn push_verdicts(text: &mut String, rows: &[verdicts::Row]) {
    for row in rows {
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
}

fn limit(share: f64) -> &'static str {
    match share {
        0.5 => "p50",
        0.05 => "p95",
        _ => "p99, errors < 1 %",
    }
}
