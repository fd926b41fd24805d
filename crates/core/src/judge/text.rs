//! Numbers as the sentences of a verdict show them.

use crate::requirement::Unit;
use crate::requirement::format::show;

pub(super) use crate::requirement::format::time;

/// A share from 0 to 1, in percent.
pub(super) fn percent(share: f64) -> String {
    show(Unit::Share, share * 100.0)
}

/// A whole number that was computed as a real one.
pub(super) fn count(number: f64) -> String {
    crate::requirement::format::count(number.max(0.0).round() as u64)
}
