//! Names of keys and other words of a server, fit to be shown.

/// Of a key, in characters of what is shown.
pub(super) const LONGEST: usize = 60;
/// Of a key, in bytes that are looked at. More would only distinguish keys whose first kilobyte is the same.
const LONGEST_KEY: usize = 1024;
/// A part of a key this long is an identifier when it has digits and nothing but hexadecimal ones and dashes.
const SHORTEST_HEX: usize = 8;

/// As `redis-cli` writes it, so that it can be found again: what is not plainly readable is escaped. The quotes around
/// it are left to the caller that shows it. Long texts are cut.
pub(super) fn shown(bytes: &[u8]) -> String {
    shown_up_to(bytes, LONGEST)
}

/// The words of a refusal, fit to be shown; they are a sentence and may take the room of one.
pub(super) fn refusal(why: &str) -> String {
    shown_up_to(why.trim().trim_end_matches('.').as_bytes(), 2 * LONGEST)
}

/// The same of a key, of which far more is kept than can be shown: what is shown is chosen beside other keys.
pub(super) fn key(bytes: &[u8]) -> String {
    shown_up_to(bytes, LONGEST_KEY)
}

fn shown_up_to(bytes: &[u8], longest: usize) -> String {
    let mut out = String::new();
    // No character takes more than four bytes, and what comes behind the cut need not be looked at.
    let looked_at = &bytes[..bytes.len().min(4 * longest)];
    let mut length = 0;
    for chunk in looked_at.utf8_chunks() {
        let readable = chunk.valid().chars().map(escaped);
        let broken = chunk.invalid().iter().map(|byte| format!("\\x{byte:02x}"));
        for piece in readable.chain(broken) {
            length += piece.chars().count();
            if length > longest {
                out.push('…');
                return out;
            }
            out.push_str(&piece);
        }
    }
    if looked_at.len() < bytes.len() {
        out.push('…');
    }
    out
}

fn escaped(c: char) -> String {
    match c {
        '\n' => "\\n".to_owned(),
        '\r' => "\\r".to_owned(),
        '\t' => "\\t".to_owned(),
        '"' | '\\' | '`' => format!("\\{c}"),
        ' ' => c.to_string(),
        _ if c.is_ascii_graphic() || (!c.is_ascii() && c.is_alphanumeric()) => c.to_string(),
        _ => {
            let mut bytes = [0; 4];
            let bytes = c.encode_utf8(&mut bytes).bytes();
            bytes.map(|byte| format!("\\x{byte:02x}")).collect()
        }
    }
}

/// The keys that a key is like: what stands before its last `:`, with identifiers on the way left open.
pub(super) fn pattern(name: &[u8]) -> String {
    let looked_at = &name[..name.len().min(LONGEST_KEY)];
    let mut parts: Vec<&[u8]> = looked_at.split(|byte| *byte == b':').collect();
    if parts.len() == 1 {
        return "*".to_owned();
    }
    parts.pop();
    let mut prefix = Vec::new();
    for part in parts {
        prefix.extend_from_slice(if is_identifier(part) { b"*" } else { part });
        prefix.push(b':');
    }
    let mut pattern = key(&prefix);
    if !pattern.ends_with('…') {
        pattern.push('*');
    }
    pattern
}

/// Whether a part of a key is one of many: a number, a hash or a UUID.
fn is_identifier(part: &[u8]) -> bool {
    let is_number = !part.is_empty() && part.iter().all(u8::is_ascii_digit);
    let is_hex = part.len() >= SHORTEST_HEX
        && part
            .iter()
            .all(|byte| byte.is_ascii_hexdigit() || *byte == b'-')
        && part.iter().any(u8::is_ascii_digit);
    is_number || is_hex
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_readable_is_left_and_the_rest_escaped() {
        let long = "x".repeat(100);
        let cut = format!("{}…", "x".repeat(60));
        let very_long = vec![b'y'; 1 << 20];
        let table: [(&[u8], &str); 15] = [
            (b"", ""),
            (b"session:1", "session:1"),
            (b"two words", "two words"),
            ("Grüße:日本".as_bytes(), "Grüße:日本"),
            (b"a\r\nb\tc", "a\\r\\nb\\tc"),
            (b"\x1b[31mred", "\\x1b[31mred"),
            (b"\x00\x7f", "\\x00\\x7f"),
            (b"\xff\xfe", "\\xff\\xfe"),
            (b"caf\xc3", "caf\\xc3"),
            (b"say \"hi\" \\", "say \\\"hi\\\" \\\\"),
            (b"`rm`", "\\`rm\\`"),
            ("\u{202e}gnp".as_bytes(), "\\xe2\\x80\\xaegnp"),
            ("\u{9b}2J".as_bytes(), "\\xc2\\x9b2J"),
            (long.as_bytes(), &cut),
            (b"<b>&amp;", "<b>&amp;"),
        ];
        for (bytes, expected) in table {
            assert_eq!(shown(bytes), expected);
        }
        assert_eq!(shown(&very_long).chars().count(), 61);
    }

    #[test]
    fn keys_are_alike_by_what_stands_before_the_last_colon() {
        let table: [(&[u8], &str); 14] = [
            (b"session:8f14e45f", "session:*"),
            (b"session:", "session:*"),
            (b"counter", "*"),
            (b"", "*"),
            (b":x", ":*"),
            (b"user:123:profile", "user:*:*"),
            (b"user:alice:profile", "user:alice:*"),
            (
                b"cart:8f14e45f-ceea-467f-a8f2-2c3b9d6f2a11:items",
                "cart:*:*",
            ),
            (b"page:deadbeefcafe:x", "page:deadbeefcafe:*"),
            (b"page:deadbeef1:x", "page:*:*"),
            (b"v2:1:2:3", "v2:*:*:*"),
            (b"bad\n\x1b[2J:1", "bad\\n\\x1b[2J:*"),
            (b"\xff:1", "\\xff:*"),
            (b"a\\:b", "a\\\\:*"),
        ];
        for (key, expected) in table {
            assert_eq!(pattern(key), expected, "{}", shown(key));
        }
        let deep = b"verylongpart:".repeat(1000);
        assert!(pattern(&deep).chars().count() <= LONGEST_KEY + 1);
    }

    proptest! {
        #[test]
        fn nothing_that_is_shown_does_anything(bytes in any::<Vec<u8>>()) {
            for (text, longest) in [(shown(&bytes), LONGEST), (pattern(&bytes), LONGEST_KEY), (key(&bytes), LONGEST_KEY)] {
                prop_assert!(text.chars().count() <= longest + 1);
                let harmless = |c: char| c == ' ' || c == '…' || c.is_ascii_graphic() || c.is_alphanumeric();
                prop_assert!(text.chars().all(harmless), "{:?}", text);
            }
        }
    }
}
