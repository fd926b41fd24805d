//! What a mark names.

/// What stands in braces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mark {
    /// The virtual user's name.
    User,
    /// The virtual user's number, from 1 up.
    N,
    /// A private address that no other user has.
    Ip,
    /// A number that nothing else of the run has; in a journey the same in all steps.
    Id,
    /// A random identifier of a request, the same wherever it stands in it.
    Uuid,
    /// When the request is sent, in milliseconds since 1970.
    Now,
    /// A random whole number, both ends included; each mark draws its own.
    Random(i64, i64),
    /// An environment variable, never shown.
    Env(String),
    /// A column of a data file.
    Column {
        /// The name of the data.
        data: String,
        /// The column.
        column: String,
    },
    /// What an earlier step took from its answer; on a WebSocket `token` is the user's.
    Taken(String),
}

impl Mark {
    /// The marks that are always there.
    pub const FIXED: [&'static str; 7] = ["user", "n", "ip", "id", "uuid", "now", "random(1,500)"];

    /// Reads what stands in braces; `None` when that is not a mark but the text's own.
    pub fn parse(text: &str) -> Option<Mark> {
        if let Some(ends) = text.strip_prefix("random(") {
            let (low, high) = ends.strip_suffix(')')?.split_once(',')?;
            let (low, high) = (low.trim().parse().ok()?, high.trim().parse().ok()?);
            return Some(Mark::Random(low, high));
        }
        let is_first = |c: char| c.is_alphabetic() || c == '_';
        let is_next = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
        if !text.starts_with(is_first) || !text.chars().all(is_next) {
            return None;
        }
        Some(match text {
            "user" => Mark::User,
            "n" => Mark::N,
            "ip" => Mark::Ip,
            "id" => Mark::Id,
            "uuid" => Mark::Uuid,
            "now" => Mark::Now,
            _ => match text.split_once('.') {
                Some(("env", name)) => Mark::Env(name.to_owned()),
                Some((data, column)) => Mark::Column {
                    data: data.to_owned(),
                    column: column.to_owned(),
                },
                None => Mark::Taken(text.to_owned()),
            },
        })
    }
}

/// A mark as a text has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarkUse {
    /// What it names.
    pub mark: Mark,
    /// Whether it is inserted as JSON, a number, list or object as it was: `{x:json}`.
    pub is_json: bool,
    /// What stands in the braces.
    pub source: String,
}

impl MarkUse {
    /// Reads what stands in braces.
    pub(super) fn parse(text: &str) -> Option<MarkUse> {
        let (name, is_json) = match text.strip_suffix(":json") {
            Some(name) => (name, true),
            None => (text, false),
        };
        Some(MarkUse {
            mark: Mark::parse(name)?,
            is_json,
            source: text.to_owned(),
        })
    }
}
