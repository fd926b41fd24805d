//! Comparisons as people read them.

use super::compare::{Compared, Comparison};
use super::standing::Standing;
use crate::report::cleaned;
use crate::requirement::{Unit, human};

/// `p95 of api is 23 % more (11–38) than before: 52 ms, and was 42 ms`
pub(super) fn line(one: &Compared) -> String {
    let [before, after] = [one.before, one.after].map(|value| human::show(one.unit, value));
    format!(
        "{} of {} is {} than before: {after}, and was {before}",
        one.what,
        cleaned(&one.scenario),
        changed(one)
    )
}

/// The comparison as a table of at most 80 columns but for long names, each line ended.
pub fn table(comparison: &Comparison) -> String {
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
            one.what.to_owned(),
            human::show(one.unit, one.before),
            human::show(one.unit, one.after),
            changed(one),
            told(one.standing).to_owned(),
        ]);
    }
    let mut text = set(&rows);
    for line in comparison.left_out.iter().chain(&comparison.unsettled) {
        text = format!("{text}not compared: {}\n", cleaned(line));
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

fn told(standing: Option<Standing>) -> &'static str {
    match standing {
        Some(Standing::Worse) => "WORSE",
        Some(Standing::Better) => "better",
        Some(Standing::Same) => "no difference shown",
        Some(Standing::Open | Standing::Late) => "not settled",
        None => "",
    }
}

/// What is not settled, a line each.
pub(super) fn open(compared: &[Compared]) -> impl Iterator<Item = String> {
    compared.iter().filter_map(|one| {
        let why = match (one.standing?, one.change.high) {
            (Standing::Late, _) => {
                "the load generator itself was late, and may have made the difference; give it more room and run it again"
                    .to_owned()
            }
            (Standing::Open, None) => wide("no bound can be told"),
            (Standing::Open, Some(high)) if one.unit == Unit::Share => {
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

/// `23 % more (11–38)`, `4 % less (-9–1)`
fn changed(one: &Compared) -> String {
    let percent = |value: f64| match one.unit {
        Unit::Share => value,
        _ => 100.0 * (value - 1.0),
    };
    let whole = |value: f64| match value.abs() {
        size if size < 9.95 => format!("{value:.1}"),
        // Nearly all is not all.
        size if (99.5..100.0).contains(&size) => format!("{:.2}", value.clamp(-99.99, 99.99)),
        _ => format!("{value:.0}"),
    };
    let value = percent(one.change.value);
    let direction = if value < 0.0 { "less" } else { "more" };
    let points = if one.unit == Unit::Share {
        " points"
    } else {
        " %"
    };
    let interval = match (one.change.low.map(percent), one.change.high.map(percent)) {
        (Some(low), Some(high)) => format!(" ({} to {})", whole(low), whole(high)),
        (Some(low), None) => format!(" (at least {})", whole(low)),
        (None, Some(high)) => format!(" (at most {})", whole(high)),
        (None, None) => String::new(),
    };
    format!("{}{points} {direction}{interval}", whole(value.abs()))
}
