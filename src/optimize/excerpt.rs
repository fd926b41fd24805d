//! Excerpts of texts that are too long to be shown, which differ where the texts do.

use std::collections::{BTreeMap, BTreeSet};

/// Between what is shown of a text.
const GAP: &str = " … ";
/// A list that is shorter is not worth leaving out.
const LONG_LIST: usize = 24;
/// What is longer is not looked through for lists.
const LONGEST_READ: usize = 50_000;
/// As much is shown before what tells a text from another one.
const CONTEXT: usize = 12;

/// One line for each text, of at most `longest` characters.
///
/// What is too long loses its lists of columns and of values first, as a statement's condition says more. Where two
/// different texts would still look alike, each shows the place at which it differs.
pub(crate) fn excerpts(texts: &[&str], longest: usize) -> Vec<String> {
    let lines: Vec<String> = texts.iter().map(|text| one_line(text)).collect();
    let shown = lines.iter().map(|line| excerpt(line, longest)).collect();
    told_apart(&lines, shown, longest)
}

/// The same of names, in which every space counts.
pub(crate) fn short_names(names: &[String], longest: usize) -> Vec<String> {
    let shown = names.iter().map(|name| cut(name, longest)).collect();
    told_apart(names, shown, longest)
}

/// `shown`, but for those of different texts that look alike.
fn told_apart(lines: &[String], mut shown: Vec<String>, longest: usize) -> Vec<String> {
    for alike in groups(lines, &shown) {
        for &at in &alike {
            let others = alike.iter().map(|&other| lines[other].as_str());
            shown[at] = around_difference(&lines[at], others, longest);
        }
    }
    // The place at which one differs from its nearest may be that at which others differ as well.
    for alike in groups(lines, &shown) {
        let different: BTreeSet<&str> = alike.iter().map(|&at| lines[at].as_str()).collect();
        let different: Vec<&str> = different.into_iter().collect();
        for &at in &alike {
            let number = different.iter().position(|line| *line == lines[at]);
            let end = format!(" ({})", number.unwrap_or(0) + 1);
            shown[at] = cut(&shown[at], longest.saturating_sub(end.len())) + &end;
        }
    }
    shown
}

/// Of one statement alone.
fn excerpt(text: &str, longest: usize) -> String {
    let line = one_line(text);
    if line.chars().count() <= longest {
        return line;
    }
    if line.len() > LONGEST_READ {
        return cut(&line, longest);
    }
    cut(&without_lists(&line), longest)
}

