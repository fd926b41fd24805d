//! Performance requirements as cargo tests.

pub mod statistics;
