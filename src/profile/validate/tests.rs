use std::fmt::Write as _;
use std::time::Duration;

use super::*;
use crate::diagnostic::render_diagnostics;
use crate::plan::{Arrivals, Bursts, ConstantRate, Rate, ThinkingUsers};
use crate::profile::Target;
use proptest::prelude::*;

fn builtin(name: &str, overrides: &Overrides) -> Profile {
    let source = ProfileSource::parse(name).expect("built in");
    load(&source, overrides).unwrap_or_else(|problems| panic!("{}", render_diagnostics(&problems)))
}

fn from_text(text: &str, overrides: &Overrides) -> Result<Profile, String> {
    let folder = tempfile::TempDir::new().expect("a folder");
    let path = folder.path().join("own.toml");
    std::fs::write(&path, text).expect("written");
    load(&ProfileSource::File(path), overrides).map_err(|problems| render_diagnostics(&problems))
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "what an override that was given is"
)]
fn flag<T>(value: T) -> Option<Spanned<T>> {
    Some(Spanned::new(value, Origin::Flag("--flag".to_owned())))
}

fn outline(profile: &Profile) -> String {
    let mut text = format!("{}: {}\n", profile.name, profile.description);
    for plan in &profile.plans {
        let _ = writeln!(text, "\n{}: {:?}", plan.scenario, plan.arrivals);
        let _ = writeln!(text, "  {:?}\n  {:?}", plan.phases, plan.bounds);
        let _ = writeln!(text, "  over from {:?}", plan.thresholds);
        if let Some(search) = &plan.search {
            let _ = writeln!(text, "  {:?}", search.loads);
            for check in search.holds.iter().chain(&search.headroom) {
                let _ = writeln!(text, "  keeps {} {}", check.metric, check.limit);
            }
        }
        for endpoint in &plan.endpoints {
            let auth = if endpoint.auth { " with token" } else { "" };
            let _ = writeln!(
                text,
                "  {} % {} {}{auth}",
                endpoint.weight, endpoint.method, endpoint.path
            );
        }
    }
    text.push('\n');
    for requirement in &profile.requirements {
        let scenario = requirement.scenario.as_deref().unwrap_or("the session");
        let _ = write!(
            text,
            "{} ({}, {scenario}):",
            requirement.name, requirement.severity
        );
        for check in &requirement.checks {
            let _ = write!(text, " {} {}", check.metric, check.limit);
        }
        text.push('\n');
    }
    text
}

#[test]
fn the_built_in_profiles_are_what_they_say() {
    let none = Overrides::default();
    let phase8 = builtin("phase8", &none);
    let full = builtin("phase8-full", &none);
    let capacity = builtin("capacity", &none);
    insta::assert_snapshot!(format!("{}\n{}", outline(&phase8), outline(&full)));
    let names: Vec<&str> = capacity
        .requirements
        .iter()
        .map(|one| one.name.as_str())
        .collect();
    let session = [
        "health::endpoint",
        "capacity::rps",
        "generator::headroom",
        "health::uptime",
    ];
    assert_eq!(names, session);
    let loads = |plan: &Plan| match plan.search.as_ref().map(|search| &search.loads) {
        Some(crate::plan::Loads::Steps { users, recovery }) => {
            users.len() as u32 + u32::from(recovery.is_some())
        }
        _ => 1,
    };
    let planned = phase8
        .plans
        .iter()
        .map(|plan| plan.phases.planned_end() * loads(plan));
    let planned: Duration = planned.sum();
    assert!(planned < Duration::from_secs(100), "{planned:?}");
}

#[test]
fn overrides_go_where_they_fit() {
    let profile = builtin(
        "phase8",
        &Overrides {
            users: flag(7),
            rate: flag(Rate::per_second(300.0).unwrap()),
            ramp_up: flag(Duration::from_secs(60)),
            duration: flag(Duration::from_secs(300)),
            timeout: flag(Duration::from_secs(2)),
            target: flag(Target::parse("http://host/base").unwrap()),
            ..Overrides::default()
        },
    );
    let [api, throughput, burst, rest @ ..] = profile.plans.as_slice() else {
        panic!("three plans and more");
    };
    assert!(matches!(
        api.arrivals,
        Arrivals::Users(ThinkingUsers { count: 7, .. })
    ));
    assert!(matches!(
        burst.arrivals,
        Arrivals::Burst(Bursts { count: 7, .. })
    ));
    assert!(matches!(
        throughput.arrivals,
        Arrivals::Constant(ConstantRate { rate, .. }) if rate.micro() == 300_000_000
    ));
    assert_eq!(api.phases.ramp_up.as_secs(), 60);
    assert_eq!(burst.phases.ramp_up, Duration::ZERO);
    let mut loads = [api, throughput, burst].into_iter();
    assert!(loads.all(|plan| plan.phases.measure.as_secs() == 300));
    // Many runs of five minutes each are not what was meant.
    let stress = rest.iter().find(|plan| plan.search.is_some());
    let stress = stress.expect("a search");
    assert_eq!(stress.phases.measure.as_secs(), 3);
    let alone = builtin(
        "phase8",
        &Overrides {
            duration: flag(Duration::from_secs(60)),
            scenarios: flag(vec!["stress".to_owned()]),
            ..Overrides::default()
        },
    );
    assert_eq!(alone.plans[0].phases.measure.as_secs(), 60);
    assert_eq!(api.bounds.connect_timeout, Duration::from_secs(2));
    assert_eq!(api.endpoints[0].path, "/base/health");
    assert_eq!(profile.health.expect("health").path, "/base/health");
}

