//! From text to segments.

use serde::{Serialize, Serializer};

use super::mark::MarkUse;

/// The longest that is looked for the end of a mark.
const LONGEST_MARK: usize = 200;

/// A text with marks. It serialises as it was written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Template {
    source: String,
    segments: Vec<Segment>,
}

/// A part of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Segment {
    /// As it is.
    Text(String),
    /// To be filled in.
    Mark(MarkUse),
}

impl Template {
    /// Reads a text. Braces around anything but a mark belong to the text, and `{{name}` is the literal `{name}`.
    pub fn parse(source: &str) -> Template {
        let mut segments = Vec::new();
        let mut text = String::new();
        let mut rest = source;
        while let Some(at) = rest.find('{') {
            text.push_str(&rest[..at]);
            rest = &rest[at..];
            if let Some((mark, length)) = mark_at(rest) {
                if !text.is_empty() {
                    segments.push(Segment::Text(std::mem::take(&mut text)));
                }
                segments.push(Segment::Mark(mark));
                rest = &rest[length..];
                continue;
            }
            // Of two braces before a name the first one only says that it is meant literally.
            let literal = rest.strip_prefix('{').and_then(mark_at);
            let kept = literal.map_or(&rest[..1], |(_, length)| &rest[1..=length]);
            text.push_str(kept);
            rest = &rest[literal_length(kept, rest)..];
        }
        text.push_str(rest);
        if !text.is_empty() {
            segments.push(Segment::Text(text));
        }
        Template {
            source: source.to_owned(),
            segments,
        }
    }

    /// The text as it was written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The marks, in order.
    pub fn marks(&self) -> impl Iterator<Item = &MarkUse> {
        self.segments.iter().filter_map(|segment| match segment {
            Segment::Mark(mark) => Some(mark),
            Segment::Text(_) => None,
        })
    }

    /// Whether anything is filled in.
    pub fn has_marks(&self) -> bool {
        self.marks().next().is_some()
    }

    /// The text with something else in the place of each mark.
    pub fn with(&self, fill: impl Fn(&MarkUse) -> String) -> String {
        let text = |segment: &Segment| match segment {
            Segment::Text(text) => text.clone(),
            Segment::Mark(mark) => fill(mark),
        };
        self.segments.iter().map(text).collect()
    }

    /// The source with its text changed and its marks as they are.
    pub fn map_text(&self, change: &impl Fn(&str) -> String) -> String {
        let text = |segment: &Segment| match segment {
            Segment::Text(text) => escape_literal(&change(text)),
            Segment::Mark(mark) => format!("{{{}}}", mark.source),
        };
        self.segments.iter().map(text).collect()
    }

    /// Whether the text is JSON when every mark is a value or a part of a string.
    pub fn is_json(&self) -> bool {
        let filled = self.with(|_| "0".to_owned());
        serde_json::from_str::<serde_json::Value>(&filled).is_ok()
    }

    /// A mark that is to be a JSON value and stands within a string, in a text that is JSON.
    pub fn json_within_string(&self) -> Option<&MarkUse> {
        let mut json = JsonText::default();
        self.segments.iter().find_map(|segment| match segment {
            Segment::Text(text) => {
                json.read(text);
                None
            }
            Segment::Mark(mark) => (mark.is_json && json.is_in_string).then_some(mark),
        })
    }

    pub(super) fn segments(&self) -> &[Segment] {
        &self.segments
    }
}

impl Serialize for Template {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.source)
    }
}

/// A text as a template that says the same: marks in it are not filled in.
pub fn escape_literal(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('{') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        if mark_at(rest).is_some() {
            out.push('{');
        }
        out.push('{');
        rest = &rest[1..];
    }
    out.push_str(rest);
    out
}

/// The mark that a text begins with, and its length with its braces.
fn mark_at(text: &str) -> Option<(MarkUse, usize)> {
    let inner = text.strip_prefix('{')?;
    let end = inner
        .bytes()
        .take(LONGEST_MARK)
        .position(|byte| matches!(byte, b'}' | b'{'))?;
    let length = end + 2;
    inner[end..].starts_with('}').then_some(())?;
    Some((MarkUse::parse(&inner[..end])?, length))
}

/// How much of `rest` a literal takes: itself, and the brace that marked it as one.
fn literal_length(kept: &str, rest: &str) -> usize {
    debug_assert!(rest.starts_with('{'));
    if kept.len() == 1 { 1 } else { kept.len() + 1 }
}

/// Follows a JSON text as far as its strings.
#[derive(Default)]
pub(super) struct JsonText {
    pub(super) is_in_string: bool,
    is_escaped: bool,
}

impl JsonText {
    pub(super) fn read(&mut self, text: &str) {
        for byte in text.bytes() {
            match byte {
                _ if self.is_escaped => self.is_escaped = false,
                b'\\' => self.is_escaped = self.is_in_string,
                b'"' => self.is_in_string = !self.is_in_string,
                _ => {}
            }
        }
    }
}
