//! Reading what services say of themselves, which is not always quite JSON.

use serde_json::Value;

use crate::profile::without_mark;

/// Parses a document; bare `NaN`, `Infinity` and `-Infinity`, as Python writes them, are read as null.
/// A byte order mark before the document is passed over.
pub(super) fn parse(bytes: &[u8]) -> Option<Value> {
    let bytes = without_mark(bytes);
    serde_json::from_slice(bytes).ok().or_else(|| {
        serde_json::from_str(&without_odd_numbers(std::str::from_utf8(bytes).ok()?)).ok()
    })
}

pub(super) fn without_odd_numbers(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['"', 'N', 'I', '-']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let odd = ["NaN", "Infinity", "-Infinity"];
        let (taken, put) = if rest.starts_with('"') {
            let length = string_length(rest);
            (length, &rest[..length])
        } else if let Some(odd) = odd.into_iter().find(|odd| rest.starts_with(odd)) {
            (odd.len(), "null")
        } else {
            (1, &rest[..1])
        };
        out.push_str(put);
        rest = &rest[taken..];
    }
    out.push_str(rest);
    out
}

/// The length of the quoted string that `text` begins with, quotes included.
fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// Finds a field by its dotted path: `checks.database`, `queues.0.length`. A key that holds dots itself is
/// found too, the shortest first part that leads somewhere winning.
pub fn json_field<'a>(document: &'a Value, path: &str) -> Option<&'a Value> {
    if let Some(value) = child(document, path) {
        return Some(value);
    }
    path.match_indices('.').find_map(|(at, _)| {
        let inner = child(document, &path[..at])?;
        json_field(inner, &path[at + 1..])
    })
}

fn child<'a>(value: &'a Value, key: &str) -> Option<&'a Value> {
    match value {
        Value::Object(fields) => fields.get(key),
        Value::Array(items) => items.get(key.parse::<usize>().ok()?),
        _ => None,
    }
}

/// What a field holds as text, be it a text, a number or a truth.
pub(super) fn field_text(document: &Value, path: &str) -> Option<String> {
    match json_field(document, path)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    }
}

/// The number that a field holds, be it written as a number or as a string; never NaN or infinite.
pub fn json_number(document: &Value, path: &str) -> Option<f64> {
    let number = match json_field(document, path)? {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    number.is_finite().then_some(number)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_are_found_by_dotted_paths() {
        let document = json!({
            "status": "ok",
            "checks": {"database": "up", "none": null},
            "api": {"GET:/v1.0/agents": {"p95": 3.5}},
            "queues": [{"length": 7}],
        });
        let field = |path| json_field(&document, path).map(ToString::to_string);
        assert_eq!(field("status").as_deref(), Some("\"ok\""));
        assert_eq!(field("checks.database").as_deref(), Some("\"up\""));
        assert_eq!(field("checks.none").as_deref(), Some("null"));
        assert_eq!(field("api.GET:/v1.0/agents.p95").as_deref(), Some("3.5"));
        assert_eq!(field("queues.0.length").as_deref(), Some("7"));
        for absent in [
            "",
            ".",
            "checks.",
            ".checks",
            "status.x",
            "queues.1",
            "queues.-1.length",
        ] {
            assert_eq!(field(absent), None, "{absent}");
        }
        assert_eq!(json_field(&json!("bare"), "bare"), None);
    }

    #[test]
    fn numbers_are_taken_from_numbers_and_their_texts_alone() {
        let document = json!({"n": 1.5, "i": -3, "s": " 12.5 ", "nan": "NaN", "inf": "inf", "t": "up",
            "b": true, "null": null, "a": [1], "o": {}});
        let number = |path| json_number(&document, path);
        assert_eq!(
            (number("n"), number("i"), number("s")),
            (Some(1.5), Some(-3.0), Some(12.5))
        );
        for none in ["nan", "inf", "t", "b", "null", "a", "o", "absent"] {
            assert_eq!(number(none), None, "{none}");
        }
    }

    #[test]
    fn numbers_that_json_does_not_know_are_null() {
        let text = br#"{"a": NaN, "b": [-Infinity, Infinity, -1], "c": "NaN \" NaN", "N": "-"}"#;
        let read = json!({"a": null, "b": [null, null, -1], "c": "NaN \" NaN", "N": "-"});
        assert_eq!(parse(text), Some(read));
        let marked = b"\xef\xbb\xbf{\"status\": \"ok\"}";
        assert_eq!(parse(marked), Some(json!({"status": "ok"})));
        for none in [&b"NaNNaN"[..], b"{", b"\"", b"", b"\xff", b"<html>"] {
            assert_eq!(parse(none), None);
        }
    }

    proptest! {
        #[test]
        fn whatever_is_sent_is_read_or_not_but_never_panics(text in ".*", path in "[a.0]*") {
            let _ = without_odd_numbers(&text);
            let _ = json_field(&json!({"a": [{"a": text}], "": {"a": 1}}), &path);
        }
    }
}
