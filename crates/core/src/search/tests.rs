use std::time::Duration;

use super::*;
use crate::judge::{Evidence, judge};
use crate::plan::{
    Arrivals, Bounds, ConstantRate, Endpoint, EndpointKind, Phases, Plan, Rate, RecoveryWatch,
    ThinkingUsers,
};
use crate::record::{
    EndpointResult, EndpointRules, Generator, Role, Rules, RunProblem, RunResult, SearchEnding,
    SearchResult as Found, Sockets, Status, StepVerdict, Tally, UptimeRecord, Window,
};
use crate::record::{Outcome, Sample};
use crate::requirement::{Check, Limit, Metric, Requirement, Scope, Severity, Verdict};

const MS: u64 = 1_000_000;
const SECOND: u64 = 1_000_000_000;

fn check(metric: &str, limit: &str) -> Check {
    Check {
        metric: Metric::parse(metric).expect(metric),
        scope: Scope::All,
        limit: Limit::parse(limit).expect(limit),
    }
}

fn plan(loads: Loads) -> Plan {
    let arrivals = match &loads {
        Loads::Steps { users, .. } => Arrivals::Users(ThinkingUsers {
            count: users[0],
            think_min: Duration::from_millis(500),
            think_max: Duration::from_millis(1_500),
        }),
        Loads::Capacity { from, .. } => Arrivals::Constant(ConstantRate {
            rate: *from,
            connections: 100,
        }),
    };
    Plan {
        scenario: "stress".to_owned(),
        arrivals,
        phases: Phases {
            ramp_up: Duration::from_secs(1),
            warm_up: Duration::ZERO,
            measure: Duration::from_secs(4),
            extend: Duration::from_secs(2),
            settle: None,
        },
        endpoints: vec![Endpoint {
            name: "health".to_owned(),
            kind: EndpointKind::Http,
            method: "GET".to_owned(),
            path: "/health".to_owned(),
            weight: 100,
            headers: Vec::new(),
            body: String::new(),
            auth: false,
            expect: vec![200],
            ..Endpoint::default()
        }],
        headers: Vec::new(),
        bounds: Bounds {
            timeout: Duration::from_secs(10),
            connect_timeout: Duration::from_secs(5),
            body_bytes: 1 << 20,
        },
        thresholds: vec![Duration::from_nanos(SECOND + 1)],
        seed: 8,
        socket: None,
        journeys: Vec::new(),
        values: crate::template::PlanValues::default(),
        workers: 1,
        search: Some(Search {
            loads,
            holds: vec![
                check("response_time_p95", "<= 1 s"),
                check("error_rate", "<= 10 %"),
            ],
            headroom: vec![check("generator_lateness_p99", "< 50 ms")],
        }),
    }
}

fn steps(users: &[u32]) -> Plan {
    plan(Loads::Steps {
        users: users.to_vec(),
        recovery: Some(RecoveryWatch {
            duration: Duration::from_secs(6),
            within: 1.5,
            or_below: Duration::from_millis(1),
        }),
    })
}

fn capacity(from: f64, to: f64) -> Plan {
    let rate = |rate| Rate::per_second(rate).expect("a rate");
    plan(Loads::Capacity {
        from: rate(from),
        to: rate(to),
        precision: 0.05,
    })
}

/// How a made-up target answers a request: how long it takes, how late it was sent, and how it ends.
type Answer = (u64, u64, Outcome);

/// A made-up target, by load and by when a request is due.
type Plain = fn(Probe, u64) -> Answer;
type Target = Box<dyn Fn(Probe, u64) -> Answer>;
type Standings = &'static [(f64, StepVerdict)];
/// Metric, limit and verdict.
type Wanted = &'static [(&'static str, &'static str, Verdict)];

/// What a run of a leg would have counted, begun `started` milliseconds after 1970.
fn run(plan: &Plan, leg: Probe, started: u64, answer: impl Fn(u64) -> Answer) -> RunResult {
    waiting_run(plan, leg, started, answer, |_| 0)
}

