//! The body of an answer without its content encodings, never longer than a body may be.

use std::borrow::Cow;
use std::io::{self, Read};

use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use http::HeaderMap;
use http::header::CONTENT_ENCODING;

use super::WrongAnswer;
use crate::record::Outcome;

/// The most encodings that may lie over each other.
const LAYERS: usize = 3;
/// The largest window of zstd, as HTTP limits it (RFC 9659).
#[cfg(feature = "zstd")]
const ZSTD_WINDOW: u64 = 8 * 1024 * 1024;
/// What is read at once.
#[cfg(feature = "brotli")]
const BUFFER: usize = 16 * 1024;

/// The body as it was before it was encoded, at most `longest` bytes.
///
/// # Errors
/// When an encoding is not known, is broken, or hides a body that is too long.
pub(super) fn decode<'a>(
    headers: &HeaderMap,
    body: &'a [u8],
    longest: u64,
) -> Result<Cow<'a, [u8]>, WrongAnswer> {
    let mut body = Cow::Borrowed(body);
    if body.is_empty() {
        return Ok(body);
    }
    let encodings = encodings(headers)?;
    for encoding in encodings.iter().rev() {
        body = Cow::Owned(undo(encoding, &body, longest)?);
    }
    Ok(body)
}

/// The encodings in the order in which they were applied.
fn encodings(headers: &HeaderMap) -> Result<Vec<String>, WrongAnswer> {
    let mut encodings = Vec::new();
    for value in headers.get_all(CONTENT_ENCODING) {
        let names = value.to_str().unwrap_or("unreadable").split(',');
        let names = names.map(|name| name.trim().to_ascii_lowercase());
        encodings.extend(names.filter(|name| !matches!(name.as_str(), "" | "identity")));
    }
    if encodings.len() > LAYERS {
        return Err(WrongAnswer::with(
            Outcome::WrongAnswer,
            format!("more than {LAYERS} content encodings lie over each other"),
        ));
    }
    Ok(encodings)
}

fn undo(encoding: &str, body: &[u8], longest: u64) -> Result<Vec<u8>, WrongAnswer> {
    let decoded = match encoding {
        "gzip" | "x-gzip" => bounded(MultiGzDecoder::new(body), longest),
        "deflate" if is_zlib(body) => bounded(ZlibDecoder::new(body), longest),
        "deflate" => bounded(DeflateDecoder::new(body), longest),
        #[cfg(feature = "brotli")]
        "br" => bounded(
            brotli_decompressor::Decompressor::new(body, BUFFER),
            longest,
        ),
        #[cfg(feature = "zstd")]
        "zstd" => ruzstd::decoding::StreamingDecoder::new_with_max_window_size(body, ZSTD_WINDOW)
            .map_err(io::Error::other)
            .and_then(|decoder| bounded(decoder, longest)),
        _ => {
            return Err(WrongAnswer::with(
                Outcome::WrongAnswer,
                format!("content encoding `{encoding}` cannot be decoded"),
            ));
        }
    };
    match decoded {
        Ok(Some(body)) => Ok(body),
        Ok(None) => Err(WrongAnswer::with(
            Outcome::BadBody,
            format!("the body is longer than {longest} bytes once {encoding} is decoded"),
        )),
        Err(_) => Err(WrongAnswer::with(
            Outcome::BadBody,
            format!("the body is not valid {encoding}"),
        )),
    }
}

/// Reads to the end; `None` when that is too far.
fn bounded(reader: impl Read, longest: u64) -> io::Result<Option<Vec<u8>>> {
    let mut decoded = Vec::new();
    reader
        .take(longest.saturating_add(1))
        .read_to_end(&mut decoded)?;
    Ok((decoded.len() as u64 <= longest).then_some(decoded))
}

/// `deflate` means the zlib format (RFC 9110, 8.4.1.2); some servers send the bare stream.
fn is_zlib(body: &[u8]) -> bool {
    matches!(body, [first, second, ..]
        if first & 0x0f == 8 && (u16::from(*first) << 8 | u16::from(*second)) % 31 == 0)
}
