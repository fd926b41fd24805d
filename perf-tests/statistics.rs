//! Measures how often the verdicts and intervals of `agentos_perf::statistics` are wrong, on virtual
//! targets whose truth is known, and holds `docs/STATISTICS.md` to it.
//!
//! `UPDATE_DOCS=1 cargo test --test statistics` rewrites the table.

#[path = "statistics/cores.rs"]
mod cores;
#[path = "statistics/intervals.rs"]
mod intervals;
#[path = "statistics/model.rs"]
mod model;
#[path = "statistics/recorded.rs"]
mod recorded;
#[path = "statistics/reported.rs"]
mod reported;
#[path = "statistics/settling.rs"]
mod settling;
#[path = "statistics/table.rs"]
mod table;
#[path = "statistics/verdicts.rs"]
mod verdicts;

use std::path::Path;

const BEGIN: &str = "<!-- table:begin -->\n";
const END: &str = "<!-- table:end -->";

#[test]
fn wrong_verdicts_stay_within_alpha() {
    let rows = verdicts::within_reach();
    let settled = table::Settled {
        verdicts: settling::verdicts(),
        means: settling::means(),
        savings: settling::savings(),
    };
    for row in rows.iter().chain(&settled.verdicts) {
        for wrong in row.wrong() {
            let (target, limit) = (row.target.name(), row.limit);
            assert!(
                wrong <= verdicts::ALPHA,
                "{target} at {limit}: {wrong} are wrong"
            );
        }
    }
    for row in &settled.means {
        for missed in [row.truth_below, row.truth_above] {
            let target = &row.target;
            assert!(
                missed <= verdicts::ALPHA,
                "mean of {target}: {missed} missed"
            );
        }
    }
    let intervals = intervals::measure();
    for row in &intervals {
        let (target, figure) = (&row.target, row.figure);
        for missed in [row.truth_below, row.truth_above] {
            assert!(
                missed <= verdicts::ALPHA,
                "{figure} of {target}: {missed} missed"
            );
        }
    }
    agree(&table::markdown(
        &rows,
        &verdicts::out_of_reach(),
        &settled,
        &intervals,
    ));
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
