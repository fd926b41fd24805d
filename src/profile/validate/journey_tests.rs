//! Journeys in profiles: what they mean, and every mistake at once.

use std::time::Duration;

use crate::diagnostic::render_diagnostics;
use crate::plan::{Arrivals, EndpointKind, Plan, Poll, ThinkingUsers};
use crate::profile::{Overrides, Profile, ProfileSource, load};

fn read(text: &str) -> Result<Profile, String> {
    let folder = tempfile::TempDir::new().expect("a folder");
    let path = folder.path().join("own.toml");
    std::fs::write(&path, text).expect("written");
    load(&ProfileSource::File(path), &Overrides::default()).map_err(|problems| {
        let folder = format!("{}/", folder.path().display());
        render_diagnostics(&problems).replace(&folder, "")
    })
}

fn plan(text: &str) -> Plan {
    let profile = read(text).unwrap_or_else(|said| panic!("{said}"));
    profile.plans[0].clone()
}

const REQUIREMENT: &str = "
[[requirement]]
name = \"shop\"
scenario = \"shop\"
metric = \"error_rate\"
limit = \"< 1 %\"
";

#[test]
fn steps_of_a_scenario_are_its_only_journey() {
    let plan = plan(
        r#"
[scenario.shop]
arrivals = "users"
users = 10
every = "20s..40s"
duration = "60s"

[[scenario.shop.step]]
name = "order"
method = "POST"
path = "/orders"
expect = [201]

[[scenario.shop.step]]
name = "wait"
path = "/orders/1"
think_time = "1s..3s"
until = { status = "ready" }
every = "500ms"
within = "30s"

[[scenario.shop.step]]
method = "DELETE"
path = "/orders/1"
always = true

[[requirement]]
name = "shop"
scenario = "shop"
checks = [
    { metric = "response_time_p95", limit = "< 200 ms", endpoint = "order" },
    { metric = "response_time_p95", limit = "< 20 s", endpoint = "wait" },
    { metric = "response_time_p95", limit = "< 25 s", endpoint = "journey" },
]
"#,
    );
    let names: Vec<&str> = plan.endpoints.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["order", "wait", "DELETE /orders/1", "journey"]);
    assert_eq!(plan.endpoints[3].kind, EndpointKind::Journey);
    assert_eq!(plan.journeys.len(), 1);
    assert_eq!(
        (plan.journeys[0].steps.clone(), plan.journeys[0].endpoint),
        (0..3, 3)
    );
    let (think_min, think_max) = (Duration::from_secs(20), Duration::from_secs(40));
    assert_eq!(
        plan.arrivals,
        Arrivals::Users(ThinkingUsers {
            count: 10,
            think_min,
            think_max
        })
    );
    let wait = plan.endpoints[1].step.clone().expect("a step");
    assert_eq!(
        (wait.think_min, wait.think_max),
        (Duration::from_secs(1), Duration::from_secs(3))
    );
    let poll = Poll {
        every: Duration::from_millis(500),
        within: Duration::from_secs(30),
    };
    assert_eq!((wait.poll, wait.always), (Some(poll), false));
    assert!(
        plan.endpoints[2]
            .step
            .as_ref()
            .is_some_and(|step| step.always)
    );
}

#[test]
fn journeys_are_chosen_by_weight_and_keep_their_connections() {
    let plan = plan(&format!(
        r#"
[target]
timeout = "5s"

[scenario.shop]
arrivals = "poisson"
rate = "20/s"
duration = "60s"

[[scenario.shop.journey]]
name = "browse"
weight = 80
[[scenario.shop.journey.step]]
path = "/"
[[scenario.shop.journey.step]]
path = "/items"
think_time = "10s"

[[scenario.shop.journey]]
name = "buy"
weight = 20
[[scenario.shop.journey.step]]
path = "/"
{REQUIREMENT}"#
    ));
    let names: Vec<&str> = plan.endpoints.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["browse/", "browse/items", "buy/", "browse", "buy"]);
    let places: Vec<_> = plan
        .journeys
        .iter()
        .map(|one| (one.weight, one.steps.clone(), one.endpoint))
        .collect();
    assert_eq!(places, [(80, 0..2, 3), (20, 2..3, 4)]);
    // 20 visitors a second, each of them 20 seconds at the most.
    assert_eq!(plan.arrivals.connection_limit(), Some(400));
}

