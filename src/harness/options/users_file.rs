//! Users with their credentials, as CSV or JSON lines.

use std::collections::BTreeSet;
use std::path::Path;

use csv::StringRecord;
use serde_json::Value;

use crate::harness::options::users_heading::{
    PASSWORD, TOKEN, USER, UserColumns, heading, seems_a_heading,
};
use crate::harness::run::identity::FileUser;
use crate::profile::read_text;
use crate::secret::Secret;

/// Reads users from CSV (`user,token[,password]`, with or without a heading) or JSON lines.
///
/// # Errors
/// With the line, and without repeating anything of it, as it may be a token.
pub(in crate::harness) fn read_users(path: &Path) -> Result<Vec<FileUser>, String> {
    let text = read_text(path).map_err(|error| {
        let trouble = crate::profile::file_trouble(&error);
        format!("`{}` cannot be read: {trouble}", path.display())
    })?;
    parse(&text).map_err(|(line, why)| format!("`{}`, line {line}: {why}", path.display()))
}

/// A line's number and what is wrong with it.
pub(in crate::harness) type LineError = (usize, &'static str);

/// Reads all users; the first character says which of the two forms it is.
///
/// # Errors
/// With the number of the line and what is wrong, which repeats none of it.
pub(in crate::harness) fn parse(text: &str) -> Result<Vec<FileUser>, LineError> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let lines: Vec<(&str, usize)> = text
        .lines()
        .map(str::trim)
        .zip(1..)
        .filter(|(line, _)| !line.is_empty() && !line.starts_with('#'))
        .collect();
    let users = match lines.first() {
        Some((first, _)) if first.starts_with('{') => json_lines(&lines)?,
        Some((first, number)) if first.starts_with('[') => return Err((*number, ARRAY)),
        _ => table(&lines)?,
    };
    if users.is_empty() {
        return Err((1, "there is no user"));
    }
    let mut seen = BTreeSet::new();
    for (user, line) in &users {
        if !seen.insert(user.user.as_str()) {
            return Err((*line, "this user is there a second time"));
        }
        credentials(user).map_err(|why| (*line, why))?;
    }
    Ok(users.into_iter().map(|(user, _)| user).collect())
}

const ARRAY: &str = "a JSON array is not a list of users here: write one object on each line, as `jq -c '.[]'` does";
const SWAPPED: &str =
    "the columns seem to be swapped: begin the file with a heading such as `token,user`";

/// Whether a user has what it takes to be let in.
fn credentials(user: &FileUser) -> Result<(), &'static str> {
    let Some(token) = user.token.as_ref().map(Secret::reveal) else {
        return match user.password {
            Some(_) => Ok(()),
            None => Err("this user has neither a token nor a password"),
        };
    };
    let is_jwt = |text: &str| text.starts_with("eyJ") && text.matches('.').count() == 2;
    let is_address = |text: &str| text.contains('@');
    if is_jwt(&user.user) || is_address(token) && !is_address(&user.user) {
        return Err(SWAPPED);
    }
    if token.starts_with("Bearer ") {
        return Err(
            "the token begins with `Bearer `: leave that word out, it is put before the token",
        );
    }
    if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("the token has characters that no header may have");
    }
    Ok(())
}

type Numbered = Vec<(FileUser, usize)>;

fn json_lines(lines: &[(&str, usize)]) -> Result<Numbered, LineError> {
    let read = |(line, number): &(&str, usize)| {
        let wrong = |why| (*number, why);
        let fields: Value = serde_json::from_str(line)
            .map_err(|_| wrong("this is not a JSON object on one line"))?;
        let text = |names: &[&str]| {
            let found = names.iter().find_map(|name| fields.get(name));
            match found {
                Some(Value::String(text)) => Some(text.clone()),
                Some(Value::Number(number)) => Some(number.to_string()),
                _ => None,
            }
        };
        let secret = |names: &[&str]| {
            let found = text(names).filter(|text| !text.trim().is_empty());
            found.map(Secret::new)
        };
        let user = text(&USER).ok_or_else(|| wrong("it has no `user`"))?;
        let user = FileUser {
            user,
            token: secret(&TOKEN),
            password: secret(&PASSWORD),
        };
        Ok((user, *number))
    };
    lines.iter().map(read).collect()
}

