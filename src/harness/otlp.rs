//! Where a session's figures are sent at its end: OTLP over HTTP, as JSON.

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderName, HeaderValue};
use serde::Deserialize;
use thiserror::Error;
use url::Url;

use crate::client::{Answer, ControlClient, ControlError, PreparedRequest, RequestError};
use crate::profile::quantity::{self, Reading};
use crate::profile::{
    Complaint, Destination, Endpoint, EndpointKind, Http, Place, Secret, Target, show_duration,
};
use crate::report::cleaned;

/// Where metrics go below an endpoint.
const METRICS: &str = "/v1/metrics";
/// The variable whose URL is taken as it is.
const WHOLE: &str = "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT";
/// Beginnings of variables that are OpenTelemetry's own.
const STANDARD: &str = "OTEL_";
/// What the specification has where no time is named.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Headers that are as the message has it, whatever anybody wants.
const OWN: [&str; 5] = [
    "connection",
    "content-length",
    "content-type",
    "host",
    "transfer-encoding",
];
/// The most that is told of what a receiver says.
const WORDS: usize = 200;

/// A receiver of metrics.
#[derive(Debug, Clone)]
pub(super) struct Otlp {
    origin: Url,
    path: String,
    headers: Vec<(String, Secret)>,
    timeout: Duration,
}

/// The figures were not taken, or not all of them. Shows no header's value.
#[derive(Debug, Error)]
pub(super) enum OtlpError {
    #[error("{0}")]
    Request(#[from] RequestError),
    #[error("there is no runtime: {0}")]
    Runtime(#[from] std::io::Error),
    #[error(
        "{0}; is it there, and is this its port for OTLP over HTTP (often 4318), not for gRPC (4317)?"
    )]
    NoAnswer(ControlError),
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
struct Said {
    partial_success: Partial,
    /// Of a refusal.
    message: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Partial {
    /// 64 bits, which are text; some write a number.
    rejected_data_points: serde_json::Value,
    error_message: String,
}

impl Otlp {
    /// Of an address, without headers.
    pub(super) fn new((target, path): (Target, String)) -> Otlp {
        Otlp {
            origin: target.origin,
            path,
            headers: Vec::new(),
            timeout: TIMEOUT,
        }
    }

    pub(super) fn with_headers(self, headers: Option<Vec<(String, Secret)>>) -> Otlp {
        Otlp {
            headers: headers.unwrap_or(self.headers),
            ..self
        }
    }

    pub(super) fn within(self, timeout: Option<Duration>) -> Otlp {
        Otlp {
            timeout: timeout.unwrap_or(self.timeout),
            ..self
        }
    }

    /// Where it is, as it may be shown.
    pub(super) fn shown(&self) -> String {
        let origin = self.origin.as_str().trim_end_matches('/');
        format!("{origin}{}", self.path)
    }

    /// Sends a request's JSON once, and waits for the answer no longer than is allowed.
    ///
    /// # Errors
    /// When it was not taken whole.
    pub(super) fn send(&self, json: String) -> Result<(), OtlpError> {
        let destination = Destination {
            origin: self.origin.clone(),
            token: None,
            insecure: false,
            http: Http::Auto,
            users: Arc::default(),
        };
        let request = self.request(json, &destination)?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let answer = runtime.block_on(async {
            let client = ControlClient::new(&destination, self.timeout)?;
            client.send(&request, self.timeout).await
        });
        // A name that is still looked up must not be waited for.
        runtime.shutdown_background();
        match answer {
            Ok(answer) => self.judge(&answer),
            Err(ControlError::Timeout(after)) => Err(OtlpError::Late(after)),
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
        };
        PreparedRequest::new(&headers, &endpoint, destination)
    }

    fn judge(&self, answer: &Answer) -> Result<(), OtlpError> {
        let said: Said = serde_json::from_slice(&answer.body).unwrap_or_default();
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
                said: self.told(&said.message),
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
        let said = self.told(&said.partial_success.error_message);
        Err(OtlpError::Rejected { points, said })
    }

