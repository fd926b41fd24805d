//! Reports for tests, counted by the same tally as real ones.
#![allow(clippy::assigning_clones, missing_docs, reason = "test data")]

use std::collections::BTreeMap;

use crate::judge::intervals;
use crate::model::{Report, RunReport};
use crate::record::{
    EndpointFigures, EndpointKind, EndpointResult, EndpointRules, Excerpt, Excerpts, Generator,
    Machine, Observed, Outage, Rules, RunProblem, RunResult, Slowest, Snapshot, Sockets,
    SourceSeries, Statement, Status, Tally, TargetProcess, UptimeRecord, Window, figure,
};
use crate::record::{Outcome, Sample};
use crate::requirement::{
    Change, Check, CheckJudgement, Compared, Estimate, Figure, Judgement, Limit, Metric,
    Requirement, Scope, Severity, Source, Standing, Verdict,
};

pub const SECOND: u64 = 1_000_000_000;
pub const MS: u64 = 1_000_000;
/// 2026-01-31T12:00:00Z
pub const STARTED: u64 = 1_769_860_800_000;

/// One request of a fixture run: how long until it was sent, how long from then, and how it ended.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    pub queued: u64,
    pub lag: u64,
    pub service: u64,
    pub outcome: Outcome,
}

impl Asked {
    pub fn ok(ms: u64) -> Asked {
        Asked {
            queued: 0,
            lag: 40_000,
            service: ms * MS,
            outcome: Outcome::Ok,
        }
    }

    pub fn ended(self, outcome: Outcome) -> Asked {
        Asked { outcome, ..self }
    }
}

/// A run of twelve seconds, the first two not judged, a hundred requests due in each; `asked` gets the
/// millisecond at which one is due, from the start, and its endpoint.
pub fn run(scenario: &str, asked: impl Fn(u64, usize) -> Asked) -> RunResult {
    let names = [
        ("health", "GET /health"),
        ("summary", "GET /api/v1/performance/summary"),
        ("agents", "GET /api/v1/agents/"),
    ];
    let thresholds = vec![100 * MS, 200 * MS, 500 * MS];
    let mut tally = Tally::new(Rules {
        endpoints: EndpointRules {
            timeout: 30 * SECOND,
            judged_from: 2 * SECOND,
        }
        .for_each(names.len()),
        thresholds: thresholds.clone(),
    });
    for number in 0..1_200u64 {
        let endpoint = (number % 3) as usize;
        let request = asked(number * 10, endpoint);
        let due = number * 10 * MS;
        let sent = due + request.queued + request.lag;
        tally.record(&Sample {
            endpoint,
            user: 0,
            due,
            sent: Some(sent),
            done: sent + request.service,
            lag: request.lag,
            bytes: 128,
            outcome: request.outcome,
            address: None,
        });
    }
    RunResult {
        sockets: Sockets::default(),
        scenario: scenario.to_owned(),
        plan: "0123456789abcdef".to_owned(),
        load: "100 requests per second, at even distances".to_owned(),
        started: STARTED,
        status: Status::Complete,
        problem: None,
        thresholds,
        window: Window {
            from: 2 * SECOND,
            to: 12 * SECOND,
            extendable: true,
            extensions: 0,
            planned: None,
            extended_from: None,
        },
        endpoints: endpoints(&names, &tally),
        generator: Generator {
            workers: 2,
            lag: tally.lag(),
            waits: tally.waits(),
            cpu: vec![11.25; tally.seconds.len()],
            refusals: 0,
            waited_for_connection: 0,
            connection_limit: None,
            connections: 100,
            resent: 0,
        },
        seconds: tally.seconds,
        users: tally.users,
        watch: UptimeRecord {
            probes: 12,
            ..UptimeRecord::default()
        },
        observed: Observed::default(),
        search: None,
        addresses: Vec::new(),
        slowest: tally.slowest,
        excerpts: tally.excerpts,
        notes: Vec::new(),
    }
}

