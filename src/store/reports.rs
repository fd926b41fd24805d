//! The files that a session leaves behind.

use std::path::Path;

use super::files::{StoreError, write_atomically};
use crate::report::{Report, json, junit};

/// Writes `report.json` and `junit.xml` into `latest` under `folder`; folders on the way are made.
///
/// # Errors
/// When the folder or one of the files can't be written.
pub fn write_report(folder: &Path, report: &Report) -> Result<(), StoreError> {
    let latest = folder.join("latest");
    std::fs::create_dir_all(&latest).map_err(|source| StoreError::new("make", &latest, source))?;
    let junit_file = latest.join("junit.xml");
    let xml = junit::render(report)
        .map_err(|error| StoreError::new("write", &junit_file, std::io::Error::other(error)))?;
    write_atomically(
        &latest.join("report.json"),
        json::to_json(report).as_bytes(),
    )?;
    write_atomically(&junit_file, xml.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn a_report_is_written_in_both_forms_and_nothing_is_left_over() {
        let folder = tempfile::tempdir().unwrap();
        let report = fixture::report();
        for _ in 0..2 {
            write_report(folder.path(), &report).unwrap();
        }
        let latest = folder.path().join("latest");
        let text = std::fs::read_to_string(latest.join("report.json")).unwrap();
        assert_eq!(json::from_json(&text).unwrap(), report);
        let entries = std::fs::read_dir(&latest).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["junit.xml", "report.json"]);
    }

    #[test]
    fn a_refusal_names_the_path_and_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let taken = folder.path().join("taken");
        std::fs::write(&taken, b"a file").unwrap();
        let told = write_report(&taken, &fixture::report())
            .unwrap_err()
            .to_string();
        assert!(
            told.contains("taken") && told.contains("--report-dir"),
            "{told}"
        );
    }
}
