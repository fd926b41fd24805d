//! Whether a target got worse: sessions held against earlier ones.
//!
//! Pure. The unit of comparison is a run with the interval that its own correlation gives it, never a single
//! request. `docs/STATISTICS.md` has the method and its measured error rates.

mod alike;
mod blame;
mod compare;
mod figures;
mod judge;
mod levels;
mod pairs;
mod queries;
mod standing;
mod suspect;
#[cfg(test)]
mod tests;
mod text;

pub use alike::{unlike, unlike_before};
pub use compare::{Comparison, compare};
pub use judge::{NAME, judge, requirement};
pub use pairs::{LEAST_PAIRS, compare_pairs};
pub use queries::compare_queries;
pub use text::table;
