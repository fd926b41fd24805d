//! The model of a report: the sole input of every renderer.

#[cfg(any(test, feature = "fixture"))]
#[doc(hidden)]
pub mod fixture;
mod report;

pub use report::{Report, RunReport};