fn table(lines: &[(&str, usize)]) -> Result<Numbered, LineError> {
    let mut rows = rows(lines)?;
    let other = |cells: &[String]| cells.len() == 1 && cells[0].contains([';', '\t']);
    if let Some((_, number)) = rows.iter().find(|(cells, _)| other(cells)) {
        return Err((*number, "the columns must be separated by commas"));
    }
    let mut columns = UserColumns::default();
    if let Some(((first, number), rest)) = rows.split_first() {
        match heading(first) {
            Some(named) => {
                columns = named.map_err(|why| (*number, why))?;
                rows.remove(0);
            }
            None if seems_a_heading(first, rest) => {
                return Err((
                    *number,
                    "this seems to be a heading of unknown columns: call them user, token and password; if it is a \
                     user, put the line `user,token` before it",
                ));
            }
            None => {}
        }
    }
    let read = |(cells, number): (Vec<String>, usize)| {
        let cell = |column: Option<usize>| {
            let text = column.and_then(|column| cells.get(column));
            text.filter(|text| !text.is_empty()).cloned()
        };
        let user = FileUser {
            user: cell(columns.user).ok_or((number, "the user's name is empty"))?,
            token: cell(columns.token).map(Secret::new),
            password: cell(columns.password).map(Secret::new),
        };
        Ok((user, number))
    };
    rows.into_iter().map(read).collect()
}

const UNCLOSED: &str = "a quote is not closed on this line";

/// The cells of each line (RFC 4180, without line breaks in quotes).
fn rows(lines: &[(&str, usize)]) -> Result<Vec<(Vec<String>, usize)>, LineError> {
    // Each line ends, so that a quote that is not closed takes the end of its line along.
    let text: String = lines.iter().map(|(line, _)| format!("{line}\n")).collect();
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let row = |(record, (_, number)): (csv::Result<StringRecord>, &(&str, usize))| {
        let record = record.map_err(|_| (*number, "this is not a line of CSV"))?;
        let cells = record.iter().map(cell).collect::<Option<_>>();
        Ok((cells.ok_or((*number, UNCLOSED))?, *number))
    };
    reader.records().zip(lines).map(row).collect()
}

