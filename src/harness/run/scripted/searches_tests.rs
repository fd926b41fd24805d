//! Searches against scripted targets whose limits are known: ever more users, and the highest rate that is borne.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::targets::{gone, limited, ms, rate_limited, sound};
use super::{Judged, interruptible, judged, written};
use crate::load::{ScriptedAnswer, ScriptedRequest, VirtualTime};
use crate::profile::Profile;
use crate::record::Outcome;
use crate::record::{Role, SearchEnding, SearchResult, Status, StepVerdict};
use crate::requirement::Verdict;

const STEPS: &str = r#"
[target]
timeout = "5s"
[scenario.stress]
arrivals = "steps"
think_time = "400ms..600ms"
ramp_up = "1s"
duration = "3s"
extend = "3s"
break_when = { p95 = "> 500 ms", errors = "> 10 %" }
recovery = { duration = "3s", or_below = "200ms" }
"#;

const FAST: &str = r#"
[target]
timeout = "2s"
connect_timeout = "1s"
[scenario.stress]
arrivals = "steps"
think_time = "200ms..400ms"
duration = "3s"
extend = "2s"
break_when = { p95 = "> 1 s", errors = "> 10 %" }
"#;

/// A profile of one search, with requirements called by their names.
fn profile(scenario: &str, requirements: &[(&str, &str, &str)]) -> Profile {
    let mut text = format!("{scenario}\n[[scenario.stress.endpoint]]\npath = \"/health\"\n");
    for (name, metric, limit) in requirements {
        text += &format!(
            "[[requirement]]\nname = \"{name}\"\nscenario = \"stress\"\nmetric = \"{metric}\"\nlimit = \"{limit}\"\n"
        );
    }
    written(&text)
}

const ASKED: [(&str, &str, &str); 2] = [
    ("users", "breaking_point", ">= 10"),
    ("degradation", "ungraceful_failures", "< 10 %"),
];

fn search(judged: &Judged) -> &SearchResult {
    judged.run("stress").search.as_ref().expect("a search")
}

fn standings(judged: &Judged) -> Vec<(f64, Role, StepVerdict)> {
    let steps = search(judged).steps.iter();
    steps
        .map(|step| (step.load, step.role, step.standing))
        .collect()
}

fn verdict(judged: &Judged, name: &str) -> Verdict {
    judged.of(name).verdict
}

#[test]
fn a_limited_server_breaks_where_arithmetic_says() {
    // 4 places of 20 ms bear 200 requests per second: those of 100 users who ask twice in a second.
    let profile = profile(
        &format!("{STEPS}\nsteps = [25, 75, 150, 300]\n"),
        &[
            ("few", "breaking_point", ">= 75"),
            ("between", "breaking_point", "> 100"),
            ("many", "breaking_point", ">= 150"),
            ("degradation", "ungraceful_failures", "< 10 %"),
            ("recovery", "recovery_time", "< 60 s"),
        ],
    );
    let judged = judged(&profile, &[], &VirtualTime::new(limited(4, ms(20))));
    let expected = [
        (25.0, Role::Load, StepVerdict::Held),
        (75.0, Role::Load, StepVerdict::Held),
        (150.0, Role::Load, StepVerdict::Broken),
        (25.0, Role::Recovery, StepVerdict::Held),
    ];
    assert_eq!(standings(&judged), expected);
    assert_eq!(verdict(&judged, "few"), Verdict::Pass);
    assert_eq!(verdict(&judged, "between"), Verdict::Inconclusive);
    assert_eq!(verdict(&judged, "many"), Verdict::Fail);
    assert!(
        judged
            .reason_and_advice("between")
            .contains("no step has 100 users")
    );
    assert_eq!(verdict(&judged, "degradation"), Verdict::Pass);
    assert!(
        judged
            .reason_and_advice("degradation")
            .contains("by slowness")
    );
    assert_eq!(verdict(&judged, "recovery"), Verdict::Pass);
    assert_eq!(search(&judged).ending, SearchEnding::Broken);
    let scaling = search(&judged).scaling.as_ref().expect("a curve");
    assert_eq!(scaling.points, 3, "{scaling:?}");
}

