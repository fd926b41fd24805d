//! A body in chunks: RFC 9112, section 7.1, with the bounds of hyper's client.

use super::Fault;

/// The most bytes of all chunk extensions, and those of the trailer.
const ASIDE_BYTES: usize = 16 * 1024;

/// The most lines of a trailer.
const TRAILERS: usize = 100;

/// A reader of chunks, at their beginning.
#[derive(Debug, Default)]
pub(super) struct Chunks {
    at: At,
    /// What is left of the chunk.
    left: u64,
    extension_bytes: u16,
}

/// What comes next.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum At {
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
        mut take: impl FnMut(&[u8]) -> Result<(), Fault>,
    ) -> Result<Option<usize>, Fault> {
        let mut rest = bytes;
        while let Some((byte, after)) = rest.split_first() {
            if self.at == At::Data {
                let part = rest
                    .len()
                    .min(usize::try_from(self.left).unwrap_or(usize::MAX));
                let (data, after) = rest.split_at(part);
                take(data)?;
                self.left -= part as u64;
                if self.left == 0 {
                    self.at = At::DataCr;
                }
                rest = after;
                continue;
            }
            rest = after;
            self.at = match self.at {
                At::LineOrEnd | At::Line | At::LineLf | At::EndLf => self.trail(*byte, trailer)?,
                _ => self.step(*byte)?,
            };
            if self.at == At::End {
                return Ok(Some(bytes.len() - rest.len()));
            }
        }
        Ok(None)
    }

    fn step(&mut self, byte: u8) -> Result<At, Fault> {
        Ok(match (self.at, byte) {
            (At::Start | At::Size, _) if byte.is_ascii_hexdigit() => {
                self.grow(byte)?;
                At::Size
            }
            (At::Size | At::SpaceAfterSize, b' ' | b'\t') => At::SpaceAfterSize,
            (At::Size | At::SpaceAfterSize, b';') => At::Extension,
            (At::Size | At::SpaceAfterSize | At::Extension, b'\r') => At::SizeLf,
            (At::Extension, _) if byte != b'\n' => {
                self.extension_bytes += 1;
                if usize::from(self.extension_bytes) >= ASIDE_BYTES {
                    return Err(Fault::BadBody);
                }
                At::Extension
            }
            (At::SizeLf, b'\n') if self.left == 0 => At::LineOrEnd,
            (At::SizeLf, b'\n') => At::Data,
            (At::DataCr, b'\r') => At::DataLf,
            (At::DataLf, b'\n') => At::Start,
            _ => return Err(Fault::BadBody),
        })
    }

    fn grow(&mut self, digit: u8) -> Result<(), Fault> {
        let digit = match digit {
            b'0'..=b'9' => digit - b'0',
            _ => (digit | 0x20) - b'a' + 10,
        };
        let grown = self.left.checked_mul(16);
        let grown = grown.and_then(|size| size.checked_add(u64::from(digit)));
        self.left = grown.ok_or(Fault::BadBody)?;
        Ok(())
    }

    fn trail(&self, byte: u8, trailer: &mut Vec<u8>) -> Result<At, Fault> {
        let next = match (self.at, byte) {
            (At::LineOrEnd, b'\r') => At::EndLf,
            (At::Line, b'\r') => At::LineLf,
            (At::LineOrEnd | At::Line, _) => At::Line,
            (At::LineLf, b'\n') => At::LineOrEnd,
            (At::EndLf, b'\n') => At::End,
            _ => return Err(Fault::BadBody),
        };
        let is_without_lines = trailer.is_empty() && next != At::Line;
        if is_without_lines {
            return Ok(next);
        }
        trailer.push(byte);
        if trailer.len() >= ASIDE_BYTES || (next == At::End && !is_trailer(trailer)) {
            return Err(Fault::BadBody);
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