/// The same where requests wait so long for a connection, which is part of their lag.
fn waiting_run(
    plan: &Plan,
    leg: Probe,
    started: u64,
    answer: impl Fn(u64) -> Answer,
    waited: impl Fn(u64) -> u64,
) -> RunResult {
    let plan = leg.plan(plan);
    let from = plan.phases.judged_from().as_nanos() as u64;
    let to = plan.phases.planned_end().as_nanos() as u64;
    let thresholds = vec![SECOND + 1];
    let mut tally = Tally::new(Rules {
        endpoints: EndpointRules {
            timeout: 10 * SECOND,
            judged_from: from,
        }
        .for_each(1),
        thresholds: thresholds.clone(),
    });
    // A user asks once in a second, and a rate is a rate.
    let count = (leg.load * (to / SECOND) as f64) as u64;
    for number in 0..count {
        let due = (number as f64 / leg.load * 1e9) as u64;
        let (took, lag, outcome) = answer(due);
        let sample = Sample {
            endpoint: 0,
            user: 0,
            due,
            sent: Some(due + lag),
            done: due + took,
            lag,
            bytes: 1,
            outcome,
            address: None,
        };
        tally.record_after(&sample, waited(due));
    }
    let counted = &tally.endpoints[0];
    RunResult {
        observed: crate::record::Observed::default(),
        scenario: "stress".to_owned(),
        plan: String::new(),
        load: String::new(),
        started,
        status: Status::Complete,
        problem: None,
        thresholds,
        window: Window {
            from,
            to,
            extendable: !plan.phases.extend.is_zero(),
            extensions: 0,
            planned: None,
            extended_from: None,
        },
        endpoints: vec![EndpointResult {
            name: "health".to_owned(),
            kind: crate::record::EndpointKind::Http,
            request: "GET /health".to_owned(),
            outcomes: counted.outcomes(),
            response: counted.response(),
            answered: counted.answered(),
            service: counted.service(),
            bytes: counted.bytes,
            ..EndpointResult::default()
        }],
        seconds: tally.seconds.clone(),
        users: tally.users.clone(),
        generator: Generator {
            workers: 1,
            lag: tally.lag(),
            waits: tally.waits(),
            cpu: vec![10.0; tally.seconds.len()],
            ..Generator::default()
        },
        watch: UptimeRecord::default(),
        sockets: Sockets::default(),
        search: None,
        addresses: Vec::new(),
        slowest: tally.slowest,
        excerpts: tally.excerpts,
        notes: Vec::new(),
    }
}

/// Goes through a whole search against a made-up target.
fn searched(plan: &Plan, answer: impl Fn(Probe, u64) -> Answer) -> RunResult {
    searched_on(plan, |leg, started| {
        run(plan, leg, started, |due| answer(leg, due))
    })
}

/// The same with all that a run counts.
fn searched_on(plan: &Plan, run: impl Fn(Probe, u64) -> RunResult) -> RunResult {
    let search = plan.search.as_ref().expect("a search");
    let holding = holding(plan, search);
    let (mut made, mut steps, mut started): (Vec<CompletedStep>, Vec<Step>, u64) =
        (vec![], vec![], 1_000);
    while let Some(leg) = next(search, &steps) {
        let run = run(leg, started);
        started += run.window.to / MS + 250;
        let step = judged(plan, leg, &run, None, &holding, 0.95);
        steps.push(step.clone());
        made.push(CompletedStep { leg, step, run });
        assert!(made.len() < 50, "no end");
    }
    record(plan, search, &made).expect("a record")
}

fn found(run: &RunResult) -> &Found {
    run.search.as_ref().expect("a search")
}

fn tried(run: &RunResult) -> Vec<(f64, StepVerdict)> {
    let steps = found(run).loads();
    steps.map(|step| (step.load, step.standing)).collect()
}

const QUICK: Answer = (20 * MS, 0, Outcome::Ok);
const SLOW: Answer = (1_500 * MS, 0, Outcome::Ok);

