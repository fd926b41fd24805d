//! The first line of a users file: a heading, or a user already.

/// Names of the columns, and what else they may be called.
pub(in crate::harness) const USER: [&str; 4] = ["user", "user_id", "id", "username"];
pub(in crate::harness) const TOKEN: [&str; 3] = ["token", "access_token", "jwt"];
pub(in crate::harness) const PASSWORD: [&str; 1] = ["password"];

/// Words that columns are called by and users hardly are.
const WORDS: [&str; 38] = [
    "access",
    "account",
    "address",
    "api",
    "apikey",
    "auth",
    "authorization",
    "bearer",
    "code",
    "credential",
    "credentials",
    "email",
    "first",
    "full",
    "id",
    "identity",
    "jwt",
    "key",
    "last",
    "login",
    "mail",
    "name",
    "org",
    "organization",
    "pass",
    "passwd",
    "password",
    "pwd",
    "role",
    "secret",
    "session",
    "sub",
    "subject",
    "tenant",
    "token",
    "user",
    "username",
    "uuid",
];

/// Where user, token and password stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::harness) struct UserColumns {
    pub(in crate::harness) user: Option<usize>,
    pub(in crate::harness) token: Option<usize>,
    pub(in crate::harness) password: Option<usize>,
}

/// Of a file without a heading.
impl Default for UserColumns {
    fn default() -> Self {
        UserColumns {
            user: Some(0),
            token: Some(1),
            password: Some(2),
        }
    }
}

/// What the first line names, if it is a heading; an error when it lacks what is needed.
pub(in crate::harness) fn heading(cells: &[String]) -> Option<Result<UserColumns, &'static str>> {
    let column = |names: &[&str]| {
        cells
            .iter()
            .position(|cell| names.contains(&cell.to_ascii_lowercase().as_str()))
    };
    let columns = UserColumns {
        user: column(&USER),
        token: column(&TOKEN),
        password: column(&PASSWORD),
    };
    let secret = columns.token.or(columns.password);
    match (columns.user, secret) {
        (Some(_), Some(_)) => Some(Ok(columns)),
        (None, Some(_)) => Some(Err(
            "the heading names no user: call that column user, user_id, id or username",
        )),
        (Some(_), None) if cells.iter().all(|cell| is_called(cell)) => Some(Err(
            "the heading names neither a token nor a password: call that column token, access_token, jwt or password",
        )),
        _ => None,
    }
}

/// Whether a first line without a known name is a heading all the same: it consists of words that columns are called by, or
/// it is unlike all lines below it.
pub(in crate::harness) fn seems_a_heading(first: &[String], rest: &[(Vec<String>, usize)]) -> bool {
    if first.iter().all(|cell| is_called(cell)) {
        return true;
    }
    let has = |cells: &[String], column: usize, is: fn(char) -> bool| {
        cells.get(column).is_some_and(|cell| cell.contains(is))
    };
    let differs = |column: usize, is: fn(char) -> bool| {
        !has(first, column, is) && rest.iter().all(|(cells, _)| has(cells, column, is))
    };
    rest.len() >= 2 && (differs(0, |c| c == '@') || differs(1, |c| c.is_ascii_digit()))
}

/// Whether a cell is made of words that columns are called by, such as `E-Mail`, `apiKey` or `user_name`.
fn is_called(cell: &str) -> bool {
    let plain = cell.to_lowercase().replace("e-mail", "email");
    let mut words = plain.split(|c: char| !c.is_alphanumeric()).peekable();
    let one = |word: &str| {
        // Of two words written as one: `authToken`, `userId`.
        let pair = |at: usize| {
            plain_at(word, at).is_some_and(|(a, b)| WORDS.contains(&a) && WORDS.contains(&b))
        };
        WORDS.contains(&word) || (1..word.len()).any(pair)
    };
    words.peek().is_some() && words.filter(|word| !word.is_empty()).all(one) && !plain.is_empty()
}

fn plain_at(word: &str, at: usize) -> Option<(&str, &str)> {
    word.is_char_boundary(at).then(|| word.split_at(at))
}
