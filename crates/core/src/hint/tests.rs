use std::collections::BTreeMap;

use super::advise;
use crate::model::fixture::{self, Asked, MS, STARTED, calm, check, estimate, judged, run};
use crate::record::Outcome;
use crate::record::{EndpointKind, Excerpt, Outage, RunResult, Snapshot, SourceSeries, figure};
use crate::requirement::{Judgement, Severity, Source, Verdict};

fn missed(metric: &str, limit: &str) -> Judgement {
    let found = Some(estimate(1_040.0, 980.0, 1_110.0));
    judged(
        "a::requirement",
        Severity::Critical,
        check(metric, limit),
        found,
        Verdict::Fail,
    )
}

fn slow() -> Judgement {
    missed("response_time_p95", "< 200 ms")
}

fn failing() -> Judgement {
    missed("error_rate", "< 1 %")
}

fn open() -> Judgement {
    Judgement {
        verdict: Verdict::Inconclusive,
        ..judged(
            "errors::rate",
            Severity::Critical,
            check("error_rate", "< 1 %"),
            Some(estimate(0.9, 0.4, 1.6)),
            Verdict::Inconclusive,
        )
    }
}

/// Every fiftieth request ends so.
fn ending(outcome: Outcome) -> RunResult {
    run("api", move |due, _| {
        if due % 500 == 0 {
            Asked::ok(3).ended(outcome)
        } else {
            Asked::ok(10)
        }
    })
}

fn stalled(from: u64, to: u64) -> RunResult {
    run("api", move |due, _| {
        let queued = if (from..to).contains(&due) {
            to - due
        } else {
            0
        };
        Asked {
            queued: queued * MS,
            ..Asked::ok(10)
        }
    })
}

/// Six times the judged part, without another beginning.
fn longer(run: &RunResult) -> RunResult {
    let judged = run.seconds[2..12].to_vec();
    let mut longer = run.clone();
    longer.seconds.truncate(12);
    for _ in 0..5 {
        longer.seconds.extend(judged.iter().cloned());
    }
    longer.window.to = 62 * fixture::SECOND;
    longer
}

/// The generator was stopped for two seconds, and the target was quick.
fn stopped() -> RunResult {
    run("api", |due, _| match due {
        5_000..7_000 => Asked {
            lag: (7_000 - due) * MS,
            ..Asked::ok(10)
        },
        _ => Asked::ok(10),
    })
}

fn lagging() -> RunResult {
    let mut run = run("api", |_, _| Asked {
        lag: 60 * MS,
        ..Asked::ok(10)
    });
    run.generator.cpu = vec![97.0; 12];
    run.generator.refusals = 4;
    run
}

fn restarted() -> RunResult {
    let mut run = calm("api");
    run.watch.outages.push(Outage {
        from: STARTED + 5_000,
        to: Some(STARTED + 7_500),
        probes: 3,
        cause: "connection refused".to_owned(),
    });
    run.watch.restarts.push(STARTED + 8_000);
    run
}

/// What befell WebSockets, by what is required of them.
fn sockets() -> Vec<(&'static str, Judgement, Vec<RunResult>)> {
    let talking = |kind: EndpointKind, outcome: Outcome| {
        let mut run = ending(outcome);
        run.endpoints[0].kind = EndpointKind::Connect;
        run.endpoints[1].kind = EndpointKind::Message;
        let from = usize::from(kind == EndpointKind::Message);
        let lost = run.endpoints[1 - from].outcomes.remove(&outcome);
        let mine = &mut run.endpoints[from].outcomes;
        *mine.entry(outcome).or_default() += lost.unwrap_or(0) + 1;
        run
    };
    let mut late = talking(EndpointKind::Message, Outcome::Timeout);
    late.sockets.late_replies = 7;
    let mut closed = talking(EndpointKind::Message, Outcome::Closed(1011));
    closed.sockets.closes = BTreeMap::from([(1011, 3), (1006, 1)]);
    let unexpected = || missed("unexpected_closes", "== 0");
    let refused = talking(EndpointKind::Connect, Outcome::Status(403));
    let unknown = talking(EndpointKind::Connect, Outcome::Status(404));
    let lost = talking(EndpointKind::Message, Outcome::Timeout);
    vec![
        ("handshake refused", failing(), vec![refused]),
        ("no such socket", failing(), vec![unknown]),
        ("lost replies", failing(), vec![lost]),
        ("late replies", failing(), vec![late]),
        ("closed by the service", unexpected(), vec![closed]),
    ]
}

