//! Comparisons as people read them.

use super::compare::BaselineComparison;
use super::levels::ASSUMED_NOISE;
use crate::requirement::{Compared, Standing, Unit};
use crate::text::clean as cleaned;

/// `p95 of api is 23 % more (11 to 38) than before: 52 ms, and was 42 ms`
pub(super) fn line(one: &Compared) -> String {
    format!(
        "{} of {} is {} than before: {}, and was {}",
        one.what,
        cleaned(&one.scenario),
        one.changed(),
        one.is(),
        one.was()
    )
}

/// The comparison as a table of at most 80 columns but for long names, each line ended.
pub fn table(comparison: &BaselineComparison) -> String {
    let mut rows = vec![["", "", "before", "after", "change", ""].map(str::to_owned)];
    let mut last = "";
    for one in &comparison.compared {
        let scenario = if one.scenario == last {
            ""
        } else {
            one.scenario.as_str()
        };
        last = &one.scenario;
        rows.push([
            cleaned(scenario),
            one.what.to_string(),
            one.was(),
            one.is(),
            one.changed(),
            one.stands(),
        ]);
    }
    let mut text = set(&rows);
    for line in comparison.left_out.iter().chain(&comparison.unsettled) {
        text = format!("{text}not compared: {}\n", cleaned(line));
    }
    if let Some(assumed) = &comparison.assumed {
        text = format!("{text}note: {assumed}\n");
    }
    text
}

fn set(rows: &[[String; 6]]) -> String {
    let width = |column: usize| {
        rows.iter()
            .map(|row| row[column].chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..6).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let cells =
            row.iter()
                .zip(&widths)
                .enumerate()
                .map(|(column, (cell, width))| match column {
                    2 | 3 => format!("{cell:>width$}"),
                    _ => format!("{cell:<width$}"),
                });
        text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        text.push('\n');
    }
    text
}

/// What is assumed where too few runs tell how much they differ.
pub(super) fn assumed() -> String {
    format!(
        "fewer than three sessions: runs are assumed to differ by {:.0} % by themselves",
        100.0 * ASSUMED_NOISE
    )
}

/// What is not settled, a line each.
pub(super) fn open(compared: &[Compared]) -> impl Iterator<Item = String> {
    compared.iter().filter_map(|one| {
        let why = match (one.standing?, one.change.high) {
            (Standing::Late, _) => {
                "the load generator itself was late, and may have made the difference; give it more room and run it again"
                    .to_owned()
            }
            (Standing::Open, None) => wide("no bound can be given"),
            (Standing::Open, Some(high)) if one.what.unit() == Unit::Share => {
                wide(&format!("up to {high:.0} points more"))
            }
            (Standing::Open, Some(high)) => wide(&format!("up to {high:.1} times as much")),
            _ => return None,
        };
        let scenario = cleaned(&one.scenario);
        Some(format!("{scenario}: {} is not settled: {why}", one.what))
    })
}

fn wide(most: &str) -> String {
    format!("{most}; run longer, or keep more sessions")
}
