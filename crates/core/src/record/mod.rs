//! Recording: exact counters, histograms and a per-second series.

mod address;
mod coarse;
mod counter;
mod counts;
mod excerpts;
mod histogram;
mod journeys;
mod layout;
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
pub use coarse::CoarseHistogram;
pub use excerpts::{Excerpt, Excerpts};
pub use histogram::Histogram;
pub use journeys::{EndedJourney, JourneyCounts, JourneyEnding};
pub use layout::{EndpointRole, EndpointRow, JourneyFate, StepEndings};
pub use machine::Machine;
pub use observed::{
    EndpointFigures, Observed, Snapshot, SourceSeries, Statement, TargetProcess, figure,
};
pub use outcome::Outcome;
pub use recurring::Recurring;
pub use result::{
    Counts, EndpointResult, Generator, Outage, RunProblem, RunResult, Second, Status,
    USUAL_EXTENSIONS, UptimeRecord, Window,
};
pub use sample::{Sample, SocketEvents};
pub use search::{
    LoadUnit, Recovery, Role, Scaling, SearchEnding, SearchResult, Step, StepVerdict, failures_of,
    ungraceful_of,
};
pub use slowest::{SlowRequest, Slowest};
pub use sockets::Sockets;
pub use summary::{EndpointSummary, Outcomes, Summary, Times};
pub use tally::{EndpointRules, EndpointTally, Rules, Tally};
pub use users::UserGroup;
