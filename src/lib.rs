//! Performance requirements as cargo tests.
#![forbid(unsafe_code)]

#[cfg(feature = "cli")]
pub mod cli;
pub mod client;
#[cfg(feature = "harness")]
pub mod dashboard;
#[cfg(all(any(test, fuzzing), feature = "harness"))]
#[doc(hidden)]
pub mod fuzzing;
#[cfg(feature = "harness")]
pub mod harness;
pub mod load;
#[cfg(feature = "evidence")]
pub mod monitor;
pub mod profile;
pub mod report;
pub mod store;
pub mod timers;

pub use agentos_perf_core::{
    baseline, diagnostic, hint, judge, model, plan, record, requirement, search, secret,
    statistics, text,
};
#[cfg(feature = "optimize")]
pub use agentos_perf_optimize as optimize;
#[cfg(feature = "evidence")]
pub use agentos_perf_optimize::connection;
#[cfg(feature = "reference")]
pub use agentos_reference as reference;
