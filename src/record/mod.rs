//! Recording: exact counters, histograms and a per-second series.

mod coarse;
mod histogram;
mod observed;
mod result;
mod sockets;
mod summary;
mod tally;

pub use crate::profile::EndpointKind;
pub use coarse::Coarse;
pub use histogram::Histogram;
pub use observed::{EndpointFigures, Look, Observed, Seen, Statement, TargetProcess, figure};
pub use result::{
    Counts, EndpointResult, Generator, Outage, Problem, RunResult, Second, Status, Watch, Window,
};
pub use sockets::Sockets;
pub use summary::{EndpointSummary, Outcomes, Summary, Times};
pub use tally::{EndpointRules, EndpointTally, Rules, Tally};
