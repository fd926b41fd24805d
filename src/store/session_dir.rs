//! A folder for each session, named by when it began: the newest are kept.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::files::StoreError;

/// So many sessions are kept.
const KEPT: usize = 20;

/// Sessions that began within one second are distinguished by a number, up to this one.
const MOST: u32 = 1_000;

/// Makes a folder of its own for a session, such as `20261125T063000Z`, and gives its name.
///
/// `started` is its beginning in milliseconds since 1970; one that began in the same second makes `20261125T063000Z-2`.
///
/// # Errors
/// When the folder can't be made.
pub fn make_dated(root: &Path, started: u64) -> Result<String, StoreError> {
    std::fs::create_dir_all(root).map_err(|source| StoreError::new("make", root, source))?;
    let stem = crate::report::file_stamp(started);
    for number in 1..=MOST {
        let name = match number {
            1 => stem.clone(),
            _ => format!("{stem}-{number}"),
        };
        let path = root.join(&name);
        match std::fs::create_dir(&path) {
            Ok(()) => return Ok(name),
            Err(error) if error.kind() == ErrorKind::AlreadyExists && number < MOST => {}
            Err(error) => return Err(StoreError::new("make", &path, error)),
        }
    }
    unreachable!("the last number gives a folder or an error")
}

/// Removes the oldest of these folders until the newest are left. Everything else there is left alone, and so is what
/// can't be removed.
pub(super) fn prune(root: &Path) {
    let mut dated: Vec<(String, u32, PathBuf)> = std::fs::read_dir(root)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .filter_map(|entry| {
            let (stem, number) = parts(entry.file_name().to_str()?)?;
            Some((stem, number, entry.path()))
        })
        .collect();
    dated.sort();
    let surplus = dated.len().saturating_sub(KEPT);
    for (_, _, path) in dated.into_iter().take(surplus) {
        let _ = std::fs::remove_dir_all(path);
    }
}

/// The stem and the number of a name that [`make_dated`] gives; `None` of any other.
fn parts(name: &str) -> Option<(String, u32)> {
    let (stem, number) = match name.split_once('-') {
        None => (name, 1),
        Some((stem, number)) => {
            let known = number
                .parse()
                .ok()
                .filter(|number| (2..=MOST).contains(number));
            (
                stem,
                known.filter(|known: &u32| known.to_string() == number)?,
            )
        }
    };
    let fits = stem.len() == 16
        && stem.bytes().enumerate().all(|(at, byte)| match at {
            8 => byte == b'T',
            15 => byte == b'Z',
            _ => byte.is_ascii_digit(),
        });
    fits.then(|| (stem.to_owned(), number))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// 2026-11-25T06:30:00Z
    const STARTED: u64 = 1_795_588_200_000;

    fn names(root: &Path) -> BTreeSet<String> {
        let entries = std::fs::read_dir(root).unwrap();
        entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }

    #[test]
    fn a_second_session_of_the_same_second_has_a_folder_of_its_own() {
        let root = tempfile::tempdir().unwrap();
        let made: Vec<String> = (0..3)
            .map(|part| make_dated(root.path(), STARTED + part).unwrap())
            .collect();
        let expected = [
            "20261125T063000Z",
            "20261125T063000Z-2",
            "20261125T063000Z-3",
        ];
        assert_eq!(made, expected);
    }

    #[test]
    fn only_surplus_sessions_are_removed() {
        let root = tempfile::tempdir().unwrap();
        let others = [
            "latest",
            "sessions",
            "20261125",
            "20261125T063000Z-old",
            "20261125T063000Z-02",
            "2026112aT063000Z",
            "20200101T000000Z.keep",
        ];
        for name in others {
            std::fs::create_dir(root.path().join(name)).unwrap();
        }
        std::fs::write(root.path().join("20200101T000000Z"), b"a file").unwrap();
        let made: Vec<String> = (0..KEPT as u64 + 3)
            .map(|number| make_dated(root.path(), STARTED + number * 60_000).unwrap())
            .collect();
        prune(root.path());
        let left = names(root.path());
        assert!(made[..3].iter().all(|name| !left.contains(name)));
        assert!(made[3..].iter().all(|name| left.contains(name)));
        assert!(others.iter().all(|name| left.contains(*name)));
        assert!(left.contains("20200101T000000Z"));
    }

    #[test]
    fn of_one_second_the_first_go_first() {
        let root = tempfile::tempdir().unwrap();
        let made: Vec<String> = (0..=KEPT)
            .map(|_| make_dated(root.path(), STARTED).unwrap())
            .collect();
        prune(root.path());
        let left = names(root.path());
        assert_eq!(left.len(), KEPT);
        assert!(!left.contains(&made[0]));
    }

    #[cfg(unix)]
    #[test]
    fn what_a_link_leads_to_is_left_alone() {
        let root = tempfile::tempdir().unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        std::fs::write(elsewhere.path().join("precious"), b"kept").unwrap();
        let link = root.path().join("20000101T000000Z");
        std::os::unix::fs::symlink(elsewhere.path(), &link).unwrap();
        for number in 0..=KEPT as u64 {
            make_dated(root.path(), STARTED + number * 60_000).unwrap();
        }
        prune(root.path());
        assert!(elsewhere.path().join("precious").exists() && link.exists());
    }
}
