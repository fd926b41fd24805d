//! The files that a session leaves behind.

use std::path::{Path, PathBuf};

use super::files::{StoreError, make_folder, write_atomically};
use super::once_on_disk::lock_if_possible;
use super::session_dir::prune;
use crate::report::{Format, Report};

/// The folder of the last session's files.
const LATEST: &str = "latest";
/// What the folder that becomes `latest` is called before, with the number of its process behind it.
const DRAFT: &str = ".latest.";
/// Held by the session that is writing.
const LOCK: &str = ".lock";

/// Writes a report into the folder of its session, which [`make_dated`](super::make_dated) has made, and puts a folder with
/// the same in the place of `latest`. Older sessions than the newest 20 are removed.
///
/// JSON is always written, whatever `formats` says: it is what other formats, other processes and later commands are
/// made from. Of sessions that end at once, one after the other is written, so that all reports in `latest` are of one
/// of them. Files of others that lie in `latest` stay there.
///
/// # Errors
/// When a folder or one of the files can't be written.
pub fn write_report(
    folder: &Path,
    dated: &str,
    report: &Report,
    formats: &[Format],
) -> Result<(), StoreError> {
    let mut files = Vec::new();
    for format in Format::ALL {
        if format == Format::Json || formats.contains(&format) {
            let text = format.render(report).map_err(|error| {
                let file = folder.join(LATEST).join(format.file());
                StoreError::new("write", &file, std::io::Error::other(error))
            })?;
            files.push((format.file(), text));
        }
    }
    make_folder(folder)?;
    let _one_at_a_time = lock_if_possible(&folder.join(LOCK))?;
    write_files(&folder.join(dated), &files)?;
    replace_latest(folder, &files)?;
    prune(folder);
    Ok(())
}

fn write_files(folder: &Path, files: &[(&str, String)]) -> Result<(), StoreError> {
    make_folder(folder)?;
    for (name, text) in files {
        write_atomically(&folder.join(name), text.as_bytes())?;
    }
    Ok(())
}

/// Puts a folder with these files in the place of `latest`: a process that dies meanwhile leaves the old one or the new one.
fn replace_latest(folder: &Path, files: &[(&str, String)]) -> Result<(), StoreError> {
    for left in drafts(folder) {
        remove_reports(&left);
    }
    let latest = folder.join(LATEST);
    let draft = folder.join(format!("{DRAFT}{}", std::process::id()));
    write_files(&draft, files)?;
    if exchange(&draft, &latest).is_err() {
        // Such as a `latest` that is a disk of its own: its files are exchanged one by one.
        remove_reports(&draft);
        make_folder(&latest)?;
        remove_reports_but(&latest, files);
        return write_files(&latest, files);
    }
    move_others(&draft, &latest);
    remove_reports(&draft);
    Ok(())
}

/// Folders that processes left behind which died while they wrote.
fn drafts(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let is_draft = |name: &std::ffi::OsStr| name.to_str().is_some_and(|one| one.starts_with(DRAFT));
    entries
        .filter(|entry| is_draft(&entry.file_name()))
        .map(|entry| entry.path())
        .collect()
}

/// Gives `draft` the name of `latest`, and `latest`, if there is one, the name of `draft`.
fn exchange(draft: &Path, latest: &Path) -> std::io::Result<()> {
    if latest.symlink_metadata().is_err() {
        return std::fs::rename(draft, latest);
    }
    #[cfg(target_os = "linux")]
    if swapped(draft, latest).is_ok() {
        return Ok(());
    }
    let aside = draft.with_file_name(format!("{DRAFT}{}.old", std::process::id()));
    std::fs::rename(latest, &aside)?;
    if let Err(error) = std::fs::rename(draft, latest) {
        std::fs::rename(&aside, latest)?;
        return Err(error);
    }
    std::fs::rename(&aside, draft)
}

/// Both at one instant, so that a reader never finds no `latest`.
#[cfg(target_os = "linux")]
fn swapped(draft: &Path, latest: &Path) -> rustix::io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    renameat_with(CWD, draft, CWD, latest, RenameFlags::EXCHANGE)
}

/// What is not a report was not made here and stays in `latest`.
fn move_others(from: &Path, to: &Path) {
    let entries = std::fs::read_dir(from).into_iter().flatten().flatten();
    for entry in entries {
        let name = entry.file_name();
        if !is_report(&name) {
            // What can't be moved stays where it is, and so does its folder.
            let _ = std::fs::rename(entry.path(), to.join(name));
        }
    }
}

fn is_report(name: &std::ffi::OsStr) -> bool {
    Format::ALL.iter().any(|format| name == format.file())
}

/// Removes the reports in a folder, and the folder when nothing else is in it.
fn remove_reports(folder: &Path) {
    remove_reports_but(folder, &[]);
    // Something else is in it, or it is a link.
    let _ = std::fs::remove_dir(folder);
}

/// What can't be removed is older than the JSON beside it, and says so.
fn remove_reports_but(folder: &Path, kept: &[(&str, String)]) {
    let is_kept = |format: &Format| kept.iter().any(|(name, _)| *name == format.file());
    for format in Format::ALL.iter().filter(|format| !is_kept(format)) {
        let _ = std::fs::remove_file(folder.join(format.file()));
    }
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
        assert_eq!(
            names(folder.path()),
            [".lock", "20260131T120000Z", "latest"]
        );
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

    /// Every report in `latest` is of the one session, and each session has its own folder whole.
    #[test]
    fn sessions_that_end_at_once_do_not_mix() {
        let folder = tempfile::tempdir().unwrap();
        let all = |took| Report {
            took,
            ..fixture::report()
        };
        std::thread::scope(|scope| {
            for took in 1..=3 {
                let folder = folder.path();
                scope.spawn(move || {
                    let report = all(took);
                    let dated = make_dated(folder, report.started).unwrap();
                    // The threads of one process would share a draft; the lock is of the handle, so it keeps them apart too.
                    for _ in 0..2 {
                        write_report(folder, &dated, &report, &Format::ALL).unwrap();
                    }
                });
            }
        });
        let latest = folder.path().join(LATEST);
        let text = std::fs::read_to_string(latest.join("report.json")).unwrap();
        let last = json::from_json(&text).unwrap();
        for format in Format::ALL {
            let file = std::fs::read_to_string(latest.join(format.file())).unwrap();
            assert_eq!(file, format.render(&last).unwrap(), "{}", format.file());
        }
        let names = names(folder.path());
        assert_eq!(names.len(), 3 + 2, "{names:?}");
    }

    #[test]
    fn what_a_dead_process_left_is_cleared_away_and_what_others_put_there_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let report = fixture::report();
        let left = folder.path().join(".latest.4000000");
        std::fs::create_dir(&left).unwrap();
        std::fs::write(left.join("report.json"), b"{").unwrap();
        let foreign = folder.path().join(LATEST).join("notes");
        std::fs::create_dir_all(&foreign).unwrap();
        std::fs::write(foreign.join("a"), b"of another program").unwrap();
        let dated = make_dated(folder.path(), report.started).unwrap();
        write_report(folder.path(), &dated, &report, &[]).unwrap();
        assert!(!left.exists());
        assert!(foreign.join("a").exists());
        assert_eq!(names(&folder.path().join(LATEST)), ["notes", "report.json"]);
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
