//! From what was written to what it means: defaults, ranges between keys, names that must exist.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::diagnostic::{Diagnostic, InvalidValue, Origin, Spanned, sort_diagnostics};
use crate::plan::{Bounds, Plan};
use crate::profile::plan::destination::HttpVersion;
use crate::profile::plan::evidence::EvidencePlan;
use crate::profile::plan::identity::IdentityRules;
use crate::profile::plan::model::{HealthCheck, Profile, UptimeCheck};
use crate::profile::plan::target_rules::{Redirects, TargetRules};
use crate::profile::raw::overrides::{Overrides, lay_over};
use crate::profile::raw::profile::{
    HealthTable, ProfileFile, ScenarioTable, TargetTable, UptimeTable, value_or,
};
use crate::profile::raw::source::ProfileSource;
use crate::profile::raw::top::{self, MISSING};
use crate::profile::validate::requirement::{requirement, speaks_of_the_session, thresholds};
use crate::profile::validate::scenario::{Common, plan};
use crate::profile::validate::search::headroom;
use crate::profile::validate::values::{self, Values};
use crate::requirement::{Check, Requirement, Scope};

/// What a profile that says nothing gets.
const CONFIDENCE: f64 = 0.95;
const SEED: u64 = 8;
const TIMEOUT: Duration = Duration::from_secs(10);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const BODY_BYTES: u64 = 16 << 20;
const PROBE_TIMEOUT: Duration = Duration::from_secs(5);
const PROBE_EVERY: Duration = Duration::from_secs(1);
const HEALTH_REQUESTS: u32 = 20;

/// Reads a profile, lays flags and variables over it, and checks all of it.
///
/// # Errors
/// With everything that is wrong, sorted by place.
pub fn load(source: &ProfileSource, overrides: &Overrides) -> Result<Profile, Vec<Diagnostic>> {
    let mut problems = Vec::new();
    let (tree, whole) = source.tree(&mut problems);
    let mut file = top::read(&tree, &mut problems);
    if !whole {
        // What is missing may stand in the part that could not be read.
        problems.retain(|problem| problem.message != MISSING);
        sort_diagnostics(&mut problems);
        return Err(problems);
    }
    lay_over(&mut file, overrides, &mut problems);
    let values = values::read(&file, overrides, &mut problems);
    let profile = profile(&file, source, &values, &mut problems);
    match profile {
        Some(profile) if problems.is_empty() => Ok(profile),
        _ => {
            sort_diagnostics(&mut problems);
            Err(problems)
        }
    }
}

fn profile(
    file: &ProfileFile,
    source: &ProfileSource,
    values: &Values,
    problems: &mut Vec<Diagnostic>,
) -> Option<Profile> {
    if file.scenarios.is_empty() && file.requirements.is_empty() {
        let complaint =
            InvalidValue::new("the profile has no requirement, so there is nothing to test")
                .help("begin one with [[requirement]]");
        problems.push(complaint.at(file.place.clone()));
        return None;
    }
    let bounds = bounds(&file.target, problems);
    let requirements = requirements(file, &bounds, problems);
    let plans = plans(file, &bounds, &requirements, values, problems);
    values.check_rows(&plans, file, problems);
    let prefix = prefix(&file.target);
    let rules = target_rules(&file.target, values);
    let requirements = kept_requirements(file, requirements, problems);
    Some(Profile {
        name: value_or(file.name.as_ref(), source.stem()),
        description: value_or(file.description.as_ref(), String::new()),
        target: file.target.url.as_ref().map(|url| url.value.clone()),
        http: value_or(file.target.http.as_ref(), HttpVersion::Auto),
        rules: rules.clone(),
        plans,
        requirements,
        health: file
            .health
            .as_ref()
            .and_then(|table| health(table, &prefix, &rules)),
        uptime: file
            .uptime
            .as_ref()
            .and_then(|table| uptime(table, &prefix, &rules, problems)),
        evidence: evidence(&file.evidence, &prefix, &rules),
        identity: identity(file, &prefix, &rules, values),
        confidence: value_or(file.confidence.as_ref(), CONFIDENCE),
    })
}

