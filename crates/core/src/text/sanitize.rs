//! Text that came from the target, made fit for a terminal and for XML.

/// The text on one line, without terminal escapes, control characters and invisible format characters.
pub fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match c {
            '\u{1b}' => skip_escape(&mut rest),
            '\u{9b}' => skip_until(&mut rest, is_final),
            _ if c.is_whitespace() || c.is_control() => out.push(' '),
            _ if is_invisible(c) => {}
            _ => out.push(c),
        }
    }
    out.split(' ')
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

fn skip_escape(rest: &mut std::str::Chars<'_>) {
    match rest.clone().next() {
        Some('[') => {
            rest.next();
            skip_until(rest, is_final);
        }
        Some(']' | 'P' | 'X' | '^' | '_') => skip_string(rest),
        Some(c) if c.is_ascii_graphic() => {
            rest.next();
        }
        _ => {}
    }
}

/// A control sequence ends with a letter or sign; an unfinished one must not swallow the next line.
fn skip_until(rest: &mut std::str::Chars<'_>, is_end: fn(char) -> bool) {
    while let Some(c) = rest.clone().next().filter(|c| !c.is_control()) {
        rest.next();
        if is_end(c) {
            return;
        }
    }
}

/// A control string, such as a link or a window title, ends with a bell or an escape and a backslash.
fn skip_string(rest: &mut std::str::Chars<'_>) {
    while let Some(c) = rest.next() {
        if c == '\u{7}' || c == '\u{9c}' {
            return;
        }
        if c == '\u{1b}' && rest.clone().next() == Some('\\') {
            rest.next();
            return;
        }
    }
}

fn is_final(c: char) -> bool {
    ('\u{40}'..='\u{7e}').contains(&c)
}

/// Marks that turn the direction of text or take no room: a name could hide behind them.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}'
        | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::clean;

    #[test]
    fn nothing_that_a_terminal_obeys_is_left() {
        let table = [
            ("GET /health", "GET /health"),
            ("a\x1b[31mred\x1b[0m", "ared"),
            ("a\x1b]0;title\x07b", "ab"),
            ("a\x1b]8;;http://x\x1b\\link", "alink"),
            ("a\u{9b}2Jb", "ab"),
            ("a\r\nb\tc", "a b c"),
            ("a\x00\x08b", "a b"),
            ("\u{202e}gnp.exe\u{200b}", "gnp.exe"),
            ("a\x1b", "a"),
            ("a\x1b[", "a"),
            ("Grüße 日本", "Grüße 日本"),
            ("<&\">", "<&\">"),
        ];
        for (text, cleaned) in table {
            assert_eq!(clean(text), cleaned, "{text:?}");
        }
    }
}
