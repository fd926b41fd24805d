//! Lines of a terminal: measured in columns, coloured by meaning, never wider than allowed.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::Style;

/// What a piece of text means, and so its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    Plain,
    Strong,
    Quiet,
    Good,
    Doubtful,
    Bad,
}

impl Tone {
    fn code(self) -> &'static str {
        match self {
            Tone::Plain => "",
            Tone::Strong => "\x1b[1m",
            Tone::Quiet => "\x1b[2m",
            Tone::Good => "\x1b[32m",
            Tone::Doubtful => "\x1b[33m",
            Tone::Bad => "\x1b[1;31m",
        }
    }
}

/// One line, in pieces of one tone each.
#[derive(Debug, Clone, Default)]
pub(super) struct TextLine(Vec<(String, Tone)>);

impl TextLine {
    pub(super) fn of(text: impl Into<String>, tone: Tone) -> TextLine {
        TextLine(vec![(text.into(), tone)])
    }

    pub(super) fn push(&mut self, text: impl Into<String>, tone: Tone) {
        self.0.push((text.into(), tone));
    }

    /// The line as it is printed, its end blank-free and cut where the terminal ends.
    pub(super) fn render(&self, style: Style) -> String {
        let plain: String = self.0.iter().map(|(text, _)| text.as_str()).collect();
        let mut room = style.width.min(width(plain.trim_end()));
        let is_cut = width(plain.trim_end()) > style.width;
        if is_cut {
            room = room.saturating_sub(1);
        }
        let mut out = String::new();
        for (text, tone) in &self.0 {
            let part = cut(text, room);
            room -= width(part);
            if part.is_empty() {
                continue;
            }
            if style.colour && *tone != Tone::Plain {
                out.push_str(tone.code());
                out.push_str(part);
                out.push_str("\x1b[0m");
            } else {
                out.push_str(part);
            }
            if part.len() < text.len() {
                break;
            }
        }
        if is_cut && style.width > 0 {
            out.push('…');
        }
        out
    }
}

/// Columns that a text takes.
pub(super) fn width(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

/// The longest beginning of a text that fits.
fn cut(text: &str, room: usize) -> &str {
    let mut end = 0;
    for (index, c) in text.char_indices() {
        let next = index + c.len_utf8();
        if width(&text[..next]) > room {
            return &text[..end];
        }
        end = next;
    }
    text
}

/// A text in lines of at most `room` columns, broken between words where that is possible.
pub(super) fn wrap(text: &str, room: usize) -> Vec<String> {
    let room = room.max(2);
    let mut lines = vec![String::new()];
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let current = lines.last_mut().expect("there is always a line");
        if current.is_empty() || width(current) + 1 + width(word) <= room {
            if !current.is_empty() {
                current.push(' ');
            }
            current.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
        while let Some(rest) = overflow(lines.last_mut().expect("there is always a line"), room) {
            lines.push(rest);
        }
    }
    lines
}

/// Cuts a line that is too long, and returns what did not fit.
fn overflow(line: &mut String, room: usize) -> Option<String> {
    if width(line) <= room {
        return None;
    }
    let mut at = cut(line, room).len();
    if at == 0 {
        at = line.chars().next().map_or(0, char::len_utf8);
        if at == line.len() {
            return None;
        }
    }
    // A mark that belongs to the letter before it stays with it, unless nothing would be left to move.
    while let Some(mark) = line[at..].chars().next().filter(|c| c.width() == Some(0)) {
        at += mark.len_utf8();
    }
    (at < line.len()).then(|| line.split_off(at))
}

/// Paragraphs behind a label, the later lines indented as far as the first.
pub(super) fn labelled(label: &str, tone: Tone, text: &str, room: usize) -> Vec<TextLine> {
    let indent = width(label);
    wrap(text, room.saturating_sub(indent))
        .into_iter()
        .enumerate()
        .map(|(index, part)| {
            let mut line = if index == 0 {
                TextLine::of(label, tone)
            } else {
                TextLine::of(" ".repeat(indent), Tone::Plain)
            };
            line.push(part, Tone::Plain);
            line
        })
        .collect()
}
