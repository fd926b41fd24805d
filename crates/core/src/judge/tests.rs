use std::collections::BTreeMap;
use std::time::Duration;

use super::*;
use crate::record::{
    AddressResult, EndpointKind, EndpointResult, EndpointRules, Generator, Observed, Outage, Rules,
    RunProblem, Sockets, Tally, UptimeRecord, Window,
};
use crate::record::{Outcome, Sample};
use crate::requirement::Metric;
use crate::requirement::{Limit, Severity, TestVerdict};

mod doubts;
mod journeys;

const MS: u64 = 1_000_000;
const SECOND: u64 = 1_000_000_000;

/// Twenty seconds of fifty requests each, made by `sample` from second and place in it.
fn run(sample: impl Fn(u64, u64) -> Sample) -> RunResult {
    run_of(|second, place| Some(sample(second, place)))
}

/// Without what has not ended yet.
fn run_of(sample: impl Fn(u64, u64) -> Option<Sample>) -> RunResult {
    let rules = Rules {
        endpoints: EndpointRules {
            timeout: 10 * SECOND,
            judged_from: 0,
        }
        .for_each(2),
        thresholds: vec![100 * MS, 128 * MS, 160 * MS, 200 * MS],
    };
    let mut tally = Tally::new(rules);
    for second in 0..20 {
        for place in 0..50 {
            if let Some(one) = sample(second, place) {
                tally.record(&one);
            }
        }
    }
    let endpoint = |(name, counted): (&str, &crate::record::EndpointTally)| EndpointResult {
        kind: EndpointKind::Http,
        name: name.into(),
        request: format!("GET /{name}"),
        outcomes: counted.outcomes(),
        response: counted.response(),
        answered: counted.answered(),
        service: counted.service(),
        ..EndpointResult::default()
    };
    let address = |(index, counted): (usize, &crate::record::EndpointTally)| AddressResult {
        address: format!("192.0.2.{index}:80"),
        left_out: None,
        outcomes: counted.outcomes(),
        response: counted.response(),
    };
    RunResult {
        sockets: Sockets::default(),
        scenario: "api".into(),
        plan: "0".into(),
        load: String::new(),
        started: 0,
        status: Status::Complete,
        problem: None,
        thresholds: vec![100 * MS, 128 * MS, 160 * MS, 200 * MS],
        window: Window {
            from: 0,
            to: 20 * SECOND,
            extendable: true,
            extensions: 0,
            planned: None,
            extended_from: None,
        },
        endpoints: ["a", "b"]
            .into_iter()
            .zip(&tally.endpoints)
            .map(endpoint)
            .collect(),
        seconds: tally.seconds.clone(),
        users: tally.users.clone(),
        generator: Generator {
            lag: tally.lag(),
            cpu: vec![10.0; 20],
            ..Generator::default()
        },
        watch: UptimeRecord::default(),
        observed: Observed::default(),
        search: None,
        addresses: tally.addresses.iter().enumerate().map(address).collect(),
        slowest: crate::record::Slowest::default(),
        excerpts: crate::record::Excerpts::default(),
        notes: Vec::new(),
    }
}

fn sample(second: u64, place: u64, wait: u64, outcome: Outcome) -> Sample {
    let due = second * SECOND + place * 20 * MS;
    let endpoint = (place % 2) as usize;
    Sample {
        endpoint,
        user: 0,
        due,
        sent: Some(due),
        done: due + wait,
        lag: 0,
        bytes: 1,
        outcome,
        address: None,
    }
}

/// Every request takes 20 ms.
fn quick(second: u64, place: u64) -> Sample {
    sample(second, place, 20 * MS, Outcome::Ok)
}

fn requirement(checks: &[(&str, Scope, &str)]) -> Requirement {
    let check = |(metric, scope, limit): &(&str, Scope, &str)| Check {
        metric: Metric::parse(metric).expect("a metric"),
        scope: scope.clone(),
        limit: Limit::parse(limit).expect("a limit"),
    };
    Requirement {
        name: "a::b".into(),
        severity: Severity::Critical,
        scenario: Some("api".into()),
        checks: checks.iter().map(check).collect(),
    }
}

fn one(metric: &str, limit: &str) -> Requirement {
    requirement(&[(metric, Scope::All, limit)])
}

fn on(run: &RunResult, requirement: &Requirement) -> Judgement {
    judge(
        requirement,
        &Evidence {
            runs: vec![run],
            ..Evidence::default()
        },
        0.95,
    )
}

