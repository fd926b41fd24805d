//! Requirements: what is measured, against which limit, and the verdict.

mod limit;
mod metric;
mod model;

pub use limit::{Comparison, Limit, LimitError};
pub use metric::{Better, Metric, Unit};
pub use model::{Check, Requirement, Scope, Severity};
