//! The subcommands of `agentos-perf`.

mod compare;
mod report;
mod serve;

pub use compare::{CompareArgs, run as compare};
pub use report::{ReportArgs, run as report};
pub use serve::{ServeArgs, run as serve};
