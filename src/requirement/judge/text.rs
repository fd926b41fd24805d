//! Numbers as the sentences of a verdict show them.

use super::super::human::show;
use super::super::metric::Unit;

pub(super) use super::super::human::time;

/// A share from 0 to 1, in percent.
pub(super) fn percent(share: f64) -> String {
    show(Unit::Share, share * 100.0)
}

/// A whole number that was computed as a real one.
pub(super) fn count(number: f64) -> String {
    super::super::human::count(number.max(0.0).round() as u64)
}
