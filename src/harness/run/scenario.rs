//! From a plan to its run: the preflight, the load, and someone who watches over it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::dashboard::{SharedView, is_about};
use crate::harness::output::live_dashboard::LiveRun;
use crate::harness::output::progress::Progress;
use crate::harness::run::recovery::LastLoad;
use crate::judge::{Evidence, is_open_by_correlation_alone, is_settled, judge};
use crate::load::{self, Engine, Observer, RunError};
use crate::monitor::{Collectors, EvidenceSources, ProcessorClock};
use crate::plan::Plan;
use crate::profile::{Destination, Profile};
use crate::record::{RunProblem, RunResult};
use crate::report::live_terminal;
use crate::requirement::{Judgement, Requirement};

/// A load about to be run.
pub(in crate::harness) struct ScenarioRun<'a> {
    pub(in crate::harness) profile: &'a Profile,
    pub(in crate::harness) plan: &'a Plan,
    pub(in crate::harness) destination: &'a Destination,
    pub(in crate::harness) watched: &'a EvidenceSources,
    pub(in crate::harness) engine: &'a dyn Engine,
    pub(in crate::harness) interrupted: &'a AtomicBool,
    /// Where the run is shown while it is on.
    pub(in crate::harness) board: Option<&'a SharedView>,
    /// The load before this one, if there was one.
    pub(in crate::harness) after: Option<LastLoad>,
    /// Whether users' tokens are signed by the generator.
    pub(in crate::harness) minted: bool,
}

/// Why there is no run.
pub(in crate::harness) struct Failure {
    pub(in crate::harness) problem: RunProblem,
    /// Whether nothing answered at all.
    pub(in crate::harness) unreachable: bool,
}

impl ScenarioRun<'_> {
    /// Asks each endpoint once, then loads.
    pub(in crate::harness) fn run(&self, progress: &mut Progress) -> Result<RunResult, Failure> {
        let ready = self.ready(progress)?;
        // Without monitors nothing is reported, and what depends on them is inconclusive.
        let monitors = Collectors::start(self.watched).ok();
        let mut result = self.load(&ready.plan, monitors.as_ref(), progress)?;
        if let Some(monitors) = monitors {
            result.observed = monitors.finish(result.started);
        }
        result.plan = self.plan.fingerprint();
        result.notes.splice(0..0, ready.notes);
        Ok(result)
    }

    /// The load or the loads of a plan.
    pub(in crate::harness) fn load(
        &self,
        plan: &Plan,
        monitors: Option<&Collectors>,
        progress: &mut Progress,
    ) -> Result<RunResult, Failure> {
        let questions = Questions {
            is_settled: &|run, open| self.is_settled(run, open, monitors),
            is_open_by_correlation_alone: &|run, open| self.is_open_by_correlation_alone(run, open),
        };
        match &plan.search {
            Some(search) => self.search(plan, search, monitors, progress),
            None => self
                .once(plan, questions, "", monitors, progress)
                .map_err(|error| own_fault(&error.to_string())),
        }
    }

    /// One load, extended as far as its plan allows until it has shown enough.
    pub(in crate::harness) fn once(
        &self,
        plan: &Plan,
        questions: Questions<'_>,
        place: &str,
        monitors: Option<&Collectors>,
        progress: &mut Progress,
    ) -> Result<RunResult, RunError> {
        let mut observer = RunObserver {
            questions,
            interrupted: self.interrupted,
            processor: ProcessorClock::default(),
            progress,
            showing: self
                .board
                .map(|board| LiveRun::new(board, format!("{}{place}", plan.scenario))),
            profile: self.profile,
            monitors,
        };
        observer.progress.begin(plan, place);
        let result = self.engine.run(plan, self.destination, &mut observer);
        observer.progress.end();
        result
    }

    /// Whether every verdict that waits for this run is settled.
    ///
    /// To end before its time, a run must also have brought what others tell beside the load.
    fn is_settled(&self, so_far: &RunResult, open: &[u64], monitors: Option<&Collectors>) -> bool {
        let early = so_far.window.is_cut_short();
        let with_observed = monitors.filter(|_| early).map(|monitors| RunResult {
            observed: monitors.so_far(so_far.started),
            ..so_far.clone()
        });
        let so_far = with_observed.as_ref().unwrap_or(so_far);
        let evidence = self.evidence(so_far, open);
        is_settled(self.requirements(), &evidence, self.profile.confidence)
    }

    fn is_open_by_correlation_alone(&self, so_far: &RunResult, open: &[u64]) -> bool {
        let evidence = self.evidence(so_far, open);
        is_open_by_correlation_alone(self.requirements(), &evidence, self.profile.confidence)
    }

    fn evidence<'r>(&'r self, so_far: &'r RunResult, open: &'r [u64]) -> Evidence<'r> {
        Evidence {
            runs: vec![so_far],
            open,
            sources: Some(&self.profile.evidence.sources),
            ..Evidence::default()
        }
    }

    /// Those that wait for this run.
    fn requirements(&self) -> impl Iterator<Item = &Requirement> {
        let all = self.profile.requirements.iter();
        all.filter(|one| one.scenario.as_ref() == Some(&self.plan.scenario))
    }
}

