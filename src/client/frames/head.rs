//! The head of a server's frame: RFC 6455, section 5.2.

use super::reader::FrameFault;

/// The longest payload of a control frame.
const CONTROL_BYTES: u64 = 125;

/// A head, read to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FrameHead {
    /// Its length.
    pub(super) bytes: usize,
    pub(super) opcode: Opcode,
    pub(super) is_final: bool,
    /// Bytes of the payload.
    pub(super) length: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Opcode {
    Continuation,
    Text,
    Binary,
    Close,
    Ping,
    Pong,
}

impl Opcode {
    fn of(first: u8) -> Option<Opcode> {
        Some(match first & 0x0f {
            0x0 => Opcode::Continuation,
            0x1 => Opcode::Text,
            0x2 => Opcode::Binary,
            0x8 => Opcode::Close,
            0x9 => Opcode::Ping,
            0xa => Opcode::Pong,
            _ => return None,
        })
    }

    pub(super) fn is_control(self) -> bool {
        matches!(self, Opcode::Close | Opcode::Ping | Opcode::Pong)
    }
}

/// Parses a head; `None` when its end has not come.
///
/// # Errors
/// [`Fault::Frame`] when no server may send it.
pub(super) fn parse(bytes: &[u8]) -> Result<Option<FrameHead>, FrameFault> {
    let &[first, second, ref rest @ ..] = bytes else {
        return Ok(None);
    };
    let is_reserved = first & 0x70 != 0;
    let is_masked = second & 0x80 != 0;
    let opcode = Opcode::of(first).filter(|_| !is_reserved && !is_masked);
    let opcode = opcode.ok_or(FrameFault::Frame)?;
    let is_final = first & 0x80 != 0;
    let (bytes, length) = match second & 0x7f {
        126 => match rest.first_chunk() {
            Some(length) => (4, u64::from(u16::from_be_bytes(*length))),
            None => return Ok(None),
        },
        127 => match rest.first_chunk() {
            Some(length) => (10, u64::from_be_bytes(*length)),
            None => return Ok(None),
        },
        short => (2, u64::from(short)),
    };
    // A control frame comes whole, and is short.
    if opcode.is_control() && !(is_final && length <= CONTROL_BYTES) {
        return Err(FrameFault::Frame);
    }
    Ok(Some(FrameHead {
        bytes,
        opcode,
        is_final,
        length,
    }))
}
