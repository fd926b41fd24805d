//! The files that a session leaves behind.

use std::path::Path;

use super::dated::prune;
use super::files::{StoreError, write_atomically};
use crate::report::{Format, Report};

/// The folder of the last session's files.
const LATEST: &str = "latest";

/// Writes a report into `latest` under `folder`, and the same into the folder of its session, which
/// [`make_dated`](super::make_dated) has made; older sessions than the newest 20 are removed.
///
/// JSON is written whatever `formats` says: it is what other formats, other processes and later commands are made from.
/// Files of other formats that an earlier session left in `latest` are removed, so that all in it is of one session.
///
/// # Errors
/// When a folder or one of the files can't be written.
pub fn write_report(
    folder: &Path,
    dated: &str,
    report: &Report,
    formats: &[Format],
) -> Result<(), StoreError> {
    let latest = folder.join(LATEST);
    let own = folder.join(dated);
    for made in [&latest, &own] {
        std::fs::create_dir_all(made).map_err(|source| StoreError::new("make", made, source))?;
    }
    for format in Format::ALL {
        let file = latest.join(format.file());
        if format != Format::Json && !formats.contains(&format) {
            // What can't be removed is older than the JSON beside it, and says so.
            let _ = std::fs::remove_file(&file);
            continue;
        }
        let text = format
            .render(report)
            .map_err(|error| StoreError::new("write", &file, std::io::Error::other(error)))?;
        write_atomically(&file, text.as_bytes())?;
        write_atomically(&own.join(format.file()), text.as_bytes())?;
    }
    prune(folder);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{fixture, json};
    use crate::store::make_dated;

    fn names(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_report_is_written_in_all_forms_and_nothing_is_left_over() {
        let folder = tempfile::tempdir().unwrap();
        let report = fixture::report();
        let dated = make_dated(folder.path(), report.started).unwrap();
        for _ in 0..2 {
            write_report(folder.path(), &dated, &report, &Format::ALL).unwrap();
        }
        let latest = folder.path().join(LATEST);
        let text = std::fs::read_to_string(latest.join("report.json")).unwrap();
        assert_eq!(json::from_json(&text).unwrap(), report);
        let mut all: Vec<&str> = Format::ALL.iter().map(|format| format.file()).collect();
        all.sort_unstable();
        assert_eq!(names(&latest), all);
        assert_eq!(names(&folder.path().join(&dated)), all);
        assert_eq!(names(folder.path()), ["20260131T120000Z", "latest"]);
    }

    #[test]
    fn formats_that_are_not_asked_for_are_of_no_earlier_session() {
        let folder = tempfile::tempdir().unwrap();
        let report = fixture::report();
        let write = |formats: &[Format]| {
            let dated = make_dated(folder.path(), report.started).unwrap();
            write_report(folder.path(), &dated, &report, formats).unwrap();
            dated
        };
        let first = write(&[Format::Markdown, Format::Csv]);
        let own = folder.path().join(LATEST).join("own.txt");
        std::fs::write(&own, b"of somebody else").unwrap();
        let second = write(&[Format::Csv]);
        let latest = names(&folder.path().join(LATEST));
        assert_eq!(latest, ["own.txt", "report.json", "seconds.csv"]);
        let earlier = names(&folder.path().join(first));
        assert_eq!(earlier, ["report.json", "report.md", "seconds.csv"]);
        assert_eq!(
            names(&folder.path().join(second)),
            ["report.json", "seconds.csv"]
        );
    }

    #[test]
    fn a_refusal_names_the_path_and_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let taken = folder.path().join("taken");
        std::fs::write(&taken, b"a file").unwrap();
        let report = fixture::report();
        let refused = [
            make_dated(&taken, report.started).unwrap_err(),
            write_report(&taken, "20260131T120000Z", &report, &Format::ALL).unwrap_err(),
        ];
        for told in refused {
            let told = told.to_string();
            assert!(
                told.contains("taken") && told.contains("--report-dir"),
                "{told}"
            );
            assert_eq!(told.lines().count(), 1);
        }
    }
}
