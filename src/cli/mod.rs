//! The subcommands of `agentos-perf`.

mod compare;
mod optimize;
mod report;
mod serve;

pub use compare::{CompareArgs, run as compare};
pub use optimize::{OptimizeArgs, run as optimize};
pub use report::{ReportArgs, run as report};
pub use serve::{ServeArgs, run as serve};
