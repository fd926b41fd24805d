//! What the hot path costs in instructions of this process, counted by valgrind, against what it cost before.
//!
//! Instructions, unlike times, are the same on a busy machine. The program runs itself under callgrind, twice
//! with different numbers of rounds: the difference is free of starting and ending.
//! `UPDATE_EXPECTED=1 cargo test --test instructions` stores what is measured; `PERF_HOT_PATH=times` prints
//! times instead.

mod counted;
mod work;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

/// What this process is to do, when it is one that is counted.
const WORK: &str = "PERF_HOT_PATH";

fn main() -> ExitCode {
    match std::env::var(WORK).ok().as_deref() {
        Some("times") => {
            work::times();
            ExitCode::SUCCESS
        }
        Some(name) => {
            work::run(name);
            ExitCode::SUCCESS
        }
        None => {
            let trials = work::NAMES
                .iter()
                .map(|name| Trial::test(*name, || counted::holds(name).map_err(Into::into)));
            let mut arguments = Arguments::from_args();
            // Counts are stored in one file.
            arguments.test_threads = Some(1);
            libtest_mimic::run(&arguments, trials.collect()).exit_code()
        }
    }
}
