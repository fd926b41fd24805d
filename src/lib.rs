//! Performance requirements as cargo tests.
#![forbid(unsafe_code)]

pub mod profile;
pub mod requirement;
