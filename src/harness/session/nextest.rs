//! Under `cargo nextest` every test is a process of its own: runs and judgements are shared on disk.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use sha2::{Digest as _, Sha256};

use crate::record::RunResult;
use crate::requirement::Judgement;
use crate::store::{OnceOnDisk, StoreError};

/// Folders of sessions that were last written to longer ago are removed.
const KEEP: Duration = Duration::from_secs(24 * 3600);

/// The session of one nextest invocation, on disk.
pub(in crate::harness) struct SharedSession {
    folder: PathBuf,
}

impl SharedSession {
    /// The session that the environment names, of those processes of it that load the same: `loaded` says all that a run
    /// depends on. `None` outside nextest.
    pub(in crate::harness) fn of_environment(
        root: &Path,
        loaded: &str,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Option<SharedSession> {
        let run = variable("NEXTEST_RUN_ID")?;
        let attempt = variable("NEXTEST_ATTEMPT").unwrap_or_else(|| "1".to_owned());
        let name: String = format!("{run}-{attempt}")
            .chars()
            .filter(|c| c.is_ascii_alphanumeric() || *c == '-')
            .collect();
        // Another test target, or the same one with another profile or against another target, is another session.
        let digest = Sha256::digest(loaded.as_bytes());
        let digest: String = digest[..8]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Some(SharedSession {
            folder: root.join("sessions").join(format!("{name}-{digest}")),
        })
    }

    /// Removes the folders of sessions long over. What can't be removed is left for the next time.
    pub(in crate::harness) fn clean_up(root: &Path, now: SystemTime) {
        let Ok(entries) = std::fs::read_dir(root.join("sessions")) else {
            return;
        };
        for entry in entries.flatten() {
            let written = entry.metadata().and_then(|data| data.modified());
            let old = written.is_ok_and(|at| now.duration_since(at).is_ok_and(|age| age > KEEP));
            if old {
                let _ = std::fs::remove_dir_all(entry.path());
            }
        }
    }

    /// The run under this key: the stored one, or a new one that is then stored for the others.
    ///
    /// # Errors
    /// When the folder, the lock or the file can't be used.
    pub(in crate::harness) fn run(
        &self,
        key: &str,
        make: impl FnOnce() -> RunResult,
    ) -> Result<RunResult, StoreError> {
        OnceOnDisk::new(&self.folder.join("runs"), key)?.get_or_make(make)
    }

    /// All runs stored so far.
    pub(in crate::harness) fn runs(&self) -> Vec<RunResult> {
        crate::store::read_all(&self.folder.join("runs"))
    }

    /// All judgements stored so far, by their place in the profile.
    pub(in crate::harness) fn judgements(&self) -> Vec<(usize, Judgement)> {
        crate::store::read_all(&self.folder.join("judgements"))
    }

    /// The name of the session's own folder of reports: the stored one, or a new one for all processes to come.
    ///
    /// The caller must hold the lock that [`Disk::add`] takes.
    ///
    /// # Errors
    /// When the folder or the file can't be used.
    pub(in crate::harness) fn dated(
        &self,
        make: impl FnOnce() -> Result<String, StoreError>,
    ) -> Result<String, StoreError> {
        let folder = self.folder.join("dated");
        if let Some(name) = crate::store::read_all(&folder).pop() {
            return Ok(name);
        }
        let name = make()?;
        crate::store::write_json(&folder.join("name.json"), &name)?;
        Ok(name)
    }

    /// Stores a judgement, then lets `render` write what all of them make, one process at a time.
    ///
    /// # Errors
    /// When the folder, the lock or the file can't be used.
    pub(in crate::harness) fn add(
        &self,
        place: usize,
        judgement: &Judgement,
        render: impl FnOnce() -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let folder = self.folder.join("judgements");
        crate::store::write_json(
            &folder.join(format!("{place:04}.json")),
            &(place, judgement),
        )?;
        let _one_at_a_time = crate::store::lock(&self.folder.join("report.lock"))?;
        render()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn disk(root: &Path, loaded: &str, run: &str) -> SharedSession {
        SharedSession::of_environment(root, loaded, |name| {
            (name == "NEXTEST_RUN_ID").then(|| run.to_owned())
        })
        .expect("nextest is on")
    }

    #[test]
    fn a_session_is_of_one_invocation_and_of_what_is_loaded() {
        let root = Path::new("perf");
        let folder = |loaded, run| disk(root, loaded, run).folder;
        assert_eq!(folder("a", "1"), folder("a", "1"));
        assert_ne!(folder("a", "1"), folder("b", "1"));
        assert_ne!(folder("a", "1"), folder("a", "2"));
        assert!(folder("../x", "../../y").starts_with("perf/sessions"));
        assert_eq!(folder("../x", "../../y").components().count(), 3);
        assert!(SharedSession::of_environment(root, "a", |_| None).is_none());
    }
}
