//! Performance requirements as cargo tests.
#![forbid(unsafe_code)]

#[cfg(feature = "harness")]
pub mod harness;
pub mod profile;
pub mod requirement;
