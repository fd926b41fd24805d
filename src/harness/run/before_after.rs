//! The same load before and after something was changed.

use std::ffi::OsString;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use crate::connection::DatabaseUrl;
use crate::harness::options::flags::target::TargetFlags;
use crate::harness::output::progress::Progress;
use crate::harness::output::streams::note;
use crate::harness::run::ab::{ComparedTarget, side};
use crate::harness::run::scenario::ScenarioRun;
use crate::judge::intervals;
use crate::load::{SocketEngine, millis};
use crate::monitor::{EvidenceSources, GivenSources, machine};
use crate::plan::Plan;
use crate::report::{Report, RunReport};

/// A target and the scenarios that are run against it, each time alike.
pub struct BeforeAndAfter {
    side: ComparedTarget,
    interrupted: Arc<AtomicBool>,
}

impl BeforeAndAfter {
    /// Every scenario at one load of `profile`, or else of the profile that the flags name, against `url`.
    ///
    /// # Errors
    /// With all that is wrong with flags and profile, a text each.
    pub fn new(
        url: &str,
        profile: Option<&str>,
        flags: &[OsString],
    ) -> Result<BeforeAndAfter, Vec<String>> {
        let named = profile.map(|name| TargetFlags::profile().given(name));
        let flags: Vec<OsString> = named
            .into_iter()
            .flatten()
            .chain(flags.iter().cloned())
            .collect();
        let side = side(url, &flags)
            .map_err(|wrong| wrong.iter().map(ToString::to_string).collect::<Vec<_>>())?;
        if side.profile.plans.iter().all(|plan| plan.search.is_some()) {
            return Err(vec![format!(
                "{}: it has no scenario at one load to hold one time against another",
                TargetFlags::profile().dashed()
            )]);
        }
        Ok(BeforeAndAfter {
            side,
            interrupted: Arc::default(),
        })
    }

    /// Ends the load that is running, from a handler of signals.
    pub fn interrupter(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.interrupted)
    }

    /// The confidence of the intervals, in (0.5, 1).
    pub fn confidence(&self) -> f64 {
        self.side.profile.confidence
    }

    /// Runs every scenario once, with an eye on the database; `which` time it is.
    ///
    /// # Errors
    /// When a scenario could not be run to its end.
    pub fn load(&self, database: &DatabaseUrl, which: &str) -> Result<Report, String> {
        let (started, begun) = (SystemTime::now(), Instant::now());
        let mut progress = Progress::on_stderr(false);
        let plans = self
            .side
            .profile
            .plans
            .iter()
            .filter(|plan| plan.search.is_none());
        let mut runs = Vec::new();
        for plan in plans {
            note(format_args!("{which}: {}", plan.scenario));
            let plan = alike(plan);
            let run = self.run(&plan, database, &mut progress)?;
            runs.push(run);
        }
        let origin = self
            .side
            .args
            .target
            .as_ref()
            .map(|target| target.origin.to_string());
        Ok(Report {
            target: origin.unwrap_or_default(),
            profile: self.side.profile.name.clone(),
            started: millis(started),
            took: u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
            confidence: self.confidence(),
            strict: false,
            machine: Some(machine()),
            repeat: String::new(),
            judgements: Vec::new(),
            runs,
        })
    }

    fn run(
        &self,
        plan: &Plan,
        database: &DatabaseUrl,
        progress: &mut Progress,
    ) -> Result<RunReport, String> {
        let destination = self
            .side
            .destination(plan)
            .map_err(|problem| problem.what)?;
        let watched = EvidenceSources {
            destination: destination.clone(),
            plan: self.side.profile.evidence.clone(),
            given: GivenSources::default().with(database.clone()),
        };
        let loading = ScenarioRun {
            profile: &self.side.profile,
            plan,
            destination: &destination,
            watched: &watched,
            engine: &SocketEngine,
            interrupted: &self.interrupted,
            board: None,
            after: None,
            minted: self.side.args.credentials.mints(),
        };
        let run = loading.run(progress);
        let run =
            run.map_err(|failure| format!("{}; {}", failure.problem.what, failure.problem.advice))?;
        if self.interrupted.load(Ordering::Relaxed) {
            return Err("interrupted".to_owned());
        }
        Ok(RunReport {
            intervals: intervals(&run, self.confidence()),
            run,
        })
    }
}

/// Neither longer nor shorter for what it shows.
fn alike(plan: &Plan) -> Plan {
    let mut plan = plan.clone();
    plan.phases.extend = Duration::ZERO;
    plan.phases.settle = None;
    plan
}
