//! Foreign text as Markdown that says exactly this text: no table is broken, no user is mentioned, nothing is linked.

use super::clean;

/// Longer text is cut: a comment has 65,536 characters for all of it.
const LONGEST: usize = 300;

/// Stands, unseen, between characters that would be a link or a mention together.
const APART: &str = "&#8203;";

/// The text on one line, without any meaning of its own.
///
/// Signs that Markdown reads are escaped, those of HTML are entities. GitHub links addresses, `@names` and `#numbers`
/// after it has read the Markdown, so that no escape helps there: they are set apart by a character without width.
pub fn text(foreign: &str) -> String {
    let plain = shortened(&clean(foreign));
    let mut out = String::with_capacity(plain.len());
    for (at, c) in plain.char_indices() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '|' | '`' | '*' | '_' | '~' | '[' | ']' | '(' | ')' | '\\' | '!' | '$' | '+' | '=' => {
                out.push('\\');
                out.push(c);
            }
            // Elsewhere these are part of words and dates.
            '-' if at == 0 => out.push_str("\\-"),
            '@' => out.extend(["@", APART]),
            '#' => out.extend(["\\#", APART]),
            ':' if plain[at..].starts_with("://") => out.extend([":", APART]),
            '.' if ends_with(&plain[..at], "www") => out.extend([APART, "."]),
            '-' if ends_with(&plain[..at], "gh") => out.extend(["-", APART]),
            _ => out.push(c),
        }
    }
    out
}

fn ends_with(text: &str, word: &str) -> bool {
    let start = text.len().checked_sub(word.len());
    let tail = start.and_then(|start| text.get(start..));
    tail.is_some_and(|tail| tail.eq_ignore_ascii_case(word))
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_markdown_and_github_would_read_is_escaped() {
        let table = [
            ("GET /health", "GET /health"),
            ("a|b", "a\\|b"),
            ("a\\|b", "a\\\\\\|b"),
            ("`x`", "\\`x\\`"),
            ("<img src=x>", "&lt;img src\\=x&gt;"),
            ("&lt;", "&amp;lt;"),
            ("a\nb\r\n# c", "a b \\#&#8203; c"),
            ("@octocat", "@&#8203;octocat"),
            ("me@example.com", "me@&#8203;example.com"),
            ("see #12", "see \\#&#8203;12"),
            ("GH-12 www.x.org", "GH-&#8203;12 www&#8203;.x.org"),
            ("https://x.org/a", "https:&#8203;//x.org/a"),
            ("[a](b) ![c](d)", "\\[a\\]\\(b\\) \\!\\[c\\]\\(d\\)"),
            (
                "**a** _b_ ~~c~~ $d$",
                "\\*\\*a\\*\\* \\_b\\_ \\~\\~c\\~\\~ \\$d\\$",
            ),
            ("- a", "\\- a"),
            ("2026-01-31", "2026-01-31"),
        ];
        for (foreign, markdown) in table {
            assert_eq!(text(foreign), markdown, "{foreign}");
        }
        assert_eq!(text(&"é".repeat(1_000)).chars().count(), LONGEST + 1);
    }

    proptest! {
        #[test]
        fn no_sign_that_opens_something_is_left_bare(foreign in ".{0,80}") {
            let markdown = text(&foreign);
            let mut before = ' ';
            for c in markdown.chars() {
                prop_assert!(!matches!(c, '<' | '>' | '\n' | '\r'));
                let is_sign = matches!(c, '|' | '`' | '*' | '_' | '[' | ']');
                prop_assert!(!is_sign || before == '\\', "{markdown}");
                // A backslash that is escaped itself escapes nothing.
                before = if before == '\\' && c == '\\' { ' ' } else { c };
            }
        }
    }
}
