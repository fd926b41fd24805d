//! Sessions that later ones are held against.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use thiserror::Error;

use super::files::{StoreError, write_atomically};
use crate::report::Report;
use crate::report::json::{ReadError, from_json, to_json};

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
    #[error("{} is no baseline: {source}", path.display())]
    Form {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        source: ReadError,
    },
    /// It can't be written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

#[derive(Serialize, Deserialize)]
struct Form {
    schema: String,
    sessions: Vec<Box<RawValue>>,
}

/// Where a baseline is kept: a name under `folder`, or a path when it has a `/` or ends in `.json`.
pub fn baseline_path(folder: &Path, name: &str) -> PathBuf {
    let is_path = name.contains(['/', std::path::MAIN_SEPARATOR])
        || Path::new(name).extension().is_some_and(|ext| ext == "json");
    if is_path {
        return name.into();
    }
    folder.join("baselines").join(format!("{name}.json"))
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
        Ok(other) => Err(form(ReadError::OtherSchema(other.schema))),
        Err(_) => Ok(vec![from_json(text).map_err(form)?]),
    }
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
            source: ReadError::Form(error),
        })?,
    };
    let text = serde_json::to_vec(&form).map_err(|error| BaselineError::Form {
        path: path.to_owned(),
        source: ReadError::Form(error),
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
        let path = baseline_path(folder.path(), "main");
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
            assert!(told.contains("one.json is no baseline"), "{text}: {told}");
        }
        let told = read_baseline(&folder.path().join("none.json"))
            .unwrap_err()
            .to_string();
        assert!(told.contains("--save-baseline"), "{told}");
    }

    #[test]
    fn names_and_paths_are_told_apart() {
        let folder = Path::new("target/perf");
        for (name, path) in [
            ("main", "target/perf/baselines/main.json"),
            ("v1.2", "target/perf/baselines/v1.2.json"),
            ("./main", "./main"),
            ("main.json", "main.json"),
            ("/tmp/a", "/tmp/a"),
        ] {
            assert_eq!(baseline_path(folder, name), Path::new(path), "{name}");
        }
    }
}
