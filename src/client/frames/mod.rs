//! Frames of a WebSocket, read from bytes as they come and written as a client's: RFC 6455, pure.

mod frame_writer;
mod head;
mod reader;

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tungstenite_tests;

pub(super) use frame_writer::{Draft, Keys};
pub(super) use reader::{FrameFault, FrameReader, ReceivedFrame};

/// What a close frame without a code is called (RFC 6455, 7.1.5).
pub(super) const NO_CODE: u16 = 1005;

/// What a client sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FrameKind {
    /// A whole message.
    Text,
    /// The wish to end the connection.
    Close,
    /// The answer to a ping.
    Pong,
}
