//! A profile as its tables say it, before it is validated.

pub(super) mod answer;
pub(super) mod body;
pub(super) mod data;
pub(super) mod evidence;
pub(super) mod identity;
pub(super) mod merge;
pub(super) mod overrides;
pub(super) mod profile;
pub(super) mod requirement;
pub(super) mod scenario;
pub(super) mod search;
pub(super) mod socket;
pub(super) mod top;
pub(super) mod without;
