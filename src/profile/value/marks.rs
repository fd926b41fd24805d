//! Marks such as `{user}`: what stands in braces for something that is filled in.

use crate::diagnostic::InvalidValue;
use crate::profile::text::suggest::nearest;
use crate::profile::value::quantity::ReadValue;

/// Whatever is filled in somewhere.
const KNOWN: [&str; 6] = ["user", "token", "n", "ip", "id", "password"];

/// Finds a mark that is not among those that are `filled` in at this place: it would be sent as it stands.
pub(in crate::profile) fn check_marks(text: &str, filled: &[&str]) -> ReadValue<()> {
    let Some(mark) = marks(text).find(|mark| !filled.contains(mark)) else {
        return Ok(());
    };
    let complaint = InvalidValue::new(format!(
        "`{{{mark}}}` is not filled in here, it would be sent as it stands"
    ));
    let all: Vec<String> = filled.iter().map(|mark| format!("{{{mark}}}")).collect();
    Err(match nearest_mark(mark, filled) {
        Some(meant) => complaint.help(format!("did you mean `{{{meant}}}`?")),
        None if !filled.is_empty() => complaint.help(format!("filled in here: {}", all.join(", "))),
        None => complaint.help(elsewhere(mark)),
    })
}

/// Where there are no marks at all.
fn elsewhere(mark: &str) -> String {
    let meant = nearest_mark(mark, &KNOWN).filter(|meant| *meant != mark);
    let meant = meant.map_or_else(String::new, |meant| format!("did you mean `{{{meant}}}`? "));
    format!(
        "{meant}what differs from user to user belongs to the headers under [identity]; braces of the service's own are \
         written %7B and %7D in a path, and with a space behind the first one in a body"
    )
}

/// The mark that was meant, however short its name is.
pub(in crate::profile) fn nearest_mark<'a>(mark: &str, known: &[&'a str]) -> Option<&'a str> {
    let same = |known: &&&str| known.eq_ignore_ascii_case(mark);
    let same = known.iter().find(same).copied();
    same.or_else(|| nearest(mark, known.iter().copied()))
}

/// The names in braces. Braces of JSON have something else behind them.
fn marks(text: &str) -> impl Iterator<Item = &str> {
    text.split('{').skip(1).filter_map(|rest| {
        let (name, _) = rest.split_once('}')?;
        let is_first = |c: char| c.is_alphabetic() || c == '_';
        let is_next = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':');
        (name.starts_with(is_first) && name.chars().all(is_next)).then_some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str, filled: &[&str]) -> String {
        match check_marks(text, filled) {
            Ok(()) => "ok".to_owned(),
            Err(complaint) => format!(
                "{} | {}",
                complaint.message,
                complaint.help.unwrap_or_default()
            ),
        }
    }

    #[test]
    fn braces_that_are_no_marks_are_left_alone() {
        for text in [
            "",
            "/items?filter={\"a\":1}",
            "{\"a\":{\"b\":[{}]}}",
            "{ me { id } }",
            "{1}",
            "{",
            "}{",
            "{user",
            "{us er}",
        ] {
            assert_eq!(said(text, &[]), "ok", "{text}");
        }
    }

    #[test]
    fn marks_that_are_not_filled_in_are_named() {
        let user = ["user", "n", "ip"];
        for (text, filled, words) in [
            (
                "/users/{user}",
                &[][..],
                ["`{user}` is not filled in here", "[identity]"],
            ),
            ("/users/{id}/x", &[], ["`{id}`", "%7B"]),
            (
                "{\"who\":\"{usr}\"}",
                &[],
                ["`{usr}`", "did you mean `{user}`?"],
            ),
            ("{{name}}", &[], ["`{name}`", "a space"]),
            (
                "a {user} b {usre}",
                &user,
                ["`{usre}`", "did you mean `{user}`?"],
            ),
            ("{USER}", &user, ["`{USER}`", "did you mean `{user}`?"]),
            ("{N}", &user, ["`{N}`", "did you mean `{n}`?"]),
            (
                "{tenant.id}",
                &user,
                ["`{tenant.id}`", "filled in here: {user}, {n}, {ip}"],
            ),
        ] {
            let said = said(text, filled);
            assert!(
                words.iter().all(|word| said.contains(word)),
                "{text}: {said}"
            );
        }
        assert_eq!(said("{user}-{n}-{ip}", &user), "ok");
    }
}
