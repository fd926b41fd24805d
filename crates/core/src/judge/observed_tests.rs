use crate::judge::{Evidence, judge};
use crate::model::fixture::{calm, check};
use crate::record::{
    EndpointFigures, RunResult, Snapshot as Glance, SourceSeries, Statement, TargetProcess, figure,
};
use crate::requirement::{Judgement, Requirement, Severity, Source, Sources, Verdict};

fn judged_by(run: &RunResult, metric: &str, limit: &str, sources: Option<&Sources>) -> Judgement {
    let requirement = Requirement {
        name: "a::b".to_owned(),
        severity: Severity::Important,
        scenario: Some("api".to_owned()),
        checks: vec![check(metric, limit)],
    };
    let evidence = Evidence {
        runs: vec![run],
        sources,
        ..Evidence::default()
    };
    judge(&requirement, &evidence, 0.95)
}

fn judged(run: &RunResult, metric: &str, limit: &str) -> Judgement {
    judged_by(run, metric, limit, None)
}

/// A figure, and its value by the number of the second.
type FigureBySecond = (&'static str, fn(f64) -> f64);

/// A run of twelve seconds in which a source tells these figures: each by the number of its second.
fn run_with_figures(source: Source, figures: &[FigureBySecond]) -> RunResult {
    let mut run = calm("api");
    let look = |second: i32| Glance {
        at_ms: i64::from(second) * 1_000,
        figures: figures
            .iter()
            .map(|(name, at)| ((*name).to_owned(), at(f64::from(second))))
            .collect(),
    };
    let seen = SourceSeries {
        looks: (0..=12).map(look).collect(),
        ..SourceSeries::default()
    };
    run.observed.sources.insert(source, seen);
    run
}

fn value(judgement: &Judgement) -> f64 {
    judgement.checks[0].estimate.expect("a value").value
}

/// 500 hits and 10 misses before, 90 and 10 more in each second.
fn cached() -> RunResult {
    run_with_figures(
        Source::Redis,
        &[
            (figure::CACHE_HITS, |second| 500.0 + 90.0 * second),
            (figure::CACHE_MISSES, |second| 10.0 + 10.0 * second),
        ],
    )
}

#[test]
fn counts_tell_of_this_run_alone_and_have_an_interval() {
    let kept = judged(&cached(), "cache_hit_rate", "> 60 %");
    assert_eq!(kept.verdict, Verdict::Pass, "{}", kept.reason);
    assert!((value(&kept) - 90.0).abs() < 1e-9);
    let estimate = kept.checks[0].estimate.expect("a value");
    assert!(estimate.low.expect("an end") < 90.0 && estimate.high.expect("an end") > 90.0);
    assert_eq!(estimate.samples, 1_200);
    assert!(
        kept.reason.starts_with("Redis: 90 % of 1,200 look-ups"),
        "{}",
        kept.reason
    );
    let missed = judged(&cached(), "cache_hit_rate", "> 95 %");
    assert_eq!(missed.verdict, Verdict::Fail);
    let open = judged(&cached(), "cache_hit_rate", "> 90 %");
    assert_eq!(open.verdict, Verdict::Inconclusive);
}

#[test]
fn each_verdict_on_what_a_source_reports_says_for_which_disturbances_it_speaks() {
    let mut busy = run_with_figures(Source::Host, &[(figure::CPU, |_| 50.0)]);
    busy.observed.local = Some(true);
    // Every other second: what happens between two readings is longer.
    let mut seldom = cached();
    let seen = seldom.observed.sources.get_mut(&Source::Redis);
    let looks = &mut seen.expect("Redis").looks;
    looks.retain(|look| look.at_ms % 2_000 == 0);
    let own = run_with_figures(Source::Target, &[(figure::CACHE_HIT_RATE, |_| 55.0)]);
    let table = [
        (
            &cached(),
            "cache_hit_rate",
            "> 60 %",
            Verdict::Pass,
            "; a disturbance rarer than one in 4.00 s can't be ruled out by this run, and one shorter than the 1.00 s between two readings is averaged with the rest",
        ),
        (
            &seldom,
            "cache_hit_rate",
            "> 60 %",
            Verdict::Pass,
            "; a disturbance rarer than one in 4.00 s can't be ruled out by this run, and one shorter than the 2.00 s between two readings is averaged with the rest",
        ),
        (
            &cached(),
            "cache_hit_rate",
            "> 95 %",
            Verdict::Fail,
            "; this holds for the 12.0 s observed: a disturbance rarer than one in 4.00 s may be the cause",
        ),
        (
            &cached(),
            "cache_hit_rate",
            "> 90 %",
            Verdict::Inconclusive,
            "; readings every 1.00 s for 12.0 s can only decide about disturbances longer than that distance and more frequent than one in 4.00 s",
        ),
        (
            &own,
            "cache_hit_rate",
            "> 60 %",
            Verdict::Fail,
            "; which disturbances the source's own figure includes is not known",
        ),
        (
            &busy,
            "cpu",
            "< 80 %",
            Verdict::Pass,
            "; a disturbance shorter than the 1.00 s between two readings or rarer than one in 3.33 s can't be ruled out by this run",
        ),
        (
            &busy,
            "cpu",
            "< 40 %",
            Verdict::Fail,
            "; this holds for the 10.0 s observed: a disturbance shorter than the 1.00 s between two readings or rarer than one in 3.33 s may be the cause",
        ),
    ];
    for (run, metric, limit, verdict, told) in table {
        let judgement = judged(run, metric, limit);
        let reason = judgement.reason;
        assert_eq!(judgement.verdict, verdict, "{reason}");
        assert!(reason.ends_with(told), "{reason}");
        // Where several failures are listed, it is left out.
        assert!(
            verdict != Verdict::Fail
                || run == &own
                || !crate::judge::without_reach(&reason).contains("observed")
        );
    }
    // A source that nobody asked has no reach.
    let open = judged(&calm("api"), "cache_hit_rate", "> 60 %").reason;
    assert!(!open.contains("disturbance"), "{open}");
}

#[test]
fn nobody_asked_says_what_to_pass() {
    let open = judged(&calm("api"), "cache_hit_rate", "> 60 %");
    assert_eq!(open.verdict, Verdict::Inconclusive);
    assert!(open.reason.contains("--redis-url"), "{}", open.reason);
    assert!(open.checks[0].estimate.is_none());
}

#[test]
fn what_a_source_lacks_the_next_one_tells() {
    let mut run = run_with_figures(Source::Target, &[(figure::CACHE_HIT_RATE, |_| 55.0)]);
    let lost = SourceSeries {
        problems: vec!["connection refused".to_owned()],
        ..SourceSeries::default()
    };
    run.observed.sources.insert(Source::Redis, lost);
    let bare = judged(&run, "cache_hit_rate", "> 60 %");
    assert_eq!(bare.verdict, Verdict::Fail);
    let estimate = bare.checks[0].estimate.expect("a value");
    assert_eq!((estimate.low, estimate.high), (None, None));
    assert!(
        bare.reason
            .starts_with("the target: 55 % (without an interval"),
        "{}",
        bare.reason
    );
    let mut only = Sources::default();
    only.set(
        crate::requirement::Metric::CacheHitRate,
        vec![Source::Redis],
    );
    let open = judged_by(&run, "cache_hit_rate", "> 60 %", Some(&only));
    assert_eq!(open.verdict, Verdict::Inconclusive);
    assert!(
        open.reason.contains("Redis: connection refused"),
        "{}",
        open.reason
    );
}

#[test]
fn counters_that_tell_nothing_are_no_figure() {
    let set_back = run_with_figures(
        Source::Redis,
        &[
            (figure::CACHE_HITS, |second| 100.0 - second),
            (figure::CACHE_MISSES, |_| 0.0),
        ],
    );
    let idle = run_with_figures(
        Source::Redis,
        &[
            (figure::CACHE_HITS, |_| 7.0),
            (figure::CACHE_MISSES, |_| 7.0),
        ],
    );
    for (run, why) in [(set_back, "set back"), (idle, "no look-ups")] {
        let open = judged(&run, "cache_hit_rate", "> 60 %");
        assert_eq!(open.verdict, Verdict::Inconclusive);
        assert!(open.reason.contains(why), "{}", open.reason);
    }
}

#[test]
fn counters_that_were_gone_for_a_while_say_so() {
    let mut run = cached();
    let seen = run
        .observed
        .sources
        .get_mut(&Source::Redis)
        .expect("it is there");
    seen.looks.drain(..5);
    seen.problems.push("no answer within 2s".to_owned());
    let kept = judged(&run, "cache_hit_rate", "> 60 %");
    assert!(
        kept.reason.contains("only from 5.00 s to 12.0 s"),
        "{}",
        kept.reason
    );
    assert!(
        kept.reason.contains("no answer within 2s"),
        "{}",
        kept.reason
    );
}

#[test]
fn times_and_errors_of_queries() {
    let figures: [FigureBySecond; 4] = [
        (figure::QUERY_TIME, |second| 1e6 + 400.0 * second),
        (figure::TIMED_QUERIES, |second| 40.0 * second),
        (figure::QUERIES, |second| 100.0 * second),
        (figure::FAILED_QUERIES, |second| 5.0 * second),
    ];
    let mean = judged(
        &run_with_figures(Source::Postgres, &figures),
        "query_time_mean",
        "< 50 ms",
    );
    assert_eq!((mean.verdict, value(&mean)), (Verdict::Pass, 10.0));
    assert_eq!(mean.checks[0].estimate.expect("a value").samples, 480);
    let errors = judged(
        &run_with_figures(Source::Prometheus, &figures),
        "query_error_rate",
        "< 1 %",
    );
    assert_eq!(errors.verdict, Verdict::Fail, "{}", errors.reason);
    assert!(
        errors
            .reason
            .starts_with("the metrics page: 5 % of 1,200 queries failed"),
        "{}",
        errors.reason
    );
}

/// 1,200 transactions, of which so many of 100 were rolled back, fell to a deadlock, and ended with their session.
fn transactions(
    rolled_back: fn(f64) -> f64,
    deadlocks: fn(f64) -> f64,
    ended: fn(f64) -> f64,
) -> RunResult {
    run_with_figures(
        Source::Postgres,
        &[
            (figure::QUERIES, |second| 5e4 + 100.0 * second),
            (figure::ROLLBACKS, rolled_back),
            (figure::DEADLOCKS, deadlocks),
            (figure::CONFLICTS, |_| 0.0),
            (figure::ENDED_SESSIONS, ended),
        ],
    )
}

#[test]
fn a_rollback_is_not_a_failure_and_what_failed_is_one() {
    let half: fn(f64) -> f64 = |second| 48.0 * second;
    let few: fn(f64) -> f64 = |second| 5.0 * second;
    let none: fn(f64) -> f64 = |_| 0.0;
    let table = [
        // A pool that rolls back whenever it checks a connection.
        (
            half,
            none,
            none,
            Verdict::Inconclusive,
            "576 of 1,200 transactions were rolled back, and",
        ),
        (
            none,
            none,
            none,
            Verdict::Pass,
            "0 % of 1,200 transactions were rolled back, so at most as many failed",
        ),
        (
            half,
            few,
            none,
            Verdict::Fail,
            "5 % of 1,200 transactions failed for certain",
        ),
        (
            half,
            none,
            few,
            Verdict::Fail,
            "5 % of 1,200 transactions failed for certain",
        ),
        // Sessions that were ended while they had no transaction.
        (none, none, few, Verdict::Pass, "at most as many failed"),
        // In a savepoint, so that the transaction went on.
        (none, few, none, Verdict::Fail, "failed for certain"),
    ];
    for (rolled_back, deadlocks, ended, verdict, said) in table {
        let run = transactions(rolled_back, deadlocks, ended);
        let found = judged(&run, "query_error_rate", "< 1 %");
        assert_eq!(found.verdict, verdict, "{said}: {}", found.reason);
        assert!(found.reason.contains(said), "{}", found.reason);
        assert_eq!(
            found.checks[0].estimate.is_none(),
            verdict == Verdict::Inconclusive
        );
    }
}

/// Errors in the log by the second, the verdict, and what is said.
type Logged<'a> = (fn(f64) -> f64, Verdict, &'a str);

