//! Measures how often the verdicts and intervals of `agentos_perf::statistics` are wrong, on virtual
//! targets whose truth is known, and holds `docs/STATISTICS.md` to it.
//!
//! `UPDATE_DOCS=1 cargo test --test statistics` rewrites the table.

#[path = "statistics/intervals.rs"]
mod intervals;
#[path = "statistics/model.rs"]
mod model;
#[path = "statistics/table.rs"]
mod table;
#[path = "statistics/verdicts.rs"]
mod verdicts;

use std::path::Path;

const BEGIN: &str = "<!-- table:begin -->\n";
const END: &str = "<!-- table:end -->";

/// Highest rate that `runs` runs may show when the true one is `alpha`: three standard errors above.
fn tolerated(alpha: f64, runs: u32) -> f64 {
    alpha + 3.0 * (alpha * (1.0 - alpha) / f64::from(runs)).sqrt()
}

#[test]
fn wrong_verdicts_stay_within_alpha() {
    let rows = verdicts::measure();
    for row in rows.iter().filter(|row| row.within_reach()) {
        for (share, tally) in row.wrong() {
            let most = tolerated(verdicts::ALPHA, tally.runs);
            assert!(
                share <= most,
                "{} at {}: {share} are wrong",
                row.target,
                row.limit
            );
        }
    }
    let intervals = intervals::measure();
    for row in intervals.iter().filter(|row| row.within_reach) {
        for missed in [row.truth_below, row.truth_above] {
            let most = tolerated(verdicts::ALPHA, row.runs);
            assert!(
                missed <= most,
                "{} of {}: {missed} missed",
                row.figure,
                row.target
            );
        }
    }
    agree(&table::markdown(&rows, &intervals));
}

fn agree(fresh: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/STATISTICS.md");
    let docs = std::fs::read_to_string(&path).expect("docs/STATISTICS.md is readable");
    let (before, rest) = docs.split_once(BEGIN).expect("the table begins");
    let (committed, after) = rest.split_once(END).expect("the table ends");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, format!("{before}{BEGIN}{fresh}{END}{after}"))
            .expect("docs/STATISTICS.md is writable");
    } else {
        assert!(
            alike(committed, fresh),
            "docs/STATISTICS.md is out of date (UPDATE_DOCS=1 rewrites it):\n{fresh}"
        );
    }
}

/// Same words, and numbers within half a percentage point: the last digit of `ln` and `cos` differs
/// between platforms, and may turn a verdict in a thousand.
fn alike(committed: &str, fresh: &str) -> bool {
    let (old, new): (Vec<_>, Vec<_>) = (
        committed.split_whitespace().collect(),
        fresh.split_whitespace().collect(),
    );
    old.len() == new.len()
        && old
            .iter()
            .zip(&new)
            .all(|(a, b)| match (a.parse::<f64>(), b.parse::<f64>()) {
                (Ok(a), Ok(b)) => (a - b).abs() < 0.5,
                _ => a == b,
            })
}
