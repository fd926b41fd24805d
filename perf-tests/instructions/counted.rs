//! Counting, and holding the count against the stored one.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

use crate::{WORK, work};

const FEW: u64 = 500;
const MANY: u64 = 3_500;
/// Compilers differ by a few percent from release to release; what is more is this project's own doing.
const TOLERANCE: f64 = 0.15;

/// Whether a piece costs no more than what is stored.
pub(crate) fn holds(name: &str) -> Result<(), String> {
    let server = work::serve();
    let rounds = (MANY - FEW) as f64;
    let each = (count(name, MANY, &server)? - count(name, FEW, &server)?) / rounds;
    println!("{name}: {each:.0} instructions");
    if std::env::var_os("UPDATE_EXPECTED").is_some() {
        return store(name, each);
    }
    let stored = read()?.get(name).copied();
    let stored = stored.ok_or_else(|| format!("{} has no count for {name}", path().display()))?;
    let ratio = each / stored;
    if ratio <= 1.0 + TOLERANCE {
        return Ok(());
    }
    Err(format!(
        "{name} takes {each:.0} instructions, {ratio:.2} times the {stored:.0} that are stored; find out why, or \
         store it with UPDATE_EXPECTED=1"
    ))
}

fn count(name: &str, rounds: u64, server: &str) -> Result<f64, String> {
    let folder = tempfile::TempDir::new().map_err(|error| error.to_string())?;
    let own = std::env::current_exe().map_err(|error| error.to_string())?;
    let out = folder.path().join("callgrind.out");
    let output = Command::new("valgrind")
        .arg("--tool=callgrind")
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg(own)
        .env(WORK, name)
        .env(work::ROUNDS, rounds.to_string())
        .env(work::SERVER, server)
        .output()
        .map_err(|error| format!("valgrind does not start ({error}); install valgrind"))?;
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    if !output.status.success() {
        return Err(format!("{name} failed under valgrind:\n{told}"));
    }
    let collected = told
        .lines()
        .find_map(|line| line.split_once("Collected : "));
    collected
        .and_then(|(_, number)| number.trim().parse().ok())
        .ok_or_else(|| format!("valgrind told no count:\n{told}"))
}

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/expected/instructions.json")
}

fn read() -> Result<BTreeMap<String, f64>, String> {
    let text = std::fs::read_to_string(path()).map_err(|error| error.to_string())?;
    serde_json::from_str(&text).map_err(|error| error.to_string())
}

fn store(name: &str, each: f64) -> Result<(), String> {
    let mut counts = read().unwrap_or_default();
    counts.insert(name.to_owned(), each.round());
    let text = serde_json::to_string_pretty(&counts).map_err(|error| error.to_string())?;
    std::fs::write(path(), text + "\n").map_err(|error| error.to_string())
}
