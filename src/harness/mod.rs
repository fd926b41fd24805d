//! The libtest-mimic harness: each requirement of a profile is a test.

mod args;
mod flags;
mod help;
mod libtest;
mod resolve;
mod token;
mod typed;

pub use args::{Args, parse};
pub use help::help_text;
pub use libtest::{Color, Format, Libtest};
pub use resolve::{Environment, resolve};
