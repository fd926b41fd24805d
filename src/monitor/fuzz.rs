//! What comes from beside the load is fuzzed.

use super::exposition as page;
use crate::connection::read_reply;

/// More than an answer of a corpus has.
const MOST: usize = 1 << 16;

/// A counter that is known is a number, and its lines alone are a page.
///
/// # Panics
/// When it is not so.
pub fn exposition(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (name, text) = text.split_once('\n').unwrap_or(("requests_total", &text));
    if let Some(sum) = page::counted(text, name) {
        assert!(!sum.is_nan());
    }
    let _ = (page::is_odd(text, name), page::is_page(text));
}

/// An answer takes no more bytes than there are, and is the same without what is behind it.
///
/// # Panics
/// When it is not so.
pub fn redis_reply(bytes: &[u8]) {
    if let Ok(Some((reply, used))) = read_reply(bytes, MOST) {
        assert!(used <= bytes.len());
        let (again, all) = read_reply(&bytes[..used], MOST)
            .ok()
            .flatten()
            .expect("a whole answer");
        assert_eq!((again, all), (reply, used));
        assert!(!matches!(read_reply(&bytes[..used - 1], MOST), Ok(Some(_))));
    }
}
