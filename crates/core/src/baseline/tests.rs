use super::*;
use crate::judge::intervals;
use crate::model::{Report, fixture};
use crate::record::Machine;
use crate::record::Outcome;
use crate::requirement::{Figure, Standing, Verdict};

/// A session of one scenario, each request of which took so long.
fn session(scenario: &str, took_ms: impl Fn(u64) -> u64) -> Report {
    let run = fixture::run(scenario, |due, _| fixture::Asked::ok(took_ms(due)));
    Report {
        judgements: Vec::new(),
        runs: vec![fixture::shown(run)],
        ..fixture::report()
    }
}

/// 20 to 59 ms, in no order, a little apart from one session to the next, and so many percent longer.
fn usual(percent: u64, seed: u64) -> Report {
    session("api", |due| {
        (20 + (due / 10 * 7_919 + seed * 31) % 40) * (100 + percent) / 100
    })
}

#[test]
fn the_same_again_is_no_regression() {
    let judged = judge(&[usual(0, 1)], &usual(0, 2), 0.95);
    assert_eq!(judged.verdict, Verdict::Pass, "{}", judged.reason);
}

/// As many sessions as it takes to tell how much they differ.
fn baseline(percent: u64) -> [Report; 3] {
    [1, 3, 4].map(|seed| usual(percent, seed))
}

#[test]
fn what_takes_a_fifth_longer_is_found_and_told() {
    let judged = judge(&baseline(0), &usual(20, 2), 0.95);
    assert_eq!(judged.verdict, Verdict::Fail, "{}", judged.reason);
    assert!(judged.reason.contains("of api is") && judged.reason.contains("more"));
    let better = judge(&baseline(20), &usual(0, 2), 0.95);
    assert_eq!(better.verdict, Verdict::Pass, "{}", better.reason);
}

#[test]
fn fewer_than_three_sessions_are_assumed_to_differ() {
    for sessions in [&baseline(0)[..1], &baseline(0)[..2]] {
        let small = judge(sessions, &usual(20, 2), 0.95);
        assert_eq!(small.verdict, Verdict::Pass, "{}", small.reason);
        let told = "(fewer than three sessions: runs are assumed to differ by 10 % by themselves)";
        assert!(small.reason.ends_with(told), "{}", small.reason);
        let large = judge(sessions, &usual(60, 2), 0.95);
        assert_eq!(large.verdict, Verdict::Fail, "{}", large.reason);
    }
    let one = compare(&[&usual(0, 1)], &[&usual(0, 2)], 0.95);
    let note =
        "note: fewer than three sessions: runs are assumed to differ by 10 % by themselves\n";
    assert!(table(&one).ends_with(note), "{}", table(&one));
}

/// Where a second is slower as a whole, its requests tell little of the p95; those farther out bound it all the same.
#[test]
fn an_end_that_the_p95_has_not_is_that_of_the_p99() {
    let uneven = session("api", |due| match due {
        due if due / 10 % 40 == 7 => 30 + due / 10 * 7_919 % 7,
        6_000..7_000 => 18,
        _ => 10 + due / 10 * 7_919 % 5,
    });
    let sure = intervals(&uneven.runs[0].run, 0.95).times.response;
    assert!(sure.p95.high.is_none() && sure.p99.high.is_some());
    let compared = compare(&[&usual(900, 1)], &[&uneven], 0.95);
    let p95 = compared.compared.iter().find(|one| one.what == Figure::P95);
    let p95 = p95.expect("the p95");
    assert_eq!(p95.standing, Some(Standing::Better), "{p95:?}");
}

#[test]
fn what_is_significant_and_small_is_noise() {
    let exactly = |ms: u64| session("api", move |_| ms);
    let before = [100, 100, 100].map(exactly);
    let small = judge(&before, &exactly(103), 0.95);
    assert_eq!(small.verdict, Verdict::Pass, "{}", small.reason);
    let large = judge(&before, &exactly(115), 0.95);
    assert_eq!(large.verdict, Verdict::Fail, "{}", large.reason);
}

#[test]
fn what_differs_in_plan_or_machine_is_not_compared() {
    let before = usual(0, 1);
    let mut other_plan = usual(50, 2);
    other_plan.runs[0].run.plan = "another".to_owned();
    let mut other_machine = usual(50, 2);
    other_machine.machine = Some(Machine {
        processors: 64,
        ..before.machine.clone().unwrap()
    });
    let mut unknown = usual(50, 2);
    unknown.machine = None;
    for (after, why) in [
        (other_plan, "the plan of api differs"),
        (other_machine, "the number of processors differs (2, 64)"),
        (unknown, "does not tell on what machine"),
    ] {
        let judged = judge(std::slice::from_ref(&before), &after, 0.95);
        assert_eq!(judged.verdict, Verdict::Inconclusive);
        assert!(judged.reason.contains(why), "{}", judged.reason);
    }
    let judged = judge(&[session("other", |_| 10)], &usual(0, 1), 0.95);
    assert_eq!(judged.verdict, Verdict::Inconclusive);
    assert!(
        judged.reason.contains("no scenario could be compared"),
        "{}",
        judged.reason
    );
    assert_eq!(
        judge(&[], &usual(0, 1), 0.95).verdict,
        Verdict::Inconclusive
    );
}

