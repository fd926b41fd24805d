use crate::record::{
    EndpointFigures, Look as Glance, RunResult, Seen, Statement, TargetProcess, figure,
};
use crate::report::fixture::{calm, check};
use crate::requirement::{
    Evidence, Judgement, Requirement, Severity, Source, Sources, Verdict, judge,
};

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
type Told = (&'static str, fn(f64) -> f64);

/// A run of twelve seconds in which a source tells these figures: each by the number of its second.
fn told(source: Source, figures: &[Told]) -> RunResult {
    let mut run = calm("api");
    let look = |second: i32| Glance {
        at_ms: i64::from(second) * 1_000,
        figures: figures
            .iter()
            .map(|(name, at)| ((*name).to_owned(), at(f64::from(second))))
            .collect(),
    };
    let seen = Seen {
        looks: (0..=12).map(look).collect(),
        problems: Vec::new(),
    };
    run.observed.sources.insert(source, seen);
    run
}

fn value(judgement: &Judgement) -> f64 {
    judgement.checks[0].estimate.expect("a value").value
}

/// 500 hits and 10 misses before, 90 and 10 more in each second.
fn cached() -> RunResult {
    told(
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
fn nobody_asked_says_what_to_pass() {
    let open = judged(&calm("api"), "cache_hit_rate", "> 60 %");
    assert_eq!(open.verdict, Verdict::Inconclusive);
    assert!(open.reason.contains("--redis-url"), "{}", open.reason);
    assert!(open.checks[0].estimate.is_none());
}

#[test]
fn what_a_source_lacks_the_next_one_tells() {
    let mut run = told(Source::Target, &[(figure::CACHE_HIT_RATE, |_| 55.0)]);
    let lost = Seen {
        looks: Vec::new(),
        problems: vec!["connection refused".to_owned()],
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
    let set_back = told(
        Source::Redis,
        &[
            (figure::CACHE_HITS, |second| 100.0 - second),
            (figure::CACHE_MISSES, |_| 0.0),
        ],
    );
    let idle = told(
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
    let run = told(
        Source::Postgres,
        &[
            (figure::QUERY_TIME, |second| 1e6 + 400.0 * second),
            (figure::TIMED_QUERIES, |second| 40.0 * second),
            (figure::QUERIES, |second| 100.0 * second),
            (figure::FAILED_QUERIES, |second| 5.0 * second),
        ],
    );
    let mean = judged(&run, "query_time_mean", "< 50 ms");
    assert_eq!((mean.verdict, value(&mean)), (Verdict::Pass, 10.0));
    assert_eq!(mean.checks[0].estimate.expect("a value").samples, 480);
    let errors = judged(&run, "query_error_rate", "< 1 %");
    assert_eq!(errors.verdict, Verdict::Fail, "{}", errors.reason);
    assert!(errors.reason.contains("transactions"), "{}", errors.reason);
}

#[test]
fn the_quantile_of_queries_is_called_an_estimate() {
    let mut run = told(Source::Postgres, &[(figure::QUERIES, |second| second)]);
    run.observed.statements = vec![Statement {
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
    let busy: [Told; 2] = [
        (figure::CPU, |second| 90.0 + second % 2.0),
        (figure::CPU_OWN, |_| 40.0),
    ];
    let mut run = told(Source::Host, &busy);
    run.observed.local = Some(true);
    let kept = judged(&run, "cpu", "< 80 %");
    assert_eq!(kept.verdict, Verdict::Pass, "{}", kept.reason);
    assert!((value(&kept) - 50.5).abs() < 1.0);
    run.observed.local = Some(false);
    let open = judged(&run, "cpu", "< 80 %");
    assert_eq!(open.verdict, Verdict::Inconclusive);
    assert!(open.reason.contains("runs elsewhere"), "{}", open.reason);
}

#[test]
fn the_process_goes_before_the_machine() {
    let mut run = told(Source::Process, &[(figure::CPU, |_| 12.0)]);
    let host = told(Source::Host, &[(figure::CPU, |_| 99.0)]);
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
    let mut run = told(Source::Target, &[]);
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