fn endpoints(names: &[(&str, &str)], tally: &Tally) -> Vec<EndpointResult> {
    let counted = names.iter().zip(&tally.endpoints);
    counted
        .map(|((name, request), tally)| EndpointResult {
            kind: EndpointKind::Http,
            name: (*name).to_owned(),
            request: (*request).to_owned(),
            outcomes: tally.outcomes(),
            response: tally.response(),
            answered: tally.answered(),
            service: tally.service(),
            bytes: tally.bytes,
            ..EndpointResult::default()
        })
        .collect()
}

/// A run in which all is well: 10 to 39 ms.
pub fn calm(scenario: &str) -> RunResult {
    run(scenario, |due, endpoint| {
        Asked::ok(10 + due / 10 % 20 + 5 * endpoint as u64)
    })
}

/// A run with a second of stall, errors, notes and an outage.
pub fn rough(scenario: &str) -> RunResult {
    let mut run = run(scenario, |due, endpoint| match due {
        5_000..7_000 => Asked {
            queued: (7_000 - due) * MS,
            ..Asked::ok(10)
        },
        _ if due % 500 == 0 => Asked::ok(5).ended(Outcome::Status(503)),
        _ if due % 770 == 0 => Asked::ok(30_000).ended(Outcome::Timeout),
        _ => Asked::ok(10 + 20 * endpoint as u64),
    });
    run.window.extensions = 2;
    run.generator.resent = 3;
    let said = "'AsyncSession' object has no attribute 'query'".to_owned();
    let said = Excerpt {
        wait_s: Some(60),
        ..excerpt(1, said)
    };
    run.excerpts.add(Outcome::Status(503), said);
    run.notes
        .push("/api/v1/agents redirects to /api/v1/agents/, which is asked instead".to_owned());
    run.watch.outages.push(Outage {
        from: STARTED + 5_000,
        to: Some(STARTED + 7_000),
        probes: 2,
        cause: "timeout".to_owned(),
    });
    run.watch.restarts.push(STARTED + 7_500);
    run.observed = observed();
    run
}

/// A cache that loses keys, a slow statement, a process that grows, and a database that went away.
pub fn observed() -> Observed {
    let look = |second: i64, figures: &[(&str, f64)]| Snapshot {
        at_ms: second * 1_000,
        figures: figures
            .iter()
            .map(|(name, value)| ((*name).to_owned(), *value))
            .collect(),
    };
    let redis = |second: i64| {
        let number = second as f64;
        let figures = [
            (figure::CACHE_HITS, 1_000.0 + 5.0 * number),
            (figure::CACHE_MISSES, 10.0 + 5.0 * number),
            (figure::EVICTED, 4.0 * number),
            (figure::CACHE_MEMORY, 64.0 * 1_048_576.0),
            (figure::CACHE_MEMORY_MAX, 64.0 * 1_048_576.0),
        ];
        look(second, &figures)
    };
    let process = |second: i64| {
        let figures = [
            (figure::CPU, 20.0 + (second % 3) as f64),
            (
                figure::MEMORY_BYTES,
                (100 + 2 * second) as f64 * 1_048_576.0,
            ),
        ];
        look(second, &figures)
    };
    let seen = |look: &dyn Fn(i64) -> Snapshot, problem: Option<&str>| SourceSeries {
        looks: (0..=13).map(look).collect(),
        problems: problem.map(str::to_owned).into_iter().collect(),
        ..SourceSeries::default()
    };
    let waits = |second: i64| look(second, &[(figure::LOCK_WAITS, (second % 2) as f64)]);
    let gone = Some("no answer within 2s (3 times)");
    Observed {
        local: Some(true),
        process: Some(TargetProcess {
            pid: 4_711,
            name: "uvicorn".to_owned(),
        }),
        sources: BTreeMap::from([
            (Source::Process, seen(&process, None)),
            (Source::Redis, seen(&redis, None)),
            (Source::Postgres, seen(&waits, gone)),
        ]),
        endpoints: vec![EndpointFigures {
            name: "GET:/health".to_owned(),
            mean_ms: Some(12.5),
            p95_ms: None,
            requests: Some(1_000.0),
        }],
        statements: vec![Statement {
            id: "-5021476538142307000".to_owned(),
            text: "SELECT * FROM agents WHERE name LIKE $1".to_owned(),
            calls: 40,
            total_ms: 6_000.0,
            deviation_ms: 30.0,
        }],
    }
}