/// 20 to 59 ms, of which the generator was late by as many as `late` says.
fn held_up(late: impl Fn(u64) -> u64) -> Report {
    let run = fixture::run("api", |due, _| fixture::Asked {
        lag: late(due) * fixture::MS,
        ..fixture::Asked::ok(20 + due / 10 * 7_919 % 40)
    });
    Report {
        runs: vec![fixture::shown(run)],
        ..usual(0, 1)
    }
}

#[test]
fn what_the_generator_itself_was_late_with_is_no_regression() {
    let stalled = held_up(|due| if due % 1_000 < 600 { 300 } else { 0 });
    for (before, after) in [(usual(0, 1), stalled.clone()), (stalled, usual(0, 1))] {
        let compared = compare(&[&before], &[&after], 0.95);
        let of = |what| compared.compared.iter().find(|one| one.what == what);
        let standing = |what| of(what).expect("it is there").standing;
        assert_eq!(standing(Figure::P50), Some(Standing::Late), "{compared:?}");
        assert_eq!(standing(Figure::P95), Some(Standing::Late), "{compared:?}");
        let told = &compared.unsettled[0];
        assert!(
            told.contains("the load generator itself was late"),
            "{told}"
        );
    }
    // As late as ever, and slower all the same.
    let [calm, slower] = [0, 100].map(|more| {
        let run = fixture::run("api", |due, _| fixture::Asked {
            lag: fixture::MS,
            ..fixture::Asked::ok(20 + more + due / 10 * 7_919 % 40)
        });
        Report {
            runs: vec![fixture::shown(run)],
            ..usual(0, 1)
        }
    });
    let judged = judge(&[calm], &slower, 0.95);
    assert_eq!(judged.verdict, Verdict::Fail, "{}", judged.reason);
}

#[test]
fn what_failed_for_want_of_own_sockets_is_no_regression() {
    let failing = |outcome: Outcome| {
        let run = fixture::run("api", move |due, _| match due {
            due if due % 200 == 0 => fixture::Asked::ok(20).ended(outcome),
            _ => fixture::Asked::ok(20 + due / 10 * 7_919 % 40),
        });
        Report {
            runs: vec![fixture::shown(run)],
            ..usual(0, 1)
        }
    };
    let standing = |after: Report| {
        let compared = compare(&[&usual(0, 1)], &[&after], 0.95).compared;
        let failed = compared.iter().find(|one| one.what == Figure::Failed);
        failed.expect("it is there").standing
    };
    assert_eq!(standing(failing(Outcome::NoSocket)), Some(Standing::Late));
    assert_eq!(
        standing(failing(Outcome::Status(500))),
        Some(Standing::Worse)
    );
}

#[test]
fn of_turns_too() {
    let turn = |report: Report| report.runs[0].run.clone();
    let stalled = || held_up(|due| if due % 1_000 < 600 { 300 } else { 0 });
    let pairs: Vec<_> = (0..6)
        .map(|seed| (turn(usual(0, seed)), turn(stalled())))
        .collect();
    let compared = compare_pairs(&pairs, 0.95);
    assert_eq!(compared.compared[1].standing, Some(Standing::Late));
    assert_eq!(compared.worse().count(), 0);
}

#[test]
fn names_that_mean_harm_do_none() {
    let evil = "api\u{1b}]0;x\u{7}\n::error::forged";
    let [mut before, mut after] = [usual(0, 1), usual(60, 2)];
    for report in [&mut before, &mut after] {
        report.runs[0].run.scenario = evil.to_owned();
    }
    let compared = compare(&[&before], &[&after], 0.95);
    let judged = judge(std::slice::from_ref(&before), &after, 0.95);
    after.runs[0].run.plan = "\n::error::another".to_owned();
    let texts = [table(&compared), judged.reason]
        .into_iter()
        .chain(judged.advice)
        .chain(unlike(&[before], &after));
    for text in texts {
        assert!(!text.contains('\u{1b}'), "{text}");
        assert!(!text.contains("\n::"), "{text}");
    }
}

#[test]
fn failures_that_came_are_a_regression() {
    let failing = fixture::run("api", |due, _| {
        let asked = fixture::Asked::ok(20 + due / 10 % 40);
        if due % 200 == 0 {
            asked.ended(Outcome::Status(500))
        } else {
            asked
        }
    });
    let after = Report {
        runs: vec![fixture::shown(failing)],
        ..usual(0, 1)
    };
    let judged = judge(&[usual(0, 1)], &after, 0.95);
    assert_eq!(judged.verdict, Verdict::Fail);
    assert!(judged.reason.contains("failed of api"), "{}", judged.reason);
}

