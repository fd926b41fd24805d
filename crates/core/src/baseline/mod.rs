//! Whether a target got worse: sessions held against earlier ones.
//!
//! Pure. The unit of comparison is a run with the interval that its own correlation gives it, never a single
//! request. `docs/STATISTICS.md` has the method and its measured error rates.

mod classify;
mod compare;
mod compatibility;
mod figures;
mod generator_bias;
mod judge;
mod levels;
mod paired;
mod queries;
#[cfg(test)]
mod tests;
mod text;
mod top_regression;

pub use compare::{BaselineComparison, compare};
pub use compatibility::{unlike, unlike_before};
pub use judge::{NAME, judge, requirement};
pub use paired::{LEAST_PAIRS, compare_pairs};
pub use queries::compare_queries;
pub use text::table;
