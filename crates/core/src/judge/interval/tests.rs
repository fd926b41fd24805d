use super::*;
use crate::model::fixture::{self, Asked, MS, run};
use crate::record::Counts;
use crate::record::Outcome;
use crate::requirement::Interval;

/// Some number below a hundred that looks like chance.
fn chance(due: u64) -> u64 {
    (due / 10).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32 & 0xffff
}

fn quick(due: u64) -> Asked {
    Asked {
        lag: 0,
        service: 10 * MS + chance(due) * MS / 3_000,
        ..Asked::ok(10)
    }
}

fn width(interval: Interval) -> f64 {
    interval.high.unwrap_or(f64::INFINITY) - interval.low.unwrap_or(0.0)
}

#[test]
fn nothing_is_known_of_a_run_that_was_not_made() {
    assert_eq!(
        intervals(&fixture::failed("api"), 0.95),
        RunIntervals::default()
    );
}

#[test]
fn every_percentile_lies_in_its_interval() {
    for run in [
        fixture::calm("api"),
        fixture::rough("api"),
        fixture::searched("api"),
    ] {
        let found = intervals(&run, 0.95);
        assert_eq!(found.endpoints.len(), run.endpoints.len());
        for (endpoint, found) in run.endpoints.iter().zip(&found.endpoints) {
            let p95 = endpoint.response.quantile_ms(0.95);
            let Interval { low, high } = found.response.p95;
            assert!(low.is_none_or(|low| low <= p95), "{low:?} {p95}");
            assert!(high.is_none_or(|high| p95 <= high), "{p95} {high:?}");
        }
    }
}

#[test]
fn too_few_times_leave_an_end_open() {
    let found = intervals(&run("api", |due, _| quick(due)), 0.95);
    let response = found.times.response;
    assert!(response.p50.low.is_some() && response.p50.high.is_some());
    assert!(response.p999.low.is_some() && response.p999.high.is_none());
}

#[test]
fn times_of_one_bucket_count_by_the_second() {
    let found = intervals(&run("api", |_, _| Asked::ok(20)), 0.95);
    // Of ten seconds, the slowest may be quicker than the p95; of a thousand requests not.
    assert!(found.times.response.p95.high.is_none());
    assert!(found.times.response.p50.high.is_some());
}

#[test]
fn requests_that_are_slow_together_widen_the_interval() {
    let slow = |due: u64, is_slow: bool| Asked {
        service: quick(due).service * if is_slow { 4 } else { 1 },
        ..quick(due)
    };
    let mixed = run("api", |due, _| slow(due, chance(due).is_multiple_of(10)));
    let bursts = run("api", |due, _| {
        slow(
            due,
            (5_000..5_500).contains(&due) || (9_000..9_500).contains(&due),
        )
    });
    let of = |run| width(intervals(run, 0.95).times.response.p90);
    assert!(
        of(&bursts) > 1.5 * of(&mixed),
        "{} {}",
        of(&bursts),
        of(&mixed)
    );
}

#[test]
fn what_failed_does_not_widen_the_times_of_what_was_answered() {
    let calm = run("api", |due, _| quick(due));
    let failing = run("api", |due, _| match due {
        6_000..6_400 => quick(due).ended(Outcome::Status(503)),
        _ => quick(due),
    });
    let (calm, failing) = (
        intervals(&calm, 0.95).times,
        intervals(&failing, 0.95).times,
    );
    assert!(width(failing.response.p50) > 1.3 * width(calm.response.p50));
    assert!(width(failing.answered.p50) < 1.3 * width(calm.answered.p50));
}

#[test]
fn an_endpoint_that_stalls_alone_is_seen_among_the_others() {
    let stalling = run("api", |due, endpoint| Asked {
        service: match (endpoint, due) {
            (2, 5_000..6_000 | 8_000..9_000) => 2 * quick(due).service,
            _ => quick(due).service,
        },
        ..quick(due)
    });
    let even = run("api", |due, endpoint| Asked {
        service: match (endpoint, chance(due) % 5) {
            (2, 0) => 2 * quick(due).service,
            _ => quick(due).service,
        },
        ..quick(due)
    });
    let of = |run| intervals(run, 0.95).endpoints[2].response.p90;
    assert!(
        width(of(&stalling)) > 1.5 * width(of(&even)),
        "{:?} {:?}",
        of(&stalling),
        of(&even)
    );
}

/// The same counts with the requests of the run dealt out to users: by turns, or the slow ones to a few of them.
#[test]
fn users_that_differ_widen_the_interval() {
    let mut run = run("api", |due, _| Asked {
        service: quick(due).service * if chance(due).is_multiple_of(10) { 4 } else { 1 },
        ..quick(due)
    });
    let group = |times: &[(u64, u64)]| {
        let mut group = crate::record::UserGroup::default();
        let due = times.iter().map(|(_, count)| count).sum();
        group.endpoints = vec![Counts::default(); 3];
        group.endpoints[0].due = due;
        for (ms, count) in times {
            (0..*count).for_each(|_| group.response.record(ms * MS));
        }
        group
    };
    let of = |run: &RunResult| width(intervals(run, 0.95).times.response.p90);
    let unknown = of(&run);
    run.users = vec![group(&[(15, 45), (60, 5)]); 20];
    let alike = of(&run);
    run.users = vec![group(&[(15, 50)]); 18];
    run.users.extend(vec![group(&[(60, 50)]); 2]);
    let sticky = of(&run);
    assert!((alike / unknown - 1.0).abs() < 0.05, "{alike} {unknown}");
    assert!(sticky > 1.5 * alike, "{sticky} {alike}");
}

#[test]
fn a_run_that_may_be_extended_shares_alpha() {
    let of = |extendable| {
        let mut run = run("api", |due, _| quick(due));
        run.window.extendable = extendable;
        width(intervals(&run, 0.95).times.response.p50)
    };
    assert!(of(true) > of(false));
}