#[test]
fn verdicts_follow_the_evidence() {
    use Verdict::{Fail, Inconclusive, Pass};
    let good = run(quick);
    let slow = run(|s, p| sample(s, p, 300 * MS, Outcome::Ok));
    let tail = run(|s, p| {
        sample(
            s,
            p,
            if (s * 50 + p) % 20 == 0 { 250 } else { 20 } * MS,
            Outcome::Ok,
        )
    });
    let errors = run(|s, p| {
        let failed = (s * 50 + p) % 33 == 0;
        sample(
            s,
            p,
            2 * MS,
            if failed {
                Outcome::Status(500)
            } else {
                Outcome::Ok
            },
        )
    });
    let table = [
        ("good", &good, "response_time_p50", "< 100 ms", Pass),
        ("good", &good, "response_time_p95", "< 200 ms", Pass),
        ("good", &good, "response_time_mean", "< 200 ms", Pass),
        ("good", &good, "error_rate", "< 1 %", Pass),
        ("good", &good, "success_rate", ">= 99 %", Pass),
        ("good", &good, "throughput", ">= 49/s", Pass),
        ("good", &good, "throughput", ">= 100/s", Inconclusive),
        ("good", &good, "generator_cpu", "< 80 %", Pass),
        ("good", &good, "generator_refusals", "== 0", Pass),
        ("slow", &slow, "response_time_p50", "< 100 ms", Fail),
        ("slow", &slow, "response_time_p95", "< 200 ms", Fail),
        ("slow", &slow, "response_time_mean", "< 200 ms", Fail),
        ("slow", &slow, "error_rate", "< 1 %", Pass),
        // Exactly five in a hundred take longer: on which side of the limit that is can't be decided.
        ("tail", &tail, "response_time_p95", "< 200 ms", Inconclusive),
        ("tail", &tail, "response_time_p50", "< 100 ms", Pass),
        ("errors", &errors, "error_rate", "< 1 %", Fail),
        ("errors", &errors, "success_rate", ">= 99 %", Fail),
        ("errors", &errors, "response_time_p50", "< 100 ms", Pass),
        // Three in a hundred failed within 2 ms, and the mean does not take that for quick.
        ("errors", &errors, "response_time_mean", "< 200 ms", Fail),
    ];
    for (name, run, metric, limit, verdict) in table {
        let judgement = on(run, &one(metric, limit));
        assert_eq!(
            judgement.verdict, verdict,
            "{name} {metric} {limit}: {}",
            judgement.reason
        );
    }
}

#[test]
fn users_that_differ_count_as_few_however_many_requests_they_send() {
    // The same thousand requests, of which 80 are slow: spread over all, or those of two of 25 users.
    let of = |slow: fn(u64) -> bool| {
        run(move |s, p| {
            let number = s * 50 + p;
            let wait = if slow(number) { 300 } else { 20 } * MS;
            Sample {
                user: number % 25,
                ..sample(s, p, wait, Outcome::Ok)
            }
        })
    };
    let spread = of(|number| (number / 25 + number) % 25 < 2);
    let sticky = of(|number| number % 25 < 2);
    for (metric, limit) in [
        ("response_time_p95", "< 200 ms"),
        ("response_time_mean", "< 30 ms"),
    ] {
        let requirement = one(metric, limit);
        let verdicts = [&spread, &sticky].map(|run| on(run, &requirement).verdict);
        let expected = [Verdict::Fail, Verdict::Inconclusive];
        assert_eq!(verdicts, expected, "{metric}");
    }
    let judged = on(&sticky, &one("response_time_p95", "< 200 ms"));
    let estimate = judged.checks[0].estimate.expect("an estimate");
    assert!(estimate.effective_samples < 30.0, "{estimate:?}");
}

