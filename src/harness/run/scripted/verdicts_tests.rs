//! Each fault over HTTP, and exactly the requirements that fail because of it.

use std::thread;
use std::time::Duration;

use super::targets::{Script, failing, gone, ms, rate_limited, slow, sound, stalling};
use super::{fixture, judged};
use crate::load::VirtualTime;
use crate::profile::Profile;
use crate::record::Outcome;
use crate::record::{Recurring, Second, Summary};

const P50: &str = "response_time::p50";
const P95: &str = "response_time::p95";
const P99: &str = "response_time::p99";
const ERRORS: &str = "errors::rate";
const API: &str = "scenario::api";
const RATE: &str = "throughput::rps";
const BURST: &str = "concurrency::users";
const SOCKETS: &str = "scenario::websocket";
const MIXED: &str = "scenario::mixed";
const HEADROOM: &str = "generator::headroom";

/// A fault, the tests that fail, and what one of them must tell.
struct Case {
    name: &'static str,
    target: fn() -> Script,
    failed: &'static [&'static str],
    told: Option<(&'static str, &'static str)>,
}

const CASES: [Case; 9] = [
    Case {
        name: "none",
        target: sound,
        failed: &[],
        told: None,
    },
    Case {
        name: "300 ms more for all",
        target: || slow(ms(300), None),
        failed: &[P50, P95, API, BURST, MIXED],
        told: Some((P95, "took 200 ms or more")),
    },
    Case {
        name: "300 ms more for workflows",
        target: || slow(ms(300), Some("/api/v1/workflows")),
        failed: &[P95, API],
        told: Some((API, "workflows")),
    },
    // Two in a hundred of all requests.
    Case {
        name: "errors of its own",
        target: || {
            failing(
                Outcome::Status(500),
                &[("/api/v1/agents/", 0.08), ("/api/v1/auth/me", 0.04)],
            )
        },
        failed: &[ERRORS, API, BURST, MIXED],
        told: Some((ERRORS, "500")),
    },
    Case {
        name: "bodies cut in half",
        target: || failing(Outcome::BadBody, &[("/", 0.02)]),
        failed: &[ERRORS, API, BURST, MIXED],
        told: Some((ERRORS, "a body that was cut off")),
    },
    // All of its failures fall into one second of eight, which leaves open how many there are in general.
    Case {
        name: "a restart of 300 ms",
        target: || gone(ms(3_000), ms(3_300)),
        failed: &[P95, ERRORS, API],
        told: Some((ERRORS, "got no connection")),
    },
    // A quarter of all, but a single event: that leaves open even whether half of all would.
    Case {
        name: "refuses for 2 s",
        target: || gone(ms(3_000), ms(5_000)),
        failed: &[P50, P95, ERRORS, API],
        told: Some((ERRORS, "got no connection")),
    },
    Case {
        name: "dies in mid-run",
        target: || gone(ms(1_500), Duration::MAX),
        failed: &[P50, P95, ERRORS, API, RATE, BURST, SOCKETS, MIXED],
        told: Some((ERRORS, "got no connection")),
    },
    Case {
        name: "a rate limit",
        target: || rate_limited(10, Duration::from_secs(60)),
        // No request succeeded, so a target is missed for good as well.
        failed: &[P50, P95, P99, ERRORS, API, RATE, BURST, SOCKETS, MIXED],
        told: Some((ERRORS, "429")),
    },
];

/// The others of the profile are searches.
const LOADS: [&str; 5] = ["api", "throughput", "burst", "websocket", "mixed"];

/// What is not as the case says it.
fn wrong(profile: &Profile, case: &Case) -> Vec<String> {
    let (name, expected) = (case.name, case.failed);
    let judged = judged(profile, &LOADS, &VirtualTime::new((case.target)()));
    let failed = judged.failed();
    let mut wrong = Vec::new();
    if failed != expected {
        let reasons: Vec<_> = failed
            .iter()
            .map(|name| judged.reason_and_advice(name))
            .collect();
        wrong.push(format!(
            "{name}: failed {failed:?}, not {expected:?}: {reasons:#?}"
        ));
    }
    let told = case
        .told
        .map(|(name, words)| (judged.reason_and_advice(name), words));
    if let Some((told, words)) = told.filter(|(told, words)| !told.contains(words)) {
        wrong.push(format!("{name}: {words:?} is not told: {told}"));
    }
    let seconds = judged.run("api").seconds.iter();
    if seconds.map(Second::due).sum::<u64>() < 2_000 {
        wrong.push(format!("{name}: too few were due"));
    }
    wrong
}