/// A cell without the spaces around it, and without quotes that have spaces around them; `None` where a quote is not closed.
fn cell(text: &str) -> Option<String> {
    if text.contains('\n') {
        return None;
    }
    let text = text.trim();
    match text.strip_prefix('"') {
        None => Some(text.to_owned()),
        Some(quoted) => Some(quoted.strip_suffix('"')?.replace("\"\"", "\"")),
    }
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
            ("id,name,token\n1,Ann,t1\n", "1 t1 -"),
            ("user,token\rann,t1\rbob,t2", "ann t1 -; bob t2 -"),
            ("user,token\r\nann,t1\r\n", "ann t1 -"),
            ("user,abc\n", "user abc -"),
            ("# ours\n{\"user\":\"ann\",\"token\":\"t1\"}", "ann t1 -"),
            ("user,password\n# a note\n\nann,p w\n", "ann - p w"),
            ("\"a, \"\"b\"\"\",t1", "a, \"b\" t1 -"),
            (
                "{\"user\":\"ann\",\"token\":\"t1\"}\n{\"id\":7,\"jwt\":\"t2\"}",
                "ann t1 -; 7 t2 -",
            ),
            ("# ours, and \"no one's\nuser,token\nann,t1\n", "ann t1 -"),
            ("\n \n# a\n\nToken, User\n\nt1, ann\n", "ann t1 -"),
            ("  # a\n user , token \n\tann , t1 \n", "ann t1 -"),
            ("# a\r\n\r\nuser,token\r\n\r\n# b\r\nann,t1\r\n", "ann t1 -"),
            ("#\nuser,token\n\"#1\",t1\n#2,t2\n", "#1 t1 -"),
            ("\"user\",\"token\"\n\"ann\",\"t1\"", "ann t1 -"),
            ("user, \"token\"\n \"ann\" , \"t1\" ", "ann t1 -"),
            (
                "# a\n\nann,t1\n\nbob",
                "line 5: this user has neither a token nor a password",
            ),
            (
                "user,token\n\"ann\nb\",t1\n",
                "line 2: a quote is not closed on this line",
            ),
            (
                "user,token\nann,t1\nbob,\"t2",
                "line 3: a quote is not closed on this line",
            ),
            (
                "user,token\nann, \"t1,x\"",
                "line 2: a quote is not closed on this line",
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
            ("\"ann,t1", "line 1: a quote is not closed on this line"),
            ("{\"token\":\"t1\"}", "line 1: it has no `user`"),
            (
                "{\"user\":\"ann\",\"token\":\"t1\"}\n{\"user\":\"bob\",\"token\":\" \"}",
                "line 2: this user has neither a token nor a password",
            ),
            (
                "{\"user\":",
                "line 1: this is not a JSON object on one line",
            ),
        ] {
            assert_eq!(shown(text), expected, "{text:?}");
        }
    }

    #[test]
    fn users_are_read_in_every_encoding() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("users");
        let text = "# ours\r\n\r\nuser,token\r\n\"ann\",t1\r\n";
        let json = "\n# ours\n{\"user\":\"ann\",\"token\":\"t1\"}\n";
        for text in [text, json] {
            let utf16 = |order: fn(u16) -> [u8; 2]| {
                let units = std::iter::once(0xfeff).chain(text.encode_utf16());
                units.flat_map(order).collect::<Vec<u8>>()
            };
            let marked = [b"\xef\xbb\xbf", text.as_bytes()].concat();
            let forms = [
                text.into(),
                marked,
                utf16(u16::to_le_bytes),
                utf16(u16::to_be_bytes),
            ];
            for bytes in forms {
                std::fs::write(&path, bytes).unwrap();
                let users = read_users(&path).unwrap();
                assert_eq!((users.len(), users[0].user.as_str()), (1, "ann"));
            }
        }
    }

    /// No line of these may become a user: what is sent as one would be a heading, a bracket or a token.
    #[test]
    fn what_is_not_a_list_of_users_is_refused() {
        let rows = "ann@x.org,good-1\nbob@x.org,good-2\ncid@x.org,good-3\n";
        let headings = [
            "email,token",
            "E-Mail,Token",
            "login,access_token",
            "name,auth_token",
            "Email Address,apiKey",
            "user,api_key",
            "mail,secret",
            "Benutzer,Kennung",
        ];
        for heading in headings {
            let said = shown(&format!("{heading}\n{rows}"));
            assert!(
                said.starts_with("line 1: ") && said.contains("heading"),
                "{heading}: {said}"
            );
        }
        for (text, expected) in [
            (
                "token,email\ngood-1,ann@x.org\n",
                "line 1: the heading names no user",
            ),
            (
                "good-1,ann@x.org\ngood-2,bob@x.org\n",
                "line 1: the columns seem to be swapped",
            ),
            (
                "eyJhbGciOiJ.eyJzdWIi.c2ln,ann\n",
                "line 1: the columns seem to be swapped",
            ),
            (
                "[{\"user\":\"ann\",\"token\":\"t1\"}]",
                "line 1: a JSON array",
            ),
            ("\n[\n  {\n", "line 2: a JSON array"),
            (
                "{\n  \"user\": \"ann\",\n",
                "line 1: this is not a JSON object on one line",
            ),
            (
                "user;token\nann;t1\n",
                "line 1: the columns must be separated by commas",
            ),
            (
                "ann\tt1\n",
                "line 1: the columns must be separated by commas",
            ),
            (
                "user,token\nann,Bearer t1\n",
                "line 2: the token begins with `Bearer `",
            ),
        ] {
            let said = shown(text);
            assert!(said.starts_with(expected), "{text:?}: {said}");
        }
    }

    #[test]
    fn a_user_is_not_taken_for_a_heading() {
        for (text, users) in [
            ("login,xK9f\n", 1),
            ("ann,t1\nbob,t2\ncid,t3\n", 3),
            ("ann,abc\nbob,t2\n", 2),
            ("ann,abc\nbob,def\ncid,ghi\n", 3),
            ("user,token\nemail,token-of-email\n", 1),
        ] {
            assert_eq!(parse(text).map(|read| read.len()), Ok(users), "{text:?}");
        }
    }
}