/// A requirement for every table that can be one, and the thresholds of its checks.
fn requirements(
    file: &ProfileFile,
    bounds: &Bounds,
    problems: &mut Vec<Diagnostic>,
) -> Vec<Requirement> {
    unique(
        file.requirements.iter().map(|table| table.name.as_ref()),
        "test",
        problems,
    );
    file.requirements
        .iter()
        .filter_map(|table| requirement(table, file, bounds, problems))
        .collect()
}

/// The requirements that are left, those that look back on the whole session at the end.
fn kept_requirements(
    file: &ProfileFile,
    mut requirements: Vec<Requirement>,
    problems: &mut Vec<Diagnostic>,
) -> Vec<Requirement> {
    let dropped: BTreeSet<&str> = file
        .scenarios
        .iter()
        .filter(|table| !table.kept)
        .map(|table| table.name.as_str())
        .collect();
    let left_out = |requirement: &Requirement| {
        let mut names = file.requirements.iter().filter(|table| !table.kept);
        names.any(|table| {
            table
                .name
                .as_ref()
                .is_some_and(|at| at.value == requirement.name)
        })
    };
    requirements.retain(|requirement| {
        let scenario = requirement.scenario.as_deref();
        scenario.is_none_or(|scenario| !dropped.contains(scenario)) && !left_out(requirement)
    });
    for requirement in &mut requirements {
        let scenario = requirement.scenario.clone().unwrap_or_default();
        let table = file.scenarios.iter().find(|table| table.name == scenario);
        requirement.checks.retain(|check| is_asked(check, table));
    }
    // What speaks of endpoints that are left out alone has nothing to judge.
    requirements.retain(|requirement| !requirement.checks.is_empty());
    requirements.sort_by_key(speaks_of_the_session);
    if requirements.is_empty() && problems.is_empty() {
        let complaint = InvalidValue::new("no requirement is left, so there is nothing to test")
            .help("begin one with [[requirement]], or name other scenarios");
        problems.push(complaint.at(file.place.clone()));
    }
    requirements
}

/// Whether the endpoint that a check looks at is not left out.
fn is_asked(check: &Check, table: Option<&ScenarioTable>) -> bool {
    let Scope::Endpoint(wanted) = &check.scope else {
        return true;
    };
    !table.is_some_and(|table| table.left_out().contains(wanted))
}

fn plans(
    file: &ProfileFile,
    bounds: &Bounds,
    requirements: &[Requirement],
    values: &Values,
    problems: &mut Vec<Diagnostic>,
) -> Vec<Plan> {
    let common = Common {
        prefix: prefix(&file.target),
        headers: &file.target.headers,
        bounds: *bounds,
        file,
        seed: value_or(file.seed.as_ref(), SEED),
        workers: value_or(file.workers.as_ref(), 0),
        values,
    };
    let mut plans = Vec::new();
    for table in &file.scenarios {
        if let Some(mut plan) = plan(table, &common, problems)
            && table.kept
        {
            plan.thresholds = thresholds(&plan, requirements);
            if let Some(search) = &mut plan.search {
                let before = search.holds.len();
                search.holds.retain(|check| is_asked(check, Some(table)));
                if before > 0 && search.holds.is_empty() {
                    let complaint = InvalidValue::new("nothing is left that a load must keep")
                        .help(format!("leave out the scenario: --without {}", table.name));
                    problems.push(complaint.at(table.place.clone()));
                }
                search.headroom = headroom(requirements);
            }
            plans.push(plan);
        }
    }
    plans
}

fn identity(
    file: &ProfileFile,
    prefix: &str,
    rules: &TargetRules,
    values: &Values,
) -> IdentityRules {
    let mut identity = file.identity.clone().unwrap_or_default();
    identity.variables = values.variables.clone();
    if let Some(login) = &mut identity.login {
        login.path = format!("{prefix}{}", login.path);
        login.rules = rules.clone();
    }
    identity
}

/// What all requests have in common.
fn target_rules(target: &TargetTable, values: &Values) -> TargetRules {
    TargetRules {
        variables: values.variables.clone(),
        headers: target.headers.iter().map(|at| at.value.clone()).collect(),
        redirects: value_or(target.redirects.as_ref(), Redirects::default()),
    }
}