/// What sources told of the target at each second, on this machine.
fn source_series(source: Source, figures: &[(&str, f64)]) -> (Source, SourceSeries) {
    let look = |second: i64| Snapshot {
        at_ms: second * 1_000,
        figures: figures
            .iter()
            .map(|(name, value)| ((*name).to_owned(), *value))
            .collect(),
    };
    let looks = (0..=13).map(look).collect();
    (
        source,
        SourceSeries {
            looks,
            ..SourceSeries::default()
        },
    )
}

/// A slow target with what sources told of it.
fn seen_slow(sources: Vec<(Source, SourceSeries)>) -> RunResult {
    let mut slow = run("api", |_, _| Asked::ok(300));
    slow.observed.local = Some(true);
    slow.observed.sources = sources.into_iter().collect();
    slow
}

/// What is said of processors, caches and databases, by what was told of them.
fn inside() -> Vec<(&'static str, Judgement, Vec<RunResult>)> {
    let python = |of_all: f64, thread: f64| {
        let figures = [
            (figure::CPU, of_all),
            (figure::CPU_ALLOWED, of_all),
            (figure::CPU_THREAD, thread),
        ];
        source_series(Source::Process, &figures)
    };
    let machine = |all: f64, own: f64| {
        source_series(Source::Host, &[(figure::CPU, all), (figure::CPU_OWN, own)])
    };
    let unread = [
        (figure::CACHE_HITS, 70.0),
        (figure::CACHE_MISSES, 4.0),
        (figure::EVICTED, 0.0),
    ];
    let rolled_back = [(figure::QUERIES, 70.0), (figure::ROLLBACKS, 4.0)];
    let unmeasured = |metric, limit| Judgement {
        verdict: Verdict::Inconclusive,
        ..judged(
            "a::requirement",
            Severity::Important,
            check(metric, limit),
            None,
            Verdict::Inconclusive,
        )
    };
    let of_itself = source_series(Source::Target, &[(figure::CPU, 32.0)]);
    let of_postgres = source_series(Source::Postgres, &rolled_back);
    vec![
        (
            "one thread is full",
            slow(),
            vec![seen_slow(vec![python(49.7, 99.6)])],
        ),
        (
            "one thread is full, judged",
            missed("cpu", "< 80 %"),
            vec![seen_slow(vec![python(49.7, 99.6)])],
        ),
        (
            "slow and idle, threads too",
            slow(),
            vec![seen_slow(vec![python(32.0, 40.0)])],
        ),
        (
            "the machine is full",
            slow(),
            vec![seen_slow(vec![python(32.0, 40.0), machine(99.96, 41.0)])],
        ),
        ("idle by itself", slow(), vec![seen_slow(vec![of_itself])]),
        (
            "a cache that is not read",
            unmeasured("cache_hit_rate", "> 60 %"),
            vec![seen_slow(vec![source_series(Source::Redis, &unread)])],
        ),
        (
            "no cache",
            unmeasured("cache_hit_rate", "> 60 %"),
            vec![calm("api")],
        ),
        (
            "no database",
            unmeasured("query_error_rate", "< 1 %"),
            vec![calm("api")],
        ),
        (
            "rollbacks",
            unmeasured("query_error_rate", "< 1 %"),
            vec![seen_slow(vec![of_postgres])],
        ),
    ]
}