#[test]
fn errors_in_the_log_are_what_failed() {
    let none: fn(f64) -> f64 = |_| 0.0;
    let table: [Logged<'_>; 3] = [
        (
            |_| 7.0,
            Verdict::Pass,
            "0 % of 1,200 transactions had an error in the server's log",
        ),
        (
            |second| 5.0 * second,
            Verdict::Fail,
            "5 % of 1,200 transactions had",
        ),
        // More than were counted: of connections that were refused no transaction is.
        (
            |second| 200.0 * second,
            Verdict::Fail,
            "100 % of 2,400 transactions had",
        ),
    ];
    for (logged, verdict, said) in table {
        let mut run = transactions(|second| 48.0 * second, none, none);
        let log = run_with_figures(Source::Postgres, &[(figure::LOGGED_ERRORS, logged)]);
        let seen = run.observed.sources.get_mut(&Source::Postgres);
        let seen = seen.expect("it is there");
        let log = &log.observed.sources[&Source::Postgres];
        for (look, logged) in seen.looks.iter_mut().zip(&log.looks) {
            look.figures.extend(logged.figures.clone());
        }
        let found = judged(&run, "query_error_rate", "< 1 %");
        assert_eq!(found.verdict, verdict, "{said}: {}", found.reason);
        assert!(found.reason.contains(said), "{}", found.reason);
        // The last part of the log was not read, so it could hold anything.
        let seen = run.observed.sources.get_mut(&Source::Postgres);
        let seen = seen.expect("it is there");
        seen.problems.push("GRANT pg_monitor".to_owned());
        let last = seen.looks.last_mut().expect("a look");
        last.figures.remove(figure::LOGGED_ERRORS);
        let open = judged(&run, "query_error_rate", "< 1 %");
        assert_eq!(open.verdict, Verdict::Inconclusive, "{}", open.reason);
        assert!(
            open.reason
                .contains("576 of 1,200 transactions were rolled back")
                && open.reason.contains("; GRANT pg_monitor"),
            "{}",
            open.reason
        );
    }
}

