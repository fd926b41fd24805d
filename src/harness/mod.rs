//! The test harness: each requirement of a profile is a test.

mod args;
mod baseline;
mod compared_flags;
#[cfg_attr(not(feature = "reference"), path = "no_embedded.rs")]
mod embedded;
mod flags;
mod formats;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzz;
mod gathering;
mod github;
mod help;
mod identity;
mod interleaved;
mod jwt;
mod libtest;
mod loading;
mod loads;
mod login;
mod main;
mod nextest;
#[cfg(feature = "otlp")]
mod otlp;
#[cfg(feature = "otlp")]
mod otlp_flags;
mod output;
mod progress;
mod proof;
mod recovery;
mod relay;
mod repeat;
mod reporting;
mod resolve;
mod runner;
#[cfg(test)]
mod scripted;
mod searching;
mod session;
mod showing;
mod telling;
mod token;
mod trials;
mod typed;
mod users_file;
mod users_heading;

pub use args::{Args, parse};
pub use help::help_text;
pub use interleaved::compare_by_turns;
pub use libtest::{Color, Format, Libtest};
pub use main::{default_folder, embedded_server, main, run};
pub use output::{after_printing, note, note_text, print, print_or_fail};
pub use proof::BeforeAndAfter;
pub use resolve::{Environment, resolve};
pub use telling::style_of_stdout;