#[test]
fn each_fault_fails_exactly_what_it_breaks() {
    let profile = &fixture("quick.toml");
    let wrong: Vec<String> = thread::scope(|scope| {
        let cases = CASES.map(|case| scope.spawn(move || wrong(profile, &case)));
        let ended = cases.into_iter().map(|case| case.join().expect("a case"));
        ended.flatten().collect()
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_stall_shows_in_the_response_time_and_not_in_the_service_time() {
    const STALL: [Duration; 1] = [ms(5_000)];
    let target = stalling(&STALL, Duration::from_secs(2));
    let judged = judged(&fixture("stall.toml"), &[], &VirtualTime::new(target));
    let summary = Summary::of(judged.run("users"));
    let (response, service) = (&summary.response, &summary.service);
    assert_eq!(response.len(), 4_000);
    let quantiles = (response.quantile_ms(0.95), service.quantile_ms(0.95));
    assert!((900.0..1_200.0).contains(&quantiles.0), "{quantiles:?}");
    assert!(quantiles.1 < 200.0, "{quantiles:?}");
    assert_eq!(judged.failed(), [P95]);
}

#[test]
fn what_recurs_is_told_with_its_period() {
    const STALLS: [Duration; 4] = [ms(4_000), ms(9_000), ms(14_000), ms(19_000)];
    let time = VirtualTime::new(stalling(&STALLS, ms(400)));
    let judged = judged(&fixture("stall.toml"), &["users"], &time);
    let found = Recurring::all(judged.run("users"));
    let one = found.first().expect("something recurs");
    assert_eq!((found.len(), one.times), (1, 4), "{found:?}");
    assert!((one.period - 5.0).abs() < 0.05, "{found:?}");
}

/// What was due, or on its way, while the generator stood still is its own fault and not the target's.
#[test]
fn a_generator_that_stood_still_is_blamed_itself() {
    let rate = (
        "arrivals = 'constant'\nrate = '200/s'",
        "metric = 'response_time_p95'\nlimit = '< 200 ms'",
        ms(20),
    );
    let users = (
        "arrivals = 'users'\nusers = 400\nthink_time = '2s..2s'",
        "metric = 'response_time_p99'\nlimit = '< 600 ms'",
        ms(400),
    );
    for (arrivals, limit, work) in [rate, users] {
        let profile = super::written(&format!(
            "[target]\ntimeout = '5s'\n[scenario.case]\n{arrivals}\nduration = '8s'\n\
             [[scenario.case.endpoint]]\npath = '/'\n\
             [[requirement]]\nname = 'response'\nseverity = 'critical'\nscenario = 'case'\n{limit}\n\
             [[requirement]]\nname = '{HEADROOM}'\nseverity = 'critical'\n\
             metric = 'generator_lateness_p99'\nlimit = '< 50 ms'\n"
        ));
        let target =
            move |_: &crate::load::ScriptedRequest<'_>| crate::load::ScriptedAnswer::good(work);
        let sound = judged(&profile, &[], &VirtualTime::new(target));
        assert_eq!(sound.failed(), [""; 0], "{arrivals}");
        let stopped = VirtualTime::new(target).frozen(ms(3_000), ms(1_000));
        let stopped = judged(&profile, &[], &stopped);
        assert!(stopped.failed().contains(&"response"), "{arrivals}");
        let told = stopped.reason_and_advice("response");
        assert!(told.contains("generator"), "{arrivals}: {told}");
        let verdict = stopped.of("response").verdict;
        assert_eq!(verdict, crate::requirement::Verdict::Inconclusive, "{told}");
        if work == ms(20) {
            assert!(
                stopped.failed().contains(&HEADROOM),
                "{}",
                stopped.reason_and_advice(HEADROOM)
            );
        }
    }
}
