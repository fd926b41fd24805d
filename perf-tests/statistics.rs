//! Measures how often the verdicts and intervals of `agentos_perf::statistics` are wrong, on virtual
//! targets whose truth is known, and holds `docs/STATISTICS.md` to it.
//!
//! `UPDATE_DOCS=1 cargo test --test statistics` rewrites the table.

#[path = "statistics/cores.rs"]
mod cores;
#[path = "statistics/documented.rs"]
mod documented;
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
#[path = "statistics/users.rs"]
mod users;
#[path = "statistics/verdicts.rs"]
mod verdicts;

/// Where the docs have the table.
const MARKS: [&str; 2] = ["<!-- table:begin -->\n", "<!-- table:end -->"];
const MARKS_OF_USERS: [&str; 2] = ["<!-- users:begin -->\n", "<!-- users:end -->"];

#[test]
fn users_that_differ_count_as_few() {
    documented::agree(&users::measured(), MARKS_OF_USERS, 0.5);
}

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
    let fresh = table::markdown(&rows, &verdicts::out_of_reach(), &settled, &intervals);
    documented::agree(&fresh, MARKS, 0.5);
}
