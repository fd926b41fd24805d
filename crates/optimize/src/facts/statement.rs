//! What statements cost.

use serde::Deserialize;

/// A statement, all its calls together.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
pub struct StatementFacts {
    /// What makes it the same at two looks.
    pub id: String,
    /// Its text, with `$1` for values.
    pub text: String,
    /// How often it was called.
    pub calls: f64,
    /// All its time, in milliseconds.
    pub total_ms: f64,
    /// Rows that it gave or changed.
    pub rows: f64,
    /// Blocks asked of the system.
    pub blocks_read: f64,
    /// Blocks found in the server's buffers.
    pub blocks_hit: f64,
    /// Blocks of temporary files written.
    pub temp_blocks: f64,
}

impl StatementFacts {
    /// Milliseconds for each call.
    pub fn mean_ms(&self) -> f64 {
        self.total_ms / self.calls.max(1.0)
    }
}