#[test]
fn where_rollbacks_decide_nothing_the_service_s_own_count_does() {
    let mut run = transactions(|second| 48.0 * second, |_| 0.0, |_| 0.0);
    let own = run_with_figures(
        Source::Target,
        &[
            (figure::QUERIES, |second| 200.0 * second),
            (figure::FAILED_QUERIES, |_| 3.0),
        ],
    );
    run.observed.sources.extend(own.observed.sources);
    let kept = judged(&run, "query_error_rate", "< 1 %");
    assert_eq!(kept.verdict, Verdict::Pass, "{}", kept.reason);
    assert!(
        kept.reason
            .starts_with("the target: 0 % of 2,400 queries failed"),
        "{}",
        kept.reason
    );
}

#[test]
fn a_postgres_that_does_not_count_sessions_is_judged_by_the_rest() {
    let run = run_with_figures(
        Source::Postgres,
        &[
            (figure::QUERIES, |second| 100.0 * second),
            (figure::ROLLBACKS, |second| 50.0 * second),
            (figure::DEADLOCKS, |second| 5.0 * second),
            (figure::CONFLICTS, |_| 0.0),
        ],
    );
    let missed = judged(&run, "query_error_rate", "< 1 %");
    assert_eq!((missed.verdict, value(&missed)), (Verdict::Fail, 5.0));
}

