//! Measures how often the verdicts and intervals of `agentos_perf::statistics` are wrong, on virtual
//! targets whose truth is known, and holds `docs/STATISTICS.md` to it.
//!
//! `UPDATE_DOCS=1 STATISTICS_LONG=1 cargo test --test pure statistics::` rewrites the tables. Without `STATISTICS_LONG=1` there are
//! fewer simulations, and the tables may differ by as much as so few of them may.

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

use cores::{may_show, runs};
use verdicts::ALPHA;

#[test]
fn users_that_differ_count_as_few() {
    let fewest = runs(users::RUNS).min(runs(users::INTERVAL_RUNS));
    documented::agree(&users::measured(), "users", fewest);
}

#[test]
fn wrong_verdicts_stay_within_alpha() {
    let rows = verdicts::within_reach();
    assert_within_alpha(&rows);
    let risks = verdicts::out_of_reach();
    let fresh = table::verdicts(&rows, &risks);
    documented::agree(&fresh, "verdicts", fewest(verdicts::RUNS));
}

#[test]
fn wrong_verdicts_at_any_stopping_time_stay_within_alpha() {
    let rows = settling::verdicts();
    assert_within_alpha(&rows);
    let means = settling::means();
    for row in &means {
        for missed in [row.truth_below, row.truth_above] {
            let most = may_show(ALPHA, row.runs);
            assert!(missed <= most, "mean of {}: {missed} missed", row.target);
        }
    }
    let fresh = table::settled(&rows, &means);
    // Half of it where a run is long.
    documented::agree(&fresh, "settled", fewest(settling::RUNS) / 2);
}

#[test]
fn runs_end_when_all_is_settled() {
    let fresh = table::savings(&settling::savings());
    documented::agree(&fresh, "savings", settling::SAVING_RUNS);
}

#[test]
fn models_that_the_method_was_not_made_for_stand_in_the_docs() {
    let rows = foreign::measure();
    for row in rows.iter().filter(|row| row.may_be_healthy) {
        let (target, healthy) = (&row.target, row.tallies[foreign::HEALTHY]);
        let most = may_show(0.02, healthy.runs);
        assert!(1.0 - healthy.pass_rate() <= most, "{target}: {healthy:?}");
    }
    let fresh = table::foreign(&rows);
    documented::agree(&fresh, "foreign", runs(foreign::RUNS));
}

#[test]
fn intervals_rarely_miss() {
    let rows = intervals::measure();
    for row in &rows {
        let (target, figure) = (&row.target, row.figure);
        for missed in [row.truth_below, row.truth_above] {
            assert!(
                missed <= may_show(ALPHA, runs(intervals::RUNS)),
                "{figure} of {target}: {missed} missed"
            );
        }
    }
    documented::agree(&table::intervals(&rows), "intervals", runs(intervals::RUNS));
}

fn assert_within_alpha(rows: &[verdicts::Row]) {
    for row in rows {
        for (wrong, runs) in row.wrong() {
            let (target, limit) = (row.target.name(), row.limit);
            assert!(
                wrong <= may_show(ALPHA, runs),
                "{target} at {limit}: {wrong} are wrong"
            );
        }
    }
}

/// Of simulations at several distances from a limit, the fewest.
fn fewest(full: [u32; 5]) -> u32 {
    full.map(runs).into_iter().min().unwrap_or(0)
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
        let count = if cores::is_long() { 160 } else { 40 };
        let found = sessions(service, count);
        let (green, name) = (found.green_rate(), service.name());
        println!(
            "{name}: {green} green, {:.1} s: {:?}",
            found.seconds, found.red
        );
        // So few sessions may show fewer than there are.
        let red = if cores::is_long() {
            1.0 - least
        } else {
            may_show(1.0 - least, count)
        };
        assert!(
            green >= 1.0 - red - 1e-9,
            "{name}: {green} green, {:?}",
            found.red
        );
        assert!(found.seconds < 100.0, "{name}: {} s of load", found.seconds);
    }
}