#[test]
fn every_mistake_of_a_journey_is_named_at_once() {
    let said = read(
        r#"
[scenario.shop]
arrivals = "users"
users = 10
think_time = "2s"
every = "2s"
duration = "60s"

[[scenario.shop.journey]]
weight = 50
[[scenario.shop.journey.step]]
path = "/"
think_time = "1s"
[[scenario.shop.journey.step]]
path = "/a"
think_time = "1s..3s"
until = { status = "ready" }
[[scenario.shop.journey.step]]
path = "/a"
every = "5s"
within = "2s"
wieght = 3

[[scenario.shop.journey]]
name = "buy"
weight = 40
[[scenario.shop.journey.step]]
path = "/"
always = true

[[scenario.shop.journey]]
name = "buy"

[[requirement]]
name = "shop"
scenario = "shop"
checks = [
    { metric = "response_time_p95", limit = "< 200 ms", endpoint = "buy/orders" },
    { metric = "response_time_p95", limit = "< 300 s", endpoint = "buy" },
]
"#,
    )
    .map(|_| ())
    .expect_err("mistakes");
    insta::assert_snapshot!(said);
}

#[test]
fn steps_endpoints_and_journeys_do_not_mix() {
    let scenario =
        "[scenario.shop]\narrivals = \"users\"\nusers = 1\nevery = \"9s\"\nduration = \"60s\"\n";
    let step = "[[scenario.shop.step]]\npath = \"/a\"\n";
    let journey = "[[scenario.shop.journey]]\nname = \"buy\"\n[[scenario.shop.journey.step]]\npath = \"/b\"\n";
    let endpoint = "[[scenario.shop.endpoint]]\npath = \"/c\"\n";
    let said = |parts: &str| {
        let wrong = read(&format!("{scenario}{parts}{REQUIREMENT}"));
        wrong.map(|_| ()).expect_err(parts)
    };
    insta::assert_snapshot!(
        [
            said(&format!("{step}{journey}")),
            said(&format!("{endpoint}{step}")),
            said("[[scenario.shop.journey]]\nname = \"buy\"\n"),
            said("[[scenario.shop.step]]\nname = \"journey\"\npath = \"/\"\n"),
        ]
        .join("\n")
    );
}

const POLLING: &str = "
every = \"90s\"

[[scenario.shop.step]]
name = \"order\"
path = \"/order\"

[[scenario.shop.step]]
name = \"wait\"
path = \"/orders/1\"
until = { status = \"ready\" }
every = \"1s\"
within = \"60s\"
";

#[test]
fn all_redirects_of_a_target_are_followed_by_its_steps() {
    let shop = format!(
        "[scenario.shop]\narrivals = \"users\"\nusers = 5\nduration = \"60s\"{POLLING}{REQUIREMENT}"
    );
    for (rule, expected) in [("all", true), ("permanent", false), ("none", false)] {
        let plan = plan(&format!("[target]\nredirects = \"{rule}\"\n{shop}"));
        let followed = plan.endpoints[..2].iter().map(|step| step.answer.redirects);
        assert_eq!(followed.collect::<Vec<_>>(), [expected; 2], "{rule}");
        assert!(
            !plan.endpoints[2].answer.redirects,
            "the journey sends nothing"
        );
    }
}

/// A step that polls may be waited for longer than a request.
#[test]
fn a_limit_that_breaks_a_search_must_be_below_the_longest_wait() {
    let search = |limit: &str| {
        let requirement = REQUIREMENT
            .replace("error_rate", "breaking_point")
            .replace("< 1 %", ">= 50");
        read(&format!(
            "[scenario.shop]\narrivals = \"steps\"\nsteps = [50, 100]\nduration = \"60s\"\n\
             break_when = {{ p95 = \"> {limit}\" }}{POLLING}{requirement}"
        ))
    };
    for limit in ["20 s", "59 s"] {
        assert_eq!(search(limit).err(), None, "{limit}");
    }
    let said = search("60 s").expect_err("no request takes so long");
    let expected = "a request is given up after 1m, so `> 60000 ms` can't be seen";
    assert!(said.contains(expected), "{said}");
}
