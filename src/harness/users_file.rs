//! Users with their credentials, as CSV or JSON lines: pure.

use std::collections::BTreeSet;

use serde_json::Value;

use super::identity::FileUser;
use crate::profile::Secret;

/// Names of the columns, and what else they may be called.
const USER: [&str; 4] = ["user", "user_id", "id", "username"];
const TOKEN: [&str; 3] = ["token", "access_token", "jwt"];
const PASSWORD: [&str; 1] = ["password"];

/// Reads all users; the first character tells which of the two forms it is.
///
/// # Errors
/// With the number of the line and what is wrong, which repeats none of it.
pub(super) fn parse(text: &str) -> Result<Vec<FileUser>, (usize, &'static str)> {
    let text = text.trim_start_matches('\u{feff}');
    let lines = text
        .lines()
        .map(str::trim)
        .zip(1..)
        .filter(|(line, _)| !line.is_empty() && !line.starts_with('#'));
    let users = if text.trim_start().starts_with('{') {
        json_lines(lines)?
    } else {
        csv(lines)?
    };
    if users.is_empty() {
        return Err((1, "there is no user"));
    }
    let mut seen = BTreeSet::new();
    for (user, line) in &users {
        if !seen.insert(user.user.as_str()) {
            return Err((*line, "this user is there a second time"));
        }
        let fits = |secret: &Secret| secret.reveal().bytes().all(|b| b.is_ascii_graphic());
        if !user.token.as_ref().is_none_or(fits) {
            return Err((*line, "the token has characters that no header may have"));
        }
        if user.token.is_none() && user.password.is_none() {
            return Err((*line, "this user has neither a token nor a password"));
        }
    }
    Ok(users.into_iter().map(|(user, _)| user).collect())
}

type Numbered = Vec<(FileUser, usize)>;

fn json_lines<'a>(
    lines: impl Iterator<Item = (&'a str, usize)>,
) -> Result<Numbered, (usize, &'static str)> {
    lines
        .map(|(line, number)| {
            let wrong = |why| (number, why);
            let fields: Value = serde_json::from_str(line)
                .map_err(|_| wrong("this is no JSON object on one line"))?;
            let text = |names: &[&str]| {
                let found = names.iter().find_map(|name| fields.get(name));
                match found {
                    Some(Value::String(text)) => Some(text.clone()),
                    Some(Value::Number(number)) => Some(number.to_string()),
                    _ => None,
                }
            };
            let user = text(&USER).ok_or_else(|| wrong("it has no `user`"))?;
            let user = FileUser {
                user,
                token: text(&TOKEN).map(Secret::new),
                password: text(&PASSWORD).map(Secret::new),
            };
            Ok((user, number))
        })
        .collect()
}

fn csv<'a>(
    lines: impl Iterator<Item = (&'a str, usize)>,
) -> Result<Numbered, (usize, &'static str)> {
    let mut columns: [Option<usize>; 3] = [Some(0), Some(1), Some(2)];
    let mut users = Vec::new();
    for (place, (line, number)) in lines.enumerate() {
        let cells: Vec<String> = cells(line).ok_or((number, "a quote is not closed"))?;
        if place == 0
            && let Some(named) = heading(&cells)
        {
            columns = named;
            continue;
        }
        let cell = |column: Option<usize>| {
            let text = column.and_then(|column| cells.get(column));
            text.filter(|text| !text.is_empty()).cloned()
        };
        let user = cell(columns[0]).ok_or((number, "the user's name is empty"))?;
        let user = FileUser {
            user,
            token: cell(columns[1]).map(Secret::new),
            password: cell(columns[2]).map(Secret::new),
        };
        users.push((user, number));
    }
    Ok(users)
}

/// Where user, token and password stand, if the line is a heading.
fn heading(cells: &[String]) -> Option<[Option<usize>; 3]> {
    let column = |names: &[&str]| {
        cells
            .iter()
            .position(|cell| names.contains(&cell.to_ascii_lowercase().as_str()))
    };
    let columns = [column(&USER), column(&TOKEN), column(&PASSWORD)];
    (columns[0].is_some() && columns[1].or(columns[2]).is_some()).then_some(columns)
}

/// The cells of a line (RFC 4180, without line breaks in quotes).
fn cells(line: &str) -> Option<Vec<String>> {
    let mut cells = vec![String::new()];
    let mut quoted = false;
    let mut characters = line.chars().peekable();
    while let Some(character) = characters.next() {
        let cell = cells.last_mut()?;
        match character {
            '"' if quoted && characters.peek() == Some(&'"') => {
                characters.next();
                cell.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(String::new()),
            other => cell.push(other),
        }
    }
    let trimmed = cells.iter().map(|cell| cell.trim().to_owned()).collect();
    (!quoted).then_some(trimmed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        match parse(text) {
            Err((line, why)) => format!("line {line}: {why}"),
            Ok(users) => {
                let show = |secret: Option<Secret>| {
                    secret.map_or_else(|| "-".to_owned(), |one| one.reveal().to_owned())
                };
                let users = users
                    .into_iter()
                    .map(|one| format!("{} {} {}", one.user, show(one.token), show(one.password)));
                users.collect::<Vec<_>>().join("; ")
            }
        }
    }

    #[test]
    fn users_are_read_in_every_form() {
        for (text, expected) in [
            ("ann,t1\nbob,t2\n", "ann t1 -; bob t2 -"),
            ("user_id,token\nann,t1\n", "ann t1 -"),
            ("Token,User\nt1,ann\n", "ann t1 -"),
            ("\u{feff}user,password\n# a note\n\nann,p w\n", "ann - p w"),
            ("\"a, \"\"b\"\"\",t1", "a, \"b\" t1 -"),
            (
                "{\"user\":\"ann\",\"token\":\"t1\"}\n{\"id\":7,\"jwt\":\"t2\"}",
                "ann t1 -; 7 t2 -",
            ),
            ("", "line 1: there is no user"),
            ("user,token\n", "line 1: there is no user"),
            ("ann,t1\nann,t2", "line 2: this user is there a second time"),
            (
                "ann,t 1",
                "line 1: the token has characters that no header may have",
            ),
            (
                "ann",
                "line 1: this user has neither a token nor a password",
            ),
            (",t1", "line 1: the user's name is empty"),
            ("\"ann,t1", "line 1: a quote is not closed"),
            ("{\"token\":\"t1\"}", "line 1: it has no `user`"),
            ("{\"user\":", "line 1: this is no JSON object on one line"),
        ] {
            assert_eq!(shown(text), expected, "{text:?}");
        }
    }
}
