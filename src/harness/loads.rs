//! The session's loads: each plan once, wherever the target is.

use std::cell::Cell;
use std::sync::atomic::Ordering;
use std::time::SystemTime;

use super::embedded::Embedded;
use super::identity::Credentials;
use super::loading::{Failure, Loading};
use super::recovery::LastLoad;
use super::repeat;
use super::session::{Session, locked};
use crate::load::{failed_run, millis};
use crate::monitor::{Watched, Watcher};
use crate::profile::{Destination, Endpoint, Plan};
use crate::record::{Outage, Problem, RunResult};

impl Session {
    /// The run of a plan, which is made when it is first asked for.
    pub(super) fn run(&self, place: usize) -> RunResult {
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
                Problem {
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
        let attempt = || -> Result<RunResult, Problem> {
            if self.interrupted.load(Ordering::Relaxed) {
                return Err(interrupted());
            }
            if let Some(problem) = self.unreachable.get() {
                return Err(problem.clone());
            }
            let destination = self.joined(plan)?;
            self.watch(&destination);
            let before = self.watcher.get().map(Watcher::seen).unwrap_or_default();
            let watched = self.watched(&destination);
            let loading = Loading {
                profile: &self.profile,
                plan,
                destination: &destination,
                watched: &watched,
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
    fn with_a_way_out(&self, plan: &Plan, failure: Failure) -> Problem {
        let mut problem = failure.problem;
        let refused = refused(plan, &problem.what);
        if failure.unreachable || refused.is_empty() || refused.len() == plan.endpoints.len() {
            return problem;
        }
        let names = asked_the_same(&self.profile.plans, &refused);
        let command = names
            .iter()
            .fold(self.settings.repeat.clone(), |line, name| {
                format!("{line} {}", repeat::quoted(&format!("--without={name}")))
            });
        problem.advice = format!("{} To test all but that: {command}", problem.advice);
        problem
    }

    /// Who is asked of the target: of the embedded AgentOS also its process, which nobody else could be.
    fn watched(&self, destination: &Destination) -> Watched {
        let sources = &self.settings.sources;
        Watched {
            destination: destination.clone(),
            plan: self.profile.evidence.clone(),
            redis: sources.redis.clone(),
            database: sources.database.clone(),
            metrics: sources.metrics.clone(),
            pid: sources.pid.or(self.embedded.get().map(Embedded::pid)),
        }
    }

    /// Where a plan's load goes, with who its users are.
    fn joined(&self, plan: &Plan) -> Result<Destination, Problem> {
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

    pub(super) fn destination(&self) -> Result<Destination, Problem> {
        if let Some(destination) = &self.settings.destination {
            return Ok(destination.clone());
        }
        let embedded = self.embedded.get_or_try_init(|| {
            Embedded::start().map_err(|what| {
                let advice = "name a running target with --target-url, or report this".to_owned();
                Problem { what, advice }
            })
        })?;
        Ok(Destination {
            http: self.profile.http,
            ..embedded.destination().clone()
        })
    }
}

/// The endpoints of a plan that a preflight's failure names, by method and path.
fn refused<'a>(plan: &'a Plan, what: &str) -> Vec<&'a Endpoint> {
    let is_named = |endpoint: &&Endpoint| {
        let path = endpoint.path.split('?').next().unwrap_or_default();
        let request = format!("{} {path}", endpoint.method);
        let mut found = what
            .match_indices(&request)
            .map(|(at, _)| at + request.len());
        found
            .any(|end| what[end..].is_empty() || what[end..].starts_with([' ', ',', ';', ':', '?']))
    };
    plan.endpoints.iter().filter(is_named).collect()
}

/// The endpoints of all plans that ask what these ask, as `--without` names them.
fn asked_the_same(plans: &[Plan], refused: &[&Endpoint]) -> Vec<String> {
    let is_same = |endpoint: &Endpoint| {
        let mut refused = refused.iter();
        refused.any(|one| one.method == endpoint.method && one.path == endpoint.path)
    };
    let of_plan = |plan: &Plan| {
        let mine = plan.endpoints.iter().filter(|endpoint| is_same(endpoint));
        if mine.clone().count() == plan.endpoints.len() {
            return vec![plan.scenario.clone()];
        }
        let name = |endpoint: &Endpoint| {
            format!(
                "{}/{}",
                plan.scenario,
                endpoint.name.trim_start_matches('/')
            )
        };
        mine.map(name).collect()
    };
    plans.iter().flat_map(of_plan).collect()
}

/// A load that found nothing that answers, as the watch on the target would have it: its own probes may have come through.
fn outage(problem: &Problem) -> Outage {
    Outage {
        from: millis(SystemTime::now()),
        to: None,
        probes: 1,
        cause: problem.what.clone(),
    }
}

fn interrupted() -> Problem {
    Problem {
        what: "the session was interrupted before this load".to_owned(),
        advice: "run it again, or select it alone by its name".to_owned(),
    }
}
