//! Evidence from beside the load: the generator's own state, and whether the target stays up.

mod generator;
mod watch;

pub use generator::ProcessorClock;
pub use watch::{Probe, Watcher, log};