#[test]
fn the_reason_says_what_was_seen_and_how_sure_it_is() {
    let tail = run(|s, p| sample(s, p, if p == 0 { 250 } else { 20 } * MS, Outcome::Ok));
    let reasons = [
        on(&tail, &one("response_time_p95", "< 200 ms")),
        on(&tail, &one("error_rate", "< 1 %")),
        on(&tail, &one("response_time_mean", "< 200 ms")),
        on(&tail, &one("throughput", ">= 100/s")),
        on(&tail, &one("generator_lateness_p99", "< 50 ms")),
    ];
    let told: Vec<&str> = reasons
        .iter()
        .map(|judgement| judgement.reason.as_str())
        .collect();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn nothing_due_is_no_pass() {
    let mut run = run(quick);
    run.window = Window {
        from: 100 * SECOND,
        to: 120 * SECOND,
        extendable: false,
        extensions: 0,
        planned: None,
        extended_from: None,
    };
    for (metric, limit) in [
        ("response_time_p95", "< 200 ms"),
        ("error_rate", "< 1 %"),
        ("throughput", ">= 1/s"),
    ] {
        assert_eq!(
            on(&run, &one(metric, limit)).verdict,
            Verdict::Inconclusive,
            "{metric}"
        );
    }
    let nothing = judge(&one("error_rate", "< 1 %"), &Evidence::default(), 0.95);
    assert_eq!(nothing.verdict, Verdict::Inconclusive);
}

#[test]
fn a_run_that_could_not_be_made_fails_and_an_interrupted_one_is_open() {
    let mut failed = run(quick);
    failed.status = Status::Failed;
    let what = "nothing answers at http://127.0.0.1:1".to_owned();
    failed.problem = Some(RunProblem {
        what: what.clone(),
        advice: "start it".into(),
    });
    let judgement = on(&failed, &one("error_rate", "< 1 %"));
    assert_eq!((judgement.verdict, judgement.reason), (Verdict::Fail, what));
    let mut partial = run(quick);
    partial.status = Status::Partial;
    assert_eq!(
        on(&partial, &one("error_rate", "< 1 %")).verdict,
        Verdict::Inconclusive
    );
}

#[test]
fn the_worst_endpoint_decides_and_is_named() {
    let run = run(|s, p| sample(s, p, if p % 2 == 1 { 400 } else { 20 } * MS, Outcome::Ok));
    let judgement = on(
        &run,
        &requirement(&[("response_time_p95", Scope::EachEndpoint, "< 200 ms")]),
    );
    assert_eq!(judgement.verdict, Verdict::Fail);
    assert_eq!(judgement.checks[0].endpoint.as_deref(), Some("b"));
    let unknown = Scope::Endpoint("c".into());
    let judgement = on(
        &run,
        &requirement(&[("response_time_p95", unknown, "< 200 ms")]),
    );
    assert_eq!(judgement.verdict, Verdict::Inconclusive);
}

/// Half of the requests go to one address, where they take 400 ms and a quarter of them fails.
fn two_addresses() -> RunResult {
    run(|s, p| {
        let (wait, outcome) = match (p % 4 < 2, p % 20) {
            (true, _) => (20 * MS, Outcome::Ok),
            (false, 2 | 3) => (400 * MS, Outcome::Status(500)),
            (false, _) => (400 * MS, Outcome::Ok),
        };
        Sample {
            address: Some(u16::from(p % 4 >= 2)),
            ..sample(s, p, wait, outcome)
        }
    })
}

#[test]
fn the_worst_address_decides_and_is_named() {
    let each = |metric, limit| requirement(&[(metric, Scope::EachAddress, limit)]);
    let run = two_addresses();
    // Together they keep both limits.
    for (metric, limit, value) in [
        ("response_time_p40", "< 200 ms", 400.0),
        ("error_rate", "< 15 %", 25.0),
    ] {
        assert_eq!(
            on(&run, &one(metric, limit)).verdict,
            Verdict::Pass,
            "{metric}"
        );
        let judgement = on(&run, &each(metric, limit));
        assert_eq!(
            judgement.verdict,
            Verdict::Fail,
            "{metric}: {}",
            judgement.reason
        );
        let check = &judgement.checks[0];
        assert_eq!(check.endpoint.as_deref(), Some("192.0.2.1:80"));
        let told = check.estimate.unwrap().value;
        assert!((told / value - 1.0).abs() < 0.01, "{metric}: {told}");
        let named = "address `192.0.2.1:80`: ";
        assert!(judgement.reason.starts_with(named), "{}", judgement.reason);
    }
}

#[test]
fn an_address_without_load_is_no_pass_and_a_single_one_is_the_whole() {
    let each = requirement(&[("error_rate", Scope::EachAddress, "< 30 %")]);
    let mut run = two_addresses();
    assert_eq!(on(&run, &each).verdict, Verdict::Pass);
    run.addresses.push(AddressResult {
        address: "192.0.2.2:80".into(),
        left_out: Some("connection refused".into()),
        outcomes: BTreeMap::new(),
        response: crate::record::Histogram::new(),
    });
    let judgement = on(&run, &each);
    assert_eq!(judgement.verdict, Verdict::Inconclusive);
    assert!(
        judgement.reason.contains("connection refused"),
        "{}",
        judgement.reason
    );
    run.addresses.clear();
    let (single, all) = (on(&run, &each), on(&run, &one("error_rate", "< 30 %")));
    assert_eq!((single.verdict, single.reason), (all.verdict, all.reason));
}

#[test]
fn what_the_generator_held_up_is_not_blamed_on_the_target() {
    let late = run(|s, p| Sample {
        sent: Some(s * SECOND + p * 20 * MS + 300 * MS),
        lag: 300 * MS,
        ..sample(s, p, 320 * MS, Outcome::Ok)
    });
    for (metric, limit) in [
        ("response_time_p95", "< 200 ms"),
        ("response_time_mean", "< 200 ms"),
    ] {
        let judgement = on(&late, &one(metric, limit));
        assert_eq!(judgement.verdict, Verdict::Inconclusive, "{metric}");
        assert!(
            judgement.reason.contains("load generator"),
            "{}",
            judgement.reason
        );
    }
    let judgement = on(&late, &one("generator_lateness_p99", "< 50 ms"));
    assert_eq!(judgement.verdict, Verdict::Fail);
    let mut refused = run(|s, p| sample(s, p, MS, Outcome::NoSocket));
    refused.generator.refusals = 1000;
    assert_eq!(
        on(&refused, &one("error_rate", "< 1 %")).verdict,
        Verdict::Inconclusive
    );
    assert_eq!(
        on(&refused, &one("generator_refusals", "== 0")).verdict,
        Verdict::Fail
    );
}

#[test]
fn the_session_is_judged_on_the_runs_that_could_be_made() {
    let good = run(quick);
    let mut failed = run(quick);
    failed.status = Status::Failed;
    let mut requirement = one("generator_refusals", "== 0");
    requirement.scenario = None;
    let verdict = |runs: Vec<&RunResult>| {
        let evidence = Evidence {
            runs,
            ..Evidence::default()
        };
        judge(&requirement, &evidence, 0.95).verdict
    };
    assert_eq!(verdict(vec![&failed, &good]), Verdict::Pass);
    assert_eq!(verdict(vec![&failed, &failed]), Verdict::Fail);
}

#[test]
fn requests_still_on_their_way_keep_a_verdict_open() {
    let run = run(quick);
    let requirement = one("response_time_p95", "< 200 ms");
    let verdict = |open: &[u64], requirement: &Requirement| {
        let evidence = Evidence {
            runs: vec![&run],
            open,
            ..Evidence::default()
        };
        judge(requirement, &evidence, 0.95).verdict
    };
    assert_eq!(verdict(&[2, 3], &requirement), Verdict::Pass);
    assert_eq!(verdict(&[30, 30], &requirement), Verdict::Inconclusive);
    // Another endpoint's are none of its business.
    let mut alone = requirement.clone();
    alone.checks[0].scope = Scope::Endpoint(run.endpoints[0].name.clone());
    assert_eq!(verdict(&[0, 60], &alone), Verdict::Pass);
    assert_eq!(verdict(&[60, 0], &alone), Verdict::Inconclusive);
}

/// A run whose planned part ends at `planned`, in seconds, and whose extension at `end`; `late` is what happens in the extension.
fn extended(planned: u64, end: u64, late: impl Fn(u64, u64) -> Sample) -> RunResult {
    let mut extended = run(|s, p| if s < planned { quick(s, p) } else { late(s, p) });
    extended.window.to = end * SECOND;
    extended.window.extensions = 1;
    extended.window.extended_from = Some(planned * SECOND);
    extended
}

#[test]
fn an_extension_takes_back_no_verdict_of_the_planned_part() {
    let fails = |s, p| sample(s, p, MS, Outcome::Status(500));
    // 375 requests of `a` in 15 s, and none that failed: at most 0.98 %; at any other look it takes 431 of them.
    let rare = requirement(&[("error_rate", Scope::Endpoint("a".into()), "< 1 %")]);
    let judgement = on(&extended(15, 17, quick), &rare);
    assert_eq!(judgement.verdict, Verdict::Pass, "{}", judgement.reason);
    assert!(
        judgement.reason.contains("of 375 requests") && judgement.reason.contains("in the planned"),
        "{}",
        judgement.reason
    );
    // Before all of the planned part has ended there is nothing to keep.
    let mut open = extended(15, 17, quick);
    open.window.extended_from = None;
    assert_eq!(on(&open, &rare).verdict, Verdict::Inconclusive);
    // The planned part passed and the whole failed: both can't be, and the failure counts.
    let judgement = on(&extended(8, 20, fails), &one("error_rate", "< 1 %"));
    assert_eq!(judgement.verdict, Verdict::Fail, "{}", judgement.reason);
    // And a failure stays one, whatever comes later.
    let mut failed = run(|s, p| if s < 4 { fails(s, p) } else { quick(s, p) });
    failed.window.extensions = 1;
    failed.window.extended_from = Some(4 * SECOND);
    let judgement = on(&failed, &one("error_rate", "< 50 %"));
    assert_eq!(judgement.verdict, Verdict::Fail, "{}", judgement.reason);
}

#[test]
fn health_is_what_the_answers_say_and_how_soon() {
    let requirement = one("health_time", "< 100 ms");
    let verdict = |samples: &[HealthSample]| {
        let evidence = Evidence {
            health: samples,
            ..Evidence::default()
        };
        judge(&requirement, &evidence, 0.95).verdict
    };
    let answer = |ms, complaint: Option<&str>| HealthSample {
        took: Duration::from_millis(ms),
        complaint: complaint.map(str::to_owned),
    };
    let mut samples = vec![answer(5, None); 20];
    assert_eq!(verdict(&samples), Verdict::Pass);
    samples[3] = answer(5, Some("field \"status\" says \"degraded\""));
    assert_eq!(verdict(&samples), Verdict::Fail);
    assert_eq!(verdict(&vec![answer(150, None); 20]), Verdict::Fail);
    assert_eq!(verdict(&[]), Verdict::Inconclusive);
}

#[test]
fn verdicts_on_health_and_outages_say_for_which_disturbances_they_speak() {
    let answers = vec![
        HealthSample {
            took: Duration::from_millis(5),
            complaint: None,
        };
        20
    ];
    let reason = |metric: &str, limit: &str, evidence: &Evidence<'_>| {
        judge(&one(metric, limit), evidence, 0.95).reason
    };
    let asked = |answers| Evidence {
        health: answers,
        ..Evidence::default()
    };
    let healthy = asked(&answers);
    let (kept, missed) = (
        reason("health_time", "< 100 ms", &healthy),
        reason("health_time", "< 1 ms", &healthy),
    );
    let pass = "; a disturbance at any other time can't be ruled out by these answers";
    let fail =
        "; this holds for the 20 answers: a disturbance at the time of them may be the cause";
    assert!(kept.ends_with(pass), "{kept}");
    assert!(missed.ends_with(fail), "{missed}");
    let watch = UptimeRecord {
        probes: 30,
        every_ms: Some(500),
        ..UptimeRecord::default()
    };
    let watched = Evidence {
        watch: Some(&watch),
        ..Evidence::default()
    };
    let told = reason("outages", "== 0", &watched);
    let outage = "an outage shorter than the 500 ms between two probes can't be ruled out";
    assert!(told.ends_with(outage), "{told}");
}

