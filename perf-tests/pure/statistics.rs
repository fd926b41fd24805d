//! Measures how often the verdicts and intervals of `agentos_perf::statistics` are wrong, on virtual
//! targets whose truth is known, and holds `docs/STATISTICS.md` to it.
//!
//! `UPDATE_DOCS=1 cargo test --test pure statistics::` rewrites the table.

pub(crate) mod cores;
pub(crate) mod documented;
mod foreign;
mod intervals;
pub(crate) mod model;
pub(crate) mod recorded;
mod reported;
mod sessions;
mod settling;
mod table;
mod users;
mod verdicts;

/// Where the docs have the table.
const MARKS: [&str; 2] = ["<!-- table:begin -->\n", "<!-- table:end -->"];
const MARKS_OF_USERS: [&str; 2] = ["<!-- users:begin -->\n", "<!-- users:end -->"];

/// What so many runs of a simulation may show.
type MayShow = fn(u32) -> f64;

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
    let flat = |_: u32| verdicts::ALPHA;
    // Fewer runs, of which each is looked at more often: within the error of the simulation.
    let kinds: [(_, MayShow); 2] = [(&rows, flat), (&settled.verdicts, verdicts::may_show)];
    for (rows, may_show) in kinds {
        for row in rows {
            for (wrong, runs) in row.wrong() {
                let (target, limit) = (row.target.name(), row.limit);
                assert!(
                    wrong <= may_show(runs),
                    "{target} at {limit}: {wrong} are wrong"
                );
            }
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
    let foreign = foreign::measure();
    let risks = verdicts::out_of_reach();
    let fresh = table::markdown(&rows, &risks, &settled, &foreign, &intervals);
    documented::agree(&fresh, MARKS, 0.5);
}

/// The promise of the built-in profile: who keeps its limits with room to spare sees green.
#[test]
fn healthy_services_pass_the_built_in_profile() {
    use sessions::{Service, sessions};
    for (service, least) in [
        (Service::Share(0.4), 0.99),
        (Service::Share(0.6), 0.9),
        (Service::Away(20.0), 1.0),
        (Service::Share(0.2), 0.99),
    ] {
        let found = sessions(service, cores::runs(40));
        let (green, name) = (found.green_rate(), service.name());
        println!(
            "{name}: {green} green, {:.1} s: {:?}",
            found.seconds, found.red
        );
        assert!(green >= least, "{name}: {green} green, {:?}", found.red);
        assert!(found.seconds < 100.0, "{name}: {} s of load", found.seconds);
    }
}
