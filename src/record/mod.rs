//! Recording: exact counters, histograms and a per-second series.

mod coarse;
mod histogram;
mod result;
mod search;
mod summary;
mod tally;

pub use coarse::Coarse;
pub use histogram::Histogram;
pub use result::{
    Counts, EndpointResult, Generator, Outage, Problem, RunResult, Second, Status, Watch, Window,
};
pub use search::{
    Ending, LoadUnit, Recovery, Role, Scaling, Search, Standing, Step, failures_of, ungraceful_of,
};
pub use summary::{EndpointSummary, Outcomes, Summary, Times};
pub use tally::{EndpointTally, Rules, Tally};
