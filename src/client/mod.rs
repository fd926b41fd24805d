//! The edge to the target: connections, requests, and how each of them ended.

mod outcome;
mod sample;

pub use outcome::Outcome;
pub use sample::Sample;
