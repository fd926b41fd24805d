//! "Did you mean": the known word that a mistyped one is nearest to.

/// The nearest of `known` when it is near enough to have been meant.
pub(crate) fn nearest<'a>(
    typed: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let typed = typed.to_lowercase();
    known
        .into_iter()
        .map(|word| (distance(&typed, &word.to_lowercase()), word))
        .filter(|(far, word)| *far <= allowance(word))
        .min_by_key(|(far, _)| *far)
        .map(|(_, word)| word)
}

/// The advice that names the nearest word, or else all of them.
pub(crate) fn advice(typed: &str, known: &[&str]) -> String {
    match nearest(typed, known.iter().copied()) {
        Some(word) => format!("did you mean `{word}`?"),
        None => there_are(known),
    }
}

/// All that there is.
pub(crate) fn there_are(known: &[&str]) -> String {
    match known {
        [] => "there is none".to_owned(),
        [one] => format!("there is only {one}"),
        many => format!("there are {}", list(many)),
    }
}

/// `a, b and c`.
pub(crate) fn list(words: &[&str]) -> String {
    match words {
        [head @ .., last] if !head.is_empty() => format!("{} and {last}", head.join(", ")),
        few => few.concat(),
    }
}

/// How far off a word may be: short ones are near to everything.
fn allowance(word: &str) -> usize {
    match word.chars().count() {
        0..=2 => 0,
        3..=4 => 1,
        _ => 2,
    }
}

/// Edits (one character put in, left out, exchanged, or two neighbours swapped) from one to the other.
pub(crate) fn distance(a: &str, b: &str) -> usize {
    strsim::osa_distance(a, b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_counted() {
        for (a, b, edits) in [
            ("", "", 0),
            ("", "abc", 3),
            ("users", "users", 0),
            ("user", "users", 1),
            ("usres", "users", 1),
            ("duratoin", "duration", 1),
            ("rate", "seed", 4),
        ] {
            assert_eq!(distance(a, b), edits, "{a} {b}");
            assert_eq!(distance(b, a), edits, "{b} {a}");
        }
    }

    #[test]
    fn short_words_have_to_be_nearer() {
        assert_eq!(nearest("rat", ["rate", "seed"]), Some("rate"));
        assert_eq!(nearest("made", ["rate", "seed"]), None);
        assert_eq!(nearest("Usesr", ["users"]), Some("users"));
        assert_eq!(nearest("x", ["a", "b"]), None);
    }
}
