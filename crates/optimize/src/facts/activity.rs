//! What happens at this moment.

use serde::Deserialize;

/// A transaction that is open.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
pub struct Transaction {
    /// Its process.
    pub pid: i32,
    /// Such as `idle in transaction`; `None` when it may not be seen.
    pub state: Option<String>,
    /// The program, as it calls itself.
    pub application: Option<String>,
    /// For how long it has been open, in seconds.
    pub open_s: f64,
}

/// A session that waits for a lock.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
pub struct LockWait {
    /// Who waits.
    pub pid: i32,
    /// For whom.
    pub blocked_by: Vec<i32>,
    /// For how long, in seconds.
    pub waits_s: f64,
}
