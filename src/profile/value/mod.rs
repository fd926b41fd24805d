//! Times, rates and sizes, and marks such as `{user}`.

pub(super) mod filled;
pub(super) mod marks;
pub mod quantity;
pub(super) mod units;
pub(super) mod word;