fn cases() -> Vec<(&'static str, Judgement, Vec<RunResult>)> {
    let mut cases: Vec<(&'static str, Judgement, Vec<RunResult>)> = [
        ("refused", Outcome::Connect),
        ("rate limit", Outcome::RateLimited),
        ("no token", Outcome::Status(401)),
        ("not found", Outcome::Status(404)),
        ("server error", Outcome::Status(503)),
        ("redirect", Outcome::Status(302)),
        ("timeout", Outcome::Timeout),
        ("reset", Outcome::Reset),
        ("tls", Outcome::Tls),
        ("bad body", Outcome::BadBody),
        ("wrong answer", Outcome::WrongAnswer),
        ("no socket", Outcome::NoSocket),
        ("cut off", Outcome::CutOff),
    ]
    .into_iter()
    .map(|(name, outcome)| (name, failing(), vec![ending(outcome)]))
    .collect();
    let all_slow = run("api", |_, endpoint| Asked::ok(300 + 50 * endpoint as u64));
    let one_slow = run("api", |_, endpoint| {
        Asked::ok(if endpoint == 2 { 400 } else { 20 })
    });
    let mut busy = calm("api");
    busy.generator.waited_for_connection = 900;
    let mut seen = calm("api");
    seen.observed = fixture::observed();
    let mut roomy = seen.clone();
    for looks in roomy
        .observed
        .sources
        .values_mut()
        .map(|seen| &mut seen.looks)
    {
        for look in looks {
            look.figures.insert("evicted_keys".to_owned(), 0.0);
        }
    }
    let mut idle = run("api", |_, _| Asked::ok(300));
    idle.observed = fixture::observed();
    let mut heavy = run("api", |_, _| Asked::ok(300));
    heavy.endpoints[1].bytes = 3_000_000 * 400;
    let recurs = longer(&run("api", |due, _| {
        Asked::ok(if due % 5_000 < 150 { 500 } else { 10 })
    }));
    let hit_rate = || missed("cache_hit_rate", "> 60 %");
    cases.extend([
        ("evictions", hit_rate(), vec![seen.clone()]),
        ("no evictions", hit_rate(), vec![roomy]),
        ("a cache nobody asked", hit_rate(), vec![calm("api")]),
        (
            "queries",
            missed("query_time_mean", "< 50 ms"),
            vec![seen.clone()],
        ),
        (
            "unknown queries",
            missed("query_time_mean", "< 50 ms"),
            vec![calm("api")],
        ),
        ("processors", missed("cpu", "< 80 %"), vec![seen.clone()]),
        ("leak", missed("memory", "< 85 %"), vec![seen]),
        ("memory", missed("memory", "< 85 %"), vec![calm("api")]),
        ("slow and idle", slow(), vec![idle]),
        ("heavy bodies", slow(), vec![heavy]),
        ("again and again", slow(), vec![recurs]),
    ]);
    cases.extend(inside());
    cases.extend(sockets());
    cases.extend([
        ("stall", slow(), vec![stalled(5_000, 7_000)]),
        ("stall in mid-second", slow(), vec![stalled(5_500, 7_500)]),
        ("all slow", slow(), vec![all_slow]),
        ("a stopped generator", slow(), vec![stopped()]),
        ("one slow", slow(), vec![one_slow]),
        ("generator", slow(), vec![lagging()]),
        (
            "generator, judged",
            missed("generator_cpu", "< 80 %"),
            vec![lagging(), calm("burst")],
        ),
        ("connections", missed("throughput", ">= 100/s"), vec![busy]),
        ("restart", missed("outages", "== 0"), vec![restarted()]),
        (
            "restart unseen by runs",
            missed("outages", "== 0"),
            Vec::new(),
        ),
        ("health", missed("health_time", "< 100 ms"), Vec::new()),
        ("open", open(), vec![calm("api")]),
        ("no run", failing(), vec![fixture::failed("api")]),
        (
            "another scenario's",
            failing(),
            vec![fixture::failed("mixed")],
        ),
    ]);
    cases
}

