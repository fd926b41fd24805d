//! One session: requirements share the runs they are judged on, each made when first asked for.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime};

use once_cell::sync::OnceCell;

use crate::dashboard::SharedView;
use crate::harness::options::flags::evidence::SourceArgs;
use crate::harness::output::github::Github;
#[cfg(feature = "otlp")]
use crate::harness::output::otlp::Otlp;
use crate::harness::output::progress::Progress;
use crate::harness::run::embedded::Embedded;
use crate::harness::run::identity::{Credentials, Identities};
use crate::harness::session::nextest::SharedSession;
use crate::hint::advise;
use crate::judge::{Evidence, intervals, judge};
use crate::load::millis;
use crate::monitor::{UptimeWatcher, machine};
use crate::profile::{Destination, Profile};
use crate::record::{Machine, RunProblem, RunResult};
use crate::report::{Format, Report, RunReport, SaidOnce, failure_once};
use crate::requirement::{Judgement, Requirement};
use crate::store::StoreError;

/// The name of the embedded server where a target's address is shown.
pub(in crate::harness) const EMBEDDED: &str = "embedded AgentOS";

/// How the session was asked for.
#[derive(Debug, Clone)]
pub(in crate::harness) struct Settings {
    /// Where the load goes; `None` starts the embedded AgentOS.
    pub destination: Option<Destination>,
    /// Who else is asked of the target.
    pub sources: SourceArgs,
    /// Whether missed targets fail.
    pub strict: bool,
    /// Where reports and shared runs go.
    pub folder: PathBuf,
    /// In which formats reports are written.
    pub formats: Vec<Format>,
    /// The output for GitHub Actions.
    pub github: Github,
    /// What virtual users identify themselves with.
    pub credentials: Credentials,
    /// The command line that makes the same session again.
    pub repeat: String,
    /// Where the session is shown while it runs.
    pub board: Option<SharedView>,
    /// Where its figures are sent at its end.
    #[cfg(feature = "otlp")]
    pub otlp: Option<Otlp>,
}

/// All that the tests of one process share.
pub(in crate::harness) struct Session {
    pub(in crate::harness) profile: Profile,
    pub(in crate::harness) settings: Settings,
    pub(in crate::harness) started: SystemTime,
    pub(in crate::harness) machine: Machine,
    /// The name of its own folder of reports.
    pub(in crate::harness) dated: OnceCell<String>,
    pub(in crate::harness) clock: Instant,
    pub(in crate::harness) embedded: OnceCell<Embedded>,
    pub(in crate::harness) identities: Identities,
    pub(in crate::harness) watcher: OnceCell<UptimeWatcher>,
    pub(in crate::harness) runs: Vec<OnceCell<RunResult>>,
    pub(in crate::harness) unreachable: OnceCell<RunProblem>,
    pub(in crate::harness) judgements: Mutex<Vec<(usize, Judgement)>>,
    /// The scenarios that this process has run itself.
    pub(in crate::harness) loaded: Mutex<Vec<String>>,
    pub(in crate::harness) disk: Option<SharedSession>,
    pub(in crate::harness) interrupted: Arc<AtomicBool>,
    pub(in crate::harness) progress: Mutex<Progress>,
    /// What the messages of failed tests have said already.
    said: Mutex<SaidOnce>,
    /// One load at a time.
    pub(in crate::harness) turn: Mutex<()>,
}

impl Session {
    /// A session in which nothing has happened yet.
    pub(in crate::harness) fn new(
        profile: Profile,
        settings: Settings,
        disk: Option<SharedSession>,
        interrupted: Arc<AtomicBool>,
        progress: Progress,
    ) -> Session {
        Session {
            runs: profile.plans.iter().map(|_| OnceCell::new()).collect(),
            profile,
            settings,
            started: SystemTime::now(),
            machine: machine(),
            dated: OnceCell::new(),
            clock: Instant::now(),
            embedded: OnceCell::new(),
            identities: Identities::default(),
            watcher: OnceCell::new(),
            unreachable: OnceCell::new(),
            judgements: Mutex::default(),
            loaded: Mutex::default(),
            disk,
            interrupted,
            progress: Mutex::new(progress),
            said: Mutex::default(),
            turn: Mutex::default(),
        }
    }

    /// The profile that is judged.
    pub(in crate::harness) fn profile(&self) -> &Profile {
        &self.profile
    }

    /// Whether missed targets fail.
    pub(in crate::harness) fn strict(&self) -> bool {
        self.settings.strict
    }

    /// Tells the line that the test runner has begun on stdout.
    pub(in crate::harness) fn announce(&self, line: String) {
        locked(&self.progress).announce(line);
    }

