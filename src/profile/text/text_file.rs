//! Text as files and answers hold it: with or without a byte order mark, in UTF-8 or, as `PowerShell` writes it, in UTF-16.

use std::io;
use std::path::Path;

/// The bytes without the mark that some editors and services put before UTF-8.
pub fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

/// Reads a file of text: UTF-8 with or without a byte order mark, UTF-16 with one.
///
/// # Errors
/// As [`std::fs::read_to_string`].
pub fn read_text(path: &Path) -> io::Result<String> {
    text_of(&std::fs::read(path)?)
}

/// The text of a file's bytes.
///
/// # Errors
/// [`io::ErrorKind::InvalidData`] when they are not text.
pub fn text_of(bytes: &[u8]) -> io::Result<String> {
    let wrong = || io::Error::from(io::ErrorKind::InvalidData);
    let units = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let (pairs, rest) = bytes.as_chunks::<2>();
        let units: Vec<u16> = pairs.iter().map(|pair| unit(*pair)).collect();
        let text = String::from_utf16(&units).ok();
        text.filter(|_| rest.is_empty()).ok_or_else(wrong)
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => units(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => units(rest, u16::from_be_bytes),
        // A text has no zero bytes: this is UTF-16 without a mark, or not a text.
        _ if bytes.contains(&0) => Err(wrong()),
        _ => std::str::from_utf8(without_mark(bytes))
            .map(str::to_owned)
            .map_err(|_| wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_before_a_text_is_not_a_part_of_it() {
        let good: [&[u8]; 6] = [
            b"key",
            b"\xef\xbb\xbfkey",
            b"\xff\xfek\0e\0y\0",
            b"\xfe\xff\0k\0e\0y",
            b"",
            b"\xef\xbb\xbf",
        ];
        let read = good.map(|bytes| text_of(bytes).unwrap());
        assert_eq!(read, ["key", "key", "key", "key", "", ""]);
        // Half a character, an odd number of bytes, a lone surrogate, UTF-16 without a mark.
        for bad in [&b"\xff"[..], b"\xff\xfek", b"\xfe\xff\xd8\x00", b"k\0e\0"] {
            let error = text_of(bad).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        }
    }
}
