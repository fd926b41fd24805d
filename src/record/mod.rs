//! Recording: exact counters, histograms and a per-second series.

mod coarse;
mod histogram;
mod result;

pub use coarse::Coarse;
pub use histogram::Histogram;
pub use result::{
    Counts, EndpointResult, Generator, Outage, Problem, RunResult, Second, Status, Watch, Window,
};