#[test]
fn steps_go_up_until_one_breaks() {
    use StepVerdict::{Broken, Held};
    let plan = steps(&[50, 100, 200, 400]);
    let table: [(&str, Plain, Standings, SearchEnding); 5] = [
        (
            "breaks at the third step, by slowness",
            |leg, _| if leg.load > 150.0 { SLOW } else { QUICK },
            &[(50.0, Held), (100.0, Held), (200.0, Broken)],
            SearchEnding::Broken,
        ),
        (
            "breaks at the second step, by errors",
            |leg, _| match leg.load {
                0.0..75.0 => QUICK,
                _ => (MS, 0, Outcome::RateLimited),
            },
            &[(50.0, Held), (100.0, Broken)],
            SearchEnding::Broken,
        ),
        (
            "breaks at the first step",
            |_, _| SLOW,
            &[(50.0, Broken)],
            SearchEnding::Broken,
        ),
        (
            "never breaks",
            |_, _| QUICK,
            &[(50.0, Held), (100.0, Held), (200.0, Held), (400.0, Held)],
            SearchEnding::Unbroken,
        ),
        (
            "dies at the third step",
            |leg, _| match leg.load {
                0.0..150.0 => QUICK,
                _ => (MS, 0, Outcome::Connect),
            },
            &[(50.0, Held), (100.0, Held), (200.0, Broken)],
            SearchEnding::Broken,
        ),
    ];
    for (name, target, standings, ending) in table {
        let run = searched(&plan, target);
        assert_eq!(tried(&run), standings, "{name}");
        assert_eq!(found(&run).ending, ending, "{name}");
        let recovers = standings[0].1 == Held;
        assert_eq!(found(&run).recovery.is_some(), recovers, "{name}");
    }
}

#[test]
fn what_settles_nothing_does_not_count_as_broken() {
    let plan = steps(&[50, 100, 200]);
    // One request in eighteen is slow, and one in twenty may be.
    let target = |leg: Probe, due: u64| {
        let number = (due as f64 / 1e9 * leg.load).round() as u64;
        if (leg.load - 100.0).abs() < 1e-9 && number.is_multiple_of(18) {
            SLOW
        } else {
            QUICK
        }
    };
    let run = searched(&plan, target);
    let standings: Vec<StepVerdict> = tried(&run).into_iter().map(|(_, one)| one).collect();
    assert_eq!(
        standings,
        [StepVerdict::Held, StepVerdict::Undecided, StepVerdict::Held]
    );
    assert_eq!(found(&run).held().map(|step| step.load), Some(200.0));
}

#[test]
fn a_saturated_generator_is_no_breaking_point() {
    let plan = steps(&[50, 100, 200, 400]);
    let late = |leg: Probe, _| match leg.load {
        0.0..150.0 => QUICK,
        _ => (1_500 * MS, 1_490 * MS, Outcome::Ok),
    };
    let run = searched(&plan, late);
    assert_eq!(found(&run).ending, SearchEnding::Saturated);
    assert_eq!(tried(&run).len(), 3);
    assert_eq!(tried(&run)[2].1, StepVerdict::Undecided);
    let (step, why) = found(&run).saturated().expect("a reason");
    assert!(why.contains("late by the generator"), "{why}");
    assert!((step.load - 200.0).abs() < 1e-9);
    assert_eq!(found(&run).broken(), None);
}

#[test]
fn the_way_back_is_timed_from_the_end_of_the_highest_load() {
    let plan = steps(&[50, 100, 200]);
    let target = |quick_after: u64| {
        move |leg: Probe, due: u64| match leg.role {
            Role::Load if leg.load > 150.0 => SLOW,
            Role::Recovery if due < quick_after * SECOND => SLOW,
            _ => QUICK,
        }
    };
    for (quick_after, expected) in [
        (0, Some(250.0)),
        (1, Some(1_250.0)),
        (3, Some(3_250.0)),
        (6, None),
    ] {
        let run = searched(&plan, target(quick_after));
        let recovery = found(&run).recovery.expect("a recovery");
        assert_eq!(recovery.after_ms, expected, "{quick_after}");
        assert!((recovery.watched_ms - 6_250.0).abs() < 1e-6);
        assert!((recovery.bound_ms / recovery.before_ms - 1.5).abs() < 1e-9);
        let last = found(&run).steps.last().expect("a step");
        assert_eq!((last.role, last.load), (Role::Recovery, 50.0));
    }
}

