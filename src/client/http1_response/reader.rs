//! Where an answer begins, what of it is body, and where it ends.

use std::mem;

use super::chunks::Chunks;
use super::head::{self, Framing, ResponseHead};

/// The longest head of an answer, in bytes: with the interim ones (1xx) before it.
pub(in crate::client) const HEAD_BYTES: usize = 64 * 1024;

/// Reads one answer. Takes memory only for a head that comes in pieces, and for a trailer.
///
/// After a fault or an end it is of no more use but for what it knows.
#[derive(Debug)]
pub(in crate::client) struct AnswerReader {
    stage: Stage,
    count: BodyCount,
    /// The part of a head that has come, or of a trailer.
    held: Vec<u8>,
    /// Bytes of the heads that were read to their ends.
    head_bytes: usize,
    /// 0 before the final head.
    status: u16,
    of_head_request: bool,
    may_be_kept: bool,
    retry_after: Option<u32>,
}

/// Why the bytes are not an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::client) enum AnswerFault {
    /// The head is none of HTTP/1.x, is longer than 64 KiB, or contradicts itself.
    Protocol,
    /// The body is longer than allowed, or its chunks are none.
    BadBody,
}

/// How far the answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::client) enum AnswerProgress {
    /// All bytes were taken, and the answer continues.
    More,
    /// The answer is whole.
    Done {
        /// How many of the bytes belong to it. What follows was not requested.
        used: usize,
    },
}

/// What the end of the connection means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::client) enum CloseMeaning {
    /// The answer is whole: nothing but this end was to end it.
    Whole,
    /// The final head had come, and the body is cut off.
    InBody,
    /// Bytes had come, but no final head.
    InHead,
    /// No byte had come.
    Unheard,
}

#[derive(Debug)]
enum Stage {
    Head,
    Length(u64),
    Chunked(Chunks),
    UntilEnd,
    Done,
}

/// The body so far, and its bound.
#[derive(Debug)]
struct BodyCount {
    bytes: u64,
    longest: u64,
}

impl AnswerReader {
    /// Before the first byte. The answer to a HEAD request has no body; any other has one of at most
    /// `longest_body` bytes.
    pub(in crate::client) fn new(of_head_request: bool, longest_body: u64) -> AnswerReader {
        AnswerReader {
            stage: Stage::Head,
            count: BodyCount {
                bytes: 0,
                longest: longest_body,
            },
            held: Vec::new(),
            head_bytes: 0,
            status: 0,
            of_head_request,
            may_be_kept: false,
            retry_after: None,
        }
    }

    /// Takes the next bytes; `body` hears those of the body, without chunks' framing, never an empty slice.
    ///
    /// # Errors
    /// At the first byte that makes the answer wrong, however the bytes were split. Of a body that is too
    /// long, the allowed part was heard; of one whose head already says so, nothing.
    pub(in crate::client) fn read(
        &mut self,
        bytes: &[u8],
        body: &mut impl FnMut(&[u8]),
    ) -> Result<AnswerProgress, AnswerFault> {
        let mut used = 0;
        if matches!(self.stage, Stage::Head) {
            used = self.read_head(bytes)?;
        }
        let rest = &bytes[used..];
        let end = match &mut self.stage {
            Stage::Head => None,
            Stage::Length(left) => {
                let part = rest.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                self.count.take(&rest[..part], body)?;
                *left -= part as u64;
                (*left == 0).then_some(part)
            }
            Stage::Chunked(chunks) => {
                chunks.read(rest, &mut self.held, |data| self.count.take(data, body))?
            }
            Stage::UntilEnd => {
                self.count.take(rest, body)?;
                None
            }
            Stage::Done => Some(0),
        };
        let Some(part) = end else {
            return Ok(AnswerProgress::More);
        };
        self.stage = Stage::Done;
        Ok(AnswerProgress::Done { used: used + part })
    }

