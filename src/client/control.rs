//! What is asked beside the load: preflight, logins, metrics. Here convenience is worth more than time.

use std::error::Error;
use std::io;
use std::time::Duration;

use http::header::{HOST, LOCATION};
use http::{HeaderMap, Version};
use reqwest::{Client, Response, redirect};
use serde_json::Value;
use tokio::time::Instant;
use url::{Position, Url};

use super::attempt::is_tls;
use super::{ConnectError, PreparedRequest, RequestError, json, tls, tls_cause};
use crate::profile::{Destination, Http};

/// The most of a body that is read, in bytes.
pub(super) const BODY_BYTES: usize = 1024 * 1024;

/// Why there is no answer. Shows no token, no header and no query.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// The request cannot be sent at all.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// The client cannot be made for this destination.
    #[error(transparent)]
    Destination(#[from] ConnectError),
    /// No connection: refused, unreachable, or the name is unknown.
    #[error("no connection: {0}")]
    Unreachable(String),
    /// The TLS handshake failed.
    #[error("the TLS handshake failed: {0}")]
    Tls(String),
    /// Connected, but no whole answer in time.
    #[error("no answer within {0:?}")]
    Timeout(Duration),
    /// The connection ended before an answer, or what came was none.
    #[error("no valid answer ({0})")]
    Broken(String),
    /// The body was cut off.
    #[error("the body was cut off: {0}")]
    Body(String),
    /// [`ControlClient::get_json`] met a status other than 2xx.
    #[error("status {0}")]
    Status(u16),
    /// [`ControlClient::get_json`] met a body that is none, or one longer than 1 MiB.
    #[error("the answer is not JSON")]
    NotJson,
}

/// An answer, whatever its status.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The first 1 MiB of the body.
    pub body: Vec<u8>,
    /// Whether `body` is all of it.
    pub whole: bool,
    /// Whether it came over HTTP/2.
    pub is_http2: bool,
    /// From sending to the last byte that was read, connecting included.
    pub took: Duration,
}

impl Answer {
    /// Where a redirect points to, as it was sent.
    pub fn location(&self) -> Option<&str> {
        self.headers.get(LOCATION)?.to_str().ok()
    }
}

/// Asks one target for things beside the load. Speaks HTTP and TLS of the versions that the load does, and like it
/// uses no proxy and follows no redirect. Cheap to clone.
#[derive(Clone)]
pub struct ControlClient {
    client: Client,
    destination: Destination,
}

impl ControlClient {
    /// Prepares a client; nothing is resolved or sent yet.
    ///
    /// # Errors
    /// [`ControlError::Destination`] when the URL is not http(s), or certificates could not be verified.
    pub fn new(
        destination: &Destination,
        connect_timeout: Duration,
    ) -> Result<ControlClient, ControlError> {
        let origin = &destination.origin;
        let unusable = || ConnectError::Destination(origin.to_string());
        if !matches!(origin.scheme(), "http" | "https") || !origin.has_host() {
            return Err(unusable().into());
        }
        let mut builder = Client::builder()
            .redirect(redirect::Policy::none())
            .no_proxy()
            .tcp_nodelay(true)
            .connect_timeout(connect_timeout);
        builder = match destination.http {
            Http::Auto => builder,
            Http::One => builder.http1_only(),
            Http::Two => builder.http2_prior_knowledge(),
        };
        // Given even where it is not needed: without it reqwest looks for a process-wide provider.
        let verified = origin.scheme() == "https" && !destination.insecure;
        let config = tls::offering(&tls::config(!verified)?, destination.http);
        builder = builder.use_preconfigured_tls(config);
        Ok(ControlClient {
            client: builder.build().map_err(|_| unusable())?,
            destination: destination.clone(),
        })
    }

    /// GETs a path with its query, the token along if `auth`. Any status is an answer.
    ///
    /// # Errors
    /// Whatever kept the answer from coming within `timeout`.
    pub async fn fetch(
        &self,
        path: &str,
        auth: bool,
        timeout: Duration,
    ) -> Result<Answer, ControlError> {
        let request = PreparedRequest::get(path, auth, &self.destination)?;
        self.send(&request, timeout).await
    }

