//! The runs of the session: each plan once, in this process or in another one of the session.

use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use once_cell::sync::OnceCell;

use crate::harness::locked;
use crate::harness::run::loader::Loader;
use crate::harness::run::recovery::LastLoad;
use crate::harness::session::nextest::SharedSession;
use crate::load::failed_run;
use crate::profile::Profile;
use crate::record::{RunProblem, RunResult};
use crate::requirement::Requirement;

/// One run for each plan of the profile, which is made when it is first asked for.
pub(in crate::harness) struct Runs {
    profile: Arc<Profile>,
    loader: Loader,
    shared: Option<Arc<SharedSession>>,
    made: Vec<OnceCell<RunResult>>,
    /// The scenarios that this process has run itself.
    own: Mutex<Vec<String>>,
}

impl Runs {
    pub(in crate::harness) fn new(
        profile: &Arc<Profile>,
        loader: Loader,
        shared: Option<Arc<SharedSession>>,
    ) -> Runs {
        Runs {
            made: profile.plans.iter().map(|_| OnceCell::new()).collect(),
            profile: Arc::clone(profile),
            loader,
            shared,
            own: Mutex::default(),
        }
    }

    /// The run of the plan at this index of the profile.
    pub(in crate::harness) fn run(&self, plan: usize) -> RunResult {
        self.made[plan].get_or_init(|| self.share(plan)).clone()
    }

    /// The runs that were made so far; with nextest, in all of its processes.
    pub(in crate::harness) fn so_far(&self) -> Vec<RunResult> {
        match &self.shared {
            Some(shared) => shared.runs(),
            None => self
                .made
                .iter()
                .filter_map(OnceCell::get)
                .cloned()
                .collect(),
        }
    }

    /// Whether this process has made the run of a scenario itself.
    #[cfg(feature = "otlp")]
    pub(in crate::harness) fn is_own(&self, scenario: &str) -> bool {
        locked(&self.own).iter().any(|own| own == scenario)
    }

    /// The run of the requirement's scenario; for the session as a whole, every run made so far, or the
    /// first scenario's when there is none.
    pub(in crate::harness) fn of_requirement(&self, requirement: &Requirement) -> Vec<RunResult> {
        let mut checks = requirement.checks.iter();
        if !checks.any(|check| check.metric.needs_load()) {
            return self.so_far();
        }
        let plans = &self.profile.plans;
        if let Some(scenario) = &requirement.scenario {
            let plan = plans.iter().position(|plan| plan.scenario == *scenario);
            return plan.map(|plan| self.run(plan)).into_iter().collect();
        }
        let made = self.so_far();
        if !made.is_empty() || plans.is_empty() {
            return made;
        }
        vec![self.run(0)]
    }

    /// Runs a plan, or waits for the process of this session that does.
    fn share(&self, plan: usize) -> RunResult {
        let Some(shared) = &self.shared else {
            return self.load(plan);
        };
        let loaded = &self.profile.plans[plan];
        let key = format!("{}-{}", loaded.scenario, loaded.fingerprint());
        shared
            .run(&key, || self.load(plan))
            .unwrap_or_else(|error| {
                let advice = "make the report folder writable, or choose another with --report-dir";
                let problem = RunProblem {
                    what: error.to_string(),
                    advice: advice.to_owned(),
                };
                failed_run(loaded, SystemTime::now(), problem)
            })
    }

    fn load(&self, plan: usize) -> RunResult {
        locked(&self.own).push(self.profile.plans[plan].scenario.clone());
        self.loader.load(plan, LastLoad::of(&self.so_far()))
    }
}
