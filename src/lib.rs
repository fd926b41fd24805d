//! Performance requirements as cargo tests.
#![forbid(unsafe_code)]

pub mod client;
pub mod hint;
pub mod load;
pub mod profile;
pub mod record;
pub mod report;
pub mod requirement;
pub mod statistics;
