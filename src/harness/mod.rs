//! The libtest-mimic harness: each requirement of a profile is a test.

mod args;
mod flags;
mod help;
mod resolve;
mod token;
mod typed;

pub use args::{Args, Color, Format, Libtest, parse};
pub use help::help_text;
pub use resolve::{Environment, resolve};
