//! The session held against a baseline, or kept as one.

use std::path::Path;

use super::session::{Session, locked};
use crate::baseline::{judge, unlike, unlike_before};
use crate::monitor::machine;
use crate::profile::Profile;
use crate::record::Status;
use crate::report::Report;
use crate::requirement::{Judgement, Verdict};
use crate::store::{BaselineError, StoreError, baseline_path, read_baseline, write_baseline};

impl Session {
    /// Judges whether the session got worse than a baseline, running the loads that the baseline has.
    ///
    /// # Errors
    /// When the judgement can't be stored for the other processes of the session.
    pub(super) fn judge_against(&self, baseline: &[Report]) -> Result<Judgement, StoreError> {
        let _mine = locked(&self.turn);
        let plans = self.profile.plans.iter().enumerate();
        let wanted = plans.filter(|(_, plan)| plan.search.is_none());
        let wanted: Vec<usize> = wanted
            .filter_map(|(place, plan)| has_scenario(baseline, &plan.scenario).then_some(place))
            .collect();
        for place in wanted {
            self.run(place);
        }
        let judgement = judge(baseline, &self.report(), self.profile.confidence);
        self.keep(self.profile.requirements.len(), &judgement)?;
        Ok(judgement)
    }
}

fn has_scenario(baseline: &[Report], scenario: &str) -> bool {
    let mut runs = baseline.iter().flat_map(|report| &report.runs);
    runs.any(|shown| shown.run.scenario == scenario)
}

/// The sessions of a baseline that was named.
///
/// # Errors
/// When it can't be read.
pub(super) fn named(folder: &Path, name: &str) -> Result<Vec<Report>, BaselineError> {
    read_baseline(&baseline_path(folder, name))
}

/// Why this session could not be added to a baseline, as far as it is known before the load; `None` when it can be.
pub(super) fn trouble(folder: &Path, name: &str, profile: &Profile) -> Option<String> {
    let path = baseline_path(folder, name);
    match earlier(&path) {
        Err(told) => Some(told),
        Ok(sessions) => {
            let plans = profile.plans.iter();
            let plans: Vec<(String, String)> = plans
                .map(|plan| (plan.scenario.clone(), plan.fingerprint()))
                .collect();
            let other = unlike_before(&sessions, &machine(), &plans);
            (!other.is_empty()).then(|| refused(&path, &other))
        }
    }
}

fn refused(path: &Path, other: &[String]) -> String {
    format!(
        "the session can't be added to the baseline {}: {}; name another baseline",
        path.display(),
        other.join("; ")
    )
}

/// Adds the session to a baseline, or makes it; tells what came of it.
fn save(folder: &Path, name: &str, report: Report) -> Result<String, String> {
    let path = baseline_path(folder, name);
    let mut runs = report.runs.iter().map(|shown| &shown.run);
    if runs.len() == 0 || !runs.all(|run| run.status == Status::Complete) {
        return Err("there is no new baseline: not all loads were run to their end".to_owned());
    }
    if report.judgements.iter().any(misses_headroom) {
        return Err("there is no new baseline: the load generator itself was too slow, and later sessions would be held \
                    against that"
            .to_owned());
    }
    let mut sessions = earlier(&path)?;
    let other = unlike(&sessions, &report);
    if !other.is_empty() {
        return Err(refused(&path, &other));
    }
    sessions.push(report);
    write_baseline(&path, &sessions).map_err(|error| error.to_string())?;
    let count = sessions.len();
    let plural = if count == 1 { "" } else { "s" };
    Ok(format!(
        "Baseline: {} ({count} session{plural})",
        path.display()
    ))
}

/// Whether the generator, or it as well, kept a requirement from being met.
fn misses_headroom(judgement: &Judgement) -> bool {
    judgement
        .checks
        .iter()
        .any(|found| found.verdict == Verdict::Fail && found.check.metric.is_of_generator())
}

fn earlier(path: &Path) -> Result<Vec<Report>, String> {
    if !path.exists() {
        return Ok(Vec::new());
    }
    read_baseline(path).map_err(|error| error.to_string())
}

/// Keeps the session as a baseline.
pub(super) fn keep(session: &Session, folder: &Path, name: &str, nextest: bool) {
    if nextest {
        eprintln!("warning: with nextest no baseline is kept; use cargo test for one");
        return;
    }
    match save(folder, name, session.report()) {
        Ok(told) => eprintln!("{told}"),
        Err(error) => eprintln!("warning: {error}"),
    }
}
