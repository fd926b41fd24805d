//! The session's loads: each plan once, wherever the target is.

use std::sync::atomic::Ordering;
use std::time::SystemTime;

use super::embedded::Embedded;
use super::identity::Credentials;
use super::loading::Loading;
use super::recovery::LastLoad;
use super::session::{Session, locked};
use crate::load::failed_run;
use crate::monitor::{Watched, Watcher};
use crate::profile::{Destination, Plan};
use crate::record::{Problem, RunResult};

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
                    }
                    failure.problem
                })?;
            if let Some(watcher) = self.watcher.get() {
                result.watch = watcher.seen().since(&before);
            }
            Ok(result)
        };
        attempt().unwrap_or_else(|problem| failed_run(plan, started, problem))
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

fn interrupted() -> Problem {
    Problem {
        what: "the session was interrupted before this load".to_owned(),
        advice: "run it again, or select it alone by its name".to_owned(),
    }
}
