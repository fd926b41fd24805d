//! The session held against a baseline, or kept as one.

use std::path::Path;

use sha2::{Digest as _, Sha256};

use crate::baseline::{unlike, unlike_before};
use crate::harness::output::streams::note;
use crate::harness::session::state::Session;
use crate::monitor::machine;
use crate::profile::Profile;
use crate::record::{Machine, Status};
use crate::report::Report;
use crate::requirement::{Judgement, Verdict};
use crate::store::{BaselineError, add_to_baseline, baseline_path, check_folder, read_baseline};

/// The sessions of a baseline that was named.
///
/// # Errors
/// When it can't be read.
pub(in crate::harness) fn named(folder: &Path, name: &str) -> Result<Vec<Report>, BaselineError> {
    read_baseline(&baseline_path(folder, name)?)
}

/// Finds out before the load whether this session can be added to a baseline, as far as that is known then.
///
/// # Errors
/// With the reason why not.
pub(in crate::harness) fn can_be_saved(
    folder: &Path,
    name: &str,
    profile: &Profile,
) -> Result<(), String> {
    let path = baseline_path(folder, name).map_err(|error| error.to_string())?;
    let parent = path.parent().filter(|parent| *parent != Path::new(""));
    check_folder(parent.unwrap_or(Path::new("."))).map_err(|error| error.to_string())?;
    let sessions = earlier(&path)?;
    let other = unlike_before(&sessions, &machine(), &plans(profile));
    if other.is_empty() {
        Ok(())
    } else {
        Err(refused(&path, &other))
    }
}