/// A search that broke at its second step, by refusals and timeouts, and came back.
pub fn searched(scenario: &str) -> RunResult {
    let step = |from: u64, load: f64, part: &RunResult| {
        let summary = crate::record::Summary::of(part);
        crate::record::Step {
            role: crate::record::Role::Load,
            load,
            from: from * SECOND,
            window: Window {
                from: (from + 2) * SECOND,
                to: (from + 12) * SECOND,
                ..part.window
            },
            standing: crate::record::StepVerdict::Held,
            reason: "0 % of 1,000 requests failed".to_owned(),
            saturated: None,
            capped: false,
            outcomes: summary.outcomes,
            rps: summary.rps,
            response: summary.response,
            answered: summary.answered.clone(),
            lag: part.generator.lag.clone(),
            cpu: Some(11.25),
        }
    };
    let good = calm(scenario);
    let bad = run(scenario, |due, _| match due % 30 {
        0 => Asked::ok(2).ended(Outcome::RateLimited),
        10 if due % 700 == 0 => Asked::ok(30_000).ended(Outcome::Timeout),
        _ => Asked::ok(80),
    });
    let broken = crate::record::Step {
        standing: crate::record::StepVerdict::Broken,
        reason: "35 % of 1,000 requests failed, at least 32 % with 95 % confidence (allowed: 10 %)"
            .to_owned(),
        ..step(13, 400.0, &bad)
    };
    let open = crate::record::Step {
        standing: crate::record::StepVerdict::Undecided,
        saturated: Some("the generator used 91 % of its processor time in `stress`".to_owned()),
        ..step(13, 2_000.0, &bad)
    };
    let back = crate::record::Step {
        role: crate::record::Role::Recovery,
        ..step(26, 100.0, &good)
    };
    let mut whole = good.clone();
    whole.seconds.extend(bad.seconds.clone());
    whole.window.to = 38 * SECOND;
    whole.window.extensions = 2;
    whole.search = Some(crate::record::SearchResult {
        unit: crate::record::LoadUnit::Users,
        steps: vec![step(0, 100.0, &good), broken, open, back],
        ending: crate::record::SearchEnding::Saturated,
        recovery: Some(crate::record::Recovery {
            before_ms: 38.0,
            bound_ms: 57.0,
            after_ms: Some(1_250.0),
            watched_ms: 6_250.0,
        }),
        scaling: Some(crate::record::Scaling {
            lambda: 1.02,
            sigma: 0.013,
            kappa: 0.000_025,
            peak: Some(198.7),
            points: 3,
        }),
    });
    whole
}

/// A run that was never made.
pub fn failed(scenario: &str) -> RunResult {
    RunResult {
        sockets: Sockets::default(),
        scenario: scenario.to_owned(),
        plan: "fedcba9876543210".to_owned(),
        load: "100 users, each asking every 500 ms to 2.00 s".to_owned(),
        started: STARTED,
        status: Status::Failed,
        problem: Some(RunProblem {
            what: "GET /api/v1/agents/ was answered with 401".to_owned(),
            advice: "give a valid token with --token or PERF_TOKEN".to_owned(),
        }),
        thresholds: Vec::new(),
        window: Window::default(),
        endpoints: Vec::new(),
        seconds: Vec::new(),
        users: Vec::new(),
        generator: Generator::default(),
        watch: UptimeRecord::default(),
        observed: Observed::default(),
        search: None,
        addresses: Vec::new(),
        slowest: Slowest::default(),
        excerpts: Excerpts::default(),
        notes: Vec::new(),
    }
}

