//! How a due request ended.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How one due request ended; every due request ends in exactly one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Outcome {
    /// Answered with an expected status and a whole body.
    Ok,
    /// Answered with a status that was not expected.
    Status(u16),
    /// A WebSocket was closed with this code before the reply; 1006 stands for none.
    Closed(u16),
    /// Refused with 429.
    RateLimited,
    /// No whole answer within the timeout.
    Timeout,
    /// No connection: refused, unreachable, or the name is unknown.
    Connect,
    /// The TLS handshake failed.
    Tls,
    /// The connection ended before the answer's head was whole.
    Reset,
    /// The answer was not HTTP.
    Protocol,
    /// The body was cut off or longer than allowed, or a message on a WebSocket was longer than allowed.
    BadBody,
    /// Answered with an expected status, but not with what the endpoint's rules ask of an answer.
    WrongAnswer,
    /// The generator had no socket left for it.
    NoSocket,
    /// Due, but not sent before the run had to end.
    NotStarted,
    /// Sent, but not answered before the run had to end.
    CutOff,
}

impl Outcome {
    /// Whether the request was served.
    pub fn is_ok(self) -> bool {
        self == Outcome::Ok
    }

    /// Whether the generator, not the target, is to blame.
    pub fn is_generators(self) -> bool {
        self == Outcome::NoSocket
    }

    /// Whether a refusal is about who the user is rather than about the token, by what the answer says.
    pub fn is_about_user(self, said: &str) -> bool {
        let said = said.to_lowercase();
        matches!(self, Outcome::Status(401 | 403))
            && ABOUT_USERS.iter().any(|words| said.contains(words))
    }

    /// Reads an outcome as reports write it.
    pub fn parse(text: &str) -> Option<Outcome> {
        let plain = PLAIN
            .iter()
            .find(|(name, _)| *name == text)
            .map(|(_, outcome)| *outcome);
        let numbered = |prefix, outcome: fn(u16) -> Outcome| {
            text.strip_prefix(prefix)?.parse().ok().map(outcome)
        };
        plain
            .or_else(|| numbered("status_", Outcome::Status))
            .or_else(|| numbered("closed_", Outcome::Closed))
    }
}

/// What refusals say of users that the target does not know, or that lack a place in it.
const ABOUT_USERS: [&str; 8] = [
    "user not found",
    "unknown user",
    "no such user",
    "user does not exist",
    "member",
    "organization",
    "organisation",
    "tenant",
];

const PLAIN: [(&str, Outcome); 12] = [
    ("ok", Outcome::Ok),
    ("rate_limited", Outcome::RateLimited),
    ("timeout", Outcome::Timeout),
    ("connect", Outcome::Connect),
    ("tls", Outcome::Tls),
    ("reset", Outcome::Reset),
    ("protocol", Outcome::Protocol),
    ("bad_body", Outcome::BadBody),
    ("wrong_answer", Outcome::WrongAnswer),
    ("no_socket", Outcome::NoSocket),
    ("not_started", Outcome::NotStarted),
    ("cut_off", Outcome::CutOff),
];

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Outcome::Status(status) => return write!(f, "status_{status}"),
            Outcome::Closed(code) => return write!(f, "closed_{code}"),
            _ => {}
        }
        let plain = PLAIN.iter().find(|(_, outcome)| outcome == self);
        f.write_str(plain.map_or("unnamed", |(name, _)| name))
    }
}

impl From<Outcome> for String {
    fn from(outcome: Outcome) -> String {
        outcome.to_string()
    }
}

impl TryFrom<String> for Outcome {
    type Error = String;

    fn try_from(text: String) -> Result<Outcome, String> {
        Outcome::parse(&text).ok_or_else(|| format!("unknown outcome `{text}`"))
    }
}