    /// GETs a JSON document. Numbers that JSON does not know (`NaN`, `Infinity`) are read as null.
    ///
    /// # Errors
    /// As [`ControlClient::fetch`]; besides when the status is not 2xx, or the body is no JSON.
    pub async fn get_json(
        &self,
        path: &str,
        auth: bool,
        timeout: Duration,
    ) -> Result<Value, ControlError> {
        let answer = self.fetch(path, auth, timeout).await?;
        if !(200..300).contains(&answer.status) {
            return Err(ControlError::Status(answer.status));
        }
        json::parse(&answer.body)
            .filter(|_| answer.whole)
            .ok_or(ControlError::NotJson)
    }

    /// Sends a request as the load would send it. Any status is an answer.
    ///
    /// # Errors
    /// Whatever kept the answer from coming within `timeout`.
    pub async fn send(
        &self,
        request: &PreparedRequest,
        timeout: Duration,
    ) -> Result<Answer, ControlError> {
        let begun = Instant::now();
        let answer = tokio::time::timeout(timeout, self.converse(request)).await;
        match answer {
            Ok(Ok(answer)) => Ok(Answer {
                took: begun.elapsed(),
                ..answer
            }),
            Ok(Err(error)) => Err(error),
            Err(_) => Err(ControlError::Timeout(timeout)),
        }
    }

    async fn converse(&self, request: &PreparedRequest) -> Result<Answer, ControlError> {
        let origin = self.destination.origin.as_str().trim_end_matches('/');
        let url = Url::parse(&format!("{origin}{}", request.path()))
            .map_err(|_| ConnectError::Destination(origin.to_owned()))?;
        let mut asked = self.client.request(request.method().clone(), url);
        if !request.body().is_empty() {
            asked = asked.body(request.body());
        }
        let mut headers = request.headers().clone();
        // HTTP/2 has the host of the address in other words.
        if request.http2().is_some() && is_host_of(&headers, &self.destination) {
            headers.remove(HOST);
        }
        let response = asked
            .headers(headers)
            .send()
            .await
            .map_err(|error| no_answer(&error))?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let is_http2 = response.version() == Version::HTTP_2;
        let (body, whole) = read(response).await?;
        Ok(Answer {
            status,
            headers,
            body,
            whole,
            is_http2,
            took: Duration::ZERO,
        })
    }
}

/// Whether the host's header says no more than the address does.
fn is_host_of(headers: &HeaderMap, destination: &Destination) -> bool {
    let host = &destination.origin[Position::BeforeHost..Position::AfterPort];
    headers.get(HOST).is_some_and(|said| said == host)
}

async fn read(mut response: Response) -> Result<(Vec<u8>, bool), ControlError> {
    let mut body = Vec::new();
    while let Some(chunk) = response
        .chunk()
        .await
        .map_err(|error| ControlError::Body(root(&error)))?
    {
        let room = BODY_BYTES - body.len();
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if chunk.len() > room {
            return Ok((body, false));
        }
    }
    Ok((body, true))
}

fn no_answer(error: &reqwest::Error) -> ControlError {
    let tls = chain(error).find_map(|cause| {
        let cause = cause.downcast_ref::<io::Error>()?;
        // What is not TLS ends handshakes; without TLS a connection cannot end while it is being made.
        let ended = error.is_connect() && cause.kind() == io::ErrorKind::UnexpectedEof;
        (ended || is_tls(cause)).then(|| {
            let inner = tls_cause::inner(cause).cloned();
            let cause = inner.map_or_else(|| cause.kind().into(), io::Error::other);
            tls_cause::TlsFault::of(cause, &tls_cause::ClientCertificate::default()).to_string()
        })
    });
    match tls {
        Some(cause) => ControlError::Tls(cause),
        None if error.is_connect() && error.is_timeout() => {
            ControlError::Unreachable("the connection timed out".to_owned())
        }
        None if error.is_connect() => ControlError::Unreachable(root(error)),
        None => ControlError::Broken(root(error)),
    }
}

fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

/// The innermost cause: the outer ones repeat the URL, whose query may hold a token.
fn root(error: &reqwest::Error) -> String {
    match chain(error).last() {
        Some(root) if !root.is::<reqwest::Error>() => root.to_string(),
        _ => "the exchange failed".to_owned(),
    }
}