pub fn check(metric: &str, limit: &str) -> Check {
    Check {
        metric: Metric::parse(metric).expect(metric),
        scope: Scope::All,
        limit: Limit::parse(limit).expect(limit),
    }
}

pub fn estimate(value: f64, low: f64, high: f64) -> Estimate {
    Estimate {
        value,
        low: Some(low),
        high: Some(high),
        samples: 1_000,
        effective_samples: 412.5,
    }
}

/// A judgement of one check.
pub fn judged(
    name: &str,
    severity: Severity,
    check: Check,
    estimate: Option<Estimate>,
    verdict: Verdict,
) -> Judgement {
    let reason = match verdict {
        Verdict::Pass => "at most 3 % with 95 % confidence (allowed: 5 %)",
        Verdict::Inconclusive => "3.1 % to 7.4 % with 95 % confidence (allowed: 5 %)",
        Verdict::Fail => "at least 6.2 % with 95 % confidence (allowed: 5 %)",
    };
    Judgement {
        requirement: Requirement {
            name: name.to_owned(),
            severity,
            scenario: check.metric.needs_load().then(|| "api".to_owned()),
            checks: vec![check.clone()],
        },
        checks: vec![CheckJudgement {
            check,
            endpoint: None,
            estimate,
            verdict,
            reason: reason.to_owned(),
            is_unreached: false,
        }],
        verdict,
        reason: reason.to_owned(),
        advice: match verdict {
            Verdict::Pass => Vec::new(),
            _ => vec!["look at the database's indexes".to_owned()],
        },
        compared: Vec::new(),
    }
}

/// A requirement of three checks, judged endpoint by endpoint, the second of which is missed.
fn scenario() -> Judgement {
    let mut checks = vec![
        check("response_time_p95", "< 200 ms"),
        check("error_rate", "< 1 %"),
        check("throughput", ">= 100/s"),
    ];
    checks[1].scope = Scope::EachEndpoint;
    let figures = [
        (estimate(43.2, 41.0, 45.7), Verdict::Pass),
        (estimate(2.0, 1.4, 2.9), Verdict::Fail),
        (estimate(99.98, 99.1, 101.2), Verdict::Inconclusive),
    ];
    let parts = checks.iter().zip(figures);
    let parts = parts.map(|(check, (estimate, verdict))| CheckJudgement {
        check: check.clone(),
        endpoint: (check.scope == Scope::EachEndpoint).then(|| "agents".to_owned()),
        estimate: Some(estimate),
        verdict,
        reason: "20 of 1,000 requests failed".to_owned(),
        is_unreached: false,
    });
    Judgement {
        checks: parts.collect(),
        requirement: Requirement {
            name: "scenario::api".to_owned(),
            severity: Severity::Critical,
            scenario: Some("api".to_owned()),
            checks,
        },
        verdict: Verdict::Fail,
        reason: "endpoint `agents`: 20 of 1,000 requests failed".to_owned(),
        advice: vec!["20 of 1,000 requests met an error of the server (503 × 20)".to_owned()],
        compared: Vec::new(),
    }
}

fn unjudged() -> Judgement {
    let mut judgement = judged(
        "scenario::mixed",
        Severity::Important,
        check("response_time_p50", "<= 1.5 s"),
        None,
        Verdict::Fail,
    );
    judgement.checks.clear();
    judgement.requirement.scenario = Some("mixed".to_owned());
    judgement.reason = "GET /api/v1/agents/ was answered with 401".to_owned();
    judgement
}

/// A run with its intervals at 95 % confidence.
pub fn shown(run: RunResult) -> RunReport {
    RunReport {
        intervals: intervals(&run, 0.95),
        run,
    }
}

