//! How an answer begins that was not expected, fit to be shown: one line, bounded, without secrets.

mod secrets;
#[cfg(test)]
mod tests;

use serde_json::Value;

use super::json;

/// The most of a body that is kept for it, in bytes.
pub(super) const EXCERPT_BYTES: usize = 512;
/// The most that is shown of it, in characters.
const SHOWN: usize = 160;
/// Where services say what went wrong, in the order in which they are asked.
const FIELDS: [&str; 9] = [
    "detail",
    "error.message",
    "error_description",
    "message",
    "error",
    "errors.0.message",
    "detail.0.msg",
    "title",
    "reason",
];

/// What a body says, on one line of at most 160 characters. `sent` are secrets that the request had along, which the
/// answer may repeat. Empty when there is nothing to show.
pub(super) fn excerpt(body: &[u8], sent: &[&str]) -> String {
    let body = &body[..body.len().min(EXCERPT_BYTES)];
    let is_cut = body.len() == EXCERPT_BYTES;
    let Some(text) = text_of(body, is_cut) else {
        return format!("{} bytes that are not text", body.len());
    };
    let text = message_of(&text).unwrap_or_else(|| without_markup(&text));
    shorten(&secrets::without(&one_line(&text), sent, is_cut))
}

/// A value that stood in an answer under this name, on one short line; nothing of it when it is named as a secret.
pub(super) fn value(name: &str, value: &str, sent: &[&str]) -> String {
    if secrets::is_named(name) {
        return secrets::HIDDEN.to_owned();
    }
    let (value, is_cut) = match value.char_indices().nth(EXCERPT_BYTES) {
        Some((end, _)) => (&value[..end], true),
        None => (value, false),
    };
    shorten(&secrets::without(&one_line(value), sent, is_cut))
}

/// Whether what has this name is a secret.
pub(super) use secrets::is_named as is_secret;

/// The text of a body; `None` when it is none.
fn text_of(body: &[u8], is_cut: bool) -> Option<String> {
    let body = crate::profile::without_mark(body);
    let text = match std::str::from_utf8(body) {
        Ok(text) => text.to_owned(),
        // A cut may go through a character.
        Err(error) if is_cut && error.error_len().is_none() => {
            String::from_utf8_lossy(&body[..error.valid_up_to()]).into_owned()
        }
        Err(_) => String::from_utf8_lossy(body).into_owned(),
    };
    // Escapes stand for colours.
    let is_plain = |c: char| c.is_whitespace() || c == '\u{1b}';
    let odd = |c: &char| *c == '\u{fffd}' || (c.is_control() && !is_plain(*c));
    let strange = text.chars().filter(odd).count();
    (strange * 10 <= text.chars().count()).then_some(text)
}

/// The field of a JSON document that says what is wrong.
fn message_of(text: &str) -> Option<String> {
    let document = json::parse(text.as_bytes())?;
    let found = FIELDS.iter().find_map(|field| {
        let value = json::json_field(&document, field)?;
        value.as_str().filter(|text| !text.trim().is_empty())
    });
    match (&document, found) {
        (_, Some(text)) => Some(text.to_owned()),
        (Value::String(text), None) => Some(text.clone()),
        _ => None,
    }
}

/// The words of a page.
fn without_markup(text: &str) -> String {
    if !text.trim_start().starts_with('<') {
        return text.to_owned();
    }
    let lower = text.to_ascii_lowercase();
    let mut words = String::new();
    let mut at = 0;
    while let Some(open) = text[at..].find('<').map(|open| at + open) {
        words.push_str(&text[at..open]);
        words.push(' ');
        let hidden = ["<style", "<script", "<!--"]
            .into_iter()
            .zip(["</style", "</script", "-->"])
            .find(|(begin, _)| lower[open..].starts_with(begin));
        let from = match hidden {
            Some((_, end)) => lower[open..].find(end).map(|end| open + end),
            None => Some(open),
        };
        let close = from.and_then(|from| text[from..].find('>').map(|close| from + close + 1));
        let Some(close) = close else {
            return words;
        };
        at = close;
    }
    words.push_str(&text[at..]);
    words
}

/// Without line breaks, control characters and marks that take no room or turn the direction of text.
fn one_line(text: &str) -> String {
    let is_hidden = |c: char| matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    let plain: String = text
        .chars()
        .filter(|c| !is_hidden(*c))
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn shorten(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((at, _)) => format!("{}…", text[..at].trim_end()),
        None => text.to_owned(),
    }
}
