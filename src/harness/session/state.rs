//! One session: requirements share the runs they are judged on, each made when first asked for.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use crate::baseline;
use crate::dashboard::SharedView;
use crate::harness::locked;
use crate::harness::output::display::Display;
use crate::harness::output::github::Github;
use crate::harness::output::progress::Progress;
use crate::harness::output::write_report::ReportFiles;
use crate::harness::run::identity::Credentials;
use crate::harness::run::loader::Loader;
use crate::harness::run::probes::Probes;
use crate::harness::run::runs::Runs;
use crate::harness::run::target::SessionTarget;
use crate::harness::session::header::SessionHeader;
use crate::harness::session::judgements::Judgements;
use crate::harness::session::nextest::SharedSession;
use crate::hint::advise;
use crate::judge::{Evidence, judge};
use crate::monitor::GivenSources;
use crate::profile::{Destination, Profile};
use crate::report::{Format, Report};
use crate::requirement::Judgement;
use crate::store::StoreError;

/// How the session was asked for.
pub(in crate::harness) struct Settings {
    /// Where the load goes; `None` starts the embedded AgentOS.
    pub destination: Option<Destination>,
    /// Who else is asked of the target.
    pub sources: GivenSources,
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
}

/// All that the tests of one process share.
pub(in crate::harness) struct Session {
    profile: Arc<Profile>,
    header: SessionHeader,
    runs: Runs,
    probes: Arc<Probes>,
    judgements: Judgements,
    files: ReportFiles,
    display: Arc<Display>,
    shared: Option<Arc<SharedSession>>,
    /// One load at a time.
    turn: Mutex<()>,
}

impl Session {
    /// A session in which nothing has happened yet.
    pub(in crate::harness) fn new(
        profile: Profile,
        settings: Settings,
        shared: Option<SharedSession>,
        interrupted: Arc<AtomicBool>,
        progress: Progress,
    ) -> Session {
        let (profile, shared) = (Arc::new(profile), shared.map(Arc::new));
        let target = SessionTarget::new(
            &profile,
            settings.destination,
            settings.credentials,
            settings.sources,
        );
        let target = Arc::new(target);
        let header = SessionHeader::now(target.shown(), settings.strict, settings.repeat.clone());
        let display = Arc::new(Display::new(progress, settings.board));
        let stop = Arc::clone(&interrupted);
        let probes = Arc::new(Probes::new(&profile, &target, stop, shared.is_some()));
        let beside = (&target, &probes);
        let loader = Loader::new(&profile, beside, &display, interrupted, settings.repeat);
        let files = (settings.folder, settings.formats);
        Session {
            header,
            runs: Runs::new(&profile, loader, shared.clone()),
            probes,
            judgements: Judgements::new(shared.clone()),
            files: ReportFiles::new(files, settings.github, shared.clone()),
            display,
            shared,
            turn: Mutex::default(),
            profile,
        }
    }

    /// The profile that is judged.
    pub(in crate::harness) fn profile(&self) -> &Profile {
        &self.profile
    }

    /// Whether missed targets fail.
    pub(in crate::harness) fn strict(&self) -> bool {
        self.header.strict()
    }

    /// Says which line the test runner has begun on stdout.
    pub(in crate::harness) fn announce(&self, line: String) {
        self.display.announce(line);
    }

    /// Judges the requirement at this place of the profile, running the load that it needs.
    ///
    /// # Errors
    /// When the judgement can't be stored for the other processes of the session.
    pub(in crate::harness) fn judge(&self, place: usize) -> Result<Judgement, StoreError> {
        let _mine = locked(&self.turn);
        let requirement = &self.profile.requirements[place];
        let runs = self.runs.of_requirement(requirement);
        let health = self.probes.health(requirement);
        let watch = self.probes.uptime(requirement, &runs);
        let evidence = Evidence {
            runs: runs.iter().collect(),
            open: &[],
            health: &health,
            watch: watch.as_ref(),
            sources: Some(&self.profile.evidence.sources),
        };
        let mut judgement = judge(requirement, &evidence, self.profile.confidence);
        judgement.advice = advise(&judgement, &runs);
        self.keep(place, judgement)
    }

    /// Judges whether the session got worse than a baseline, running the loads that the baseline has.
    ///
    /// # Errors
    /// When the judgement can't be stored for the other processes of the session.
    pub(in crate::harness) fn judge_against(
        &self,
        sessions: &[Report],
    ) -> Result<Judgement, StoreError> {
        let _mine = locked(&self.turn);
        let has_scenario = |scenario: &str| {
            let mut runs = sessions.iter().flat_map(|report| &report.runs);
            runs.any(|shown| shown.run.scenario == scenario)
        };
        for (place, plan) in self.profile.plans.iter().enumerate() {
            if plan.search.is_none() && has_scenario(&plan.scenario) {
                self.runs.run(place);
            }
        }
        let judgement = baseline::judge(sessions, &self.report(), self.profile.confidence);
        self.keep(self.profile.requirements.len(), judgement)
    }

    /// Keeps a judgement for the report, and for the other processes of the session.
    fn keep(&self, place: usize, judgement: Judgement) -> Result<Judgement, StoreError> {
        self.judgements.add(place, judgement.clone());
        self.display.show(|| self.report());
        if let Some(shared) = &self.shared {
            shared.add(place, &judgement, || self.write_report())?;
        }
        Ok(judgement)
    }

    /// The message of a test that failed.
    pub(in crate::harness) fn message(&self, judgement: &Judgement) -> String {
        self.judgements.message(judgement, self.profile.confidence)
    }

    /// What this process has judged itself, in the profile's order.
    pub(in crate::harness) fn own_judgements(&self) -> Vec<Judgement> {
        self.judgements.own()
    }

    /// What the session has come to so far; with nextest, all of its processes.
    pub(in crate::harness) fn report(&self) -> Report {
        let (judgements, runs) = (self.judgements.so_far(), self.runs.so_far());
        self.header.report(&self.profile, judgements, runs)
    }

    /// What this process has run and judged itself: with nextest a part of the session, and all parts are the whole.
    #[cfg(feature = "otlp")]
    pub(in crate::harness) fn own_report(&self) -> Report {
        let mut runs = self.runs.so_far();
        runs.retain(|run| self.runs.is_own(&run.scenario));
        let judgements = self.judgements.own();
        self.header.report(&self.profile, judgements, runs)
    }

    /// Writes the report files, and the summary of the job.
    ///
    /// # Errors
    /// When the folder or a file can't be written.
    pub(in crate::harness) fn write_report(&self) -> Result<(), StoreError> {
        self.files.write(&self.report())
    }
}
