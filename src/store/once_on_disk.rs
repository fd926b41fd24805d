//! A value that the first process makes and the others read, however they end.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::files::{StoreError, make_folder, write_atomically};

/// A value on disk, made once by the first process.
pub struct OnceOnDisk {
    value: PathBuf,
    lock: PathBuf,
}

impl OnceOnDisk {
    /// The value `key` in a folder, which is made when it is missing.
    ///
    /// # Errors
    /// When the folder can't be made.
    pub fn new(folder: &Path, key: &str) -> Result<OnceOnDisk, StoreError> {
        make_folder(folder)?;
        let path = |ending: &str| folder.join(format!("{key}.{ending}"));
        Ok(OnceOnDisk {
            value: path("json"),
            lock: path("lock"),
        })
    }

    /// The stored value, or the one that `make` gives, stored.
    ///
    /// While one process makes it, the others wait. The system frees the lock of a process that dies, and
    /// a value is there whole or not at all, so the next one makes it instead.
    ///
    /// # Errors
    /// When the lock or the file can't be used.
    pub fn get_or_make<T: Serialize + DeserializeOwned>(
        &self,
        make: impl FnOnce() -> T,
    ) -> Result<T, StoreError> {
        let _held = lock(&self.lock)?;
        if let Some(value) = read(&self.value) {
            return Ok(value);
        }
        let value = make();
        write_json(&self.value, &value)?;
        Ok(value)
    }
}

/// Waits for an exclusive lock on a file; it is free again when the handle is dropped or the process dies.
///
/// # Errors
/// When the file can't be made or locked.
pub fn lock(path: &Path) -> Result<File, StoreError> {
    let file = lock_file(path)?;
    file.lock()
        .map_err(|source| StoreError::new("lock", path, source))?;
    Ok(file)
}

/// The same where the file system has locks; where it has none, sessions at once are not kept apart.
///
/// # Errors
/// When the file can't be made.
pub(super) fn lock_if_possible(path: &Path) -> Result<File, StoreError> {
    let file = lock_file(path)?;
    // A file system without locks is not a reason to go without a report.
    let _ = file.lock();
    Ok(file)
}

fn lock_file(path: &Path) -> Result<File, StoreError> {
    if let Some(folder) = path.parent() {
        make_folder(folder)?;
    }
    let open = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path);
    open.map_err(|source| StoreError::new("open", path, source))
}

/// Writes a value as JSON, whole or not at all.
///
/// # Errors
/// When it can't be written.
pub fn write_json(path: &Path, value: &impl Serialize) -> Result<(), StoreError> {
    if let Some(folder) = path.parent() {
        make_folder(folder)?;
    }
    let bytes = serde_json::to_vec(value)
        .map_err(|error| StoreError::new("write", path, std::io::Error::other(error)))?;
    write_atomically(path, &bytes)
}

/// All values of a folder's `.json` files that can be read, in the order of their names.
pub fn read_all<T: DeserializeOwned>(folder: &Path) -> Vec<T> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "json"));
    paths.sort();
    paths.iter().filter_map(|path| read(path)).collect()
}

fn read<T: DeserializeOwned>(path: &Path) -> Option<T> {
    serde_json::from_slice(&std::fs::read(path).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_ask_and_one_makes() {
        let folder = tempfile::tempdir().unwrap();
        let made = std::sync::atomic::AtomicU32::new(0);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let shared = OnceOnDisk::new(folder.path(), "run").unwrap();
                    let value = shared.get_or_make(|| {
                        made.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                        String::from("result")
                    });
                    assert_eq!(value.unwrap(), "result");
                });
            }
        });
        assert_eq!(made.into_inner(), 1);
    }

    #[test]
    fn a_torn_file_is_made_again() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("run.json"), "{\"half\":").unwrap();
        let shared = OnceOnDisk::new(folder.path(), "run").unwrap();
        assert_eq!(shared.get_or_make(|| 7).unwrap(), 7);
        assert_eq!(shared.get_or_make(|| 8).unwrap(), 7);
    }
}
