//! What is asked beside the load: preflight, logins, pages of evidence. It goes out on the load's own client, so that
//! it is the same bytes under the same rules.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::time::Duration;

use http::HeaderMap;
use serde_json::Value;

use super::ask::{SideExchange, ask};
use super::redirect::{Redirect, redirect};
use super::{
    ConnectError, Connection, Connector, PreparedRequest, RequestError, excerpt, json, side_headers,
};
use crate::plan::Bounds;
use crate::profile::{Destination, TargetRules};
use crate::record::Outcome;

/// The most of a body that is read, in bytes, unless something else is asked for.
pub(super) const BODY_BYTES: usize = 1024 * 1024;

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
    /// [`SideClient::get_json`] met a status other than 2xx; with what the answer says.
    #[error("status {status}{}", after_colon(.said))]
    Status {
        /// The status.
        status: u16,
        /// What the answer says, without secrets.
        said: String,
    },
    /// [`SideClient::get_json`] met a body that is none.
    #[error("the answer is not JSON")]
    NotJson,
}

/// `: words`, or nothing.
fn after_colon(excerpt: &str) -> String {
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

/// An answer, whatever its status.
#[derive(Debug, Clone)]
pub struct SideAnswer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body. Of one that was not expected it may be the beginning.
    pub body: Vec<u8>,
    /// Whether it came over HTTP/2.
    pub is_http2: bool,
    /// From sending to the last byte that was read, connecting included.
    pub took: Duration,
}

impl SideAnswer {
    /// `: what the body says`, without secrets of the request and without those that are named; empty when it says
    /// nothing.
    pub fn excerpt(&self, request: &PreparedRequest, secrets: &[&str]) -> String {
        let sent = [&request.secrets(), secrets].concat();
        after_colon(&excerpt::excerpt(&self.body, &sent))
    }
}

/// Asks one target for things beside the load, on connections of the load's client.
pub struct SideClient {
    connector: Connector,
    destination: Destination,
    rules: TargetRules,
    connect_timeout: Duration,
    body_bytes: u64,
    idle: RefCell<Vec<Connection>>,
    /// Where followed redirects lead, by the path that was asked.
    moved: RefCell<BTreeMap<String, String>>,
}

impl SideClient {
    /// Prepares a client; nothing is resolved or sent yet.
    ///
    /// # Errors
    /// [`ControlError::Destination`] when the URL is not http(s), [`ControlError::NoRoots`] when certificates could not
    /// be verified.
    pub fn new(
        destination: &Destination,
        connect_timeout: Duration,
    ) -> Result<SideClient, SideError> {
        Ok(SideClient {
            connector: Connector::new(destination)?,
            destination: destination.clone(),
            rules: TargetRules::default(),
            connect_timeout,
            body_bytes: BODY_BYTES as u64,
            idle: RefCell::default(),
            moved: RefCell::default(),
        })
    }

    /// The same with the headers of all requests to the target, and its redirects.
    pub fn with_rules(self, rules: &TargetRules) -> SideClient {
        let rules = rules.clone();
        SideClient { rules, ..self }
    }

    /// The same with another bound on bodies.
    pub(super) fn with_body_limit(self, body_bytes: u64) -> SideClient {
        SideClient { body_bytes, ..self }
    }

    /// GETs a path with its query, the token along if `auth`. Any status is an answer; a redirect is followed as the
    /// load does it.
    ///
    /// # Errors
    /// If the answer did not come within `timeout`.
    pub async fn fetch(
        &self,
        path: &str,
        auth: bool,
        timeout: Duration,
    ) -> Result<SideAnswer, SideError> {
        let headers = side_headers(&self.rules, &self.destination);
        let request = PreparedRequest::get(path, auth, &headers, &self.destination)?;
        self.send_on(&request, timeout).await
    }

    /// GETs a JSON document. Numbers that JSON does not know (`NaN`, `Infinity`) are read as null.
    ///
    /// # Errors
    /// As [`SideClient::fetch`]; besides when the status is not 2xx, or the body is not JSON.
    pub async fn get_json(
        &self,
        path: &str,
        auth: bool,
        timeout: Duration,
    ) -> Result<Value, SideError> {
        let answer = self.fetch(path, auth, timeout).await?;
        if !(200..300).contains(&answer.status) {
            let secret = self
                .destination
                .token
                .as_ref()
                .map(crate::secret::Secret::reveal);
            let secrets: Vec<&str> = secret.into_iter().collect();
            let said = excerpt::excerpt(&answer.body, &secrets);
            let status = answer.status;
            return Err(SideError::Status { status, said });
        }
        json::parse(&answer.body).ok_or(SideError::NotJson)
    }

    /// Sends a request, and once more to where a redirect leads, if it is one that is followed. The next request of the
    /// same path goes there at once.
    ///
    /// # Errors
    /// If the answer did not come within `timeout`, which each of them has.
    pub async fn send_on(
        &self,
        request: &PreparedRequest,
        timeout: Duration,
    ) -> Result<SideAnswer, SideError> {
        let known = self.moved.borrow().get(request.path()).cloned();
        if let Some(path) = known {
            return self.send(&request.at(&path)?, timeout).await;
        }
        let answer = self.send(request, timeout).await?;
        match self.redirect(request, &answer) {
            Some(Redirect::Followed(path)) => {
                let next = self.send(&request.at(&path)?, timeout).await?;
                let from = request.path().to_owned();
                self.moved.borrow_mut().insert(from, path);
                Ok(next)
            }
            _ => Ok(answer),
        }
    }

    /// Where an answer redirects to; `None` when it does not.
    pub(super) fn redirect(
        &self,
        request: &PreparedRequest,
        answer: &SideAnswer,
    ) -> Option<Redirect> {
        let head = (answer.status, &answer.headers);
        redirect(
            self.rules.redirects,
            &self.destination.origin,
            request,
            head,
        )
    }

    /// Sends a request as the load sends it. Any status is an answer.
    ///
    /// # Errors
    /// If the answer did not come within `timeout`.
    pub async fn send(
        &self,
        request: &PreparedRequest,
        timeout: Duration,
    ) -> Result<SideAnswer, SideError> {
        let idle = self.idle.borrow_mut().pop();
        let mut connection = idle.unwrap_or_else(|| Connection::new(self.connector.clone()));
        let bounds = Bounds {
            timeout,
            connect_timeout: self.connect_timeout.min(timeout),
            body_bytes: self.body_bytes,
        };
        let keep = BODY_BYTES.min(usize::try_from(self.body_bytes).unwrap_or(BODY_BYTES));
        let heard = ask(&mut connection, request, &bounds, keep).await;
        let answer = answer(heard, &connection, &bounds);
        if connection.is_kept() {
            self.idle.borrow_mut().push(connection);
        }
        answer
    }
}

/// What an exchange means for a caller that accepts any status.
fn answer(
    heard: SideExchange,
    connection: &Connection,
    bounds: &Bounds,
) -> Result<SideAnswer, SideError> {
    if heard.answered().is_none() {
        return Err(trouble(&heard, connection, bounds));
    }
    let Some(head) = heard.head else {
        return Err(SideError::Broken(NOTHING.to_owned()));
    };
    Ok(SideAnswer {
        status: head.status,
        headers: head.headers,
        body: heard.body,
        is_http2: head.is_http2,
        took: heard.took,
    })
}

const NOTHING: &str = "the connection was closed before an answer";

fn trouble(heard: &SideExchange, connection: &Connection, bounds: &Bounds) -> SideError {
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
