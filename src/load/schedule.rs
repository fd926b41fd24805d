//! When requests are due, as the plan's arrivals say it.

pub use crate::plan::{ConnectionPolicy, DueTimes, is_second_first, streams};
pub(super) use crate::plan::{mix, nanos};