#[test]
fn each_finding_has_its_advice() {
    let told: Vec<String> = cases()
        .iter()
        .map(|(name, judgement, runs)| {
            let lines = advise(judgement, runs);
            let lines: Vec<String> = lines.iter().map(|line| format!("  {line}")).collect();
            format!("{name}\n{}", lines.join("\n"))
        })
        .collect();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn a_pass_needs_no_advice() {
    for (name, judgement, runs) in cases() {
        let passed = Judgement {
            verdict: Verdict::Pass,
            ..judgement
        };
        assert!(advise(&passed, &runs).is_empty(), "{name}");
    }
}

#[test]
fn a_run_that_is_slow_throughout_did_not_stall() {
    let all_slow = run("api", |_, _| Asked::ok(300));
    let lines = advise(&slow(), &[all_slow]);
    assert!(
        !lines.iter().any(|line| line.contains("stalled")),
        "{lines:?}"
    );
}

#[test]
fn a_handful_of_failures_explains_no_percentile() {
    let one = |due, _| match due {
        5_000 => Asked::ok(3).ended(Outcome::Status(500)),
        _ => Asked::ok(300),
    };
    let run = [run("api", one)];
    let tells = |judgement: &Judgement| {
        advise(judgement, &run)
            .iter()
            .any(|line| line.contains("500 × 1"))
    };
    assert!(tells(&failing()));
    assert!(!tells(&slow()));
}

/// What is advised, by the words that its lines begin with.
fn order(judgement: &Judgement, run: RunResult, words: &[&str]) -> Vec<usize> {
    let lines = advise(judgement, &[run]);
    let places = lines
        .iter()
        .filter_map(|line| words.iter().position(|word| line.contains(word)));
    places.collect()
}

#[test]
fn a_generator_late_by_little_is_no_cause_of_a_long_wait() {
    let queued = run("api", |due, _| Asked {
        queued: due * MS,
        lag: 11 * MS,
        ..Asked::ok(1_400)
    });
    let words = [
        "the load generator sent late",
        "service time (from sending on)",
    ];
    assert_eq!(order(&slow(), queued, &words), [1]);
    // The same lateness where that is what took so long.
    let late = run("api", |_, _| Asked {
        lag: 195 * MS,
        ..Asked::ok(10)
    });
    assert_eq!(order(&slow(), late, &words)[0], 0);
}

#[test]
fn a_rate_limit_names_the_wait_that_the_target_asked_for() {
    let mut limited = run("api", |_, _| Asked::ok(3).ended(Outcome::RateLimited));
    let said = |limited: &RunResult| advise(&failing(), std::slice::from_ref(limited)).join(" ");
    assert!(said(&limited).contains("by the target's rate limit (429): raise"));
    let excerpt = Excerpt {
        endpoint: 0,
        text: String::new(),
        wait_s: Some(60),
    };
    limited.excerpts.add(Outcome::RateLimited, excerpt);
    assert!(said(&limited).contains("rate limit (429, come back after 60 s): raise"));
}

#[test]
fn users_that_the_target_does_not_know_are_no_bad_tokens() {
    for (status, text, is_about_user) in [
        (403, "Organization membership required", true),
        (401, "User not found", true),
        (401, "Signature has expired", false),
        (403, "", false),
    ] {
        let outcome = Outcome::Status(status);
        let mut refused = run("api", |_, _| Asked::ok(3).ended(outcome));
        let excerpt = Excerpt {
            endpoint: 0,
            text: text.to_owned(),
            wait_s: None,
        };
        refused.excerpts.add(outcome, excerpt);
        let lines = advise(&failing(), &[refused]);
        let expected = if is_about_user {
            "create the users there"
        } else {
            "give valid tokens"
        };
        assert!(lines[0].contains(expected), "{text}: {lines:?}");
    }
}

#[test]
fn a_code_of_http2_stands_beside_the_connections_that_were_lost() {
    for (outcome, begins) in [
        (
            Outcome::Reset,
            "lost their connection before an answer, \"the target reset",
        ),
        (Outcome::BadBody, "longer than allowed, \"the target reset"),
    ] {
        let mut reset = run("api", |_, _| Asked::ok(3).ended(outcome));
        let excerpt = Excerpt {
            endpoint: 0,
            text: "the target reset the stream: CANCEL (0x8)".to_owned(),
            wait_s: None,
        };
        reset.excerpts.add(outcome, excerpt);
        let lines = advise(&failing(), &[reset]);
        assert!(lines[0].contains(begins), "{lines:?}");
    }
}

#[test]
fn what_explains_most_is_told_first() {
    let words = [
        "refused by the target's rate limit",
        "every endpoint is slow",
    ];
    let asked = |refused: u64| {
        run("api", move |due, _| {
            if due / 10 % 10 < refused {
                Asked::ok(3).ended(Outcome::RateLimited)
            } else {
                Asked::ok(300)
            }
        })
    };
    assert_eq!(order(&slow(), asked(9), &words), [0, 1]);
    assert_eq!(order(&slow(), asked(2), &words), [1, 0]);
}

#[test]
fn a_stopped_generator_is_not_the_targets_pause() {
    let lines = advise(&slow(), &[stopped()]);
    assert!(
        lines[0].starts_with("the load generator itself stood still 5 s to 7 s"),
        "{lines:?}"
    );
    assert!(
        !lines.iter().any(|line| line.contains("garbage")),
        "{lines:?}"
    );
    assert!(
        !lines.iter().any(|line| line.contains("needs optimization")),
        "{lines:?}"
    );
    let again = advise(&slow(), &[longer(&stopped())]);
    assert!(
        !again.iter().any(|line| line.contains("come again")),
        "{again:?}"
    );
}

#[test]
fn redis_is_named_where_there_is_one() {
    let slow_run = || run("api", |_, _| Asked::ok(300));
    let mut with_redis = slow_run();
    with_redis.observed = fixture::observed();
    for (run, named) in [(slow_run(), false), (with_redis, true)] {
        let lines = advise(&slow(), &[run]);
        let every = lines.iter().find(|line| line.starts_with("every endpoint"));
        assert_eq!(every.expect("a line").contains("Redis"), named);
    }
}

#[test]
fn a_wait_for_the_plans_connections_is_told_as_that() {
    let mut run = run("api", |_, _| Asked {
        lag: 700 * MS,
        ..Asked::ok(10)
    });
    std::mem::swap(&mut run.generator.waits, &mut run.generator.lag);
    run.generator.waited_for_connection = 1_000;
    let lines = advise(&slow(), &[run]);
    assert!(
        lines[0].starts_with("1,000 requests waited (up to 700 ms)"),
        "{lines:?}"
    );
    assert!(lines[0].contains("`connections`"), "{lines:?}");
    assert!(
        !lines.iter().any(|line| line.contains("own fault")),
        "{lines:?}"
    );
}

#[test]
fn the_step_that_ends_most_journeys_is_named() {
    let run = fixture::walked("api");
    let named = "26 of 1,000 journeys were ended by a step, 16 of them by `pay` (13 × status_500, 3 × timeout): look into \
                 that step first, as the steps after it need its answer";
    let summary = crate::record::Summary::of(&run);
    // Few of the requests, but not of the journeys, whose times they are.
    assert!(summary.failed() * 100 < summary.due);
    for judgement in [failing(), slow()] {
        let lines = advise(&judgement, std::slice::from_ref(&run));
        assert!(lines.iter().any(|line| line == named), "{lines:#?}");
    }
    let mut even = run.clone();
    even.endpoints[3]
        .ended_by
        .retain(|one| one.outcome == Outcome::WrongAnswer || one.count == 13);
    even.endpoints[3].ended_by[0].count = 10;
    let lines = advise(&failing(), &[even]);
    assert!(
        lines.iter().all(|line| !line.contains("ended by a step")),
        "{lines:#?}"
    );
}

#[test]
fn failures_are_never_at_a_journey() {
    let mut run = fixture::walked("api");
    let status = Outcome::Status(500);
    for step in [0, 1] {
        run.endpoints[step].outcomes.insert(status, 12);
    }
    run.endpoints[3].outcomes.insert(status, 24);
    let lines = advise(&failing(), &[run]);
    let of_server = lines
        .iter()
        .find(|line| line.contains("error of the server"));
    let of_server = of_server.expect("a line of its own");
    assert!(of_server.starts_with("24 of "), "{of_server}");
    assert!(!of_server.contains("them at"), "{of_server}");
}
