//! Requirements: what is measured, against which limit, and the verdict.

mod compared;
pub mod format;
mod interval;
mod judgement;
mod limit;
mod metric;
mod model;
mod source;

pub use compared::{Change, Compared, Figure, Standing};
pub use interval::{Interval, Intervals, PartIntervals, RunIntervals, StepIntervals};
pub use judgement::{CheckJudgement, Estimate, Judgement, TestVerdict, Verdict};
pub use limit::{Comparison, Limit, LimitError, MARGIN};
pub use metric::{Better, Metric, Unit};
pub use model::{Check, Population, Requirement, Scope, Severity};
pub use source::{Source, Sources};
