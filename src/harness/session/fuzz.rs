//! What comes from a user's files is fuzzed.

use crate::harness::options::users_file::parse;

/// Users are different ones with a credential each, or a line of the file is named.
///
/// # Panics
/// When it is not so.
pub fn users_file(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    match parse(text) {
        Ok(users) => {
            assert!(!users.is_empty());
            assert!(
                users
                    .iter()
                    .all(|one| one.token.is_some() || one.password.is_some())
            );
            let mut names: Vec<_> = users.iter().map(|one| &one.user).collect();
            names.sort();
            names.dedup();
            assert_eq!(names.len(), users.len());
        }
        Err((line, why)) => {
            let lines = text.replace("\r\n", "\n").replace('\r', "\n");
            assert!(
                (1..=lines.lines().count().max(1)).contains(&line),
                "{line}: {why}"
            );
        }
    }
}
