//! The subcommands of `agentos-perf`.

mod report;
mod serve;

pub use report::{ReportArgs, run as report};
pub use serve::{ServeArgs, run as serve};
