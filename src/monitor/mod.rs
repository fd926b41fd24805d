//! Evidence from beside the load: the generator's own state, whether the target stays up, and what others
//! report of it.

mod allowance;
mod collectors;
mod exposition;
mod found;
#[cfg(all(any(test, fuzzing), feature = "harness"))]
pub(crate) mod fuzz;
mod generator;
mod given;
mod host;
mod late;
mod locate;
mod log_lines;
mod log_prefix;
mod log_reader;
mod machine;
mod polling;
mod postgres;
mod process;
mod prometheus;
mod redis;
mod statements;
mod target;
mod threads;
mod uptime;

use std::future::Future;
use std::pin::Pin;

use crate::requirement::Source;
use collectors::Gathered;
use polling::Rounds;

pub use collectors::{Collectors, EvidenceSources};
pub use generator::ProcessorClock;
pub use given::GivenSources;
pub use host::TargetPid;
pub use machine::machine;
pub use prometheus::MetricsPage;
pub use uptime::{UptimeProbe, UptimeWatcher, log};

/// How a source takes part.
struct SourceEntry {
    /// Looks at it until the rounds end, or at nothing where it was not given.
    gather: for<'a> fn(&'a EvidenceSources, Rounds) -> Gathering<'a>,
}

/// The looks at one source, under way.
type Gathering<'a> = Pin<Box<dyn Future<Output = Gathered> + 'a>>;

/// The entry of a source; `None` for one that another one reads.
fn entry(source: Source) -> Option<&'static SourceEntry> {
    match source {
        Source::Process => None,
        Source::Host => Some(&host::ENTRY),
        Source::Target => Some(&target::ENTRY),
        Source::Redis => Some(&redis::ENTRY),
        Source::Postgres => Some(&postgres::ENTRY),
        Source::Prometheus => Some(&prometheus::ENTRY),
    }
}

fn entries() -> impl Iterator<Item = &'static SourceEntry> {
    Source::ALL.iter().copied().filter_map(entry)
}
