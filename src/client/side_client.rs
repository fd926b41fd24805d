//! What is asked beside the load: preflight, logins, pages of evidence. It goes out on the load's own client, so that
//! it is the same bytes under the same rules.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

use http::HeaderMap;
use serde_json::Value;

use super::ask::{SideExchange, ask};
use super::redirect::{Redirect, redirect};
use super::side_error::{NOTHING, SideError, after_colon};
use super::{Connection, Connector, PreparedRequest, excerpt, json, side_headers};
use crate::plan::Bounds;
use crate::profile::{Destination, TargetRules};

/// The most of a body that is read, in bytes, unless something else is asked for.
pub(super) const BODY_BYTES: usize = 1024 * 1024;

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
        return Err(SideError::of(&heard, connection, bounds));
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
