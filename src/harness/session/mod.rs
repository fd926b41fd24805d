//! Requirements as tests, and what the tests of a session share.

pub(super) mod baseline;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzz;
pub(super) mod header;
pub(super) mod judgements;
pub(super) mod main;
pub(super) mod nextest;
pub(super) mod state;
pub(super) mod trials;
