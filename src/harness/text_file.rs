//! Files that people write, whatever their editor or spreadsheet makes of text.

use std::io::{Error, ErrorKind};
use std::path::Path;

/// Reads a file's text without its byte order mark. UTF-16 is read where such a mark says that it is that.
///
/// # Errors
/// When the file can't be read, or is no text.
pub(super) fn read(path: &Path) -> Result<String, Error> {
    decode(&std::fs::read(path)?)
        .ok_or_else(|| Error::new(ErrorKind::InvalidData, "the file is not UTF-8 text"))
}

fn decode(bytes: &[u8]) -> Option<String> {
    let units = |read: fn([u8; 2]) -> u16| {
        let pairs = bytes[2..].chunks_exact(2);
        let whole = pairs.remainder().is_empty();
        let units: Vec<u16> = pairs.map(|pair| read([pair[0], pair[1]])).collect();
        String::from_utf16(&units).ok().filter(|_| whole)
    };
    match bytes {
        [0xFF, 0xFE, ..] => units(u16::from_le_bytes),
        [0xFE, 0xFF, ..] => units(u16::from_be_bytes),
        [0xEF, 0xBB, 0xBF, rest @ ..] => String::from_utf8(rest.to_vec()).ok(),
        // A text has no zero bytes: this is UTF-16 without a mark, or no text.
        _ if bytes.contains(&0) => None,
        _ => String::from_utf8(bytes.to_vec()).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_and_widths_of_text() {
        let wide = |mark: [u8; 2], bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
            let units = "Müller,1".encode_utf16().flat_map(bytes);
            mark.into_iter().chain(units).collect()
        };
        let little = wide([0xFF, 0xFE], u16::to_le_bytes);
        let table: [(&[u8], Option<&str>); 7] = [
            ("Müller,1".as_bytes(), Some("Müller,1")),
            ("\u{feff}Müller,1".as_bytes(), Some("Müller,1")),
            (&little, Some("Müller,1")),
            (&wide([0xFE, 0xFF], u16::to_be_bytes), Some("Müller,1")),
            (&little[2..], None),
            (&little[..little.len() - 1], None),
            (b"a\xff\xfe", None),
        ];
        for (bytes, expected) in table {
            assert_eq!(decode(bytes).as_deref(), expected, "{bytes:?}");
        }
    }
}
