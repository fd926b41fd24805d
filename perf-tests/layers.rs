//! Guards the layers: which room may know which, and who may print or exit.

use std::fs;
use std::path::{Path, PathBuf};

/// A room, and the rooms that it may know. `ARCHITECTURE.md` says why.
const MAY_KNOW: [(&str, &[&str]); 14] = [
    ("statistics", &[]),
    ("requirement", &["record", "statistics"]),
    ("profile", &["requirement"]),
    ("record", &["client"]),
    ("client", &["profile"]),
    ("load", &["client", "profile", "record"]),
    ("monitor", &["client", "profile", "record"]),
    ("hint", &["client", "record", "requirement"]),
    ("report", &["client", "record", "requirement"]),
    ("store", &["report", "record", "requirement"]),
    ("reference", &[]),
    (
        "harness",
        &[
            "client",
            "hint",
            "load",
            "monitor",
            "profile",
            "record",
            "reference",
            "report",
            "requirement",
            "store",
        ],
    ),
    ("cli", &["harness", "reference"]),
    ("main", &["cli", "harness"]),
];

/// Rooms that print and exit; the embedded server tells its address on stdout, as a process of its own.
const MAY_PRINT: [&str; 2] = ["harness", "cli"];
const MAY_PRINT_TOO: [&str; 1] = ["reference/child.rs"];
const PRINTING: [&str; 5] = [
    "println!",
    "eprintln!",
    "print!",
    "eprint!",
    "process::exit",
];

#[test]
fn no_room_knows_more_than_it_may() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut broken = Vec::new();
    for path in rust_files(&root) {
        let name = path
            .strip_prefix(&root)
            .expect("below src")
            .display()
            .to_string();
        let text = fs::read_to_string(&path).expect("a source file");
        broken.extend(complaints(&name.replace('\\', "/"), &text));
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn a_broken_layer_is_found() {
    let sample =
        "use crate::harness::run;\nfn f() {\n    println!(\"x\");\n    crate::report::x();\n}\n";
    let found = complaints("load/run.rs", sample);
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(found[0].starts_with("load/run.rs:1: "), "{found:?}");
    let tests = "#[cfg(test)]\nmod tests {\n    use crate::harness::run;\n}\n";
    assert_eq!(complaints("load/run.rs", tests), Vec::<String>::new());
    assert_eq!(
        complaints("load/run.rs", "// use crate::harness\n"),
        Vec::<String>::new()
    );
}

fn complaints(name: &str, text: &str) -> Vec<String> {
    let room = name.split(['/', '.']).next().unwrap_or_default();
    let is_test =
        name.ends_with("tests.rs") || name.contains("/tests/") || name.contains("fixture");
    if room == "lib" || is_test {
        return Vec::new();
    }
    let Some((_, allowed)) = MAY_KNOW.iter().find(|(known, _)| *known == room) else {
        return vec![format!(
            "{name}: the room `{room}` is not in the table of layers"
        )];
    };
    let may_print = MAY_PRINT.contains(&room) || MAY_PRINT_TOO.contains(&name);
    let product = text.split("#[cfg(test)]\nmod ").next().unwrap_or(text);
    let mut found = Vec::new();
    for (number, line) in product.lines().enumerate() {
        let code = line.split("//").next().unwrap_or_default();
        let place = format!("{name}:{}", number + 1);
        for known in rooms_named(code) {
            if known != room && !allowed.contains(&known) {
                found.push(format!("{place}: `{room}` must not know `{known}`"));
            }
        }
        if !may_print && PRINTING.iter().any(|word| code.contains(word)) {
            found.push(format!("{place}: only harness and cli print or exit"));
        }
    }
    found
}

/// Every `ROOM` of `crate::ROOM` in a line.
fn rooms_named(code: &str) -> impl Iterator<Item = &str> {
    let after = code.split("crate::").skip(1);
    let name = |rest: &'_ str| {
        rest.find(|c: char| !(c.is_ascii_lowercase() || c == '_'))
            .unwrap_or(rest.len())
    };
    after
        .map(move |rest| &rest[..name(rest)])
        .filter(|room| !room.is_empty())
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}
