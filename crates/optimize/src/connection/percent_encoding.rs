//! Text as URLs carry it. A `+` is a plus: only forms make a space of it.

use std::fmt::Write as _;

/// `None` for a `%` without two digits, or what is no text then.
pub(super) fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next()?, rest.next()?];
            if !digits.iter().all(u8::is_ascii_hexdigit) {
                return None;
            }
            let digits = std::str::from_utf8(&digits).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

/// What every part of a URL takes for exactly this text.
pub fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_is_decoded() {
        for text in ["", "plain-._~", "/run/p q", "100 %+&=?#@:", "naïve"] {
            let encoded = percent_encoded(text);
            assert!(!encoded.contains(['/', '&', '=', '?', '@', ' ']));
            assert_eq!(percent_decoded(&encoded).as_deref(), Some(text));
        }
        assert_eq!(percent_decoded("a+b%2f").as_deref(), Some("a+b/"));
        for wrong in ["%", "%4", "%4x", "%+4", "%ff"] {
            assert_eq!(percent_decoded(wrong), None, "{wrong}");
        }
    }
}
