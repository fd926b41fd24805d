//! What is fuzzed: one function for each format that comes from outside. `fuzz/` calls them with what libFuzzer
//! makes up, the test below with the files of `fuzz/corpus`.
//!
//! Each panics when a promise of its parser is broken, not only when the parser itself does.

use crate::profile::{Overrides, ProfileSource, load};
use crate::report::json::{from_json, to_json};

pub use crate::client::fuzz::{answer_rules, http1_answer, websocket_frames};
pub use crate::harness::fuzz::users_file;
pub use crate::monitor::fuzz::{exposition, redis_reply};

/// A target.
pub type Target = fn(&[u8]);

/// All of them, by the name of their corpus.
pub const TARGETS: &[(&str, Target)] = &[
    ("answer_rules", answer_rules),
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
    // A profile that extends others would read files that are not checked in.
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

    use proptest::prelude::*;
    use proptest::sample::Index;

    use super::*;

    /// The corpora: name, target, file and its bytes; none in a package, which has no corpora.
    fn corpora() -> Vec<(Target, String, Vec<u8>)> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
        if !folder.exists() {
            return Vec::new();
        }
        let mut all = Vec::new();
        for (name, target) in TARGETS {
            let before = all.len();
            for file in std::fs::read_dir(folder.join(name)).unwrap() {
                let path = file.unwrap().path();
                let bytes = std::fs::read(&path).unwrap();
                all.push((*target, path.display().to_string(), bytes));
            }
            assert!(all.len() > before, "the corpus of {name} is empty");
        }
        all
    }

    /// Each file is what reaches a part of its parser, or once broke it.
    #[test]
    fn every_file_of_the_corpora_keeps_the_promises() {
        for (target, name, bytes) in corpora() {
            eprintln!("{name}");
            target(&bytes);
        }
    }

    /// One change to a file: what is cut out at a place, and what comes there.
    fn change() -> impl Strategy<Value = (Index, usize, Vec<u8>)> {
        let bytes = prop_oneof![
            prop::collection::vec(any::<u8>(), 0..4),
            prop::collection::vec(
                prop::sample::select(b"\r\n:\"{}[]=,-+.0919e \\#*$".to_vec()),
                0..6
            ),
        ];
        (any::<Index>(), 0_usize..8, bytes)
    }

    /// A fuzzer without the compiler's help, for the ordinary tests: `PROPTEST_CASES` makes it go on for longer.
    #[test]
    fn changed_files_keep_the_promises() {
        let corpora = corpora();
        if corpora.is_empty() {
            return;
        }
        let cases = (any::<Index>(), prop::collection::vec(change(), 1..6));
        let mut runner = proptest::test_runner::TestRunner::default();
        let tested = runner.run(&cases, |(file, changes)| {
            let (target, _, bytes) = file.get(&corpora);
            let mut bytes = bytes.clone();
            for (place, cut, put) in changes {
                let from = place.index(bytes.len() + 1);
                let to = (from + cut).min(bytes.len());
                bytes.splice(from..to, put);
            }
            target(&bytes);
            Ok(())
        });
        if let Err(broken) = tested {
            panic!("{broken}");
        }
    }
}
