//! Evidence from beside the load: the generator's own state, whether the target stays up, and what others
//! report of it.

mod allowance;
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
mod monitors;
mod postgres;
mod process;
mod prometheus;
mod redis;
mod rounds;
mod statements;
mod target;
mod threads;
mod watch;

pub use generator::ProcessorClock;
pub use machine::machine;
pub use monitors::{Monitors, Watched};
pub use watch::{Probe, Watcher, log};
