//! A report as JSON: versioned, complete, and read back as it was written. `docs/REPORT.md` describes each field.

mod counts;
mod endpoint;
mod generator;
mod read;
mod read_bounds;
mod read_run;
mod run;
mod search;
#[cfg(test)]
mod tests;
mod times;
mod write;

pub use read::{ReportReadError, from_json};
pub use write::to_json;

/// The version of the JSON form; another one is not read.
pub const SCHEMA: &str = "agentos-perf/report/1";
