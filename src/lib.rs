//! Performance requirements as cargo tests.
#![forbid(unsafe_code)]

pub mod baseline;
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
pub mod hint;
pub mod load;
pub mod monitor;
#[cfg(feature = "optimize")]
pub mod optimize;
pub mod pace;
pub mod profile;
pub mod record;
#[cfg(feature = "reference")]
pub mod reference;
pub mod report;
pub mod requirement;
pub mod scenario;
pub mod statistics;
pub mod store;