    /// What a receiver says, on the rest of a line; a secret that it repeats is taken out.
    fn told(&self, text: &str) -> String {
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

/// Reads where metrics are sent, and the path there: a URL to which `/v1/metrics` is added unless it ends so, or the
/// whole of it where it comes from the variable of metrics alone. `off` is nowhere.
///
/// # Errors
/// When it is no URL that can be sent to.
pub(super) fn endpoint(text: &str, place: &Place) -> Reading<Option<(Target, String)>> {
    if text.eq_ignore_ascii_case("off") {
        return Ok(None);
    }
    let url = Url::parse(text).ok();
    if url.is_some_and(|url| !url.username().is_empty() || url.password().is_some()) {
        return Err(Complaint::new("a URL with a user or a password is refused")
            .help("give them in OTEL_EXPORTER_OTLP_HEADERS, as Authorization=Basic%20BASE64"));
    }
    if !text.contains('@') && text.contains(['?', '#']) {
        return Err(
            Complaint::new("the URL has a query (?…) or a fragment (#…)")
                .help("give keys in OTEL_EXPORTER_OTLP_HEADERS"),
        );
    }
    let target = Target::parse(text)?;
    let whole = *place == Place::Variable(WHOLE.to_owned());
    let path = match target.base_path.as_str() {
        "" if whole => "/".to_owned(),
        base if whole || base.ends_with(METRICS) => base.to_owned(),
        base => format!("{base}{METRICS}"),
    };
    Ok(Some((target, path)))
}

/// Reads `name=value,name=value`, values percent-encoded as the specification has it. Messages repeat none of them.
///
/// # Errors
/// With everything that can't be a header.
pub(super) fn headers(text: &str) -> Reading<Vec<(String, Secret)>> {
    let mut wrong = Vec::new();
    let mut headers = Vec::new();
    let parts = text
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty());
    for (place, part) in parts.enumerate() {
        match header(part) {
            Ok(header) => headers.push(header),
            Err(what) => wrong.push(format!("header {} {what}", place + 1)),
        }
    }
    if headers.is_empty() && wrong.is_empty() {
        wrong.push("it names no header".to_owned());
    }
    if wrong.is_empty() {
        return Ok(headers);
    }
    Err(Complaint::new(wrong.join("; ")).help("write Authorization=Bearer%20TOKEN,X-Scope-OrgID=7"))
}

fn header(part: &str) -> Result<(String, Secret), &'static str> {
    let (name, value) = part.split_once('=').ok_or("has no `=`")?;
    let name = HeaderName::from_bytes(name.trim().as_bytes())
        .map_err(|_| "has a name that no header can have")?;
    if OWN.contains(&name.as_str()) {
        return Err("is one that is set by itself");
    }
    let value = decoded(value.trim())
        .ok_or("has a percent sign that begins no code; write %25 for the sign itself")?;
    match HeaderValue::from_str(&value) {
        Ok(_) if !value.is_empty() => Ok((name.as_str().to_owned(), Secret::new(value))),
        Ok(_) => Err("has no value"),
        Err(_) => Err("has a value that no header can have"),
    }
}

/// `a%20b` as `a b`; `None` for a code that is none, or text that is not UTF-8.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || char::from(rest.next()?).to_digit(16);
        bytes.push((digit()? * 16 + digit()?) as u8);
    }
    String::from_utf8(bytes).ok()
}

/// Reads how long sending may take: in the variables of the specification, whole milliseconds.
///
/// # Errors
/// When it is no time above 0.
pub(super) fn timeout(text: &str, place: &Place) -> Reading<Duration> {
    if !is_standard(place) {
        return quantity::lasting(text);
    }
    match text.parse() {
        Ok(ms @ 1..=86_400_000) => Ok(Duration::from_millis(ms)),
        _ => Err(
            Complaint::new(format!("`{text}` is no number of milliseconds above 0"))
                .help("write 10000 for 10 seconds"),
        ),
    }
}

/// Whether it is a variable that other programs read as well.
pub(super) fn is_standard(place: &Place) -> bool {
    matches!(place, Place::Variable(name) if name.starts_with(STANDARD))
}

#[cfg(test)]
#[path = "otlp_tests.rs"]
mod tests;
