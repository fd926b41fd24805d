//! A body in chunks: RFC 9112, section 7.1, with the bounds of hyper's client.

use super::AnswerFault;

/// The most bytes of all chunk extensions, and those of the trailer.
const ASIDE_BYTES: usize = 16 * 1024;

/// The most lines of a trailer.
const TRAILERS: usize = 100;

/// A reader of chunks, at their beginning.
#[derive(Debug, Default)]
pub(super) struct Chunks {
    at: ChunkState,
    /// What is left of the chunk.
    left: u64,
    extension_bytes: u16,
}

/// What comes next.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum ChunkState {
    #[default]
    Start,
    Size,
    SpaceAfterSize,
    Extension,
    SizeLf,
    Data,
    DataCr,
    DataLf,
    /// A line of the trailer, or the end.
    LineOrEnd,
    Line,
    LineLf,
    EndLf,
    End,
}

impl Chunks {
    /// Reads on; says how many bytes were taken when the end was among them. The trailer is kept in
    /// `trailer`, which is empty at first.
    pub(super) fn read(
        &mut self,
        bytes: &[u8],
        trailer: &mut Vec<u8>,
        mut take: impl FnMut(&[u8]) -> Result<(), AnswerFault>,
    ) -> Result<Option<usize>, AnswerFault> {
        let mut rest = bytes;
        while let Some((byte, after)) = rest.split_first() {
            if self.at == ChunkState::Data {
                let part = rest
                    .len()
                    .min(usize::try_from(self.left).unwrap_or(usize::MAX));
                let (data, after) = rest.split_at(part);
                take(data)?;
                self.left -= part as u64;
                if self.left == 0 {
                    self.at = ChunkState::DataCr;
                }
                rest = after;
                continue;
            }
            rest = after;
            self.at = match self.at {
                ChunkState::LineOrEnd
                | ChunkState::Line
                | ChunkState::LineLf
                | ChunkState::EndLf => self.trail(*byte, trailer)?,
                _ => self.step(*byte)?,
            };
            if self.at == ChunkState::End {
                return Ok(Some(bytes.len() - rest.len()));
            }
        }
        Ok(None)
    }

    fn step(&mut self, byte: u8) -> Result<ChunkState, AnswerFault> {
        Ok(match (self.at, byte) {
            (ChunkState::Start | ChunkState::Size, _) if byte.is_ascii_hexdigit() => {
                self.grow(byte)?;
                ChunkState::Size
            }
            (ChunkState::Size | ChunkState::SpaceAfterSize, b' ' | b'\t') => {
                ChunkState::SpaceAfterSize
            }
            (ChunkState::Size | ChunkState::SpaceAfterSize, b';') => ChunkState::Extension,
            (ChunkState::Size | ChunkState::SpaceAfterSize | ChunkState::Extension, b'\r') => {
                ChunkState::SizeLf
            }
            (ChunkState::Extension, _) if byte != b'\n' => {
                self.extension_bytes += 1;
                if usize::from(self.extension_bytes) >= ASIDE_BYTES {
                    return Err(AnswerFault::BadBody);
                }
                ChunkState::Extension
            }
            (ChunkState::SizeLf, b'\n') if self.left == 0 => ChunkState::LineOrEnd,
            (ChunkState::SizeLf, b'\n') => ChunkState::Data,
            (ChunkState::DataCr, b'\r') => ChunkState::DataLf,
            (ChunkState::DataLf, b'\n') => ChunkState::Start,
            _ => return Err(AnswerFault::BadBody),
        })
    }

    fn grow(&mut self, digit: u8) -> Result<(), AnswerFault> {
        let digit = match digit {
            b'0'..=b'9' => digit - b'0',
            _ => (digit | 0x20) - b'a' + 10,
        };
        let grown = self.left.checked_mul(16);
        let grown = grown.and_then(|size| size.checked_add(u64::from(digit)));
        self.left = grown.ok_or(AnswerFault::BadBody)?;
        Ok(())
    }

    fn trail(&self, byte: u8, trailer: &mut Vec<u8>) -> Result<ChunkState, AnswerFault> {
        let next = match (self.at, byte) {
            (ChunkState::LineOrEnd, b'\r') => ChunkState::EndLf,
            (ChunkState::Line, b'\r') => ChunkState::LineLf,
            (ChunkState::LineOrEnd | ChunkState::Line, _) => ChunkState::Line,
            (ChunkState::LineLf, b'\n') => ChunkState::LineOrEnd,
            (ChunkState::EndLf, b'\n') => ChunkState::End,
            _ => return Err(AnswerFault::BadBody),
        };
        let is_without_lines = trailer.is_empty() && next != ChunkState::Line;
        if is_without_lines {
            return Ok(next);
        }
        trailer.push(byte);
        if trailer.len() >= ASIDE_BYTES || (next == ChunkState::End && !is_trailer(trailer)) {
            return Err(AnswerFault::BadBody);
        }
        Ok(next)
    }
}

/// Whether these lines, with the empty one at their end, are headers.
fn is_trailer(bytes: &[u8]) -> bool {
    let mut headers = [httparse::EMPTY_HEADER; TRAILERS];
    let lines = bytes.windows(2).filter(|pair| pair == b"\r\n").count() - 1;
    let Some(headers) = headers.get_mut(..lines) else {
        return false;
    };
    matches!(
        httparse::parse_headers(bytes, headers),
        Ok(httparse::Status::Complete(_))
    )
}
