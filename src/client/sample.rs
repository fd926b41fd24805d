//! What is known of one due request when it has ended.

use super::Outcome;

/// One due request, ended. Times are nanoseconds since the start of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// Which of the plan's endpoints.
    pub endpoint: usize,
    /// When it should have started by schedule.
    pub due: u64,
    /// When its first byte left; `None` when nothing was sent.
    pub sent: Option<u64>,
    /// When its last byte arrived, or when it was given up.
    pub done: u64,
    /// The part of the wait before it was sent that is the generator's own fault.
    pub lag: u64,
    /// Bytes of the body.
    pub bytes: u64,
    /// How it ended.
    pub outcome: Outcome,
}
