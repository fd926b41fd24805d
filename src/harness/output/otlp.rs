//! Where a session's figures are sent at its end: OTLP over HTTP, as JSON.

use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use thiserror::Error;
use url::Url;

use crate::client::{PreparedRequest, RequestError, SideAnswer, SideClient, SideError};
use crate::harness::output::streams::note;
use crate::plan::{Endpoint, EndpointKind};
use crate::profile::{Destination, HttpVersion, Target, show_duration, without_mark};
use crate::report::{Report, otlp};
use crate::secret::Secret;
use crate::text::clean as cleaned;

/// What the specification has where no time is named.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The longest message of a receiver that is shown.
const WORDS: usize = 200;

/// A receiver of metrics.
#[derive(Debug, Clone)]
pub(in crate::harness) struct Otlp {
    origin: Url,
    path: String,
    headers: Vec<(String, Secret)>,
    timeout: Duration,
}

/// The figures were not taken, or not all of them. Shows no header's value.
#[derive(Debug, Error)]
pub(in crate::harness) enum OtlpError {
    #[error("{0}")]
    Request(#[from] RequestError),
    #[error("there is no runtime: {0}")]
    Runtime(#[from] std::io::Error),
    #[error(
        "{0}; is it there, and is this its port for OTLP over HTTP (often 4318), not for gRPC (4317)?"
    )]
    NoAnswer(SideError),
    #[error("no answer within {}; OTEL_EXPORTER_OTLP_TIMEOUT gives it more time", show_duration(*.0))]
    Late(Duration),
    #[error("it was answered {status}{said}; {advice}")]
    Refused {
        status: u16,
        said: String,
        advice: &'static str,
    },
    #[error("{points} of its points were rejected{said}")]
    Rejected { points: String, said: String },
}

/// What a receiver says of what it did not take, in the part that matters here.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ReceiverMessage {
    partial_success: PartialSuccess,
    /// Of a refusal.
    message: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct PartialSuccess {
    /// 64 bits, which are text; some write a number.
    rejected_data_points: serde_json::Value,
    error_message: String,
}

impl Otlp {
    /// What takes metrics at this path of an address.
    pub(in crate::harness) fn new(
        target: Target,
        path: String,
        headers: Vec<(String, Secret)>,
        timeout: Option<Duration>,
    ) -> Otlp {
        Otlp {
            origin: target.origin,
            path,
            headers,
            timeout: timeout.unwrap_or(TIMEOUT),
        }
    }

    /// Where it is, as it may be shown.
    pub(in crate::harness) fn shown(&self) -> String {
        let origin = self.origin.as_str().trim_end_matches('/');
        format!("{origin}{}", self.path)
    }

    /// Sends the figures of a report, if it has any. If they can't be sent, stderr says so, and nothing else changes.
    pub(in crate::harness) fn send_report(&self, report: &Report) {
        if report.judgements.is_empty() {
            return;
        }
        let place = self.shown();
        match self.send(otlp::render(report)) {
            Ok(()) => note(format_args!("OTLP: {place}")),
            Err(error) => note(format_args!(
                "warning: the session is not at {place}: {error}"
            )),
        }
    }

    /// Sends a request's JSON once, and waits for the answer no longer than is allowed.
    ///
    /// # Errors
    /// When it was not taken whole.
    fn send(&self, json: String) -> Result<(), OtlpError> {
        let destination = Destination {
            origin: self.origin.clone(),
            token: None,
            insecure: false,
            http: HttpVersion::Auto,
            users: Arc::default(),
        };
        let request = self.request(json, &destination)?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let answer = runtime.block_on(async {
            let client = SideClient::new(&destination, self.timeout)?;
            client.send(&request, self.timeout).await
        });
        // A name that is still looked up must not be waited for.
        runtime.shutdown_background();
        match answer {
            Ok(answer) => self.judge(&answer),
            Err(SideError::Timeout(after)) => Err(OtlpError::Late(after)),
            Err(error) => Err(OtlpError::NoAnswer(error)),
        }
    }

