//! Loads: one scenario, searches, turns, and what is asked before and beside them.

pub(super) mod ab;
pub(super) mod before_after;
#[cfg_attr(not(feature = "reference"), path = "no_embedded.rs")]
pub(super) mod embedded;
pub(super) mod identity;
pub(super) mod interrupt;
pub(super) mod jwt;
pub(super) mod loader;
pub(super) mod login;
pub(super) mod open_files;
pub(super) mod probes;
pub(super) mod recovery;
pub(super) mod runs;
pub(super) mod scenario;
#[cfg(test)]
pub(super) mod scripted;
pub(super) mod search;
pub(super) mod target;
pub(super) mod way_out;