#[test]
fn the_quantile_of_queries_is_called_an_estimate() {
    let mut run = run_with_figures(Source::Postgres, &[(figure::QUERIES, |second| second)]);
    run.observed.statements = vec![Statement {
        id: "1".to_owned(),
        text: "SELECT 1".to_owned(),
        calls: 100,
        total_ms: 2_000.0,
        deviation_ms: 0.0,
    }];
    let kept = judged(&run, "query_time_p95", "< 100 ms");
    assert_eq!(kept.verdict, Verdict::Pass);
    assert!((value(&kept) - 20.0).abs() < 1e-6);
    assert!(kept.reason.contains("an estimate"), "{}", kept.reason);
}

#[test]
fn the_machine_speaks_without_the_generator_and_only_for_a_target_on_it() {
    let busy: [FigureBySecond; 2] = [
        (figure::CPU, |second| 90.0 + second % 2.0),
        (figure::CPU_OWN, |_| 40.0),
    ];
    let mut run = run_with_figures(Source::Host, &busy);
    run.observed.local = Some(true);
    let kept = judged(&run, "cpu", "< 80 %");
    assert_eq!(kept.verdict, Verdict::Pass, "{}", kept.reason);
    assert!((value(&kept) - 50.5).abs() < 1.0);
    run.observed.local = Some(false);
    let open = judged(&run, "cpu", "< 80 %");
    assert_eq!(open.verdict, Verdict::Inconclusive);
    assert!(open.reason.contains("runs elsewhere"), "{}", open.reason);
}

