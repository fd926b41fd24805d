//! From what was found in a run to what to do about it: a table, and pure.

mod case;
mod failures;
mod generator;
mod journeys;
mod observed;
mod processors;
mod search;
mod session;
mod slowness;
mod sockets;
mod table;
#[cfg(test)]
mod tests;
mod trend;

pub use table::advise;