    /// Says what it means that the connection has ended here.
    pub(in crate::client) fn eof(&mut self) -> CloseMeaning {
        match self.stage {
            Stage::Head if self.head_bytes == 0 && self.held.is_empty() => CloseMeaning::Unheard,
            Stage::Head => CloseMeaning::InHead,
            Stage::Length(_) | Stage::Chunked(_) => CloseMeaning::InBody,
            Stage::UntilEnd | Stage::Done => {
                self.stage = Stage::Done;
                CloseMeaning::Whole
            }
        }
    }

    /// The status; `None` before the final head was read. It is known too when the fault is the body's.
    pub(in crate::client) fn status(&self) -> Option<u16> {
        (self.status != 0).then_some(self.status)
    }

    /// Bytes of the body that came. Of one that is too long, with the first byte too many.
    pub(in crate::client) fn body_bytes(&self) -> u64 {
        self.count.bytes
    }

    /// Whether the answer is whole and lets the connection serve another request. Whether bytes came behind
    /// it is for the caller to see.
    pub(in crate::client) fn keeps_alive(&self) -> bool {
        self.may_be_kept && matches!(self.stage, Stage::Done)
    }

    /// How long the target asks to wait, in seconds, if its head names that with a refusal.
    pub(in crate::client) fn retry_after(&self) -> Option<u32> {
        self.retry_after
    }

    #[cfg(test)]
    pub(super) fn held_capacity(&self) -> usize {
        self.held.capacity()
    }

    /// Reads heads up to the final one; says how many of the bytes it took.
    fn read_head(&mut self, bytes: &[u8]) -> Result<usize, AnswerFault> {
        if self.held.is_empty() {
            let used = self.read_heads(bytes)?;
            if !matches!(self.stage, Stage::Head) {
                return Ok(used);
            }
            self.held.extend_from_slice(&bytes[used..]);
            return Ok(bytes.len());
        }
        let mut held = mem::take(&mut self.held);
        let before = held.len();
        held.extend_from_slice(bytes);
        let used = self.read_heads(&held)?;
        if !matches!(self.stage, Stage::Head) {
            // What was held was no whole head: the end lies in the new bytes.
            return Ok(used - before);
        }
        held.drain(..used);
        self.held = held;
        Ok(bytes.len())
    }

    /// A head that came in pieces is parsed from its beginning with each of them. That costs little: it is
    /// bounded, and most of it is one vectorized pass.
    fn read_heads(&mut self, bytes: &[u8]) -> Result<usize, AnswerFault> {
        let mut used = 0;
        loop {
            let rest = &bytes[used..];
            let Some(head) = head::parse(rest, self.of_head_request)? else {
                // What is still to come is at least one byte.
                return if self.head_bytes + rest.len() < HEAD_BYTES {
                    Ok(used)
                } else {
                    Err(AnswerFault::Protocol)
                };
            };
            used += head.bytes;
            self.head_bytes += head.bytes;
            if self.head_bytes > HEAD_BYTES {
                return Err(AnswerFault::Protocol);
            }
            if !head.is_interim() {
                self.begin(&head)?;
                return Ok(used);
            }
        }
    }

    fn begin(&mut self, head: &ResponseHead) -> Result<(), AnswerFault> {
        self.status = head.status;
        self.may_be_kept = head.keeps_alive;
        self.retry_after = head.retry_after;
        self.stage = match head.framing {
            Framing::Length(0) => Stage::Done,
            Framing::Length(length) => Stage::Length(length),
            Framing::Chunked => Stage::Chunked(Chunks::default()),
            Framing::UntilEnd => Stage::UntilEnd,
        };
        match head.framing {
            Framing::Length(length) if length > self.count.longest => Err(AnswerFault::BadBody),
            Framing::UntilEnd => {
                self.may_be_kept = false;
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

impl BodyCount {
    fn take(&mut self, data: &[u8], body: &mut impl FnMut(&[u8])) -> Result<(), AnswerFault> {
        let room = self.longest - self.bytes;
        let fits = data.len() as u64 <= room;
        let data = if fits { data } else { &data[..room as usize] };
        self.bytes += data.len() as u64;
        if !data.is_empty() {
            body(data);
        }
        if fits {
            return Ok(());
        }
        self.bytes += 1;
        Err(AnswerFault::BadBody)
    }
}
