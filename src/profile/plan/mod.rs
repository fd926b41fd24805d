//! What a validated profile is.

pub(super) mod destination;
pub(super) mod evidence;
pub(super) mod identity;
pub(super) mod model;
pub(super) mod target;
pub(super) mod target_rules;
