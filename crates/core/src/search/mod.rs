//! Scenarios of many runs: which load comes next, and what all of them found. Pure.

mod cap;
mod capacity;
mod cause;
mod merge_steps;
mod step;
mod stress;
#[cfg(test)]
mod tests;

pub use merge_steps::{CompletedStep, record};
pub use step::{Probe, holding, is_settled, judged};

use crate::plan::{Loads, Search};
use crate::record::Step;

/// What comes after the steps so far; `None` when the search is over.
pub fn next(search: &Search, steps: &[Step]) -> Option<Probe> {
    match &search.loads {
        Loads::Steps { users, recovery } => stress::next(users, recovery.is_some(), steps),
        Loads::Capacity {
            from,
            to,
            precision,
        } => capacity::next((from.as_f64(), to.as_f64()), *precision, steps),
    }
}