pub(in crate::harness) fn own_fault(what: &str) -> Failure {
    let advice = "see to the limits of the machine that makes the load".to_owned();
    Failure {
        problem: RunProblem {
            what: what.to_owned(),
            advice,
        },
        unreachable: false,
    }
}

/// What a run asks about its verdicts, with the requests of each endpoint that have not ended.
#[derive(Clone, Copy)]
pub(in crate::harness) struct Questions<'a> {
    pub(in crate::harness) is_settled: &'a dyn Fn(&RunResult, &[u64]) -> bool,
    pub(in crate::harness) is_open_by_correlation_alone: &'a dyn Fn(&RunResult, &[u64]) -> bool,
}

/// Watches over a run on behalf of its verdicts and shows its progress.
struct RunObserver<'a> {
    questions: Questions<'a>,
    interrupted: &'a AtomicBool,
    processor: ProcessorClock,
    progress: &'a mut Progress,
    showing: Option<LiveRun<'a>>,
    profile: &'a Profile,
    monitors: Option<&'a Collectors>,
}

impl RunObserver<'_> {
    /// The requirements of the run, as they stand.
    fn judged(&self, so_far: &RunResult) -> Vec<Judgement> {
        let evidence = Evidence {
            runs: vec![so_far],
            sources: Some(&self.profile.evidence.sources),
            ..Evidence::default()
        };
        let all = self.profile.requirements.iter();
        let mine = all.filter(|requirement| is_about(requirement, so_far));
        mine.map(|requirement| judge(requirement, &evidence, self.profile.confidence))
            .collect()
    }
}

impl Observer for RunObserver<'_> {
    fn progress(&mut self, progress: load::RunProgress) {
        self.progress.show(progress);
        if let Some(showing) = &mut self.showing {
            showing.progress(progress);
        }
    }

    fn is_watched(&mut self) -> bool {
        self.progress.is_watched() || self.showing.as_ref().is_some_and(LiveRun::is_watched)
    }

    fn watch(&mut self, mut so_far: RunResult) {
        if let Some(monitors) = self.monitors {
            so_far.observed = monitors.so_far(so_far.started);
        }
        if self.progress.is_watched() {
            self.progress
                .watch(&live_terminal::lines(&so_far, &self.judged(&so_far)));
        }
        if let Some(showing) = &self.showing {
            showing.run(so_far);
        }
    }

    fn is_settled(&mut self, so_far: &RunResult, open: &[u64]) -> bool {
        (self.questions.is_settled)(so_far, open)
    }

    fn is_open_by_correlation_alone(&mut self, so_far: &RunResult, open: &[u64]) -> bool {
        (self.questions.is_open_by_correlation_alone)(so_far, open)
    }

    fn is_interrupted(&mut self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }

    fn processor_time(&mut self) -> Duration {
        self.processor.used()
    }
}
