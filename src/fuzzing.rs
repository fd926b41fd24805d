//! What is fuzzed: one function for each format that comes from outside. `fuzz/` calls them with what libFuzzer
//! makes up, the test below with the files of `fuzz/corpus`.
//!
//! Each panics when a promise of its parser is broken, not only when the parser itself does.

use crate::profile::{Overrides, ProfileSource, load};
use crate::report::json::{from_json, to_json};

pub use crate::client::fuzz::{http1_answer, websocket_frames};
pub use crate::harness::fuzz::users_file;
pub use crate::monitor::fuzz::{exposition, redis_reply};

/// A target.
pub type Target = fn(&[u8]);

/// All of them, by the name of their corpus.
pub const TARGETS: &[(&str, Target)] = &[
    ("exposition", exposition),
    ("http1_answer", http1_answer),
    ("profile", profile),
    ("redis_reply", redis_reply),
    ("report", report),
    ("users_file", users_file),
    ("websocket_frames", websocket_frames),
];

/// A profile is read, or each mistake in it has a message.
///
/// # Panics
/// When neither is so.
pub fn profile(bytes: &[u8]) {
    // A profile that extends others would read files that nobody has checked in.
    if bytes.windows(7).any(|word| word == b"extends") {
        return;
    }
    let name = format!("agentos-perf-fuzz-{}.toml", std::process::id());
    let path = std::env::temp_dir().join(name);
    std::fs::write(&path, bytes).expect("a folder for temporary files");
    if let Err(problems) = load(&ProfileSource::File(path.clone()), &Overrides::default()) {
        assert!(!problems.is_empty());
        assert!(problems.iter().all(|one| !one.to_string().is_empty()));
    }
    std::fs::remove_file(&path).ok();
}

/// A report that can be read is written as one that is read the same.
///
/// # Panics
/// When it is not.
pub fn report(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Ok(report) = from_json(text) {
        let written = to_json(&report);
        let again = from_json(&written).expect("what was written can be read");
        assert_eq!(to_json(&again), written);
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// Each file is what a fuzzer once found to reach something new, or to break it.
    #[test]
    fn every_file_of_the_corpora_keeps_the_promises() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
        // A package has no corpora.
        if !folder.exists() {
            return;
        }
        for (name, target) in TARGETS {
            let files: Vec<_> = std::fs::read_dir(folder.join(name)).unwrap().collect();
            assert!(!files.is_empty(), "the corpus of {name} is empty");
            for file in files {
                let path = file.unwrap().path();
                eprintln!("{}", path.display());
                target(&std::fs::read(path).unwrap());
            }
        }
    }
}
