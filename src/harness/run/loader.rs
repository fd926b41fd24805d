//! One load of the session: from a plan to its run, whatever happens.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use once_cell::sync::OnceCell;

use crate::harness::output::display::Display;
use crate::harness::run::probes::Probes;
use crate::harness::run::recovery::LastLoad;
use crate::harness::run::scenario::ScenarioRun;
use crate::harness::run::target::SessionTarget;
use crate::harness::run::way_out::with_a_way_out;
use crate::load::{SocketEngine, failed_run, millis};
use crate::plan::Plan;
use crate::profile::Profile;
use crate::record::{Outage, RunProblem, RunResult};

/// Makes loads, wherever the target is.
pub(in crate::harness) struct Loader {
    profile: Arc<Profile>,
    target: Arc<SessionTarget>,
    probes: Arc<Probes>,
    display: Arc<Display>,
    interrupted: Arc<AtomicBool>,
    /// The command line that makes the same session again.
    repeat: String,
    /// Why nothing answered, once a load has found that out.
    unreachable: OnceCell<RunProblem>,
}

/// Why a plan was not run to its end, and the outage that it saw, if nothing answered.
struct LoadFailure {
    problem: RunProblem,
    outage: Option<Outage>,
}

impl From<RunProblem> for LoadFailure {
    fn from(problem: RunProblem) -> LoadFailure {
        LoadFailure {
            problem,
            outage: None,
        }
    }
}

impl Loader {
    pub(in crate::harness) fn new(
        profile: &Arc<Profile>,
        (target, probes): (&Arc<SessionTarget>, &Arc<Probes>),
        display: &Arc<Display>,
        interrupted: Arc<AtomicBool>,
        repeat: String,
    ) -> Loader {
        Loader {
            profile: Arc::clone(profile),
            target: Arc::clone(target),
            probes: Arc::clone(probes),
            display: Arc::clone(display),
            interrupted,
            repeat,
            unreachable: OnceCell::new(),
        }
    }

    /// Runs the plan at this index of the profile, after the load before it. A plan that can't be run is a failed run.
    pub(in crate::harness) fn load(&self, plan: usize, after: Option<LastLoad>) -> RunResult {
        let plan = &self.profile.plans[plan];
        let started = SystemTime::now();
        self.attempt(plan, after).unwrap_or_else(|failure| {
            let mut run = failed_run(plan, started, failure.problem);
            run.watch.outages.extend(failure.outage);
            run
        })
    }

    fn attempt(&self, plan: &Plan, after: Option<LastLoad>) -> Result<RunResult, LoadFailure> {
        if self.interrupted.load(Ordering::Relaxed) {
            return Err(interrupted().into());
        }
        if let Some(problem) = self.unreachable.get() {
            return Err(problem.clone().into());
        }
        let destination = self.target.for_plan(plan)?;
        self.probes.watch(&destination);
        let before = self.probes.seen().unwrap_or_default();
        let scenario = ScenarioRun {
            profile: &self.profile,
            plan,
            destination: &destination,
            watched: &self.target.evidence_sources(&destination),
            engine: &SocketEngine,
            interrupted: &self.interrupted,
            board: self.display.board(),
            after,
            minted: self.target.mints_tokens(),
        };
        let run = scenario.run(&mut self.display.progress());
        let mut result = run.map_err(|failure| {
            let outage = failure.unreachable.then(|| {
                // The other scenarios need not find out again.
                let _ = self.unreachable.set(failure.problem.clone());
                outage(&failure.problem)
            });
            let problem = with_a_way_out(&self.profile.plans, plan, failure, &self.repeat);
            LoadFailure { problem, outage }
        })?;
        if let Some(seen) = self.probes.seen() {
            result.watch = seen.since(&before);
        }
        Ok(result)
    }
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
