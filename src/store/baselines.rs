//! Sessions that later ones are held against.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use thiserror::Error;

use super::files::{StoreError, write_atomically};
use super::once_on_disk::lock_if_possible;
use crate::report::Report;
use crate::report::json::{ReportReadError, from_json, to_json};

/// The form of the file.
const SCHEMA: &str = "agentos-perf/baseline/1";
/// More sessions than this tell nothing new; the oldest go.
const MOST: usize = 20;

/// A baseline that can't be used.
#[derive(Debug, Error)]
pub enum BaselineError {
    /// It is not there, or can't be read.
    #[error("can't read the baseline {}: {source}; --save-baseline makes one", path.display())]
    Unreadable {
        /// Where it was looked for.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// It is something else.
    #[error("{} is not a baseline: {source}", path.display())]
    Form {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        source: ReportReadError,
    },
    /// What it is called is neither a name nor a file.
    #[error(
        "`{name}` is neither the name of a baseline nor a file that ends in .json; write `{plain}` to keep it in {}, or \
         `{name}.json` for a file elsewhere",
        folder.display()
    )]
    Name {
        /// What was written.
        name: String,
        /// What may have been meant.
        plain: String,
        /// Where names are kept.
        folder: PathBuf,
    },
    /// The session does not belong to the others.
    #[error("{0}")]
    Refused(String),
    /// It can't be written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

#[derive(Serialize, Deserialize)]
struct Form {
    schema: String,
    sessions: Vec<Box<RawValue>>,
}

/// Where a baseline is kept: a name under `folder`, or a file when it ends in `.json`.
///
/// # Errors
/// When it is neither, such as `../up`: a name never leaves its folder.
pub fn baseline_path(folder: &Path, name: &str) -> Result<PathBuf, BaselineError> {
    if Path::new(name).extension().is_some_and(|ext| ext == "json") {
        return Ok(name.into());
    }
    let folder = folder.join("baselines");
    let is_odd = |c: char| matches!(c, '/' | '\\' | ':') || c.is_control();
    if !name.is_empty() && !name.starts_with('.') && !name.contains(is_odd) {
        return Ok(folder.join(format!("{name}.json")));
    }
    let last = name
        .rsplit(is_odd)
        .find(|part| !part.trim_start_matches('.').is_empty());
    Err(BaselineError::Name {
        name: name.chars().filter(|c| !c.is_control()).collect(),
        plain: last.unwrap_or("main").trim_start_matches('.').to_owned(),
        folder,
    })
}

/// The sessions of a baseline, the oldest first. A report is a baseline of one session.
///
/// # Errors
/// When the file can't be read, or is neither.
pub fn read_baseline(path: &Path) -> Result<Vec<Report>, BaselineError> {
    let text = std::fs::read_to_string(path).map_err(|source| BaselineError::Unreadable {
        path: path.to_owned(),
        source,
    })?;
    let form = |source| BaselineError::Form {
        path: path.to_owned(),
        source,
    };
    // Editors may put a byte order mark before it.
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    match serde_json::from_str::<Form>(text) {
        Ok(read) if read.schema == SCHEMA => {
            let sessions = read.sessions.iter().map(|session| from_json(session.get()));
            sessions.collect::<Result<_, _>>().map_err(form)
        }
        Ok(other) => Err(form(ReportReadError::OtherSchema(other.schema))),
        Err(_) => Ok(vec![from_json(text).map_err(form)?]),
    }
}

/// Adds a session to a baseline, or makes it, unless `fits` says why it does not belong to the sessions there. Of sessions that
/// end at once, one after the other is added. Gives how many there are.
///
/// # Errors
/// When it does not fit, or the file can't be read or written.
pub fn add_to_baseline(
    path: &Path,
    session: Report,
    fits: impl FnOnce(&[Report]) -> Result<(), String>,
) -> Result<usize, BaselineError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let _one_at_a_time = lock_if_possible(&path.with_file_name(format!(".{name}.lock")))?;
    let mut sessions = if path.exists() {
        read_baseline(path)?
    } else {
        Vec::new()
    };
    fits(&sessions).map_err(BaselineError::Refused)?;
    sessions.push(session);
    write_baseline(path, &sessions)?;
    Ok(sessions.len().min(MOST))
}

