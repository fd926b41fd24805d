//! What `--without` must leave out so that the rest can be tested, when the preflight of a plan has failed.

use crate::harness::options::rerun_command;
use crate::harness::run::scenario::Failure;
use crate::plan::{Endpoint, EndpointKind, Plan};
use crate::record::RunProblem;

/// What failed, with the command that tests all the rest, where there is a rest. `repeat` makes the whole session again.
pub(in crate::harness) fn with_a_way_out(
    plans: &[Plan],
    plan: &Plan,
    failure: Failure,
    repeat: &str,
) -> RunProblem {
    let mut problem = failure.problem;
    // Without its token a target refuses more than is worth leaving out.
    if failure.unreachable || problem.what.contains("answered 401") {
        return problem;
    }
    let names = way_out(plans, plan, &problem.what);
    let is_left = |plan: &Plan| !names.contains(&plan.scenario);
    if plans.iter().any(is_left) {
        let command = names.iter().fold(repeat.to_owned(), |line, name| {
            let without = rerun_command::quoted(&format!("--without={name}"));
            format!("{line} {without}")
        });
        problem.advice = format!("{} To test all but that: {command}", problem.advice);
    }
    problem
}

/// What `--without` must name so that nothing that a preflight's failure names is asked: endpoints, or whole scenarios.
fn way_out(plans: &[Plan], failed: &Plan, what: &str) -> Vec<String> {
    let http = |plan: &Plan| -> Vec<Endpoint> {
        let mine = plan.endpoints.iter();
        mine.filter(|one| one.kind == EndpointKind::Http)
            .cloned()
            .collect()
    };
    let mut refused = http(failed);
    refused.retain(|endpoint| names(what, endpoint));
    if refused.is_empty() {
        return vec![failed.scenario.clone()];
    }
    let is_same = |endpoint: &Endpoint| {
        let mut refused = refused.iter();
        refused.any(|one| one.method == endpoint.method && one.path == endpoint.path)
    };
    let of_plan = |plan: &Plan| {
        if !plan.journeys.is_empty() {
            return journeys(plan, is_same);
        }
        let mut mine = http(plan);
        let all = mine.len();
        mine.retain(is_same);
        if !mine.is_empty() && mine.len() == all {
            return vec![plan.scenario.clone()];
        }
        let name = |endpoint: Endpoint| {
            format!(
                "{}/{}",
                plan.scenario,
                endpoint.name.trim_start_matches('/')
            )
        };
        mine.into_iter().map(name).collect()
    };
    plans.iter().flat_map(of_plan).collect()
}

/// The journeys to leave out, as a step alone cannot be.
fn journeys(plan: &Plan, is_refused: impl Fn(&Endpoint) -> bool) -> Vec<String> {
    let all = plan.journeys.iter();
    let names: Vec<String> = all
        .filter(|journey| plan.steps(journey).iter().any(&is_refused))
        .map(|journey| format!("{}/{}", plan.scenario, journey.name))
        .collect();
    if !names.is_empty() && names.len() == plan.journeys.len() {
        return vec![plan.scenario.clone()];
    }
    names
}

/// Whether a failure names an endpoint, by method and path.
fn names(what: &str, endpoint: &Endpoint) -> bool {
    let path = endpoint.path.split('?').next().unwrap_or_default();
    let request = format!("{} {path}", endpoint.method);
    let mut ends = what
        .match_indices(&request)
        .map(|(at, _)| at + request.len());
    ends.any(|end| what[end..].is_empty() || what[end..].starts_with([' ', ',', ';', ':', '?']))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::{Overrides, ProfileSource, load};

    #[test]
    fn the_way_out_of_a_refusal_names_endpoints_or_scenarios() {
        let profile = load(&ProfileSource::default(), &Overrides::default()).expect("built in");
        let plans = &profile.plans;
        let plan = |name| profile.plan(name).expect(name);
        let workflows = "GET /api/v1/workflows answered 404";
        let two = "GET /health answered 404; GET /api/v1/agents/, redirected to /x, answered 405";
        let both = ["api/workflows", "throughput/workflows"];
        assert_eq!(way_out(plans, plan("api"), workflows), both);
        let names = way_out(plans, plan("api"), two);
        for name in ["api/health", "api/agents", "mixed/agents", "stress"] {
            assert!(names.contains(&name.to_owned()), "{names:?}");
        }
        assert!(!names.contains(&"api/workflows".to_owned()), "{names:?}");
        let socket = "GET /api/v1/ws/x was answered 403";
        assert_eq!(way_out(plans, plan("websocket"), socket), ["websocket"]);
        // Whatever is named can be left out.
        for what in [workflows, two] {
            let place = crate::diagnostic::Origin::Flag("--without".to_owned());
            let without = way_out(plans, plan("api"), what);
            let without = without
                .into_iter()
                .map(|name| crate::diagnostic::Spanned::new(name, place.clone()));
            let overrides = Overrides {
                without: without.collect(),
                ..Overrides::default()
            };
            load(&ProfileSource::default(), &overrides).expect("a part of the profile");
        }
    }

    #[test]
    fn the_way_out_of_a_failed_step_is_without_its_journey() {
        let journey = |name: &str, path: &str| {
            format!(
                "[[scenario.shop.journey]]\nname = \"{name}\"\nweight = 50\n\
                 [[scenario.shop.journey.step]]\nname = \"home\"\npath = \"/\"\n\
                 [[scenario.shop.journey.step]]\nname = \"go\"\nmethod = \"POST\"\npath = \"{path}\"\n"
            )
        };
        let text = format!(
            "[scenario.shop]\narrivals = \"constant\"\nrate = \"5/s\"\nduration = \"5s\"\n{}{}\
             [[requirement]]\nname = \"shop\"\nscenario = \"shop\"\nmetric = \"error_rate\"\nlimit = \"< 1 %\"\n",
            journey("look", "/items"),
            journey("buy", "/orders/{id}"),
        );
        let folder = tempfile::TempDir::new().expect("a folder");
        let file = folder.path().join("shop.toml");
        std::fs::write(&file, text).expect("written");
        let profile = load(&ProfileSource::File(file), &Overrides::default()).expect("a profile");
        let plans = &profile.plans;
        let out = |what: &str| way_out(plans, &plans[0], what);
        let what = "POST /orders/{id} (step `buy/go`) answered 404; not asked after it: `buy/end`";
        assert_eq!(out(what), ["shop/buy"]);
        assert_eq!(out("GET / (step `look/home`) answered 404"), ["shop"]);
    }

    #[test]
    fn a_path_is_not_named_by_a_longer_one() {
        let profile = load(&ProfileSource::default(), &Overrides::default()).expect("built in");
        let health = &profile.plan("api").expect("a plan").endpoints[0];
        for (what, expected) in [
            ("GET /health answered 404", true),
            ("GET /health", true),
            ("GET /healthy answered 404", false),
            ("GET /health/x answered 404", false),
            ("POST /health answered 404", false),
            ("GET /health/x gave up; GET /health, redirected", true),
        ] {
            assert_eq!(names(what, health), expected, "{what}");
        }
    }
}
