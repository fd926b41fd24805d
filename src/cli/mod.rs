//! The subcommands of `agentos-perf`.

mod serve;

pub use serve::{ServeArgs, run as serve};