/// What stands before every path.
fn prefix(target: &TargetTable) -> String {
    let own = target.base_path.as_ref().map_or("", |path| &path.value);
    let url = target.url.as_ref();
    format!("{}{own}", url.map_or("", |url| &url.value.base_path))
}

fn bounds(target: &TargetTable, problems: &mut Vec<Diagnostic>) -> Bounds {
    let timeout = value_or(target.timeout.as_ref(), TIMEOUT);
    let connect = value_or(target.connect_timeout.as_ref(), CONNECT_TIMEOUT);
    if let (Some(whole), Some(part)) = (&target.timeout, &target.connect_timeout)
        && part.value > whole.value
        && same_file(&part.place, &whole.place)
    {
        let complaint = InvalidValue::new("connecting may take longer than the whole request")
            .help("make connect_timeout at most timeout");
        problems.push(complaint.at(part.place.clone()));
    }
    Bounds {
        timeout,
        connect_timeout: connect.min(timeout),
        body_bytes: value_or(target.body_limit.as_ref(), BODY_BYTES),
    }
}

/// Whether one hand wrote both: a flag, or a profile that extends another, need not repeat the rest.
pub(in crate::profile) fn same_file(a: &Origin, b: &Origin) -> bool {
    match (a, b) {
        (Origin::File { file: a, .. }, Origin::File { file: b, .. }) => a == b,
        _ => false,
    }
}

fn health(table: &HealthTable, prefix: &str, rules: &TargetRules) -> Option<HealthCheck> {
    let healthy = || vec!["healthy".to_owned(), "ok".to_owned()];
    Some(HealthCheck {
        path: format!("{prefix}{}", table.path.as_ref()?.value),
        auth: value_or(table.auth.as_ref(), false),
        field: value_or(table.field.as_ref(), String::new()),
        healthy: table
            .healthy
            .as_ref()
            .map_or_else(healthy, |list| list.value.clone()),
        requests: value_or(table.requests.as_ref(), HEALTH_REQUESTS),
        timeout: value_or(table.timeout.as_ref(), PROBE_TIMEOUT),
        rules: rules.clone(),
    })
}

fn uptime(
    table: &UptimeTable,
    prefix: &str,
    rules: &TargetRules,
    problems: &mut Vec<Diagnostic>,
) -> Option<UptimeCheck> {
    let every = value_or(table.every.as_ref(), PROBE_EVERY);
    let alone = value_or(table.alone.as_ref(), every.max(Duration::from_secs(5)));
    if let Some(place) = table.alone.as_ref().map(|alone| &alone.place)
        && alone < every
    {
        let complaint =
            InvalidValue::new("shorter than from one probe to the next, so nothing is seen")
                .help("make alone at least every");
        problems.push(complaint.at(place.clone()));
    }
    Some(UptimeCheck {
        path: format!("{prefix}{}", table.path.as_ref()?.value),
        auth: value_or(table.auth.as_ref(), false),
        every,
        uptime_field: value_or(table.uptime_field.as_ref(), String::new()),
        timeout: value_or(table.timeout.as_ref(), PROBE_TIMEOUT),
        alone,
        rules: rules.clone(),
    })
}

fn evidence(written: &EvidencePlan, prefix: &str, rules: &TargetRules) -> EvidencePlan {
    let mut plan = written.clone();
    plan.rules = rules.clone();
    let target = plan.target.iter_mut().flat_map(|pages| &mut pages.paths);
    let counters = plan
        .prometheus
        .iter_mut()
        .filter_map(|page| page.path.as_mut());
    for path in target.chain(counters) {
        path.insert_str(0, prefix);
    }
    plan
}

/// Reports every name that was given before.
pub(in crate::profile) fn unique<'a>(
    names: impl Iterator<Item = Option<&'a Spanned<String>>>,
    what: &str,
    problems: &mut Vec<Diagnostic>,
) {
    let mut seen = BTreeSet::new();
    for name in names.flatten() {
        if !seen.insert(name.value.as_str()) {
            let complaint =
                InvalidValue::new(format!("a second {what} is called `{}`", name.value))
                    .help("give each one a name of its own");
            problems.push(complaint.at(name.place.clone()));
        }
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
