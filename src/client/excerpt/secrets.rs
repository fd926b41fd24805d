//! Takes secrets out of text that came from the target.

/// What stands in the place of a secret.
pub(super) const HIDDEN: &str = "***";
/// Values that are shorter are words more often than secrets.
const SHORTEST: usize = 6;
/// From this length on, letters and digits without a gap are taken for a key.
const OPAQUE: usize = 32;
/// What the name of a value has in it whose value is a secret.
const NAMES: [&str; 12] = [
    "password",
    "passwd",
    "pwd",
    "secret",
    "token",
    "api_key",
    "apikey",
    "api-key",
    "authorization",
    "cookie",
    "credential",
    "session",
];
/// What secrets begin with.
const SCHEMES: [&str; 2] = ["bearer ", "basic "];

/// Whether a value of this name is a secret.
pub(in crate::client) fn is_named(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    NAMES.iter().any(|secret| name.contains(secret))
}

/// The text without what was `sent` as a secret, what is named as one, and what looks like one. `is_cut` says that the
/// text may end within one.
pub(super) fn without(text: &str, sent: &[&str], is_cut: bool) -> String {
    let mut text = text.to_owned();
    for secret in sent.iter().filter(|secret| secret.len() >= SHORTEST) {
        text = text.replace(secret, HIDDEN);
        if is_cut {
            text = without_part(text, secret);
        }
    }
    opaque(&login(&named(&text)))
}

/// Without the beginning of a secret that the text ends in.
fn without_part(mut text: String, secret: &str) -> String {
    let parts = secret.char_indices().map(|(at, _)| at).rev();
    if let Some(at) = parts
        .filter(|at| *at > 3)
        .find(|at| text.ends_with(&secret[..*at]))
    {
        text.truncate(text.len() - at);
        text.push_str(HIDDEN);
    }
    text
}

/// Without the values of `"password": "x"`, `token=x`, `Authorization: Bearer x` and their like.
fn named(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        let rest = &lower[at..];
        let scheme = SCHEMES.iter().find(|scheme| rest.starts_with(**scheme));
        let name = NAMES.iter().find(|name| rest.starts_with(**name));
        let value = match (scheme, name) {
            (Some(scheme), _) => Some(at + scheme.len()),
            (None, Some(name)) => value_of(text, at + name.len()),
            (None, None) => None,
        };
        if let Some(from) = value {
            let to = end_of_value(text, from);
            out.push_str(&text[at..from]);
            // A word that follows `bearer` in a sentence is shorter than any token.
            let is_word = name.is_none() && to - from < SHORTEST + 2;
            out.push_str(if is_word || to == from {
                &text[from..to]
            } else {
                HIDDEN
            });
            at = to;
        } else {
            let next = text[at..].chars().next().map_or(1, char::len_utf8);
            out.push_str(&text[at..at + next]);
            at += next;
        }
    }
    out
}

/// Where the value of a name begins that ends here: behind the rest of the name, quotes, and `:` or `=`.
fn value_of(text: &str, name_end: usize) -> Option<usize> {
    let rest = &text[name_end..];
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let separated = rest
        .trim_start_matches(is_name)
        .trim_start_matches(['"', '\'', '\\']);
    let value = separated
        .trim_start()
        .strip_prefix([':', '='])?
        .trim_start();
    let scheme = SCHEMES.iter().find(|scheme| {
        value
            .get(..scheme.len())
            .is_some_and(|begin| begin.eq_ignore_ascii_case(scheme))
    });
    Some(text.len() - value.len() + scheme.map_or(0, |scheme| scheme.len()))
}

/// Where a value ends: at its closing quote, or before what separates it from the next.
fn end_of_value(text: &str, from: usize) -> usize {
    let value = text[from..].trim_start_matches('\\');
    let skipped = text.len() - from - value.len();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''));
    let length = match quote {
        Some(quote) => closing(value, quote).unwrap_or(value.len()),
        None => value
            .find(|c: char| {
                c.is_whitespace()
                    || matches!(c, '&' | ',' | ';' | '}' | ']' | ')' | '"' | '\'' | '<')
            })
            .unwrap_or(value.len()),
    };
    from + skipped + length
}

/// The length of a quoted value, closing quote included.
fn closing(value: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in value.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return Some(at + c.len_utf8()),
            _ => {}
        }
    }
    None
}

/// Without the passwords of URLs: `postgresql://user:x@host`.
fn login(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        out.push_str(before);
        let end = after
            .find(|c: char| c.is_whitespace() || matches!(c, '/' | '"' | '\'' | '?'))
            .unwrap_or(after.len());
        let authority = &after[..end];
        rest = after;
        if let Some((user, _)) = authority.rsplit_once('@') {
            let name = user.split(':').next().unwrap_or_default();
            out.push_str(&format!("{name}:{HIDDEN}"));
            rest = &after[user.len()..];
        }
    }
    out.push_str(rest);
    out
}

/// Without what looks like a key: a JSON web token, or a long run of letters and digits that is not a name.
fn opaque(text: &str) -> String {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '+' | '=' | '.');
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(is_part) {
        out.push_str(&rest[..at]);
        let run = &rest[at..];
        let run = &run[..run.find(|c| !is_part(c)).unwrap_or(run.len())];
        out.push_str(if looks_like_a_key(run) { HIDDEN } else { run });
        rest = &rest[at + run.len()..];
    }
    out.push_str(rest);
    out
}

fn looks_like_a_key(run: &str) -> bool {
    if run.starts_with("eyJ") && run.len() >= 16 {
        return true;
    }
    run.split('.').any(|part| {
        let has = |test: fn(&u8) -> bool| part.bytes().any(|byte| test(&byte));
        let is_hex = part.bytes().all(|byte| byte.is_ascii_hexdigit());
        let is_mixed = has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase);
        let is_id = part.len() == 36 && part.split('-').map(str::len).eq([8, 4, 4, 4, 12]);
        part.len() >= OPAQUE && !is_id && has(u8::is_ascii_digit) && (is_hex || is_mixed)
    })
}
