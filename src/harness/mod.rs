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

pub use options::args::{Args, parse};
pub use options::help::help_text;
pub use options::libtest::{Color, Libtest, OutputFormat};
pub use options::resolve::{Environment, resolve};
pub use output::streams::{after_printing, note, note_text, print, print_or_fail};
pub use output::summary::style_of_stdout;
pub use run::ab::compare_by_turns;
pub use run::before_after::BeforeAndAfter;
pub use session::main::{default_folder, embedded_server, main, run};
