//! From what was written to what it means.

pub(super) mod arrivals;
pub(super) mod body;
pub(super) mod data_file;
pub(super) mod journey;
#[cfg(test)]
mod journey_tests;
#[cfg(test)]
pub(super) mod offered_tests;
pub(super) mod profile;
pub(super) mod requirement;
pub(super) mod scenario;
pub(super) mod search;
pub(super) mod search_metric;
pub(super) mod socket;
pub(super) mod values;