/// One word for what a session must share with those of a baseline: two sessions of the same scenarios that may not be
/// compared have different ones. A baseline that is named with it, as in pipelines whose machines change, never refuses
/// a session.
pub(in crate::harness) fn fingerprint(machine: &Machine, profile: &Profile) -> String {
    // All fields are named, so that one that comes is thought of here.
    let Machine {
        os,
        arch,
        processor,
        processors,
        memory: _,
        version,
    } = machine;
    let mut plans = plans(profile);
    plans.sort();
    let shared = (os, arch, processor, processors, version, plans);
    let json = serde_json::to_vec(&shared).expect("words and numbers have a JSON form");
    let digest = Sha256::digest(&json);
    digest[..8]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Every scenario with the fingerprint of its plan.
fn plans(profile: &Profile) -> Vec<(String, String)> {
    let plans = profile.plans.iter();
    plans
        .map(|plan| (plan.scenario.clone(), plan.fingerprint()))
        .collect()
}

fn refused(path: &Path, other: &[String]) -> String {
    format!(
        "the session can't be added to the baseline {}: {}; name another baseline",
        path.display(),
        other.join("; ")
    )
}

/// Adds the session to a baseline, or creates it; returns a line that says so.
fn save(folder: &Path, name: &str, report: Report) -> Result<String, BaselineError> {
    let refuse = |why: &str| Err(BaselineError::Refused(why.to_owned()));
    let path = baseline_path(folder, name)?;
    let mut runs = report.runs.iter().map(|shown| &shown.run);
    if runs.len() == 0 || !runs.all(|run| run.status == Status::Complete) {
        return refuse("there is no new baseline: not all loads were run to their end");
    }
    if report.judgements.iter().any(misses_headroom) {
        return refuse(
            "there is no new baseline: the load generator itself was too slow, and later sessions would be held \
             against that",
        );
    }
    let fits = {
        let (path, report) = (path.clone(), report.clone());
        move |sessions: &[Report]| {
            let other = unlike(sessions, &report);
            if other.is_empty() {
                Ok(())
            } else {
                Err(refused(&path, &other))
            }
        }
    };
    let count = add_to_baseline(&path, report, fits)?;
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

/// Keeps the session as a baseline. `false` when it should be kept and the file can't be written.
pub(in crate::harness) fn keep(
    session: &Session,
    folder: &Path,
    name: &str,
    nextest: bool,
) -> bool {
    if nextest {
        note("warning: with nextest no baseline is kept; use cargo test for one");
        return true;
    }
    match save(folder, name, session.report()) {
        Ok(told) => note(told),
        Err(error @ BaselineError::Store(_)) => {
            note(format_args!("error: the baseline is not saved: {error}"));
            return false;
        }
        Err(error) => note(format_args!("warning: {error}")),
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::harness::options::resolve::{Environment, resolve};
    use crate::report::fixture;

    fn profile(words: &[&str]) -> Profile {
        let words = words.iter().map(Into::into);
        resolve(words, &Environment::new()).expect("a profile").1
    }

    fn this_machine() -> Machine {
        Machine {
            os: "linux".to_owned(),
            arch: "x86_64".to_owned(),
            processor: "A 64-Core Processor".to_owned(),
            processors: 4,
            memory: 16 << 30,
            version: "0.1.0".to_owned(),
        }
    }

    /// A session of this profile on this machine, as far as a comparison asks what is alike.
    fn session(machine: &Machine, profile: &Profile) -> Report {
        let mut report = fixture::report();
        let run = report.runs.remove(0);
        let of_plan = |(scenario, plan)| {
            let mut run = run.clone();
            (run.run.scenario, run.run.plan) = (scenario, plan);
            run
        };
        report.runs = plans(profile).into_iter().map(of_plan).collect();
        report.machine = Some(machine.clone());
        report
    }

    #[test]
    fn sessions_that_are_refused_are_told_apart_and_no_others() {
        let (usual, here) = (profile(&[]), this_machine());
        let baseline = [session(&here, &usual)];
        let other = |change: fn(&mut Machine)| {
            let mut machine = this_machine();
            change(&mut machine);
            (machine, profile(&[]))
        };
        let with = |words: &[&str]| (this_machine(), profile(words));
        let cases = [
            with(&[]),
            with(&["--target-url", "http://a.example", "--strict", "p95"]),
            other(|machine| machine.memory -= 1),
            other(|machine| machine.os = "macos".to_owned()),
            other(|machine| machine.arch = "aarch64".to_owned()),
            other(|machine| machine.processor = "B 64-Core Processor".to_owned()),
            other(|machine| machine.processors = 2),
            other(|machine| machine.version = "0.2.0".to_owned()),
            with(&["--duration", "7"]),
            with(&["--users", "3"]),
            with(&["--seed", "9"]),
        ];
        let mut refused = 0;
        for (machine, profile) in &cases {
            let unlike = unlike_before(&baseline, machine, &plans(profile));
            let same = fingerprint(machine, profile) == fingerprint(&here, &usual);
            assert_eq!(same, unlike.is_empty(), "{unlike:?}");
            refused += usize::from(!same);
        }
        assert_eq!(refused, 7);
    }

    /// Only this is an error of the session: what does not belong to a baseline is a warning.
    #[test]
    fn a_baseline_that_cannot_be_written_is_told_from_one_that_is_refused() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("file");
        std::fs::write(&file, "").expect("a file");
        let saved = |place: &Path, report: Report| {
            let name = place.join("x.json");
            save(folder.path(), name.to_str().expect("a plain path"), report)
        };
        let good = session(&this_machine(), &profile(&[]));
        let below_a_file = saved(&file, good.clone());
        assert!(
            matches!(below_a_file, Err(BaselineError::Store(_))),
            "{below_a_file:?}"
        );
        let mut broken = good.clone();
        broken.runs[0].run.status = Status::Partial;
        let refused = saved(folder.path(), broken);
        assert!(
            matches!(refused, Err(BaselineError::Refused(_))),
            "{refused:?}"
        );
        let kept = saved(folder.path(), good).expect("a baseline");
        assert!(kept.starts_with("Baseline: "), "{kept}");
    }
}
