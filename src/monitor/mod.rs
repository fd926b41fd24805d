//! Evidence from beside the load: the generator's own state, whether the target stays up, and what others
//! report of it.

mod allowance;
mod collectors;
mod exposition;
mod found;
#[cfg(all(any(test, fuzzing), feature = "harness"))]
pub(crate) mod fuzz;
mod generator;
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

pub use collectors::{Collectors, EvidenceSources};
pub use generator::ProcessorClock;
pub use machine::machine;
pub use uptime::{UptimeProbe, UptimeWatcher, log};