#[test]
fn outages_and_restarts_both_count() {
    let requirement = one("outages", "== 0");
    let verdict = |watch: &UptimeRecord| {
        let evidence = Evidence {
            watch: Some(watch),
            ..Evidence::default()
        };
        judge(&requirement, &evidence, 0.95).verdict
    };
    let mut watch = UptimeRecord {
        probes: 30,
        ..UptimeRecord::default()
    };
    assert_eq!(verdict(&watch), Verdict::Pass);
    watch.restarts.push(5);
    assert_eq!(verdict(&watch), Verdict::Fail);
    let outage = Outage {
        from: 1,
        to: None,
        probes: 2,
        cause: "refused".into(),
    };
    let out = UptimeRecord {
        probes: 3,
        every_ms: None,
        outages: vec![outage],
        restarts: Vec::new(),
    };
    assert_eq!(verdict(&out), Verdict::Fail);
    assert_eq!(verdict(&UptimeRecord::default()), Verdict::Inconclusive);
}

#[test]
fn outcomes_of_the_fixture_add_up() {
    let run = run(quick);
    let all: BTreeMap<_, u64> = run
        .endpoints
        .iter()
        .flat_map(|e| e.outcomes.clone())
        .collect();
    assert_eq!(all.get(&Outcome::Ok), Some(&500));
}