#[test]
fn all_steps_lie_on_one_axis() {
    let plan = steps(&[50, 100, 200]);
    let run = searched(&plan, |_, _| QUICK);
    let search = found(&run);
    // Each step takes 5 s and its last answers come in the sixth; the next one begins after both.
    let begins: Vec<u64> = search.steps.iter().map(|step| step.from / SECOND).collect();
    assert_eq!(begins, [0, 6, 12, 18]);
    for step in &search.steps {
        let seconds = &run.seconds[(step.window.from / SECOND) as usize..][..4];
        let due: u64 = seconds.iter().map(crate::record::Second::due).sum();
        assert!(due > 0 && due <= step.due(), "{due} {}", step.due());
    }
    let due: u64 = search.steps.iter().map(Step::due).sum();
    let merged: u64 = run.endpoints[0].outcomes.values().sum();
    assert_eq!(merged, due);
    assert_eq!(run.endpoints[0].response.len(), due);
    assert_eq!(run.window.to, search.steps.last().expect("steps").window.to);
    assert_eq!(run.plan, plan.fingerprint());
    let json = serde_json::to_string(&run).expect("JSON");
    assert_eq!(
        serde_json::from_str::<RunResult>(&json).expect("a run"),
        run
    );
}

#[test]
fn a_load_that_could_not_be_put_on_the_target_breaks_it() {
    let plan = steps(&[50, 100]);
    let search = plan.search.as_ref().expect("a search");
    let mut gone = run(&plan, Probe::up(100.0), 0, |_| QUICK);
    gone.status = Status::Failed;
    gone.problem = Some(RunProblem {
        what: "the name is unknown".to_owned(),
        advice: String::new(),
    });
    let holding = holding(&plan, search);
    let step = judged(&plan, Probe::up(100.0), &gone, None, &holding, 0.95);
    assert_eq!(step.standing, StepVerdict::Broken);
    assert_eq!(step.reason, "the name is unknown");
    let own = Some("no thread".to_owned());
    let step = judged(&plan, Probe::up(100.0), &gone, own, &holding, 0.95);
    assert_eq!(step.standing, StepVerdict::Undecided);
    assert_eq!(step.saturated.as_deref(), Some("no thread"));
}

#[test]
fn capacity_is_bracketed_to_its_precision() {
    for bears in [63.0, 100.0, 777.0, 1_234.0, 1_999.0] {
        let plan = capacity(50.0, 2_000.0);
        let run = searched(&plan, |leg, _| if leg.load > bears { SLOW } else { QUICK });
        let search = found(&run);
        assert_eq!(search.ending, SearchEnding::Settled, "{bears}");
        let held = search.held().expect("one held").load;
        let broken = search.broken().expect("one broke").load;
        assert!(held <= bears && bears < broken, "{held} {bears} {broken}");
        assert!(broken <= held * 1.051, "{held} {bears} {broken}");
        assert!(search.steps.len() < 13, "{}", search.steps.len());
    }
}

#[test]
fn capacity_ends_at_the_ends_of_its_range() {
    let plan = capacity(50.0, 150.0);
    let run = searched(&plan, |_, _| QUICK);
    assert_eq!(found(&run).ending, SearchEnding::Unbroken);
    let loads: Vec<f64> = tried(&run).into_iter().map(|(load, _)| load).collect();
    assert_eq!(loads, [50.0, 100.0, 150.0]);
    let run = searched(&plan, |_, _| SLOW);
    assert_eq!(tried(&run), [(50.0, StepVerdict::Broken)]);
    assert_eq!(found(&run).held(), None);
}

