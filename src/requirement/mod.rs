//! Requirements: what is measured, against which limit, and the verdict.

mod judge;
mod judgement;
mod limit;
mod metric;
mod model;

pub use judge::{Evidence, HealthSample, judge};
pub use judgement::{CheckJudgement, Estimate, Judgement, Verdict};
pub use limit::{Comparison, Limit, LimitError};
pub use metric::{Better, Metric, Unit};
pub use model::{Check, Requirement, Scope, Severity};
