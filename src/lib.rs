//! Performance requirements as cargo tests.
#![forbid(unsafe_code)]

#[cfg(feature = "cli")]
pub mod cli;
pub mod client;
#[cfg(feature = "harness")]
pub mod dashboard;
#[cfg(feature = "harness")]
pub mod harness;
pub mod load;
pub mod monitor;
#[cfg(feature = "optimize")]
pub mod optimize;
pub mod pace;
pub mod profile;
pub mod report;
pub mod store;

pub use agentos_perf_core::{baseline, hint, judge, plan, record, requirement, search, statistics};
#[cfg(feature = "reference")]
pub use agentos_reference as reference;
