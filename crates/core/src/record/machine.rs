//! On what a session was made: what must be alike for two of them to be compared.

use serde::{Deserialize, Serialize};

/// The machine of the load generator, and the generator itself.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Machine {
    /// Operating system.
    pub os: String,
    /// Architecture of its processors.
    pub arch: String,
    /// What its processors call themselves; empty when they don't.
    pub processor: String,
    /// How many of them there are.
    pub processors: u32,
    /// Memory, in bytes.
    pub memory: u64,
    /// Version of the load generator.
    pub version: String,
}