#[test]
fn only_named_scenarios_and_the_session_are_left() {
    let profile = builtin(
        "phase8",
        &Overrides {
            scenarios: flag(vec!["burst".to_owned()]),
            ..Overrides::default()
        },
    );
    let names: Vec<&str> = profile
        .requirements
        .iter()
        .map(|one| one.name.as_str())
        .collect();
    assert_eq!(
        names,
        [
            "health::endpoint",
            "concurrency::users",
            "generator::headroom",
            "health::uptime"
        ]
    );
    assert_eq!(profile.plans.len(), 1);
}

#[test]
fn a_rate_has_all_the_connections_that_its_timeout_can_fill() {
    let allowed = |arrivals: &str, timeout: &str| {
        let text = format!(
            "[target]\ntimeout = '{timeout}'\n[scenario.one]\n{arrivals}\nduration = '9s'\n\
             [[scenario.one.endpoint]]\npath = '/'\n\
             [[requirement]]\nname = 'one::one'\nscenario = 'one'\n{}",
            if arrivals.contains("capacity") {
                "metric = 'capacity'\nlimit = '>= 60/s'"
            } else {
                "metric = 'error_rate'\nlimit = '< 1 %'"
            }
        );
        let profile = from_text(&text, &Overrides::default());
        profile.unwrap_or_else(|told| panic!("{told}")).plans[0].users()
    };
    for (rate, timeout, connections) in [
        ("200/s", "10s", 2_000),
        ("1000/s", "10s", 10_000),
        ("0.5/s", "3s", 200),
        ("50000/s", "10s", 20_000),
    ] {
        for kind in ["constant", "poisson"] {
            let arrivals = format!("arrivals = '{kind}'\nrate = '{rate}'");
            assert_eq!(allowed(&arrivals, timeout), connections, "{arrivals}");
            let said = format!("{arrivals}\nconnections = 50");
            assert_eq!(allowed(&said, timeout), 50);
        }
    }
    let search = "arrivals = 'capacity'\nrate = { from = '50/s', to = '100/s' }\n\
        holds = [{ metric = 'error_rate', limit = '< 1 %' }]";
    assert_eq!(allowed(search, "10s"), 1_000);
}

#[test]
fn a_profile_may_extend_another() {
    let profile = from_text(
        r#"
        extends = "phase8"
        without = ["throughput::rps"]
        [target]
        headers = { X-Tenant = "a" }
        [scenario.burst]
        arrivals = "users"
        users = 3
        [[scenario.burst.endpoint]]
        name = "agents"
        path = "/other"
        weight = 30
        [[requirement]]
        name = "errors::rate"
        severity = "important"
        scenario = "api"
        metric = "error_rate"
        limit = "< 2 %"
        [[requirement]]
        name = "own::one"
        scenario = "burst"
        metric = "response_time_p90"
        limit = "<= 1 s"
        "#,
        &Overrides::default(),
    )
    .unwrap_or_else(|told| panic!("{told}"));
    assert_eq!(profile.name, "own");
    insta::assert_snapshot!(outline(&profile));
}