    fn request(
        &self,
        json: String,
        destination: &Destination,
    ) -> Result<PreparedRequest, RequestError> {
        let headers = self.headers.iter();
        let headers: Vec<(String, String)> = headers
            .map(|(name, value)| (name.clone(), value.reveal().to_owned()))
            .collect();
        let endpoint = Endpoint {
            name: "otlp".to_owned(),
            kind: EndpointKind::Http,
            method: "POST".to_owned(),
            path: self.path.clone(),
            weight: 1,
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body: json,
            auth: false,
            expect: Vec::new(),
            ..Endpoint::default()
        };
        PreparedRequest::new(&headers, &endpoint, destination)
    }

    fn judge(&self, answer: &SideAnswer) -> Result<(), OtlpError> {
        let said: ReceiverMessage =
            serde_json::from_slice(without_mark(&answer.body)).unwrap_or_default();
        let status = answer.status;
        if !(200..300).contains(&status) {
            let advice = match status {
                401 | 403 => "look at the headers in OTEL_EXPORTER_OTLP_HEADERS",
                300..=399 | 404 | 405 => {
                    "name the address at which it takes OTLP over HTTP, without /v1/metrics"
                }
                _ => "its own log may tell why",
            };
            return Err(OtlpError::Refused {
                status,
                said: self.quoted_message(&said.message),
                advice,
            });
        }
        let points = match &said.partial_success.rejected_data_points {
            serde_json::Value::Number(number) => number.to_string(),
            serde_json::Value::String(text) => cleaned(text),
            _ => return Ok(()),
        };
        if points == "0" {
            return Ok(());
        }
        let said = self.quoted_message(&said.partial_success.error_message);
        Err(OtlpError::Rejected { points, said })
    }

    /// What a receiver says, on the rest of a line; a secret that it repeats is taken out.
    fn quoted_message(&self, text: &str) -> String {
        let mut text = cleaned(text);
        for (_, value) in &self.headers {
            for secret in value.reveal().split_whitespace() {
                text = text.replace(secret, "***");
            }
        }
        let text: String = text.chars().take(WORDS).collect();
        if text.is_empty() {
            text
        } else {
            format!(" ({text})")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(status: u16, body: &str) -> Result<(), String> {
        let target = Target::parse("http://localhost").expect("a URL");
        let headers = vec![("authorization".to_owned(), Secret::new("Bearer hunter2"))];
        let otlp = Otlp::new(target, "/v1/metrics".to_owned(), headers, None);
        let answer = SideAnswer {
            status,
            headers: http::HeaderMap::new(),
            body: body.as_bytes().to_vec(),
            is_http2: false,
            took: Duration::ZERO,
        };
        otlp.judge(&answer).map_err(|error| error.to_string())
    }

    #[test]
    fn what_a_receiver_says_is_told_on_a_line_without_secrets() {
        for body in [
            "",
            "{}",
            "{\"partialSuccess\":{}}",
            "{\"partialSuccess\":{\"rejectedDataPoints\":\"0\"}}",
            "ok",
        ] {
            assert_eq!(answered(200, body), Ok(()), "{body}");
        }
        let table = [
            (
                200,
                "{\"partialSuccess\":{\"rejectedDataPoints\":\"7\",\"errorMessage\":\"too\\nold\"}}",
                "7 of its points were rejected (too old)",
            ),
            (
                401,
                "{\"code\":16,\"message\":\"no such key: hunter2\"}",
                "it was answered 401 (no such key: ***); look at the headers in OTEL_EXPORTER_OTLP_HEADERS",
            ),
            (
                404,
                "<html>",
                "it was answered 404; name the address at which it takes OTLP over HTTP, without /v1/metrics",
            ),
            (503, "", "it was answered 503; its own log may tell why"),
        ];
        for (status, body, expected) in table {
            assert_eq!(answered(status, body), Err(expected.to_owned()), "{body}");
        }
    }
}
