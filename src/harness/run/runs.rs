//! The session's loads: each plan once, wherever the target is.

use std::cell::Cell;
use std::sync::atomic::Ordering;
use std::time::SystemTime;

use crate::harness::options::rerun_command;
use crate::harness::run::embedded::Embedded;
use crate::harness::run::identity::Credentials;
use crate::harness::run::recovery::LastLoad;
use crate::harness::run::scenario::{Failure, ScenarioRun};
use crate::harness::session::state::{Session, locked};
use crate::load::{SocketEngine, failed_run, millis};
use crate::monitor::{EvidenceSources, TargetPid, UptimeWatcher};
use crate::plan::{Endpoint, EndpointKind, Plan};
use crate::profile::Destination;
use crate::record::{Outage, RunProblem, RunResult};

impl Session {
    /// The run of a plan, which is made when it is first asked for.
    pub(in crate::harness) fn run(&self, place: usize) -> RunResult {
        self.runs[place]
            .get_or_init(|| self.share(&self.profile.plans[place]))
            .clone()
    }

    /// Runs a plan, or waits for the process of this session that does.
    fn share(&self, plan: &Plan) -> RunResult {
        let Some(disk) = &self.disk else {
            return self.load(plan);
        };
        let key = format!("{}-{}", plan.scenario, plan.fingerprint());
        disk.run(&key, || self.load(plan)).unwrap_or_else(|error| {
            let advice =
                "make the report folder writable, or choose another with --report-dir".to_owned();
            failed_run(
                plan,
                SystemTime::now(),
                RunProblem {
                    what: error.to_string(),
                    advice,
                },
            )
        })
    }

    fn load(&self, plan: &Plan) -> RunResult {
        locked(&self.loaded).push(plan.scenario.clone());
        let started = SystemTime::now();
        let nobody_answered = Cell::new(None);
        let attempt = || -> Result<RunResult, RunProblem> {
            if self.interrupted.load(Ordering::Relaxed) {
                return Err(interrupted());
            }
            if let Some(problem) = self.unreachable.get() {
                return Err(problem.clone());
            }
            let destination = self.joined(plan)?;
            self.watch(&destination);
            let before = self
                .watcher
                .get()
                .map(UptimeWatcher::seen)
                .unwrap_or_default();
            let watched = self.watched(&destination);
            let loading = ScenarioRun {
                profile: &self.profile,
                plan,
                destination: &destination,
                watched: &watched,
                engine: &SocketEngine,
                interrupted: &self.interrupted,
                board: self.settings.board.as_ref(),
                after: LastLoad::of(&self.runs_so_far()),
                minted: self.settings.credentials.mints(),
            };
            let mut result = loading
                .run(&mut locked(&self.progress))
                .map_err(|failure| {
                    if failure.unreachable {
                        // The other scenarios need not find out again.
                        let _ = self.unreachable.set(failure.problem.clone());
                        nobody_answered.set(Some(outage(&failure.problem)));
                    }
                    self.with_a_way_out(plan, failure)
                })?;
            if let Some(watcher) = self.watcher.get() {
                result.watch = watcher.seen().since(&before);
            }
            Ok(result)
        };
        attempt().unwrap_or_else(|problem| {
            let mut run = failed_run(plan, started, problem);
            run.watch.outages.extend(nobody_answered.take());
            run
        })
    }

    /// What failed, with the command that tests all the rest, where there is a rest.
    fn with_a_way_out(&self, plan: &Plan, failure: Failure) -> RunProblem {
        let mut problem = failure.problem;
        // Without its token a target refuses more than is worth leaving out.
        if failure.unreachable || problem.what.contains("answered 401") {
            return problem;
        }
        let plans = &self.profile.plans;
        let names = way_out(plans, plan, &problem.what);
        let is_left = |plan: &Plan| !names.contains(&plan.scenario);
        if plans.iter().any(is_left) {
            let command = names
                .iter()
                .fold(self.settings.repeat.clone(), |line, name| {
                    format!(
                        "{line} {}",
                        rerun_command::quoted(&format!("--without={name}"))
                    )
                });
            problem.advice = format!("{} To test all but that: {command}", problem.advice);
        }
        problem
    }

    /// Who is asked of the target: of the embedded AgentOS also its process, which is known for certain.
    fn watched(&self, destination: &Destination) -> EvidenceSources {
        let mut sources = self.settings.sources.clone();
        if let (None, Some(embedded)) = (sources.get::<TargetPid>(), self.embedded.get()) {
            sources = sources.with(TargetPid(embedded.pid()));
        }
        EvidenceSources {
            destination: destination.clone(),
            plan: self.profile.evidence.clone(),
            given: sources,
        }
    }

    /// Where a plan's load goes, with who its users are.
    fn joined(&self, plan: &Plan) -> Result<Destination, RunProblem> {
        let destination = self.destination()?;
        let mut credentials = self.settings.credentials.clone();
        if let Some(embedded) = self.embedded.get() {
            credentials = Credentials {
                signing_key: Some(embedded.signing_key().clone()),
                ..Credentials::default()
            };
        }
        self.identities
            .join(plan, &self.profile.identity, &credentials, destination)
    }

    pub(in crate::harness) fn destination(&self) -> Result<Destination, RunProblem> {
        if let Some(destination) = &self.settings.destination {
            return Ok(destination.clone());
        }
        let embedded = self.embedded.get_or_try_init(|| {
            Embedded::start().map_err(|what| {
                let advice = "name a running target with --target-url, or report this".to_owned();
                RunProblem { what, advice }
            })
        })?;
        Ok(Destination {
            http: self.profile.http,
            ..embedded.destination().clone()
        })
    }
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

/// Whether a failure names an endpoint, by method and path.
fn names(what: &str, endpoint: &Endpoint) -> bool {
    let path = endpoint.path.split('?').next().unwrap_or_default();
    let request = format!("{} {path}", endpoint.method);
    let mut ends = what
        .match_indices(&request)
        .map(|(at, _)| at + request.len());
    ends.any(|end| what[end..].is_empty() || what[end..].starts_with([' ', ',', ';', ':', '?']))
}

/// A load that found nothing that answers, as the watch on the target would have it: its own probes may have come through.
fn outage(problem: &RunProblem) -> Outage {
    Outage {
        from: millis(SystemTime::now()),
        to: None,
        probes: 1,
        cause: problem.what.clone(),
    }
}

fn interrupted() -> RunProblem {
    RunProblem {
        what: "the session was interrupted before this load".to_owned(),
        advice: "run it again, or select it alone by its name".to_owned(),
    }
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