/// Writes the newest of these sessions as a baseline; folders on the way are made.
///
/// # Errors
/// When the folder or the file can't be written.
pub fn write_baseline(path: &Path, sessions: &[Report]) -> Result<(), BaselineError> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)
            .map_err(|source| StoreError::new("make", folder, source))?;
    }
    let newest = &sessions[sessions.len().saturating_sub(MOST)..];
    let raw = |report: &Report| serde_json::value::RawValue::from_string(to_json(report));
    let sessions = newest.iter().map(raw).collect::<Result<_, _>>();
    let form = Form {
        schema: SCHEMA.to_owned(),
        sessions: sessions.map_err(|error| BaselineError::Form {
            path: path.to_owned(),
            source: ReportReadError::Form(error),
        })?,
    };
    let text = serde_json::to_vec(&form).map_err(|error| BaselineError::Form {
        path: path.to_owned(),
        source: ReportReadError::Form(error),
    })?;
    Ok(write_atomically(path, &text)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn sessions_are_read_as_they_were_written_and_the_oldest_go() {
        let folder = tempfile::tempdir().unwrap();
        let path = baseline_path(folder.path(), "main").unwrap();
        assert!(path.ends_with("baselines/main.json"));
        let sessions: Vec<Report> = (0..23)
            .map(|took| Report {
                took,
                ..fixture::report()
            })
            .collect();
        write_baseline(&path, &sessions).unwrap();
        assert_eq!(read_baseline(&path).unwrap(), sessions[3..]);
    }

    #[test]
    fn a_report_is_a_baseline_and_nothing_else_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("one.json");
        std::fs::write(&path, to_json(&fixture::report())).unwrap();
        assert_eq!(read_baseline(&path).unwrap(), [fixture::report()]);
        for text in [
            "",
            "{}",
            "[]",
            r#"{"schema":"agentos-perf/baseline/2","sessions":[]}"#,
        ] {
            std::fs::write(&path, text).unwrap();
            let told = read_baseline(&path).unwrap_err().to_string();
            assert!(
                told.contains("one.json is not a baseline"),
                "{text}: {told}"
            );
        }
        let told = read_baseline(&folder.path().join("none.json"))
            .unwrap_err()
            .to_string();
        assert!(told.contains("--save-baseline"), "{told}");
    }

    #[test]
    fn sessions_that_end_at_once_are_all_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = baseline_path(folder.path(), "main").unwrap();
        std::thread::scope(|scope| {
            for took in 0..8 {
                let path = &path;
                let session = Report {
                    took,
                    ..fixture::report()
                };
                scope.spawn(move || add_to_baseline(path, session, |_| Ok(())).unwrap());
            }
        });
        let kept = read_baseline(&path).unwrap();
        let mut took: Vec<u64> = kept.iter().map(|session| session.took).collect();
        took.sort_unstable();
        assert_eq!(took, (0..8).collect::<Vec<_>>());
    }

    #[test]
    fn a_session_that_does_not_fit_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = baseline_path(folder.path(), "main").unwrap();
        let add = |fits: Result<(), String>| add_to_baseline(&path, fixture::report(), |_| fits);
        assert_eq!(add(Ok(())).unwrap(), 1);
        let refused = add(Err("another machine".to_owned())).unwrap_err();
        assert_eq!(refused.to_string(), "another machine");
        assert_eq!(read_baseline(&path).unwrap().len(), 1);
    }

    #[test]
    fn a_name_stays_in_its_folder_and_a_file_ends_in_json() {
        let folder = Path::new("target/perf");
        for (name, path) in [
            ("main", "target/perf/baselines/main.json"),
            ("v1.2", "target/perf/baselines/v1.2.json"),
            ("main+0123", "target/perf/baselines/main+0123.json"),
            ("main.json", "main.json"),
            ("../main.json", "../main.json"),
            ("/tmp/a.json", "/tmp/a.json"),
        ] {
            assert_eq!(
                baseline_path(folder, name).unwrap(),
                Path::new(path),
                "{name}"
            );
        }
        for (name, plain) in [
            ("../up", "up"),
            ("/tmp/a", "a"),
            ("./main", "main"),
            ("a/../../b", "b"),
            ("a\\b", "b"),
            ("..", "main"),
            (".hidden", "hidden"),
            ("", "main"),
            ("a\nb", "b"),
        ] {
            let said = baseline_path(folder, name).unwrap_err().to_string();
            assert!(said.contains(&format!("write `{plain}`")), "{name}: {said}");
            assert_eq!(said.lines().count(), 1, "{name}: {said}");
        }
    }
}
