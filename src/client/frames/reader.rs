//! Where frames begin and end, and what they say together.

use std::mem;

use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use super::NO_CODE;
use super::head::{self, FrameHead, Opcode};

/// Reads what a server sends. Takes memory only for a frame that comes in pieces, for a message in fragments,
/// and for frames after the last one that was wanted.
///
/// It is of no use after a fault or a close frame.
#[derive(Debug)]
pub(in crate::client) struct FrameReader {
    /// What came and was not heard yet.
    held: Vec<u8>,
    fragments: Fragments,
    /// The longest frame and message, in bytes.
    longest: u64,
}

/// What was heard: a message, or a control frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::client) enum ReceivedFrame<'a> {
    Text(&'a str),
    Binary(&'a [u8]),
    Ping(&'a [u8]),
    Pong,
    /// With its code; a code that must not be sent is reported as 1002, a missing one as 1005.
    Close(u16),
}

/// Why the bytes are not frames of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::client) enum FrameFault {
    /// Reserved bits or opcodes, a mask, a long or fragmented control frame, a continuation of nothing, a
    /// message within another, a close frame of one byte.
    Frame,
    /// A frame or a message is longer than allowed.
    TooLong,
    /// A text that is not UTF-8.
    Text,
}

/// The message of which not all fragments have come.
#[derive(Debug, Default)]
struct Fragments {
    /// `None` between messages.
    of: Option<Content>,
    bytes: Vec<u8>,
    /// How many of a text's bytes are known to be UTF-8.
    checked: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Content {
    Text,
    Binary,
}

impl FrameReader {
    /// Of which these bytes have come; `longest` bounds frames and messages, in bytes.
    pub(in crate::client) fn new(come: Vec<u8>, longest: u64) -> FrameReader {
        FrameReader {
            held: come,
            fragments: Fragments::default(),
            longest,
        }
    }

    /// Whether bytes have come that were not heard yet.
    pub(in crate::client) fn holds_back(&self) -> bool {
        !self.held.is_empty()
    }

    /// Takes the next bytes and tells what they say until `hear` has heard enough; then, or with `None` when
    /// more is to come, what is left of them is held back until the next call.
    ///
    /// # Errors
    /// With the head of a frame or the whole frame that is wrong, however the bytes were split.
    pub(in crate::client) fn read<T>(
        &mut self,
        bytes: &[u8],
        hear: &mut impl FnMut(ReceivedFrame<'_>) -> Option<T>,
    ) -> Result<Option<T>, FrameFault> {
        if self.held.is_empty() {
            let (used, enough) = self.frames(bytes, hear)?;
            self.held.extend_from_slice(&bytes[used..]);
            return Ok(enough);
        }
        let mut held = mem::take(&mut self.held);
        held.extend_from_slice(bytes);
        let (used, enough) = self.frames(&held, hear)?;
        // What is used up gives its memory back: there may be ten thousand connections.
        if used < held.len() {
            held.drain(..used);
            self.held = held;
        }
        Ok(enough)
    }

    /// Tells the whole frames of these bytes; says how many bytes they took.
    fn frames<T>(
        &mut self,
        bytes: &[u8],
        hear: &mut impl FnMut(ReceivedFrame<'_>) -> Option<T>,
    ) -> Result<(usize, Option<T>), FrameFault> {
        let mut used = 0;
        while let Some(head) = head::parse(&bytes[used..])? {
            let length = self.expect(&head)?;
            let rest = &bytes[used + head.bytes..];
            let Some(payload) = rest.get(..length) else {
                break;
            };
            used += head.bytes + length;
            let enough = self.frame(&head, payload, hear)?;
            if enough.is_some() {
                return Ok((used, enough));
            }
        }
        Ok((used, None))
    }

    /// Whether such a frame may come now; says how long its payload is.
    fn expect(&self, head: &FrameHead) -> Result<usize, FrameFault> {
        let is_continuation = head.opcode == Opcode::Continuation;
        let is_in_message = self.fragments.of.is_some();
        if !head.opcode.is_control() && is_continuation != is_in_message {
            return Err(FrameFault::Frame);
        }
        let before = if is_continuation {
            self.fragments.bytes.len() as u64
        } else {
            0
        };
        if head.length > self.longest.saturating_sub(before) {
            return Err(FrameFault::TooLong);
        }
        usize::try_from(head.length).map_err(|_| FrameFault::TooLong)
    }

    fn frame<T>(
        &mut self,
        head: &FrameHead,
        payload: &[u8],
        hear: &mut impl FnMut(ReceivedFrame<'_>) -> Option<T>,
    ) -> Result<Option<T>, FrameFault> {
        let heard = match (head.opcode, head.is_final) {
            (Opcode::Ping, _) => ReceivedFrame::Ping(payload),
            (Opcode::Pong, _) => ReceivedFrame::Pong,
            (Opcode::Close, _) => ReceivedFrame::Close(close_code(payload)?),
            (Opcode::Text, true) => ReceivedFrame::Text(text(payload)?),
            (Opcode::Binary, true) => ReceivedFrame::Binary(payload),
            (Opcode::Text, false) => return self.fragments.begin(Content::Text, payload),
            (Opcode::Binary, false) => return self.fragments.begin(Content::Binary, payload),
            (Opcode::Continuation, false) => return self.fragments.add(payload),
            (Opcode::Continuation, true) => return self.fragments.end(payload, hear),
        };
        Ok(hear(heard))
    }

    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.held.capacity() + self.fragments.bytes.capacity()
    }
}

impl Fragments {
    fn begin<T>(&mut self, of: Content, payload: &[u8]) -> Result<Option<T>, FrameFault> {
        self.of = Some(of);
        self.add(payload)
    }

    fn add<T>(&mut self, payload: &[u8]) -> Result<Option<T>, FrameFault> {
        self.bytes.extend_from_slice(payload);
        if self.of == Some(Content::Text) {
            // A character may go on in the next fragment.
            self.checked += match std::str::from_utf8(&self.bytes[self.checked..]) {
                Ok(text) => text.len(),
                Err(error) if error.error_len().is_none() => error.valid_up_to(),
                Err(_) => return Err(FrameFault::Text),
            };
        }
        Ok(None)
    }

    fn end<T>(
        &mut self,
        payload: &[u8],
        hear: &mut impl FnMut(ReceivedFrame<'_>) -> Option<T>,
    ) -> Result<Option<T>, FrameFault> {
        self.bytes.extend_from_slice(payload);
        let Fragments { of, bytes, .. } = mem::take(self);
        Ok(hear(match of {
            Some(Content::Text) => ReceivedFrame::Text(text(&bytes)?),
            _ => ReceivedFrame::Binary(&bytes),
        }))
    }
}

fn text(bytes: &[u8]) -> Result<&str, FrameFault> {
    std::str::from_utf8(bytes).map_err(|_| FrameFault::Text)
}

/// The code of a close frame (RFC 6455, 5.5.1 and 7.4).
fn close_code(payload: &[u8]) -> Result<u16, FrameFault> {
    let (code, reason) = match payload.split_first_chunk() {
        Some((code, reason)) => (u16::from_be_bytes(*code), reason),
        None if payload.is_empty() => return Ok(NO_CODE),
        None => return Err(FrameFault::Frame),
    };
    text(reason)?;
    let code = CloseCode::from(code);
    let is_allowed = code.is_allowed();
    Ok(u16::from(if is_allowed {
        code
    } else {
        CloseCode::Protocol
    }))
}