/// A process on two processors.
fn process(figures: &[FigureBySecond]) -> RunResult {
    let mut run = run_with_figures(Source::Process, figures);
    run.observed.process = Some(TargetProcess {
        pid: 4711,
        name: "uvicorn".to_owned(),
    });
    run
}

#[test]
fn the_fullest_of_what_a_process_can_use_is_judged_and_named() {
    let one_thread = process(&[
        (figure::CPU, |_| 49.7),
        (figure::CPU_ALLOWED, |_| 49.7),
        (figure::PROCESSORS_ALLOWED, |_| 2.0),
        (figure::CPU_THREAD, |second| 99.2 + second % 2.0 / 10.0),
    ]);
    let quota = process(&[
        (figure::CPU, |_| 45.0),
        (figure::CPU_ALLOWED, |_| 90.0),
        (figure::PROCESSORS_ALLOWED, |_| 1.0),
        (figure::CPU_THREAD, |_| 30.0),
    ]);
    let half = process(&[
        (figure::CPU, |_| 30.0),
        (figure::CPU_ALLOWED, |_| 40.0),
        (figure::PROCESSORS_ALLOWED, |_| 1.5),
        (figure::CPU_THREAD, |_| 30.0),
    ]);
    let calm = process(&[
        (figure::CPU, |_| 60.0),
        (figure::CPU_ALLOWED, |_| 60.0),
        (figure::PROCESSORS_ALLOWED, |_| 2.0),
        (figure::CPU_THREAD, |_| 31.0),
    ]);
    let table = [
        (
            one_thread,
            Verdict::Fail,
            ", its busiest thread, of the one processor that a thread can use: 99.25 % on",
        ),
        (
            quota,
            Verdict::Fail,
            " (uvicorn 4711), of the processor that it may use: 90 % on",
        ),
        (
            half,
            Verdict::Pass,
            " (uvicorn 4711), of the 1.5 processors that it may use: 40 % on",
        ),
        (calm, Verdict::Pass, " (uvicorn 4711): 60 % on"),
    ];
    for (run, verdict, said) in table {
        let found = judged(&run, "cpu", "< 80 %");
        assert_eq!(found.verdict, verdict, "{}", found.reason);
        assert!(found.reason.contains(said), "{}", found.reason);
        let high = found.checks[0].estimate.and_then(|estimate| estimate.high);
        assert!(high.expect("an end") <= 100.0, "{}", found.reason);
    }
}