    /// Judges the requirement at this place of the profile, running the load that it needs.
    ///
    /// # Errors
    /// When the judgement can't be stored for the other processes of the session.
    pub(in crate::harness) fn judge(&self, place: usize) -> Result<Judgement, StoreError> {
        let _mine = locked(&self.turn);
        let requirement = &self.profile.requirements[place];
        let runs = self.runs_for(requirement);
        let health = self.health_for(requirement);
        let watch = self.watch_for(requirement, &runs);
        let evidence = Evidence {
            runs: runs.iter().collect(),
            open: &[],
            health: &health,
            watch: watch.as_ref(),
            sources: Some(&self.profile.evidence.sources),
        };
        let mut judgement = judge(requirement, &evidence, self.profile.confidence);
        judgement.advice = advise(&judgement, &runs);
        self.keep(place, &judgement)?;
        Ok(judgement)
    }

    /// Keeps a judgement for the report, and for the other processes of the session.
    pub(in crate::harness) fn keep(
        &self,
        place: usize,
        judgement: &Judgement,
    ) -> Result<(), StoreError> {
        locked(&self.judgements).push((place, judgement.clone()));
        self.show();
        if let Some(disk) = &self.disk {
            disk.add(place, judgement, || self.write_report())?;
        }
        Ok(())
    }

    /// The message of a test that failed. Under nextest each process has a message of its own, and says all of it.
    pub(in crate::harness) fn message(&self, judgement: &Judgement) -> String {
        failure_once(judgement, self.profile.confidence, &mut locked(&self.said))
    }

    /// What the session has come to so far; with nextest, all of its processes.
    pub(in crate::harness) fn report(&self) -> Report {
        let (mut judgements, mut runs) = match &self.disk {
            Some(disk) => (disk.judgements(), disk.runs()),
            None => (locked(&self.judgements).clone(), self.made_runs()),
        };
        judgements.sort_by_key(|(place, _)| *place);
        let place = |run: &RunResult| {
            self.profile
                .plans
                .iter()
                .position(|plan| plan.scenario == run.scenario)
        };
        runs.sort_by_key(place);
        let target = match &self.settings.destination {
            Some(destination) => destination.origin.to_string(),
            None => EMBEDDED.to_owned(),
        };
        Report {
            target,
            profile: self.profile.name.clone(),
            started: millis(self.started),
            took: u64::try_from(self.clock.elapsed().as_millis()).unwrap_or(u64::MAX),
            confidence: self.profile.confidence,
            strict: self.settings.strict,
            machine: Some(self.machine.clone()),
            repeat: self.settings.repeat.clone(),
            judgements: judgements
                .into_iter()
                .map(|(_, judgement)| judgement)
                .collect(),
            runs: runs
                .into_iter()
                .map(|run| RunReport {
                    intervals: intervals(&run, self.profile.confidence),
                    run,
                })
                .collect(),
        }
    }

    /// Shows what the session has come to so far.
    fn show(&self) {
        if let Some(board) = &self.settings.board {
            let report = self.report();
            board.change(|view| {
                view.report = report;
                view.live = None;
            });
        }
    }

    /// What this process has judged itself, in the profile's order.
    pub(in crate::harness) fn own_judgements(&self) -> Vec<Judgement> {
        let mut own = locked(&self.judgements).clone();
        own.sort_by_key(|(place, _)| *place);
        own.into_iter().map(|(_, judgement)| judgement).collect()
    }

    /// What this process has run and judged itself: with nextest a part of the session, and all parts are the whole.
    #[cfg(feature = "otlp")]
    pub(in crate::harness) fn own_report(&self) -> Report {
        let mut report = self.report();
        report.judgements = self.own_judgements();
        let loaded = locked(&self.loaded);
        report
            .runs
            .retain(|shown| loaded.contains(&shown.run.scenario));
        report
    }

    /// The runs that were made so far; with nextest, in all of its processes.
    pub(in crate::harness) fn runs_so_far(&self) -> Vec<RunResult> {
        self.disk
            .as_ref()
            .map_or_else(|| self.made_runs(), SharedSession::runs)
    }

    fn made_runs(&self) -> Vec<RunResult> {
        self.runs
            .iter()
            .filter_map(OnceCell::get)
            .cloned()
            .collect()
    }

    /// The run of the requirement's scenario; for the session as a whole, every run made so far, or the
    /// first scenario's when there is none.
    fn runs_for(&self, requirement: &Requirement) -> Vec<RunResult> {
        if !requirement
            .checks
            .iter()
            .any(|check| check.metric.needs_load())
        {
            return self.runs_so_far();
        }
        let Some(scenario) = &requirement.scenario else {
            let made = self.runs_so_far();
            let first = || {
                (0..self.profile.plans.len().min(1))
                    .map(|place| self.run(place))
                    .collect()
            };
            return if made.is_empty() { first() } else { made };
        };
        let place = self
            .profile
            .plans
            .iter()
            .position(|plan| plan.scenario == *scenario);
        place.map(|place| self.run(place)).into_iter().collect()
    }
}

/// A panic in one test must not keep the others from their verdicts.
pub(in crate::harness) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
