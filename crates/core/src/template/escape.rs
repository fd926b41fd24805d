//! How a value is written so that it stays in its place.

const HEX: &[u8; 16] = b"0123456789ABCDEF";

/// Where a value stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// A segment of a path, or a name or value of a query.
    Url,
    /// A name or value of a form.
    Form,
    /// Within a JSON string.
    JsonString,
    /// A JSON value.
    Json,
    /// The value of a header.
    Header,
    /// A name in quotes, in the head of a part of a multipart body.
    Quoted,
    /// A text of no known grammar.
    Raw,
}

/// Whether a header may have this value.
pub fn is_header_text(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b'\t' | b' '..=b'~'))
}

/// Appends a text as its place wants it; `false` when it cannot stand there.
pub(super) fn write_text(text: &str, place: Place, out: &mut Vec<u8>) -> bool {
    match place {
        Place::Url => percent(text, out, b"%20"),
        Place::Form => percent(text, out, b"+"),
        Place::JsonString => json_string(text, out),
        Place::Json => {
            out.push(b'"');
            json_string(text, out);
            out.push(b'"');
        }
        Place::Header if !is_header_text(text) => return false,
        Place::Quoted => quoted(text, out),
        Place::Header | Place::Raw => out.extend_from_slice(text.as_bytes()),
    }
    true
}

/// Everything but what RFC 3986 leaves unreserved.
fn percent(text: &str, out: &mut Vec<u8>, space: &[u8]) {
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(byte),
            b' ' => out.extend_from_slice(space),
            _ => out.extend_from_slice(&[
                b'%',
                HEX[usize::from(byte >> 4)],
                HEX[usize::from(byte & 15)],
            ]),
        }
    }
}

fn json_string(text: &str, out: &mut Vec<u8>) {
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            0..0x20 => {
                out.extend_from_slice(b"\\u00");
                out.push(HEX[usize::from(byte >> 4)]);
                out.push(HEX[usize::from(byte & 15)]);
            }
            _ => out.push(byte),
        }
    }
}

/// As browsers write names of parts.
fn quoted(text: &str, out: &mut Vec<u8>) {
    for byte in text.bytes() {
        match byte {
            b'"' => out.extend_from_slice(b"%22"),
            b'\r' => out.extend_from_slice(b"%0D"),
            b'\n' => out.extend_from_slice(b"%0A"),
            _ => out.push(byte),
        }
    }
}
