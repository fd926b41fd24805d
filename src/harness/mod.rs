//! The test harness: each requirement of a profile is a test.

mod ab;
mod ab_flags;
mod args;
mod baseline;
mod before_after;
#[cfg_attr(not(feature = "reference"), path = "no_embedded.rs")]
mod embedded;
mod flags;
mod formats;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzz;
mod github;
mod health;
mod help;
mod identity;
mod jwt;
mod libtest;
mod live_dashboard;
mod login;
mod main;
mod nextest;
#[cfg(feature = "otlp")]
mod otlp;
#[cfg(feature = "otlp")]
mod otlp_flags;
mod output;
mod progress;
mod raw_args;
mod recovery;
mod relay;
mod rerun_command;
mod resolve;
mod run_scenario;
mod run_search;
mod runner;
mod runs;
#[cfg(test)]
mod scripted;
mod session;
mod summary;
mod token;
mod trials;
mod users_file;
mod users_heading;
mod write_report;

pub use ab::compare_by_turns;
pub use args::{Args, parse};
pub use before_after::BeforeAndAfter;
pub use help::help_text;
pub use libtest::{Color, Libtest, OutputFormat};
pub use main::{default_folder, embedded_server, main, run};
pub use output::{after_printing, note, note_text, print, print_or_fail};
pub use resolve::{Environment, resolve};
pub use summary::style_of_stdout;