#[test]
fn beyond_what_the_generator_is_up_to_nothing_is_tried() {
    let late = (1_500 * MS, 1_490 * MS, Outcome::Ok);
    let plan = capacity(50.0, 2_000.0);
    // The generator ends at 300/s, far above the target or below it.
    for (bears, ending) in [
        (120.0, SearchEnding::Settled),
        (600.0, SearchEnding::Saturated),
    ] {
        let run = searched(&plan, |leg, _| match leg.load {
            300.0.. => late,
            load if load > bears => SLOW,
            _ => QUICK,
        });
        let search = found(&run);
        assert_eq!(search.ending, ending, "{:?}", tried(&run));
        let held = search.held().expect("one held").load;
        let end: f64 = f64::min(bears, 300.0);
        assert!(held <= end && held * 1.06 > end, "{held} {bears}");
        assert_eq!(
            search.saturated().is_some(),
            ending == SearchEnding::Saturated
        );
    }
}

#[test]
fn a_queue_that_fills_breaks_a_step_and_a_stall_that_is_over_does_not() {
    let plan = steps(&[100]);
    let filling = |_, due: u64| match due / SECOND {
        0..3 => QUICK,
        _ => SLOW,
    };
    let run = searched(&plan, filling);
    assert_eq!(tried(&run), [(100.0, StepVerdict::Broken)]);
    let reason = &found(&run).steps[0].reason;
    assert!(
        reason.starts_with("in the second half of the step, "),
        "{reason}"
    );
    let stalled = |_, due: u64| match due / SECOND {
        1 => SLOW,
        _ => QUICK,
    };
    let run = searched(&plan, stalled);
    assert_eq!(tried(&run), [(100.0, StepVerdict::Undecided)]);
}

#[test]
fn what_settles_nothing_stays_inside_the_interval() {
    let plan = capacity(100.0, 1_600.0);
    let run = searched(&plan, |leg, due| {
        let number = (due as f64 / 1e9 * leg.load).round() as u64;
        match leg.load {
            ..520.0 => QUICK,
            520.0..620.0 if !number.is_multiple_of(20) => QUICK,
            _ => SLOW,
        }
    });
    let search = found(&run);
    let (held, broken) = (
        search.held().expect("held"),
        search.broken().expect("broke"),
    );
    assert!(held.load < 520.0 && broken.load >= 620.0);
    let open = tried(&run)
        .into_iter()
        .filter(|(_, standing)| *standing == StepVerdict::Undecided)
        .collect::<Vec<_>>();
    assert!(!open.is_empty());
    assert!(
        open.iter().all(|(load, _)| (520.0..620.0).contains(load)),
        "{open:?}"
    );
    let lowest = open.iter().map(|(load, _)| *load).fold(f64::MAX, f64::min);
    let highest = open.iter().map(|(load, _)| *load).fold(0.0, f64::max);
    assert!(lowest / held.load < 1.052 && broken.load / highest < 1.052);
}

#[test]
fn throughput_over_users_follows_the_law() {
    let plan = steps(&[50, 100, 200, 400]);
    let run = searched(&plan, |_, _| QUICK);
    let law = found(&run).scaling.expect("a fit");
    assert_eq!(law.points, 4);
    // A user asks once in a second, as often as there are users.
    assert!((law.lambda - 1.0).abs() < 0.05, "{law:?}");
    assert!(law.sigma < 1e-3 && law.kappa < 1e-5, "{law:?}");
}

fn verdict(run: &RunResult, metric: &str, limit: &str) -> (Verdict, String) {
    let requirement = Requirement {
        name: "a::search".to_owned(),
        severity: Severity::Critical,
        scenario: Some("stress".to_owned()),
        checks: vec![check(metric, limit)],
    };
    let evidence = Evidence {
        runs: vec![run],
        ..Evidence::default()
    };
    let judgement = judge(&requirement, &evidence, 0.95);
    (judgement.verdict, judgement.reason)
}

