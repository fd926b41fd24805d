//! Runs tests one after the other, as cargo's own test runner does. Whatever becomes of its output, all of them are run.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::time::Instant;

use super::libtest::Libtest;
use super::printer::Printer;

/// The exit code of a session with a test that failed.
const FAILED: u8 = 101;

/// One test.
pub(super) struct Trial {
    name: String,
    run: Box<dyn FnOnce() -> Result<(), String>>,
}

/// How a test ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It passed.
    Passed,
    /// It failed, with its message.
    Failed(String),
    /// It was not run, because the flags ask for other kinds of tests.
    Ignored,
}

/// How many tests ended how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Conclusion {
    pub(super) passed: u64,
    pub(super) failed: u64,
    pub(super) ignored: u64,
    pub(super) filtered_out: u64,
}

impl Trial {
    pub(super) fn new(
        name: impl Into<String>,
        run: impl FnOnce() -> Result<(), String> + 'static,
    ) -> Trial {
        Trial {
            name: name.into(),
            run: Box::new(run),
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }
}

impl Conclusion {
    pub(super) fn has_failed(&self) -> bool {
        self.failed > 0
    }

    pub(super) fn exit_code(&self) -> ExitCode {
        if self.has_failed() {
            ExitCode::from(FAILED)
        } else {
            ExitCode::SUCCESS
        }
    }
}

/// The tests that the flags select, and how many they leave out.
pub(super) fn selected(trials: Vec<Trial>, libtest: &Libtest) -> (Vec<Trial>, u64) {
    let before = trials.len();
    let kept: Vec<Trial> = trials
        .into_iter()
        .filter(|trial| is_selected(&trial.name, libtest))
        .collect();
    let left_out = (before - kept.len()) as u64;
    (kept, left_out)
}

fn is_selected(name: &str, libtest: &Libtest) -> bool {
    let matches = |filter: &String| does_match(name, filter, libtest.exact);
    let wanted = libtest.filters.is_empty() || libtest.filters.iter().any(matches);
    wanted && !libtest.skip.iter().any(matches) && !libtest.ignored
}

/// Whether a filter or `--skip` means a test.
pub(super) fn does_match(name: &str, filter: &str, exact: bool) -> bool {
    if exact {
        name == filter
    } else {
        name.contains(filter)
    }
}

/// Runs all of these tests and prints how they end.
pub(super) fn run(
    libtest: &Libtest,
    (trials, filtered_out): (Vec<Trial>, u64),
    printer: &mut Printer<'_>,
) -> Conclusion {
    let started = Instant::now();
    let mut conclusion = Conclusion {
        filtered_out,
        ..Conclusion::default()
    };
    let mut failed = Vec::new();
    printer.title(trials.iter().map(Trial::name));
    for trial in trials {
        if libtest.fail_fast && conclusion.has_failed() {
            break;
        }
        printer.begin(&trial.name);
        let outcome = if libtest.bench {
            Outcome::Ignored
        } else {
            outcome(trial.run)
        };
        printer.end(&trial.name, &outcome);
        match outcome {
            Outcome::Passed => conclusion.passed += 1,
            Outcome::Ignored => conclusion.ignored += 1,
            Outcome::Failed(message) => {
                conclusion.failed += 1;
                failed.push((trial.name, message));
            }
        }
    }
    printer.summary(&failed, &conclusion, started.elapsed());
    conclusion
}

/// A panic fails its own test and no other.
fn outcome(run: impl FnOnce() -> Result<(), String>) -> Outcome {
    match catch_unwind(AssertUnwindSafe(run)) {
        Ok(Ok(())) => Outcome::Passed,
        Ok(Err(message)) => Outcome::Failed(message),
        Err(panic) => {
            let text = panic
                .downcast_ref::<String>()
                .map(String::as_str)
                .or_else(|| panic.downcast_ref::<&str>().copied());
            Outcome::Failed(format!("test panicked: {}", text.unwrap_or("no message")))
        }
    }
}

#[cfg(test)]
#[path = "runner_tests.rs"]
mod tests;