#[test]
fn a_small_profile_is_enough() {
    let profile = from_text(
        r#"
        [target]
        url = "https://shop.example/v1"
        headers = { Accept = "text/html", X-A = "a" }
        [scenario.buy]
        arrivals = "poisson"
        rate = 20
        duration = 30
        [[scenario.buy.endpoint]]
        path = "/buy"
        method = "post"
        json = { item = 5, tags = ["a"], price = 1.5 }
        headers = { accept = "application/json" }
        expect = [200, 201]
        [[requirement]]
        name = "buy"
        scenario = "buy"
        metric = "error_rate"
        limit = "< 1 %"
        "#,
        &Overrides::default(),
    )
    .unwrap_or_else(|told| panic!("{told}"));
    let plan = &profile.plans[0];
    let endpoint = &plan.endpoints[0];
    assert_eq!(endpoint.name, "POST /buy");
    assert_eq!(endpoint.path, "/v1/buy");
    assert_eq!(endpoint.body, r#"{"item":5,"price":1.5,"tags":["a"]}"#);
    assert_eq!(endpoint.expect, [200, 201]);
    // An endpoint's header takes the place of the target's: none is ever sent twice.
    let sent = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(plan.headers, [sent("X-A", "a")]);
    assert_eq!(
        endpoint.headers,
        [
            sent("accept", "application/json"),
            sent("Content-Type", "application/json")
        ]
    );
    assert_eq!(
        profile.target.expect("a target").origin.as_str(),
        "https://shop.example/"
    );
    assert_eq!(profile.requirements[0].name, "buy");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_text_makes_loading_panic(text in "(\\[|\\]|=|\"|\n| |\\.|#|a|1|é|scenario|requirement|name|target|'|\\{|\\}|,){0,60}") {
        let _ = from_text(&text, &Overrides::default());
    }

    #[test]
    fn a_cut_profile_is_told_or_taken_but_never_panics(end in 0_usize..6000) {
        let text = ProfileSource::default().text().unwrap();
        let cut: String = text.chars().take(end).collect();
        let _ = from_text(&cut, &Overrides::default());
    }
}

#[test]
fn the_documented_profiles_work() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let book = std::fs::read_dir(root.join("docs")).expect("docs/ is readable");
    let pages = book.map(|entry| entry.expect("an entry").path());
    let mut examples = 0;
    for page in pages.chain([root.join("README.md")]) {
        if page.extension().is_none_or(|end| end != "md") {
            continue;
        }
        let text = std::fs::read_to_string(&page).expect("a page is readable");
        for rest in text.split("```toml\n").skip(1) {
            let example = rest.split("```").next().expect("the first part");
            examples += 1;
            if let Err(told) = from_text(example, &Overrides::default()) {
                panic!("{}: {told}\n{example}", page.display());
            }
        }
    }
    assert!(examples >= 13, "only {examples} examples were found");
}

#[test]
fn a_mark_that_is_not_filled_in_is_named_with_its_place() {
    let profile = |endpoint: &str, rest: &str| {
        format!(
            "[scenario.s]\narrivals = \"constant\"\nrate = \"10/s\"\nduration = \"1s\"\n\
             [[scenario.s.endpoint]]\n{endpoint}\n\
             [[requirement]]\nname = \"s::p50\"\nscenario = \"s\"\nmetric = \"response_time_p50\"\nlimit = \"< 1 s\"\n\
             {rest}\n"
        )
    };
    let identity = "[identity]\nheaders = { X-User = \"{usr}\" }";
    let claims = "[identity]\nclaims = { sub = \"{n}\", org = [\"{N}\"] }";
    for (endpoint, rest, place) in [
        (
            "path = \"/users/{usre}/orders?n={n}\"",
            "",
            "own.toml:6:8: scenario.s.endpoint.path",
        ),
        (
            "path = \"/\"\nbody = \"a {usre} line\"",
            "",
            "own.toml:7:8: scenario.s.endpoint.body",
        ),
        (
            "path = \"/\"\njson = { a = [{ who = \"{usr}\" }] }",
            "",
            "own.toml:7:8: scenario.s.endpoint.json",
        ),
        (
            "path = \"/\"\nheaders = { A = \"{usr}\" }",
            "",
            "own.toml:7:",
        ),
        ("path = \"/\"", identity, "own.toml:13:"),
        ("path = \"/\"", claims, "own.toml:13:"),
    ] {
        let said = from_text(&profile(endpoint, rest), &Overrides::default()).expect_err(endpoint);
        assert!(said.contains(place), "{said}");
        assert!(said.contains("is not filled in here"), "{said}");
        assert!(said.matches("error: ").count() == 1, "{said}");
    }
    let filled = "[identity]\nheaders = { X-User = \"{user} {n} {ip}\" }";
    let braces = "path = \"/?filter=%7B1%7D\"\njson = { q = \"{ me { id } }\" }";
    from_text(&profile(braces, filled), &Overrides::default()).expect("these are not marks");
}

#[test]
fn each_address_is_judged_where_it_can_be() {
    let with = |check: &str| {
        let text = format!(
            "[target]\nurl = \"http://localhost\"\n[scenario.s]\narrivals = \"users\"\nusers = 1\nduration = \"10s\"\n\
             [[scenario.s.endpoint]]\npath = \"/\"\n[[requirement]]\nname = \"a\"\nscenario = \"s\"\n{check}\n"
        );
        from_text(&text, &Overrides::default())
    };
    let each = with("metric = \"error_rate\"\nlimit = \"< 1 %\"\naddress = \"each\"");
    let each = each.unwrap_or_else(|told| panic!("{told}"));
    assert_eq!(
        each.requirements[0].checks[0].scope,
        crate::requirement::Scope::EachAddress
    );
    for (check, told) in [
        (
            "metric = \"error_rate\"\nlimit = \"< 1 %\"\naddress = \"127.0.0.1\"",
            "`127.0.0.1` is not a valid address",
        ),
        (
            "metric = \"error_rate\"\nlimit = \"< 1 %\"\naddress = \"each\"\nendpoint = \"each\"",
            "`address` excludes `endpoint` and `population`",
        ),
        (
            "metric = \"throughput\"\nlimit = \">= 1/s\"\naddress = \"each\"",
            "throughput is not measured address by address",
        ),
    ] {
        let wrong = with(check).map(|_| ()).unwrap_err();
        assert!(wrong.contains(told), "{wrong}");
    }
}