#[test]
fn verdicts_follow_what_was_found() {
    use Verdict::{Fail, Inconclusive, Pass};
    let from = |users: f64, answer: Answer| -> Target {
        Box::new(move |leg, _| if leg.load >= users { answer } else { QUICK })
    };
    let slowly_back: Target = Box::new(|leg, due| match leg.role {
        Role::Load if leg.load > 150.0 => SLOW,
        Role::Recovery if due < SECOND => SLOW,
        _ => QUICK,
    });
    let never_back: Target = Box::new(|leg, _| match leg.role {
        Role::Load if leg.load < 150.0 => QUICK,
        _ => SLOW,
    });
    let ended = |outcome| (MS, 0, outcome);
    let late = (1_500 * MS, 1_490 * MS, Outcome::Ok);
    let table: [(&str, Target, Wanted); 8] = [
        (
            "slow at 200",
            from(200.0, SLOW),
            &[
                ("breaking_point", ">= 100", Pass),
                ("breaking_point", "> 100", Pass),
                ("breaking_point", ">= 150", Inconclusive),
                ("breaking_point", ">= 200", Fail),
                ("ungraceful_failures", "< 10 %", Pass),
            ],
        ),
        (
            "never",
            from(1e9, SLOW),
            &[
                ("breaking_point", ">= 400", Pass),
                ("recovery_time", "< 5 s", Pass),
                ("ungraceful_failures", "< 10 %", Pass),
            ],
        ),
        (
            "at the first",
            from(0.0, SLOW),
            &[
                ("breaking_point", ">= 50", Fail),
                ("recovery_time", "< 5 s", Inconclusive),
            ],
        ),
        (
            "generator late at 200",
            from(200.0, late),
            &[
                ("breaking_point", ">= 100", Pass),
                ("breaking_point", ">= 200", Inconclusive),
                ("ungraceful_failures", "< 10 %", Pass),
            ],
        ),
        (
            "refuses at 200",
            from(200.0, ended(Outcome::Status(503))),
            &[("ungraceful_failures", "< 10 %", Pass)],
        ),
        (
            "gone at 200",
            from(200.0, ended(Outcome::Connect)),
            &[("ungraceful_failures", "< 10 %", Fail)],
        ),
        (
            "slowly back",
            slowly_back,
            &[
                ("recovery_time", "< 2 s", Pass),
                ("recovery_time", "< 1 s", Fail),
            ],
        ),
        (
            "never back",
            never_back,
            &[
                ("recovery_time", "< 5 s", Fail),
                ("recovery_time", "< 10 s", Inconclusive),
            ],
        ),
    ];
    let plan = steps(&[50, 100, 200, 400]);
    let mut told = String::new();
    for (name, target, expected) in table {
        let run = searched(&plan, target);
        for (metric, limit, wanted) in expected {
            let (verdict, reason) = verdict(&run, metric, limit);
            assert_eq!(verdict, *wanted, "{name}: {metric} {limit}: {reason}");
            told += &format!("{name}: {metric} {limit}: {verdict}\n  {reason}\n");
        }
    }
    insta::assert_snapshot!(told);
}

/// The reason of the lowest step that broke.
fn broke_by(run: &RunResult) -> String {
    found(run)
        .broken()
        .unwrap_or_else(|| panic!("{:?}", tried(run)))
        .reason
        .clone()
}

