//! Text as URLs carry it. A `+` is a plus: only forms make a space of it.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// All but what no part of a URL gives a meaning (RFC 3986, 2.3).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// `None` for a `%` without two digits, or what is not text then.
pub(super) fn percent_decoded(text: &str) -> Option<String> {
    let is_digit = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_hexdigit);
    let mut behind = text.split('%').skip(1).map(str::as_bytes);
    // The library leaves such a `%` as it is.
    if behind.any(|after| !is_digit(after.first()) || !is_digit(after.get(1))) {
        return None;
    }
    let decoded = percent_decode_str(text).decode_utf8().ok()?;
    Some(decoded.into_owned())
}

/// What every part of a URL takes for exactly this text.
pub fn percent_encoded(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
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
        assert_eq!(percent_encoded("a~b%é/"), "a~b%25%C3%A9%2F");
        assert_eq!(percent_decoded("a+b%2f").as_deref(), Some("a+b/"));
        for wrong in ["%", "%4", "%4x", "%+4", "%ff", "a%2", "%41%"] {
            assert_eq!(percent_decoded(wrong), None, "{wrong}");
        }
    }
}
