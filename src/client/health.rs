//! Whether the target is well: asked now and then, each time on the same kept connection.

use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use super::attempt::Listener;
use super::control::BODY_BYTES;
use super::{Connection, Connector, ControlError, Exchange, Outcome, PreparedRequest, json};
use crate::profile::{Bounds, Destination, HealthCheck, UptimeCheck};

/// One answer to the question whether the target is well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HealthSample {
    /// How long the answer took; the first one's time includes connecting.
    pub took: Duration,
    /// Why the target is not well, if it isn't: `status 503`, `field "status" says "degraded"`.
    pub healthy: Result<(), String>,
}

/// Asks for the target's health.
pub struct HealthProbe {
    check: HealthCheck,
    line: Line,
}

impl HealthProbe {
    /// Prepares the question; nothing is sent yet.
    ///
    /// # Errors
    /// When the destination or the path is none that requests can be sent to.
    pub fn new(
        check: &HealthCheck,
        destination: &Destination,
    ) -> Result<HealthProbe, ControlError> {
        Ok(HealthProbe {
            check: check.clone(),
            line: Line::new(&check.path, check.auth, check.timeout, destination)?,
        })
    }

    /// Asks once.
    pub async fn ask(&mut self) -> HealthSample {
        let begun = Instant::now();
        let (exchange, body) = self.line.ask().await;
        HealthSample {
            took: exchange.done - begun,
            healthy: match self.line.failure(&exchange) {
                Some(why) => Err(why),
                None => says_healthy(&self.check, &body),
            },
        }
    }
}

/// Asks for the target's health as often as the check says, one answer after the other.
///
/// # Errors
/// When the destination or the path is none that requests can be sent to.
pub async fn check_health(
    check: &HealthCheck,
    destination: &Destination,
) -> Result<Vec<HealthSample>, ControlError> {
    let mut probe = HealthProbe::new(check, destination)?;
    let mut samples = Vec::with_capacity(check.requests as usize);
    for _ in 0..check.requests {
        samples.push(probe.ask().await);
    }
    Ok(samples)
}

fn says_healthy(check: &HealthCheck, body: &[u8]) -> Result<(), String> {
    if check.field.is_empty() {
        return Ok(());
    }
    let field = &check.field;
    let document = json::parse(body).ok_or("the body is not JSON")?;
    let value = json::json_field(&document, field).ok_or(format!("field {field:?} is missing"))?;
    let said = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    // Without regard to case beyond ASCII too.
    let is_said = |healthy: &String| healthy.to_lowercase() == said.to_lowercase();
    if check.healthy.iter().any(is_said) {
        return Ok(());
    }
    let shown: String = said.chars().take(80).collect();
    Err(format!("field {field:?} says {shown:?}"))
}

/// What one probe for outages met.
#[derive(Debug, Clone, PartialEq)]
pub struct ProbeAnswer {
    /// Seconds since the target's start, if it told.
    pub uptime_seconds: Option<f64>,
    /// Why this counts as an outage; `None` when it doesn't.
    pub failure: Option<String>,
    /// Whether the connection of the probe before was gone. Not an outage by itself: targets close idle
    /// connections too.
    pub reconnected: bool,
    /// Whether the probe was refused with 429: the target is up, but does not say since when.
    pub rate_limited: bool,
}

/// Watches for outages and restarts on a connection of its own.
pub struct Prober {
    check: UptimeCheck,
    line: Line,
    was_connected: bool,
}

impl Prober {
    /// Prepares the question; nothing is sent yet.
    ///
    /// # Errors
    /// When the destination or the path is none that requests can be sent to.
    pub fn new(check: &UptimeCheck, destination: &Destination) -> Result<Prober, ControlError> {
        Ok(Prober {
            check: check.clone(),
            line: Line::new(&check.path, check.auth, check.timeout, destination)?,
            was_connected: false,
        })
    }

    /// Asks once. An answer takes at most the check's timeout.
    pub async fn probe(&mut self) -> ProbeAnswer {
        let (exchange, body) = self.line.ask().await;
        let reconnected = exchange.connected && self.was_connected;
        self.was_connected |= exchange.connected;
        let rate_limited = exchange.outcome == Outcome::RateLimited;
        let uptime = exchange.outcome.is_ok() && !self.check.uptime_field.is_empty();
        ProbeAnswer {
            uptime_seconds: uptime
                .then(|| json::parse(&body))
                .flatten()
                .and_then(|document| json::json_number(&document, &self.check.uptime_field)),
            failure: self.line.failure(&exchange).filter(|_| !rate_limited),
            reconnected,
            rate_limited,
        }
    }
}

/// One question, asked again and again on one connection.
struct Line {
    connection: Connection,
    request: PreparedRequest,
    bounds: Bounds,
}

impl Line {
    fn new(
        path: &str,
        auth: bool,
        timeout: Duration,
        destination: &Destination,
    ) -> Result<Line, ControlError> {
        Ok(Line {
            connection: Connection::new(Connector::new(destination)?),
            request: PreparedRequest::get(path, auth, destination)?,
            bounds: Bounds {
                timeout,
                connect_timeout: timeout,
                body_bytes: BODY_BYTES as u64,
            },
        })
    }

    async fn ask(&mut self) -> (Exchange, Vec<u8>) {
        let mut body = Body(Vec::new());
        // Later than the timeout, which is all that is to end this.
        let give_up = Instant::now() + self.bounds.timeout * 2 + Duration::from_secs(1);
        let exchange = self
            .connection
            .exchange_heard(&self.request, &self.bounds, give_up, &mut body)
            .await;
        (exchange, body.0)
    }

    fn failure(&self, exchange: &Exchange) -> Option<String> {
        let within = self.bounds.timeout;
        if let Some(refusal) = self.connection.refusal() {
            return Some(refusal.to_string());
        }
        match exchange.outcome {
            Outcome::Ok => None,
            Outcome::Status(status) => Some(format!("status {status}")),
            Outcome::RateLimited => Some("status 429, rate limited".to_owned()),
            Outcome::Timeout if exchange.sent.is_none() => {
                Some(format!("no connection within {within:?}"))
            }
            Outcome::Timeout => Some(format!("no answer within {within:?}")),
            Outcome::Reset => Some("the connection was closed without an answer".to_owned()),
            Outcome::Protocol => Some("the answer is not HTTP/1.1".to_owned()),
            Outcome::BadBody => Some("the body was cut off or is longer than 1 MiB".to_owned()),
            other => Some(other.to_string()),
        }
    }
}

struct Body(Vec<u8>);

impl Listener for Body {
    fn chunk(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }
}
