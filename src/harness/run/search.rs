//! A search: one load after another, each chosen by what the last ones showed.

use std::sync::atomic::Ordering;
use std::time::SystemTime;

use crate::harness::output::progress::Progress;
use crate::harness::run::scenario::{Failure, Questions, ScenarioRun, own_fault};
use crate::load::{RunError, failed_run};
use crate::monitor::Collectors;
use crate::plan::{Loads, Plan, Search};
use crate::record::{Role, RunProblem, RunResult, Status, Step};
use crate::search::{CompletedStep, Probe, holding, is_settled, judged, next, record};

/// How many ids each load of a search has for itself.
const IDS_PER_STEP: u64 = 10_000_000;

impl ScenarioRun<'_> {
    /// Runs a search to its end; what was run until an interruption is kept.
    pub(in crate::harness) fn search(
        &self,
        plan: &Plan,
        search: &Search,
        monitors: Option<&Collectors>,
        progress: &mut Progress,
    ) -> Result<RunResult, Failure> {
        let mut made: Vec<CompletedStep> = Vec::new();
        let mut steps: Vec<Step> = Vec::new();
        while let Some(leg) = next(search, &steps) {
            let last = self.step((plan, search), leg, &steps, monitors, progress)?;
            let ended = last.run.status == Status::Partial;
            steps.push(last.step.clone());
            made.push(last);
            if ended || self.interrupted.load(Ordering::Relaxed) {
                break;
            }
        }
        // A search that was cut off between two loads is as little complete as one cut off in a load.
        if let Some(last) = made.last_mut()
            && self.interrupted.load(Ordering::Relaxed)
            && next(search, &steps).is_some()
        {
            last.run.status = Status::Partial;
        }
        record(plan, search, &made).ok_or_else(|| own_fault("the search has no load to begin with"))
    }

    fn step(
        &self,
        (plan, search): (&Plan, &Search),
        leg: Probe,
        steps: &[Step],
        monitors: Option<&Collectors>,
        progress: &mut Progress,
    ) -> Result<CompletedStep, Failure> {
        let holding = holding(plan, search);
        let mut step_plan = leg.plan(plan);
        step_plan.values.first_id = IDS_PER_STEP * steps.len() as u64;
        let started = SystemTime::now();
        let place = place(search, leg, steps);
        let confidence = self.profile.confidence;
        let settled = |run: &RunResult, open: &[u64]| is_settled(run, open, &holding, confidence);
        let questions = Questions {
            is_settled: &settled,
            is_open_by_correlation_alone: &|_, _| false,
        };
        let made = self.once(&step_plan, questions, &place, monitors, progress);
        let (run, fault) = match made {
            Ok(run) => (run, None),
            Err(error) if steps.is_empty() => return Err(own_fault(&error.to_string())),
            // What could be reached before and can't any more is the target's trouble, all else our own.
            Err(error) => {
                let problem = RunProblem {
                    what: error.to_string(),
                    advice: String::new(),
                };
                let fault = match error {
                    RunError::Connect(_) => None,
                    other => Some(other.to_string()),
                };
                (failed_run(&step_plan, started, problem), fault)
            }
        };
        let step = judged(plan, leg, &run, fault, &holding, confidence);
        Ok(CompletedStep { leg, step, run })
    }
}

/// Which of the loads it is.
fn place(search: &Search, leg: Probe, steps: &[Step]) -> String {
    let number = steps.len() + 1;
    match (&search.loads, leg.role) {
        (_, Role::Recovery) => ", recovery".to_owned(),
        (Loads::Steps { users, .. }, _) => format!(", step {number} of {}", users.len()),
        (Loads::Capacity { .. }, _) => format!(", probe {number}"),
    }
}
