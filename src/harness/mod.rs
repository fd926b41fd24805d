//! The test harness: each requirement of a profile is a test.
//!
//! `options` reads the command line and the environment, `session` turns requirements into tests and keeps what they
//! share, `run` makes the loads that they need, and `output` writes what came of them.

#[cfg(any(test, fuzzing))]
pub(crate) use session::fuzz;
mod options;
mod output;
mod run;
mod session;

use std::sync::{Mutex, MutexGuard, PoisonError};

#[doc(hidden)]
pub use options::args::Args;
#[doc(hidden)]
pub use options::flags::verdict::dashboard_token_variable;
#[doc(hidden)]
pub use options::help::help_text;
#[doc(hidden)]
pub use options::resolve::{Environment, resolve};
#[doc(hidden)]
pub use output::streams::{after_printing, note, note_text, print, print_or_fail};
#[doc(hidden)]
pub use output::summary::style_of_stdout;
#[doc(hidden)]
pub use run::ab::compare_by_turns;
#[doc(hidden)]
pub use run::before_after::BeforeAndAfter;
#[doc(hidden)]
pub use session::main::default_folder;
pub use session::main::{embedded_server, main, run};

/// A panic in one test must not keep the others from their verdicts.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