#[test]
fn a_break_is_named_by_what_happened() {
    // Every `nth` request fails at once; the others take so long.
    let failing = |nth: u64, outcome: Outcome, other: Answer| {
        move |leg: Probe, due: u64| {
            let number = (due as f64 / 1e9 * leg.load).round() as u64;
            if leg.load > 75.0 && number.is_multiple_of(nth) {
                (MS, 0, outcome)
            } else if leg.load > 75.0 {
                other
            } else {
                QUICK
            }
        }
    };
    let plan = steps(&[50, 1_000]);
    let mut told = String::new();
    for (name, run) in [
        (
            "half refused",
            searched(&plan, failing(2, Outcome::RateLimited, QUICK)),
        ),
        // Fewer than one in ten may fail, but a p95 knows no more than one in twenty.
        (
            "one in ten refused",
            searched(&plan, failing(10, Outcome::Status(503), QUICK)),
        ),
        (
            "half refused, the others slow",
            searched(&plan, failing(2, Outcome::RateLimited, SLOW)),
        ),
        (
            "one in fifty resets, the others slow",
            searched(&plan, failing(50, Outcome::Reset, SLOW)),
        ),
        (
            "slow",
            searched(&plan, failing(1_000_000, Outcome::Ok, SLOW)),
        ),
        (
            "timeouts",
            searched(&plan, failing(2, Outcome::Timeout, QUICK)),
        ),
        (
            "of several kinds",
            searched(&plan, |leg, due| {
                match (leg.load > 75.0, due / MS % 50 / 10) {
                    (true, 0) => (MS, 0, Outcome::Status(500)),
                    (true, 1) => (MS, 0, Outcome::Connect),
                    (true, 2) => (MS, 0, Outcome::RateLimited),
                    (true, 3) => (MS, 0, Outcome::Reset),
                    _ => QUICK,
                }
            }),
        ),
    ] {
        told += &format!("{name}\n  {}\n", broke_by(&run));
    }
    insta::assert_snapshot!(told);
}

#[test]
fn the_connections_of_the_plan_are_no_fault_of_the_generator_and_no_end_of_the_target() {
    // 100 connections and answers of 150 ms make 667 per second, whatever is offered.
    let plan = capacity(100.0, 1_600.0);
    let service = 150 * MS;
    let behind = |leg: Probe, due: u64| {
        let slower = (leg.load * 0.15 / 100.0 - 1.0).max(0.0);
        (due as f64 * slower) as u64
    };
    let capped = |leg: Probe, started| {
        let answer = |due| (behind(leg, due) + service, behind(leg, due), Outcome::Ok);
        let mut run = waiting_run(&plan, leg, started, answer, |due| behind(leg, due));
        run.generator.connection_limit = Some(100);
        run.generator.waited_for_connection = run.generator.waits.len();
        run.notes.extend(run.generator.waits_note());
        run.notes.push("requests go over HTTP/2".to_owned());
        run
    };
    let run = searched_on(&plan, capped);
    // Each of several steps has a note on its own waits: the search has one on all of them.
    let waited = format!("{} requests waited", run.generator.waits.len());
    assert_eq!(run.notes.len(), 2, "{:?}", run.notes);
    assert!(run.notes[1].starts_with(&waited), "{:?}", run.notes);
    let search = found(&run);
    assert_eq!(search.ending, SearchEnding::Capped, "{:?}", tried(&run));
    assert_eq!(search.broken(), None);
    let held = search.held().expect("one held").load;
    // Shortly above 667 per second the queue has no time to become long.
    assert!((600.0..900.0).contains(&held), "{held}");
    let (step, why) = search.saturated().expect("a reason");
    assert!(step.capped && step.cpu == Some(10.0));
    assert!(
        why.starts_with("all 100 connections that the plan allows were busy"),
        "{why}"
    );
    assert!(
        why.contains("`connections`") && why.contains("answers that take this long"),
        "{why}"
    );
    let wanted = Check {
        metric: Metric::Capacity,
        ..check("breaking_point", ">= 1200")
    };
    let requirement = Requirement {
        name: "a::search".to_owned(),
        severity: Severity::Critical,
        scenario: Some("stress".to_owned()),
        checks: vec![wanted, check("generator_lateness_p99", "< 50 ms")],
    };
    let evidence = Evidence {
        runs: vec![&run],
        ..Evidence::default()
    };
    let judgement = judge(&requirement, &evidence, 0.95);
    let verdicts: Vec<Verdict> = judgement
        .checks
        .iter()
        .map(|judged| judged.verdict)
        .collect();
    assert_eq!(
        verdicts,
        [Verdict::Inconclusive, Verdict::Pass],
        "{judgement:?}"
    );
    assert!(
        judgement.reason.contains("could not be put on the target"),
        "{}",
        judgement.reason
    );
    assert!(
        !judgement.reason.contains("generator"),
        "{}",
        judgement.reason
    );
}

