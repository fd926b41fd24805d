//! What is known of one due request when it has ended.

use super::Outcome;

/// What a WebSocket met since it was asked last, beside its due messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SocketEvents {
    /// Unrequested frames.
    pub unasked: u64,
    /// Control pings, answered.
    pub control_pings: u64,
    /// Replies to messages that had been given up.
    pub late_replies: u64,
    /// Connections made again after one was lost.
    pub reconnects: u64,
    /// The close code of the connection if it was lost, 1006 without one.
    pub closed: Option<u16>,
}

/// One due request, ended. Times are nanoseconds since the start of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// Which of the plan's endpoints.
    pub endpoint: usize,
    /// Who asked: the number of a virtual user or of an identity, or of a connection that requests of no user in
    /// particular share. Whatever deals out requests by user or connection sees this one.
    pub user: u64,
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
    /// The address that it was sent to, by its index among those of the name; `None` when there is only one, or
    /// nothing was sent.
    pub address: Option<u16>,
}
