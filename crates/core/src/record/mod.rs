//! Recording: exact counters, histograms and a per-second series.

mod address;
mod coarse;
mod counter;
mod counts;
mod excerpts;
mod histogram;
mod machine;
mod observed;
mod outcome;
mod recurring;
mod result;
mod sample;
mod search;
mod slowest;
mod sockets;
mod summary;
mod tally;
mod users;
mod waits;

pub use crate::plan::EndpointKind;
pub use address::AddressResult;
pub use coarse::Coarse;
pub use excerpts::{Excerpt, Excerpts};
pub use histogram::Histogram;
pub use machine::Machine;
pub use observed::{EndpointFigures, Look, Observed, Seen, Statement, TargetProcess, figure};
pub use outcome::Outcome;
pub use recurring::Recurring;
pub use result::{
    Counts, EndpointResult, Generator, Outage, Problem, RunResult, Second, Status,
    USUAL_EXTENSIONS, Watch, Window,
};
pub use sample::{Sample, Talk};
pub use search::{
    Ending, LoadUnit, Recovery, Role, Scaling, Search, Standing, Step, failures_of, ungraceful_of,
};
pub use slowest::{Slow, Slowest};
pub use sockets::Sockets;
pub use summary::{EndpointSummary, Outcomes, Summary, Times};
pub use tally::{EndpointRules, EndpointTally, Rules, Tally};
pub use users::UserGroup;