/// The places of different texts that look the same.
fn groups(lines: &[String], shown: &[String]) -> Vec<Vec<usize>> {
    let mut groups: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, text) in shown.iter().enumerate() {
        groups.entry(text).or_default().push(at);
    }
    let differ = |group: &Vec<usize>| group.iter().any(|at| lines[*at] != lines[group[0]]);
    groups.into_values().filter(differ).collect()
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn cut(text: &str, longest: usize) -> String {
    if text.chars().count() <= longest {
        return text.to_owned();
    }
    let kept: String = text.chars().take(longest.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

/// The beginning, and the place behind which it equals no other.
fn around_difference<'a>(
    text: &str,
    others: impl Iterator<Item = &'a str>,
    longest: usize,
) -> String {
    let same = |other: &str| {
        let both = text.chars().zip(other.chars());
        both.take_while(|(a, b)| a == b).count()
    };
    let others = others.filter(|other| *other != text);
    let differs = others.map(same).max().unwrap_or(0);
    let letters: Vec<char> = text.chars().collect();
    let head = longest / 3;
    let room = longest.saturating_sub(head + GAP.chars().count());
    let from = differs.saturating_sub(CONTEXT);
    // Where the rest fits, more of what is before it is shown.
    let from = from.min(letters.len().saturating_sub(room)).max(head);
    let begin: String = letters.iter().take(head).collect();
    let rest: String = letters[from.min(letters.len())..].iter().collect();
    format!("{}{GAP}{}", begin.trim_end(), cut(rest.trim_start(), room))
}

/// Without long lists between SELECT and FROM or SET and WHERE, of an INSERT's columns, and of placeholders.
fn without_lists(line: &str) -> String {
    let marks = marks(line);
    let mut left_out: Vec<(usize, usize)> = Vec::new();
    for (at, mark) in marks.iter().enumerate() {
        let behind = &marks[at + 1..];
        let end = match mark.what {
            What::Word("SELECT") => closing(behind, mark.depth, &["FROM"]),
            What::Word("SET") => closing(behind, mark.depth, &["WHERE", "FROM", "RETURNING"]),
            What::Open => behind
                .iter()
                .find(|other| other.what == What::Close && other.depth == mark.depth)
                .filter(|close| is_list(&line[mark.end..close.begin], line, mark.begin))
                .map(|close| close.begin),
            _ => None,
        };
        let is_within = left_out.last().is_some_and(|(_, end)| mark.end < *end);
        if let Some(end) = end.filter(|end| !is_within && end - mark.end > LONG_LIST) {
            left_out.push((mark.end, end));
        }
    }
    let mut out = String::new();
    let mut from = 0;
    for (begin, end) in left_out {
        out.push_str(&line[from..begin]);
        out.push_str(if line[..begin].ends_with('(') {
            "…"
        } else {
            GAP
        });
        from = end;
    }
    out + &line[from..]
}

/// Where the clause ends that began at this depth.
fn closing(behind: &[Mark], depth: usize, words: &[&str]) -> Option<usize> {
    let mut of_depth = behind.iter().take_while(|mark| mark.depth >= depth);
    let end = of_depth.find(|mark| {
        mark.depth == depth && matches!(mark.what, What::Word(word) if words.contains(&word))
    });
    end.map(|mark| mark.begin)
}

/// Whether what is in parentheses is but placeholders or numbers, or the columns of an INSERT.
fn is_list(within: &str, line: &str, begin: usize) -> bool {
    let is_value = |letter: char| letter.is_ascii_digit() || "$, ".contains(letter);
    let before = line[..begin].trim_end().rsplit(' ').nth(1);
    let is_insert = before.is_some_and(|word| word.eq_ignore_ascii_case("INTO"));
    within.chars().all(is_value) || is_insert
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    /// One of the words that begin or end a list.
    Word(&'static str),
    Open,
    Close,
}

/// A place in a statement that matters for lists, with how many parentheses are open around it.
struct Mark {
    what: What,
    begin: usize,
    end: usize,
    depth: usize,
}

const WORDS: [&str; 5] = ["SELECT", "FROM", "SET", "WHERE", "RETURNING"];

fn marks(line: &str) -> Vec<Mark> {
    let bytes = line.as_bytes();
    let (mut marks, mut depth, mut at) = (Vec::new(), 0_usize, 0);
    while at < bytes.len() {
        let begin = at;
        at += 1;
        let what = match bytes[begin] {
            quote @ (b'\'' | b'"') => {
                let length = bytes[at..].iter().position(|byte| *byte == quote);
                at = length.map_or(bytes.len(), |length| at + length + 1);
                continue;
            }
            b'(' => What::Open,
            b')' => {
                depth = depth.saturating_sub(1);
                What::Close
            }
            byte if is_letter(byte) => {
                at += bytes[at..]
                    .iter()
                    .take_while(|byte| is_letter(**byte))
                    .count();
                let word = &line[begin..at];
                match WORDS.iter().find(|known| known.eq_ignore_ascii_case(word)) {
                    Some(known) => What::Word(known),
                    None => continue,
                }
            }
            _ => continue,
        };
        marks.push(Mark {
            what,
            begin,
            end: at,
            depth,
        });
        depth += usize::from(what == What::Open);
    }
    marks
}

/// Of a word; letters that are not ASCII belong to names.
fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || !byte.is_ascii()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// As SQLAlchemy writes them: the same list in each.
    const LIST: &str = "SELECT agents.id AS agents_id, agents.name AS agents_name, agents.organization_id AS agents_organization_id, \
                        agents.created_at AS agents_created_at";

    #[test]
    fn statements_show_what_tells_them_apart() {
        let by_time = format!(
            "{LIST} FROM agents WHERE agents.organization_id = $1 ORDER BY agents.created_at DESC LIMIT $2"
        );
        let by_type =
            format!("{LIST} FROM agents WHERE agents.organization_id = $1 AND agents.type = $2");
        let of_users = format!(
            "{LIST} FROM agents JOIN users ON users.id = agents.owner_id WHERE users.email = $1"
        );
        let shown = excerpts(&[&by_time, &by_type, &of_users, "SELECT 1"], 60);
        assert_eq!(
            shown,
            [
                "SELECT … FROM agents WHERE agents.organization_id = $1 ORDE…",
                "SELECT … FROM agents WHERE agents.organization_id = $1 AND…",
                "SELECT … FROM agents JOIN users ON users.id = agents.owner_…",
                "SELECT 1"
            ]
        );
        let shown = excerpts(&[&by_time, &by_type], 50);
        assert!(
            shown[0].contains("ORDER BY") && shown[1].contains("agents.type"),
            "{shown:?}"
        );
        let shown = excerpts(&[&by_time, &by_type], 120);
        assert_eq!(
            shown,
            [
                "SELECT … FROM agents WHERE agents.organization_id = $1 ORDER BY agents.created_at DESC LIMIT $2",
                "SELECT … FROM agents WHERE agents.organization_id = $1 AND agents.type = $2"
            ]
        );
    }

    #[test]
    fn lists_are_left_out_and_conditions_stay() {
        let table = [
            (
                "UPDATE agents SET name = $1, type = $2, status = $3, updated_at = $4 WHERE agents.id = $5",
                "UPDATE agents SET … WHERE agents.id = $5",
            ),
            (
                "INSERT INTO agents (id, name, organization_id, created_at, updated_at) VALUES ($1, $2, $3, $4, \
                 $5, $6, $7)",
                "INSERT INTO agents (…) VALUES (…)",
            ),
            (
                "SELECT id FROM agents WHERE id IN ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) AND type = $11",
                "SELECT id FROM agents WHERE id IN (…) AND type = $11",
            ),
            (
                "SELECT a.id, extract(epoch FROM a.at) AS at, (SELECT max(b.x) FROM b) AS most FROM a WHERE a.id = $1",
                "SELECT … FROM a WHERE a.id = $1",
            ),
            (
                "SELECT 'FROM here, and a text that is long', \"FROM\" FROM a WHERE a.organization_id = $1",
                "SELECT … FROM a WHERE a.organization_id = $1",
            ),
            (
                "WITH x AS (SELECT a.first_of_all, a.second_of_all FROM a WHERE a.id = $1) SELECT * FROM x",
                "WITH x AS (SELECT … FROM a WHERE a.id = $1) SELECT * FROM x",
            ),
            ("SELECT * FROM a", "SELECT * FROM a"),
            ("SELECT", "SELECT"),
        ];
        for (text, wanted) in table {
            assert_eq!(excerpt(text, 66), wanted, "{text}");
        }
    }

    #[test]
    fn what_differs_far_behind_or_nowhere() {
        let long = "x".repeat(300);
        let (a, b) = (format!("{long}a{long}"), format!("{long}b{long}"));
        let shown = excerpts(&[&a, &b, &a], 40);
        assert_eq!(shown[0], shown[2]);
        assert!(
            shown[0].contains('a') && shown[1].contains('b'),
            "{shown:?}"
        );
        // One is the beginning of the other.
        let shown = excerpts(&[&long, &a], 40);
        assert_ne!(shown[0], shown[1]);
        assert_eq!(excerpts(&[" a\n b ", "a b"], 40), ["a b", "a b"]);
    }

    proptest! {
        #[test]
        fn different_texts_look_different_and_are_short(
            texts in proptest::collection::vec("(SELECT [a-c, ]{0,60} FROM |[é(]{0,40}|x{0,50})[a-b()' ]{0,40}", 1..8),
        ) {
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            let shown = excerpts(&texts, 30);
            for (at, one) in shown.iter().enumerate() {
                prop_assert!(one.chars().count() <= 30, "{one}");
                for other in 0..at {
                    let same = one_line(texts[at]) == one_line(texts[other]);
                    prop_assert_eq!(same, *one == shown[other], "{:?} {:?}", texts[at], texts[other]);
                }
            }
        }
    }
}
