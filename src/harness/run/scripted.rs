//! Whole loads of profiles against scripted targets, in virtual time: which fault fails which requirements, and what
//! they say of it. For tests alone.

mod searches_tests;
mod sockets_tests;
mod targets;
mod verdicts_tests;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::harness::output::progress::Progress;
use crate::harness::run::scenario::ScenarioRun;
use crate::hint::advise;
use crate::judge::{Evidence, judge};
use crate::load::{VirtualTime, nowhere};
use crate::monitor::{EvidenceSources, GivenSources};
use crate::profile::{Overrides, Profile, ProfileSource, load};
use crate::record::RunResult;
use crate::requirement::{Judgement, Requirement, TestVerdict};

/// What loads of a profile came to.
struct Judged {
    runs: Vec<RunResult>,
    judgements: Vec<Judgement>,
}

impl Judged {
    /// The names of the tests that failed, in the profile's order.
    fn failed(&self) -> Vec<&str> {
        let failed = |one: &&Judgement| one.test_verdict(false) == TestVerdict::Fail;
        let failed = self.judgements.iter().filter(failed);
        failed.map(|one| one.requirement.name.as_str()).collect()
    }

    fn of(&self, name: &str) -> &Judgement {
        let mut all = self.judgements.iter();
        all.find(|one| one.requirement.name == name).expect(name)
    }

    /// Why a requirement was judged as it was, with its advice.
    fn reason_and_advice(&self, name: &str) -> String {
        let one = self.of(name);
        format!("{} {}", one.reason, one.advice.join("\n"))
    }

    fn run(&self, scenario: &str) -> &RunResult {
        let mut all = self.runs.iter();
        all.find(|run| run.scenario == scenario).expect(scenario)
    }
}

/// A profile of the project's own.
fn fixture(name: &str) -> Profile {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/profiles");
    let file: PathBuf = [folder, name].iter().collect();
    read(&file)
}

/// A profile with this text.
fn written(text: &str) -> Profile {
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join("scripted.toml");
    std::fs::write(&file, text).unwrap();
    read(&file)
}

fn read(file: &std::path::Path) -> Profile {
    let source = ProfileSource::File(file.to_owned());
    let profile = load(&source, &Overrides::default());
    profile
        .unwrap_or_else(|problems| panic!("{}", crate::diagnostic::render_diagnostics(&problems)))
}

/// Runs the loads of these scenarios, or of all, and judges what they alone can tell.
fn judged(profile: &Profile, scenarios: &[&str], time: &VirtualTime) -> Judged {
    interruptible(profile, scenarios, time, &Arc::default())
}

/// The same with what may break it off.
fn interruptible(
    profile: &Profile,
    scenarios: &[&str],
    time: &VirtualTime,
    interrupted: &AtomicBool,
) -> Judged {
    let destination = nowhere();
    let watched = EvidenceSources {
        destination: destination.clone(),
        plan: profile.evidence.clone(),
        given: GivenSources::default(),
    };
    let is_meant = |name: &str| scenarios.is_empty() || scenarios.contains(&name);
    let plans = profile.plans.iter().filter(|one| is_meant(&one.scenario));
    let mut runs = Vec::new();
    for plan in plans {
        let loading = ScenarioRun {
            profile,
            plan,
            destination: &destination,
            watched: &watched,
            engine: time,
            interrupted,
            board: None,
            after: None,
            minted: false,
        };
        let mut progress = Progress::on_stderr(false);
        let ran = loading.load(plan, None, &mut progress);
        runs.push(ran.unwrap_or_else(|failure| panic!("{}", failure.problem.what)));
    }
    let told = profile.requirements.iter().filter(|one| is_told(one));
    let judgements = told.filter_map(|one| of(profile, one, &runs)).collect();
    Judged { runs, judgements }
}

/// Whether the loads alone tell it.
fn is_told(requirement: &Requirement) -> bool {
    let mut checks = requirement.checks.iter();
    checks.all(|check| check.metric.needs_load() && !check.metric.is_observed())
}

/// `None` without a load of it.
fn of(profile: &Profile, requirement: &Requirement, runs: &[RunResult]) -> Option<Judgement> {
    let scenario = requirement.scenario.as_ref();
    let mine = runs
        .iter()
        .filter(|run| scenario.is_none_or(|name| run.scenario == *name));
    let evidence = Evidence {
        runs: mine.collect(),
        sources: Some(&profile.evidence.sources),
        ..Evidence::default()
    };
    if evidence.runs.is_empty() {
        return None;
    }
    let mut judgement = judge(requirement, &evidence, profile.confidence);
    judgement.advice = advise(&judgement, runs);
    Some(judgement)
}
