//! Excerpts of texts that are too long to be shown, which differ where the texts do.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

/// Between what is shown of a text.
const GAP: &str = " … ";
/// A list that is shorter is not worth leaving out.
const LONG_LIST: usize = 24;
/// What is longer is not looked through for lists.
const LONGEST_READ: usize = 50_000;
/// How much is shown before the first difference between two texts.
const CONTEXT: usize = 12;

/// One line for each text, of at most `longest` characters.
///
/// What is too long loses its lists of columns and of values first, as a statement's condition says more. Where two
/// different texts would still look alike, each shows the place at which it differs.
pub fn excerpts(texts: &[&str], longest: usize) -> Vec<String> {
    let lines: Vec<String> = texts.iter().map(|text| one_line(text)).collect();
    let shown = lines.iter().map(|line| excerpt(line, longest)).collect();
    distinguished(&lines, shown, longest)
}

/// The same of names, in which every space counts.
pub fn short_names(names: &[String], longest: usize) -> Vec<String> {
    let shown = names.iter().map(|name| cut(name, longest)).collect();
    distinguished(names, shown, longest)
}

/// `shown`, but for those of different texts that look alike.
fn distinguished(lines: &[String], mut shown: Vec<String>, longest: usize) -> Vec<String> {
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
fn closing(behind: &[ListMark], depth: usize, words: &[&str]) -> Option<usize> {
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
struct ListMark {
    what: What,
    begin: usize,
    end: usize,
    depth: usize,
}

const WORDS: [&str; 5] = ["SELECT", "FROM", "SET", "WHERE", "RETURNING"];

fn marks(line: &str) -> Vec<ListMark> {
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
        marks.push(ListMark {
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
