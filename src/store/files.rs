//! Files that are there whole or not at all.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use thiserror::Error;

/// A file or folder that can't be used.
#[derive(Debug, Error)]
#[error("can't {action} {}: {source}; {}", path.display(), advice(source))]
pub struct StoreError {
    action: &'static str,
    path: PathBuf,
    source: std::io::Error,
}

impl StoreError {
    pub(super) fn new(action: &'static str, path: &Path, source: std::io::Error) -> StoreError {
        StoreError {
            action,
            path: path.to_owned(),
            source,
        }
    }
}

/// What to do about a refusal of the system.
fn advice(source: &std::io::Error) -> &'static str {
    match source.kind() {
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            "allow writing there, or name another folder with --report-dir"
        }
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            "make room on that disk, or name another folder with --report-dir"
        }
        ErrorKind::NotADirectory | ErrorKind::AlreadyExists | ErrorKind::IsADirectory => {
            "something else has that name: move it away, or name another folder with --report-dir"
        }
        _ => "is the disk full, or the folder not writable? --report-dir names another",
    }
}

/// Makes a folder if it is missing, and finds out whether files can be written into it.
///
/// # Errors
/// When they can't.
pub fn check_folder(folder: &Path) -> Result<(), StoreError> {
    make_folder(folder)?;
    // Processes of several containers may have the same number.
    let unique = RandomState::new().build_hasher().finish();
    let probe = folder.join(format!(".probe.{unique:016x}"));
    // More than a file system keeps beside a file's name, so that a full one shows.
    write_atomically(&probe, &[b' '; 4096])?;
    std::fs::remove_file(&probe).map_err(|source| StoreError::new("remove", &probe, source))
}

/// Makes a folder and those above it, unless they exist.
pub(super) fn make_folder(folder: &Path) -> Result<(), StoreError> {
    std::fs::create_dir_all(folder).map_err(|source| StoreError::new("make", folder, source))
}

/// Writes a file so that a reader sees the old content or the new, never a part.
///
/// # Errors
/// When the folder is missing or the file can't be written, synced or renamed.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let draft = path.with_file_name(format!(".{name}.{}", std::process::id()));
    let written = std::fs::File::create(&draft)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .and_then(|()| std::fs::rename(&draft, path));
    written.map_err(|source| {
        // A draft that is left over is no worse than the error that is told.
        let _ = std::fs::remove_file(&draft);
        StoreError::new("write", path, source)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_can_be_written_is_left_empty() {
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join("a/b");
        check_folder(&deep).unwrap();
        assert_eq!(std::fs::read_dir(&deep).unwrap().count(), 0);
    }

    #[test]
    fn one_that_cannot_be_written_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, b"").unwrap();
        // Even the superuser makes no folder below a file, and no file in /proc.
        for bad in [file.as_path(), &file.join("below"), Path::new("/proc/perf")] {
            let said = check_folder(bad).unwrap_err().to_string();
            assert!(said.contains("--report-dir"), "{}: {said}", bad.display());
        }
    }
}