#[test]
fn capacity_is_places_over_service_time() {
    let scenario = r#"
[scenario.stress]
arrivals = "capacity"
rate = { from = "60/s", to = "2000/s" }
precision = "6 %"
connections = 1000
duration = "3s"
extend = "2s"
holds = [{ metric = "response_time_p95", limit = "< 200 ms" }]
"#;
    for (places, bears) in [(2, 100.0), (4, 200.0), (8, 400.0)] {
        let profile = profile(scenario, &[("capacity", "capacity", ">= 60/s")]);
        let judged = judged(&profile, &[], &VirtualTime::new(limited(places, ms(20))));
        let of = |standing: StepVerdict| {
            let steps = search(&judged).steps.iter();
            steps
                .filter(move |step| step.standing == standing)
                .map(|step| step.load)
        };
        assert_eq!(search(&judged).ending, SearchEnding::Settled, "{bears}");
        let held = of(StepVerdict::Held).fold(0.0, f64::max);
        let broken = of(StepVerdict::Broken).fold(f64::INFINITY, f64::min);
        // In three seconds a rate a little above what is borne does not yet fill a queue of 200 ms.
        assert!((0.92..1.13).contains(&(held / bears)), "{held} of {bears}");
        assert!(
            (0.95..1.20).contains(&(broken / bears)),
            "{broken} of {bears}"
        );
        assert_eq!(verdict(&judged, "capacity"), Verdict::Pass);
    }
}

#[test]
fn a_rate_limit_breaks_gracefully() {
    // 10 users ask 33 times in a second, and 60 users 200 times.
    let profile = profile(&format!("{FAST}\nsteps = [10, 60, 120]\n"), &ASKED);
    let time = VirtualTime::new(rate_limited(80, Duration::from_secs(1)));
    let judged = judged(&profile, &[], &time);
    let expected = [
        (10.0, Role::Load, StepVerdict::Held),
        (60.0, Role::Load, StepVerdict::Broken),
    ];
    assert_eq!(standings(&judged), expected);
    assert_eq!(verdict(&judged, "users"), Verdict::Pass);
    assert_eq!(verdict(&judged, "degradation"), Verdict::Pass);
    let outcomes = &search(&judged).steps[1].outcomes;
    let refused = outcomes.get(&Outcome::RateLimited).copied();
    assert!(refused.is_some_and(|count| count > 100), "{outcomes:?}");
}

#[test]
fn a_sound_target_does_not_break() {
    let profile = profile(&format!("{FAST}\nsteps = [10, 20]\n"), &ASKED);
    let judged = judged(&profile, &[], &VirtualTime::new(sound()));
    assert_eq!(judged.failed(), [""; 0]);
    assert_eq!(search(&judged).ending, SearchEnding::Unbroken);
    assert!(
        judged
            .reason_and_advice("degradation")
            .contains("nothing broke")
    );
}

#[test]
fn a_target_that_dies_is_a_breaking_point_with_its_cause() {
    let profile = profile(&format!("{FAST}\nsteps = [10, 20, 40]\n"), &ASKED);
    // Early in its second step: the first one takes three seconds.
    let time = VirtualTime::new(gone(ms(3_500), Duration::MAX));
    let judged = judged(&profile, &[], &time);
    assert_eq!(judged.run("stress").status, Status::Complete);
    let standings = standings(&judged);
    assert_eq!(standings[0], (10.0, Role::Load, StepVerdict::Held));
    assert_eq!(standings[1], (20.0, Role::Load, StepVerdict::Broken));
    assert_eq!(verdict(&judged, "users"), Verdict::Pass);
    assert_eq!(verdict(&judged, "degradation"), Verdict::Fail);
    let told = judged.reason_and_advice("degradation");
    assert!(told.contains("connect"), "{told}");
}

#[test]
fn an_interrupted_search_settles_nothing() {
    let profile = profile(&format!("{FAST}\nsteps = [10, 20, 40]\n"), &ASKED);
    let interrupted = Arc::new(AtomicBool::new(false));
    let theirs = Arc::clone(&interrupted);
    let time = VirtualTime::new(move |request: &ScriptedRequest<'_>| {
        theirs.fetch_or(request.at > Duration::from_secs(6), Ordering::Relaxed);
        ScriptedAnswer::good(ms(3))
    });
    let judged = interruptible(&profile, &[], &time, &interrupted);
    assert_eq!(judged.run("stress").status, Status::Partial);
    assert_eq!(search(&judged).ending, SearchEnding::Interrupted);
    assert_eq!(verdict(&judged, "users"), Verdict::Inconclusive);
}