#[test]
fn a_target_that_is_slow_itself_breaks_whatever_waits_for_connections() {
    let plan = capacity(100.0, 1_600.0);
    let slow = |leg: Probe, started| {
        let over = leg.load > 300.0;
        let service = if over { 1_200 * MS } else { 20 * MS };
        let wait = if over { 400 * MS } else { 0 };
        waiting_run(
            &plan,
            leg,
            started,
            |_| (wait + service, wait, Outcome::Ok),
            |_| wait,
        )
    };
    let run = searched_on(&plan, slow);
    assert_eq!(
        found(&run).ending,
        SearchEnding::Settled,
        "{:?}",
        tried(&run)
    );
    assert!(found(&run).broken().expect("one broke").load <= 320.0);
}

#[test]
fn the_way_back_says_when_it_is_refusals_that_keep_it_up() {
    let plan = steps(&[50, 100]);
    let refusing = |leg: Probe, _| match leg.role {
        Role::Load if leg.load < 75.0 => QUICK,
        _ => (MS, 0, Outcome::RateLimited),
    };
    let (_, reason) = verdict(&searched(&plan, refusing), "recovery_time", "< 5 s");
    assert!(
        reason.ends_with("requests on the way back failed (rate_limited 300)"),
        "{reason}"
    );
}

#[test]
fn where_the_first_step_failed_too_often_there_is_no_p95_to_come_back_to() {
    let mut plan = steps(&[50, 100]);
    let search = plan.search.as_mut().expect("a search");
    search.holds = vec![check("error_rate", "<= 20 %")];
    // One in twelve is charged ten seconds: half as much again would be no recovery.
    let failing = |leg: Probe, due: u64| {
        let number = (due as f64 / 1e9 * leg.load).round() as u64;
        match leg.role {
            Role::Recovery => (9 * SECOND, 0, Outcome::Ok),
            Role::Load if number.is_multiple_of(12) => (MS, 0, Outcome::Status(500)),
            Role::Load => QUICK,
        }
    };
    let run = searched(&plan, failing);
    assert_eq!(found(&run).steps[0].standing, StepVerdict::Held);
    let (verdict, reason) = verdict(&run, "recovery_time", "< 60 s");
    assert_eq!(verdict, Verdict::Inconclusive, "{reason}");
    assert!(
        reason.ends_with("so there is no p95 to come back to"),
        "{reason}"
    );
}

#[test]
fn what_is_on_its_way_decides_no_step() {
    let mut plan = capacity(50.0, 1_600.0);
    let leg = Probe::up(400.0);
    let search = plan.search.clone().expect("a search");
    let holding = holding(&plan, &search);
    for extensions in [0, 1] {
        let mut so_far = run(&plan, leg, 0, |_| QUICK);
        so_far.window.extensions = extensions;
        assert!(is_settled(&so_far, &[0], &holding, 0.95));
        // Enough are open to break the step, if all of them take too long: not held yet, and not broken.
        assert!(!is_settled(&so_far, &[200], &holding, 0.95), "{extensions}");
        // In the end all of them have ended, and the step is judged by what they came to.
        let step = judged(&plan, leg, &so_far, None, &holding, 0.95);
        assert_eq!(step.standing, StepVerdict::Held, "{}", step.reason);
    }
    // The second half of a step alone is not broken by what is open either.
    plan.phases.measure = Duration::from_secs(8);
    let middling = run(
        &plan,
        leg,
        0,
        |due| if due / SECOND == 1 { SLOW } else { QUICK },
    );
    for open in [0, 50, 400] {
        assert!(!is_settled(&middling, &[open], &holding, 0.95), "{open}");
    }
}