/// A session that was held against a baseline, with every way to stand, and a name that means harm.
pub fn against_baseline() -> Report {
    use Figure::{Failed, P50, P95, P99, Throughput};
    let figure = |scenario: &str,
                  what,
                  [before, after]: [f64; 2],
                  [value, low, high]: [f64; 3],
                  standing| Compared {
        scenario: scenario.to_owned(),
        what,
        before,
        after,
        change: Change {
            value,
            low: low.is_finite().then_some(low),
            high: high.is_finite().then_some(high),
        },
        standing,
    };
    let none = f64::NAN;
    let evil = "a|b <i> `c` @octocat";
    let judged = judged(
        "baseline::no_regression",
        Severity::Important,
        check("outages", "== 0"),
        None,
        Verdict::Fail,
    );
    Report {
        judgements: vec![Judgement {
            requirement: Requirement {
                scenario: None,
                checks: Vec::new(),
                ..judged.requirement
            },
            checks: Vec::new(),
            verdict: Verdict::Fail,
            reason: "p95 of api is 23 % more (11 to 38) than before: 52 ms, and was 42 ms"
                .to_owned(),
            advice: vec!["look at agents of api first: its p95 is 80 ms, and was 45 ms".to_owned()],
            compared: vec![
                figure(
                    "api",
                    P50,
                    [40.0, 41.0],
                    [1.02, 0.9, 1.2],
                    Some(Standing::Same),
                ),
                figure(
                    "api",
                    P95,
                    [42.0, 52.0],
                    [1.23, 1.11, 1.38],
                    Some(Standing::Worse),
                ),
                figure("api", P99, [60.0, 90.0], [1.5, 1.2, none], None),
                figure(
                    "api",
                    Failed,
                    [0.1, 0.2],
                    [0.1, -0.2, 0.4],
                    Some(Standing::Same),
                ),
                figure("api", Throughput, [50.0, 49.9], [0.998, none, none], None),
                figure(
                    evil,
                    P50,
                    [40.0, 20.0],
                    [0.5, 0.4, 0.6],
                    Some(Standing::Better),
                ),
                figure(
                    evil,
                    P95,
                    [42.0, 52.0],
                    [1.23, 0.2, none],
                    Some(Standing::Open),
                ),
                figure(
                    evil,
                    Failed,
                    [0.1, 9.2],
                    [9.1, 8.2, 11.4],
                    Some(Standing::Late),
                ),
            ],
        }],
        runs: vec![shown(calm("api"))],
        ..report()
    }
}

/// A session with every kind of verdict, and runs of every kind.
pub fn report() -> Report {
    use Severity::{Critical, Important, Target};
    let bare = |value| Estimate {
        low: None,
        high: None,
        ..estimate(value, 0.0, 0.0)
    };
    let time = |quantile: &str, limit: &str| check(&format!("response_time_{quantile}"), limit);
    let (p50, p95) = (
        estimate(10.4, 10.2, 10.5),
        estimate(1_040.2, 980.0, 1_110.0),
    );
    let errors = estimate(2.5, 1.0, 4.1);
    Report {
        target: "http://localhost:8000/".to_owned(),
        profile: "phase8".to_owned(),
        started: STARTED,
        took: 43_210,
        confidence: 0.95,
        strict: false,
        repeat: "cargo test --test perf -- --seed=7".to_owned(),
        machine: Some(Machine {
            os: "linux".to_owned(),
            arch: "x86_64".to_owned(),
            processor: "a processor".to_owned(),
            processors: 2,
            memory: 8 << 30,
            version: "0.1.0".to_owned(),
        }),
        judgements: vec![
            judged(
                "health::uptime",
                Critical,
                check("outages", "== 0"),
                Some(bare(2.0)),
                Verdict::Fail,
            ),
            judged(
                "response_time::p50",
                Critical,
                time("p50", "< 100 ms"),
                Some(p50),
                Verdict::Pass,
            ),
            judged(
                "response_time::p95",
                Critical,
                time("p95", "< 200 ms"),
                Some(p95),
                Verdict::Fail,
            ),
            judged(
                "response_time::p99",
                Target,
                time("p99", "< 500 ms"),
                Some(p95),
                Verdict::Fail,
            ),
            judged(
                "errors::rate",
                Critical,
                check("error_rate", "< 1 %"),
                Some(errors),
                Verdict::Inconclusive,
            ),
            judged(
                "generator::headroom",
                Important,
                check("generator_cpu", "< 80 %"),
                Some(bare(11.25)),
                Verdict::Pass,
            ),
            scenario(),
            unjudged(),
        ],
        runs: [rough("api"), calm("burst"), failed("mixed")]
            .map(shown)
            .to_vec(),
    }
}

