use crate::diagnostic::Origin;
use crate::diagnostic::{Spanned, render_diagnostics};
use crate::profile::{Overrides, Profile, ProfileSource, load};

const TEXT: &str = r#"
[scenario.api]
arrivals = "users"
users = 5
duration = "5s"
[[scenario.api.endpoint]]
name = "agents"
path = "/agents"
weight = 60
[[scenario.api.endpoint]]
path = "/workflows"
weight = 40

[scenario.one]
arrivals = "constant"
rate = "10/s"
duration = "5s"
[[scenario.one.endpoint]]
path = "/workflows"

[[requirement]]
name = "api::p95"
scenario = "api"
metric = "response_time_p95"
limit = "< 1 s"

[[requirement]]
name = "api::agents"
scenario = "api"
checks = [
    { metric = "error_rate", limit = "< 1 %", endpoint = "agents" },
    { metric = "error_rate", limit = "< 1 %" },
]

[[requirement]]
name = "one::errors"
scenario = "one"
metric = "error_rate"
limit = "< 1 %"
"#;

fn without(names: &[&str]) -> Result<Profile, String> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("own.toml");
    std::fs::write(&path, TEXT).expect("written");
    let place = Origin::Flag("--without".to_owned());
    let overrides = Overrides {
        without: names
            .iter()
            .map(|&name| Spanned::new(name.to_owned(), place.clone()))
            .collect(),
        ..Overrides::default()
    };
    load(&ProfileSource::File(path), &overrides).map_err(|problems| render_diagnostics(&problems))
}

/// `scenario: endpoints` of each plan, and `name checks` of each requirement.
fn outline(names: &[&str]) -> (Vec<String>, Vec<String>) {
    let profile = without(names).unwrap_or_else(|problems| panic!("{names:?}: {problems}"));
    let plan = |plan: &crate::plan::Plan| {
        let endpoints = plan.endpoints.iter();
        let endpoints = endpoints.map(|one| format!("{} {}", one.name, one.weight));
        let endpoints: Vec<String> = endpoints.collect();
        format!("{}: {}", plan.scenario, endpoints.join(", "))
    };
    let requirement =
        |one: &crate::requirement::Requirement| format!("{} {}", one.name, one.checks.len());
    (
        profile.plans.iter().map(plan).collect(),
        profile.requirements.iter().map(requirement).collect(),
    )
}

#[test]
fn endpoints_scenarios_and_requirements_are_left_out() {
    type Case<'a> = (&'a [&'a str], &'a [&'a str], &'a [&'a str]);
    let (api, one) = ("api: agents 60, /workflows 40", "one: /workflows 100");
    let all = ["api::p95 1", "api::agents 2", "one::errors 1"];
    let table: [Case<'_>; 7] = [
        (&[], &[api, one], &all),
        (&["api//workflows"], &["api: agents 60", one], &all),
        (&["api/workflows"], &["api: agents 60", one], &all),
        (
            &["api/agents"],
            &["api: /workflows 40", one],
            &["api::p95 1", "api::agents 1", "one::errors 1"],
        ),
        (&["one"], &[api], &all[..2]),
        (&["api::p95"], &[api, one], &all[1..]),
        (&["api/workflows", "one"], &["api: agents 60"], &all[..2]),
    ];
    for (names, plans, requirements) in table {
        let (found_plans, found_requirements) = outline(names);
        assert_eq!(found_plans, plans, "{names:?}");
        assert_eq!(found_requirements, requirements, "{names:?}");
    }
}

#[test]
fn what_is_unknown_or_leaves_nothing_is_refused() {
    for (names, words) in [
        (&["api/workflow"][..], "did you mean `api/workflows`?"),
        (&["api/zzzzzzzz"], "there are api/agents, api/workflows"),
        (&["apis"], "did you mean `api`?"),
        (&["api::p59"], "did you mean `api::p95`?"),
        (
            &["workflows"],
            "no requirement, scenario or endpoint `workflows`",
        ),
        (&["one/workflows"], "--without one"),
        (&["api/agents", "api/workflows"], "--without api"),
        (&["api", "one"], "no requirement is left"),
    ] {
        let said = without(names).expect_err("refused");
        assert!(said.contains(words), "{names:?}: {said}");
        assert!(said.starts_with("error: "), "{said}");
    }
}