#[test]
fn a_comparison_as_a_table() {
    let sessions = [usual(0, 1), usual(1, 2), usual(0, 3), usual(2, 4)];
    let before: Vec<&Report> = sessions.iter().collect();
    let text = table(&compare(&before, &[&usual(20, 5)], 0.95));
    assert!(
        text.lines().all(|line| line.chars().count() <= 80),
        "{text}"
    );
    insta::assert_snapshot!(text);
}

#[test]
fn searches_and_runs_that_were_cut_off_are_left_out() {
    let before = Report {
        runs: vec![
            fixture::shown(fixture::searched("stress")),
            fixture::shown(fixture::failed("mixed")),
        ],
        ..usual(0, 1)
    };
    let comparison = compare(&[&before], &[&before], 0.95);
    assert!(comparison.compared.is_empty());
    assert!(comparison.left_out.is_empty() && comparison.unsettled.is_empty());
}

/// Turns of both, disturbed alike: the second turn of four took twice as long for either.
fn turns(percent: u64) -> Vec<(crate::record::RunResult, crate::record::RunResult)> {
    let run = |percent: u64, seed: u64| {
        let slow = if seed % 4 == 1 { 2 } else { 1 };
        let took = move |due: u64| {
            slow * (20 + (due / 10 * 7_919 + seed * 31) % 40) * (100 + percent) / 100
        };
        fixture::run("api", move |due, _| fixture::Asked::ok(took(due)))
    };
    (0..8)
        .map(|turn| (run(0, turn), run(percent, turn)))
        .collect()
}

#[test]
fn what_disturbs_both_alike_cancels_out() {
    let standing = |percent| {
        let comparison = compare_pairs(&turns(percent), 0.95);
        comparison
            .compared
            .iter()
            .map(|one| (one.what, one.standing))
            .collect::<Vec<_>>()
    };
    let judged = |p: Standing| {
        vec![
            (Figure::P50, Some(p)),
            (Figure::P95, Some(p)),
            (Figure::P99, None),
            (Figure::Failed, Some(Standing::Same)),
            (Figure::Throughput, None),
        ]
    };
    assert_eq!(standing(0), judged(Standing::Same));
    assert_eq!(standing(3), judged(Standing::Same));
    assert_eq!(standing(15), judged(Standing::Worse));
    let turned: Vec<_> = turns(15).into_iter().map(|(a, b)| (b, a)).collect();
    assert_eq!(
        compare_pairs(&turned, 0.95).compared[0].standing,
        Some(Standing::Better)
    );
}

#[test]
fn too_few_turns_are_not_compared() {
    let mut few = turns(10);
    few.truncate(3);
    let comparison = compare_pairs(&few, 0.95);
    assert!(comparison.compared.is_empty());
    assert_eq!(
        comparison.unsettled,
        ["api: 3 pairs of complete turns, and 4 are needed"]
    );
}

#[test]
fn what_was_not_run_to_its_end_is_not_as_good_as_before() {
    let mut after = usual(0, 2);
    after.runs.push(fixture::shown(fixture::failed("mixed")));
    let mut before = usual(0, 1);
    before.runs.push(session("mixed", |_| 10).runs.remove(0));
    before.runs[1].run.plan.clone_from(&after.runs[1].run.plan);
    let judged = judge(&[before], &after, 0.95);
    assert_eq!(judged.verdict, Verdict::Inconclusive, "{}", judged.reason);
    assert!(judged.reason.contains("mixed"), "{}", judged.reason);
}

#[test]
fn every_session_of_a_baseline_has_to_be_alike() {
    let mut other = usual(0, 1);
    other.runs[0].run.plan = "another".to_owned();
    let judged = judge(&[other, usual(0, 2)], &usual(0, 3), 0.95);
    assert_eq!(judged.verdict, Verdict::Inconclusive, "{}", judged.reason);
}

#[test]
fn what_only_the_baseline_has_is_told_and_not_missed() {
    let mut before = usual(0, 1);
    before.runs.push(session("mixed", |_| 10).runs.remove(0));
    let after = usual(0, 2);
    let comparison = compare(&[&before], &[&after], 0.95);
    assert_eq!(
        comparison.left_out,
        ["mixed: the later side did not run it"]
    );
    assert_eq!(judge(&[before], &after, 0.95).verdict, Verdict::Pass);
}

#[test]
fn what_can_not_rule_out_that_times_doubled_settles_nothing() {
    // Fates are shared for a second each, and a run has few of them.
    let wild = |seed: u64| {
        session("api", move |due| {
            20 + (due / 1_000 * 7_919 + seed * 31) % 17 * 30
        })
    };
    let judged = judge(&[wild(1)], &wild(2), 0.95);
    assert_eq!(judged.verdict, Verdict::Inconclusive, "{}", judged.reason);
    assert!(judged.reason.contains("run longer"), "{judged:?}");
}