/// What the target uses, the machine, and the load generator's part of the latter; whether it is this machine; the verdict,
/// and what is said.
type Starved<'a> = (f64, f64, f64, Option<bool>, Verdict, &'a str);

#[test]
fn a_target_on_a_full_machine_can_use_no_more() {
    let table: [Starved<'_>; 6] = [
        (
            20.0,
            99.96,
            5.0,
            Some(true),
            Verdict::Fail,
            " (uvicorn 4711), on a machine whose processors are 99.96 % used, 5 % by the load generator: all but that: \
             95 % on",
        ),
        // It is the generator that takes the time; its own share is judged elsewhere.
        (
            20.0,
            99.96,
            70.0,
            Some(true),
            Verdict::Pass,
            "70 % by the load generator: all but that: 30 % on",
        ),
        (20.0, 99.96, 5.0, None, Verdict::Fail, "all but that: 95 %"),
        (
            20.0,
            99.96,
            5.0,
            Some(false),
            Verdict::Pass,
            " (uvicorn 4711): 20 %",
        ),
        // Time is left, so the target could have used it.
        (
            20.0,
            88.0,
            2.0,
            Some(true),
            Verdict::Pass,
            " (uvicorn 4711): 20 %",
        ),
        // The target alone fills it.
        (
            93.0,
            99.0,
            5.0,
            Some(true),
            Verdict::Fail,
            "all but that: 94 %",
        ),
    ];
    for (target, machine, own, local, verdict, said) in table {
        let mut run = process(&[]);
        let host = SourceSeries::default();
        run.observed.sources.insert(Source::Host, host);
        for (source, figures) in [
            (
                Source::Process,
                vec![(figure::CPU, target), (figure::CPU_ALLOWED, target)],
            ),
            (
                Source::Host,
                vec![(figure::CPU, machine), (figure::CPU_OWN, own)],
            ),
        ] {
            let seen = run.observed.sources.get_mut(&source).expect("it is there");
            let looks = (0..=12).map(|second| Glance {
                at_ms: second * 1_000,
                figures: figures
                    .iter()
                    .map(|(name, value)| ((*name).to_owned(), *value))
                    .collect(),
            });
            seen.looks = looks.collect();
        }
        run.observed.local = local;
        let found = judged(&run, "cpu", "< 80 %");
        assert_eq!(found.verdict, verdict, "{}", found.reason);
        assert!(found.reason.contains(said), "{}", found.reason);
    }
}

#[test]
fn memory_is_held_against_the_limit_of_the_cgroup() {
    let run = process(&[
        (figure::MEMORY, |_| 3.0),
        (figure::MEMORY_ALLOWED, |_| 92.0),
    ]);
    let missed = judged(&run, "memory", "< 85 %");
    assert_eq!((missed.verdict, value(&missed)), (Verdict::Fail, 92.0));
    assert!(
        missed.reason.contains("its cgroup may use"),
        "{}",
        missed.reason
    );
}

/// The target's own endpoints, from a page that answered at `looks - missed` of these looks.
fn own_endpoints(looks: u64, missed: u64) -> RunResult {
    let mut run = run_with_figures(Source::Target, &[(figure::ENDPOINTS, |_| 1.0)]);
    run.observed.endpoints = vec![EndpointFigures {
        name: "GET:/a".to_owned(),
        mean_ms: Some(20.0),
        p95_ms: Some(150.0),
        requests: Some(100.0),
    }];
    let seen = run
        .observed
        .sources
        .get_mut(&Source::Target)
        .expect("it is there");
    // Other pages answered at each look.
    seen.looks.truncate(usize::try_from(looks).expect("a few"));
    seen.asked = seen.looks.len() as u64;
    seen.unanswered.insert(figure::ENDPOINTS.to_owned(), missed);
    if missed > 0 {
        seen.problems
            .push(format!("/summary: status 429 ({missed} times)"));
    }
    run
}