/// A session of searches alone.
pub fn searches() -> Report {
    let mut never_back = searched("capacity");
    if let Some(search) = &mut never_back.search {
        search.unit = crate::record::LoadUnit::Rate;
        search.ending = crate::record::SearchEnding::Settled;
        search.steps.truncate(2);
        search.recovery = search.recovery.map(|recovery| crate::record::Recovery {
            after_ms: None,
            ..recovery
        });
        search.scaling = search.scaling.map(|scaling| crate::record::Scaling {
            peak: None,
            ..scaling
        });
    }
    Report {
        judgements: Vec::new(),
        runs: vec![shown(searched("stress")), shown(never_back)],
        ..report()
    }
}

/// A session whose target names everything as badly as it can.
pub fn hostile() -> Report {
    const BAD: &str = "a\u{1b}[31m<&\"'>\u{0}]]>\u{7}\r\n\u{202e}b\u{9b}2J\u{fffe}日本語日本語日本語日本語日本語日本語";
    let mut report = report();
    report.target = BAD.to_owned();
    report.profile = BAD.to_owned();
    for RunReport { run, .. } in &mut report.runs {
        run.scenario = BAD.to_owned();
        run.notes = vec![BAD.repeat(5)];
        run.excerpts = Excerpts::default();
        run.excerpts
            .add(Outcome::Status(503), excerpt(0, BAD.to_owned()));
        for endpoint in &mut run.endpoints {
            endpoint.name = BAD.to_owned();
            endpoint.request = BAD.repeat(9);
        }
        if let Some(problem) = &mut run.problem {
            problem.what = BAD.to_owned();
            problem.advice = BAD.to_owned();
        }
        for outage in &mut run.watch.outages {
            outage.cause = BAD.to_owned();
        }
        for seen in run.observed.sources.values_mut() {
            seen.problems = vec![BAD.to_owned()];
        }
        if let Some(process) = &mut run.observed.process {
            process.name = BAD.to_owned();
        }
    }
    for judgement in &mut report.judgements {
        judgement.requirement.name = BAD.to_owned();
        judgement.reason = BAD.to_owned();
        judgement.advice = vec![BAD.to_owned()];
        for check in &mut judgement.checks {
            check.endpoint = Some(BAD.to_owned());
        }
    }
    report
}

/// The same with the signs that tables, markup and links are made of.
pub fn marked() -> Report {
    const BAD: &str =
        "=a|b `c` <!-- <b>x</b>\n\n| @octocat, [x](https://evil.example) **#1** {\"y\"} 'z'\\";
    let mut report = hostile();
    report.profile = BAD.to_owned();
    for (number, judgement) in report.judgements.iter_mut().enumerate() {
        judgement.requirement.name = format!("{BAD}{number}");
        judgement.reason = BAD.to_owned();
        judgement.advice = vec![BAD.to_owned(); 2];
    }
    for RunReport { run, intervals } in &mut report.runs {
        run.scenario = format!("{BAD}{}", run.endpoints.len());
        run.notes = vec![BAD.to_owned()];
        run.excerpts = Excerpts::default();
        run.excerpts
            .add(Outcome::Status(503), excerpt(0, BAD.to_owned()));
        for (number, endpoint) in run.endpoints.iter_mut().enumerate() {
            endpoint.name = format!("{BAD}{number}");
        }
        assert_eq!(intervals.endpoints.len(), run.endpoints.len());
    }
    report
}

fn excerpt(endpoint: usize, text: String) -> Excerpt {
    Excerpt {
        endpoint,
        text,
        wait_s: None,
    }
}
