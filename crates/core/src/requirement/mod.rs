//! Requirements: what is measured, against which limit, and the verdict.

mod compared;
pub mod format;
mod interval;
mod judgement;
mod limit;
mod metric;
mod model;
mod source;
mod topic;
mod unit;

pub use compared::{Change, Compared, Figure, Standing};
pub use interval::{Interval, Intervals, PartIntervals, RunIntervals, StepIntervals};
pub use judgement::{CheckJudgement, Estimate, Judgement, TestVerdict, Verdict};
pub use limit::{Comparison, Limit, LimitError, MARGIN, WIDE_MARGIN};
pub use metric::{
    Family, GeneratorMetric, LoadMetric, Metric, ObservedMetric, SearchMetric, SessionMetric,
    SocketMetric, Source,
};
pub use model::{Check, Population, Requirement, Scope, Severity};
pub use source::Sources;
pub use topic::Topic;
pub use unit::{Better, Unit};
