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
### Models that the method was not made for: p95, 10 s to 35 s (260 s by correlation), % passed / % failed

| target | 30 % over the limit | 2 % over | 2 % under | at 40 % of it |
|---|---|---|---|---|
";

const SAVINGS: &str = "
### How long it takes: p95 against 200 ms, 50 req/s

| true p95 | target | budget | median time | % passed / % failed / % open |
|---|---|---|---|---|
";

pub(crate) fn verdicts(rows: &[verdicts::Row], risks: &[verdicts::Risk]) -> String {
    let mut text = VERDICTS.to_owned();
    push_verdicts(&mut text, rows);
    text.push_str(RISKS);
    for risk in risks {
        let _ = write!(text, "| {} | {} |", risk.target.name(), limit(risk.limit));
        for tally in &risk.tallies {
            let _ = write!(text, " {:.1} |", 100.0 * tally.pass_rate());
        }
        text.push('\n');
    }
    text + "\n"
}

pub(crate) fn settled(rows: &[verdicts::Row], means: &[settling::Mean]) -> String {
    let mut text = SETTLED.to_owned();
    push_verdicts(&mut text, rows);
    text.push_str(SETTLED_MEANS);
    for row in means {
        let (below, above) = (100.0 * row.truth_below, 100.0 * row.truth_above);
        let _ = writeln!(
            text,
            "| {} | {} s | {below:.1} | {above:.1} |",
            row.target, row.least
        );
    }
    text + "\n"
}

pub(crate) fn savings(rows: &[settling::Saving]) -> String {
    let mut text = SAVINGS.to_owned();
    for row in rows {
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
    text + "\n"
}

pub(crate) fn foreign(rows: &[foreign::Row]) -> String {
    let mut text = FOREIGN.to_owned();
    for row in rows {
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
    text + "\n"
}

pub(crate) fn intervals(rows: &[intervals::Row]) -> String {
    let mut text = INTERVALS.to_owned();
    for row in rows {
        let (below, above) = (100.0 * row.truth_below, 100.0 * row.truth_above);
        let _ = writeln!(
            text,
            "| {} | {} | {} s | {below:.1} | {above:.1} |",
            row.target, row.figure, row.seconds
        );
    }
    text + "\n"
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
