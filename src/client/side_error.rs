//! Why something that was asked beside the load was not answered.

use std::io::ErrorKind;
use std::time::Duration;

use super::ask::SideExchange;
use super::{ConnectError, Connection, RequestError};
use crate::plan::Bounds;
use crate::record::Outcome;

/// What is said of a connection that ended without an answer.
pub(super) const NOTHING: &str = "the connection was closed before an answer";

/// Why there is no answer. Shows no token, no header and no query.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SideError {
    /// The request cannot be sent at all.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// The client cannot be made for this destination.
    #[error("{0}")]
    Destination(String),
    /// Certificates cannot be verified on this machine.
    #[error("{0}")]
    NoRoots(String),
    /// No connection: refused, unreachable, or the name is unknown.
    #[error("{0}")]
    Unreachable(String),
    /// No connection in time: a full queue of the target looks like this.
    #[error("{0}")]
    NotTaken(String),
    /// The TLS handshake failed.
    #[error("{0}")]
    Tls(String),
    /// Connected, but no answer in time.
    #[error("no answer within {0:?}")]
    Timeout(Duration),
    /// The answer began in time and did not end.
    #[error(
        "an answer that did not end within {within:?} (status {status}, {bytes} bytes of body{})",
        if *.is_event_stream { ", server-sent events" } else { "" }
    )]
    Unfinished {
        /// Its status.
        status: u16,
        /// How much of the body came.
        bytes: u64,
        /// Whether it is a stream of server-sent events.
        is_event_stream: bool,
        /// The time that it had.
        within: Duration,
    },
    /// The connection ended before an answer, or what came was none.
    #[error("no valid answer ({0})")]
    Broken(String),
    /// What came is HTTP, but its head is one that the load does not take.
    #[error(
        "an answer whose head is longer than 64 KiB, has too many headers, or contradicts itself"
    )]
    Head,
    /// HTTP/2 ended the request with a code, before an answer.
    #[error("no answer ({said})")]
    Reset {
        /// The code and its meaning.
        said: String,
        /// What to do about it.
        advice: &'static str,
    },
    /// The body was cut off.
    #[error("the body was cut off{}", after_colon(.said))]
    Body {
        /// Why, as far as that is known.
        said: String,
    },
    /// The body is longer than allowed, in bytes.
    #[error("the body is longer than {0} bytes")]
    TooLong(u64),
    /// [`SideClient::get_json`](super::SideClient::get_json) met a status other than 2xx; with what the answer says.
    #[error("status {status}{}", after_colon(.said))]
    Status {
        /// The status.
        status: u16,
        /// What the answer says, without secrets.
        said: String,
    },
    /// [`SideClient::get_json`](super::SideClient::get_json) met a body that is none.
    #[error("the answer is not JSON")]
    NotJson,
}

/// `: words`, or nothing.
pub(super) fn after_colon(excerpt: &str) -> String {
    if excerpt.is_empty() {
        String::new()
    } else {
        format!(": {excerpt}")
    }
}

impl From<ConnectError> for SideError {
    fn from(error: ConnectError) -> SideError {
        SideError::from(&error)
    }
}

impl From<&ConnectError> for SideError {
    fn from(error: &ConnectError) -> SideError {
        let text = error.to_string();
        match error {
            ConnectError::Destination(_) => SideError::Destination(text),
            ConnectError::NoRoots(_) => SideError::NoRoots(text),
            error if error.outcome() == Outcome::Tls => SideError::Tls(text),
            error if error.outcome() == Outcome::Protocol => SideError::Broken(text),
            ConnectError::Timeout(_) => SideError::NotTaken(text),
            ConnectError::Tcp { source, .. } if source.kind() == ErrorKind::TimedOut => {
                SideError::NotTaken(text)
            }
            _ => SideError::Unreachable(text),
        }
    }
}

impl SideError {
    /// Why an exchange brought no answer.
    pub(super) fn of(heard: &SideExchange, connection: &Connection, bounds: &Bounds) -> SideError {
        if let Some(refusal) = connection.refusal() {
            return refusal.into();
        }
        let error = connection.stream_error();
        match (heard.exchange.outcome, &heard.head) {
            (Outcome::Timeout, Some(head)) => SideError::Unfinished {
                status: head.status,
                bytes: heard.exchange.bytes,
                is_event_stream: head.is_event_stream(),
                within: bounds.timeout,
            },
            (Outcome::Timeout, None) if heard.exchange.sent.is_none() => {
                SideError::NotTaken(ConnectError::Timeout(bounds.timeout).to_string())
            }
            (Outcome::Timeout | Outcome::CutOff | Outcome::NotStarted, _) => {
                SideError::Timeout(bounds.timeout)
            }
            (Outcome::BadBody, _) if heard.is_too_long(bounds.body_bytes) => {
                SideError::TooLong(bounds.body_bytes)
            }
            (Outcome::BadBody, _) => SideError::Body {
                said: error.map_or_else(String::new, |error| error.to_string()),
            },
            (Outcome::Tls, _) => SideError::Tls("the TLS connection failed".to_owned()),
            (outcome, _) => match error {
                Some(error) => SideError::Reset {
                    said: error.to_string(),
                    advice: error.advice(),
                },
                None if outcome == Outcome::Reset => SideError::Broken(NOTHING.to_owned()),
                None if heard.is_http => SideError::Head,
                None => SideError::Broken("what came is not HTTP".to_owned()),
            },
        }
    }
}