#[test]
fn a_page_that_was_refused_says_so_and_passes_nothing_when_it_was_refused_much() {
    let table = [
        (0, Verdict::Pass, None),
        (
            1,
            Verdict::Pass,
            Some("did not answer at 1 of 12 looks (/summary: status 429 (1 times))"),
        ),
        (3, Verdict::Pass, Some("at 3 of 12 looks")),
        (4, Verdict::Inconclusive, Some("at 4 of 12 looks")),
        (11, Verdict::Inconclusive, Some("at 11 of 12 looks")),
    ];
    for (missed, verdict, said) in table {
        let found = judged(&own_endpoints(12, missed), "endpoint_time_p95", "<= 200 ms");
        assert_eq!(found.verdict, verdict, "{missed}: {}", found.reason);
        assert_eq!(
            found.reason.contains("did not answer"),
            said.is_some(),
            "{}",
            found.reason
        );
        assert!(
            found.reason.contains(said.unwrap_or("GET:/a")),
            "{}",
            found.reason
        );
    }
    let missed = judged(&own_endpoints(12, 11), "endpoint_time_p95", "<= 100 ms");
    assert_eq!(missed.verdict, Verdict::Fail, "{}", missed.reason);
    // Where no page answered, the look itself is missing.
    let mut silent = own_endpoints(12, 0);
    let seen = silent
        .observed
        .sources
        .get_mut(&Source::Target)
        .expect("it is there");
    seen.asked = 21;
    seen.looks.truncate(6);
    let open = judged(&silent, "endpoint_time_mean", "<= 100 ms");
    assert_eq!(open.verdict, Verdict::Inconclusive);
    assert!(open.reason.contains("at 15 of 21 looks"), "{}", open.reason);
}

#[test]
fn counters_of_a_small_part_of_the_run_pass_nothing() {
    let mut run = cached();
    let seen = run
        .observed
        .sources
        .get_mut(&Source::Redis)
        .expect("it is there");
    seen.looks.drain(..9);
    let open = judged(&run, "cache_hit_rate", "> 60 %");
    assert_eq!(open.verdict, Verdict::Inconclusive, "{}", open.reason);
    assert!(
        open.reason.contains("too little to pass on"),
        "{}",
        open.reason
    );
    let missed = judged(&run, "cache_hit_rate", "> 99 %");
    assert_eq!(missed.verdict, Verdict::Fail, "{}", missed.reason);
}

#[test]
fn the_process_goes_before_the_machine() {
    let mut run = run_with_figures(Source::Process, &[(figure::CPU, |_| 12.0)]);
    let host = run_with_figures(Source::Host, &[(figure::CPU, |_| 99.0)]);
    run.observed.sources.extend(host.observed.sources);
    run.observed.process = Some(TargetProcess {
        pid: 4711,
        name: "uvicorn".to_owned(),
    });
    let kept = judged(&run, "cpu", "< 80 %");
    assert_eq!((kept.verdict, value(&kept)), (Verdict::Pass, 12.0));
    assert!(
        kept.reason
            .starts_with("the target's process (uvicorn 4711)"),
        "{}",
        kept.reason
    );
}

#[test]
fn the_slowest_endpoint_of_the_target_s_own_decides() {
    let mut run = run_with_figures(Source::Target, &[]);
    let endpoint = |name: &str, mean_ms, p95_ms| EndpointFigures {
        name: name.to_owned(),
        mean_ms,
        p95_ms,
        requests: Some(100.0),
    };
    run.observed.endpoints = vec![
        endpoint("GET:/a", Some(20.0), Some(150.0)),
        endpoint("GET:/b", Some(110.0), None),
    ];
    let mean = judged(&run, "endpoint_time_mean", "<= 100 ms");
    assert_eq!((mean.verdict, value(&mean)), (Verdict::Fail, 110.0));
    assert!(mean.reason.contains("GET:/b"), "{}", mean.reason);
    let p95 = judged(&run, "endpoint_time_p95", "<= 200 ms");
    assert_eq!((p95.verdict, value(&p95)), (Verdict::Pass, 150.0));
}
