//! Whether the target is well: asked now and then, each time on the same kept connection.

use std::time::Duration;

use serde_json::Value;

use super::ask::{SideExchange, ask};
use super::redirect::{Redirect, redirect};
use super::side_client::BODY_BYTES;
use super::{Connection, Connector, PreparedRequest, SideError, excerpt, json, side_headers};
use crate::plan::Bounds;
use crate::profile::{Destination, HealthCheck, TargetRules, UptimeCheck};
use crate::record::Outcome;

/// One answer to the question whether the target is well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HealthAnswer {
    /// How long the answer took; the first one's time includes connecting.
    pub took: Duration,
    /// Why the target is not well, if it isn't: `status 503`, `field "status" says "degraded"`.
    pub healthy: Result<(), String>,
}

/// Asks for the target's health.
pub struct HealthProbe {
    check: HealthCheck,
    line: HealthConnection,
}

impl HealthProbe {
    /// Prepares the question; nothing is sent yet.
    ///
    /// # Errors
    /// When the destination or the path is none that requests can be sent to.
    pub fn new(check: &HealthCheck, destination: &Destination) -> Result<HealthProbe, SideError> {
        Ok(HealthProbe {
            check: check.clone(),
            line: HealthConnection::new(
                &check.path,
                check.auth,
                check.timeout,
                (&check.rules, destination),
            )?,
        })
    }

    /// Asks once.
    pub async fn ask(&mut self) -> HealthAnswer {
        let heard = self.line.ask().await;
        HealthAnswer {
            took: heard.took,
            healthy: match self.line.failure(&heard) {
                Some(why) => Err(why),
                None => says_healthy(&self.check, &heard.body),
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
) -> Result<Vec<HealthAnswer>, SideError> {
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
    /// Seconds since the target's start, if it reported them.
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
    line: HealthConnection,
    was_connected: bool,
}

impl Prober {
    /// Prepares the question; nothing is sent yet.
    ///
    /// # Errors
    /// When the destination or the path is none that requests can be sent to.
    pub fn new(check: &UptimeCheck, destination: &Destination) -> Result<Prober, SideError> {
        Ok(Prober {
            check: check.clone(),
            line: HealthConnection::new(
                &check.path,
                check.auth,
                check.timeout,
                (&check.rules, destination),
            )?,
            was_connected: false,
        })
    }

    /// Asks once. An answer takes at most the check's timeout.
    pub async fn probe(&mut self) -> ProbeAnswer {
        let heard = self.line.ask().await;
        let exchange = &heard.exchange;
        let reconnected = exchange.connected && self.was_connected;
        self.was_connected |= exchange.connected;
        let rate_limited = exchange.outcome == Outcome::RateLimited;
        let uptime = exchange.outcome.is_ok() && !self.check.uptime_field.is_empty();
        ProbeAnswer {
            uptime_seconds: uptime
                .then(|| json::parse(&heard.body))
                .flatten()
                .and_then(|document| json::json_number(&document, &self.check.uptime_field)),
            failure: self.line.failure(&heard).filter(|_| !rate_limited),
            reconnected,
            rate_limited,
        }
    }
}

/// One question, asked again and again on one connection.
struct HealthConnection {
    connection: Connection,
    request: PreparedRequest,
    bounds: Bounds,
    destination: Destination,
    rules: TargetRules,
    was_redirected: bool,
}

impl HealthConnection {
    fn new(
        path: &str,
        auth: bool,
        timeout: Duration,
        (rules, destination): (&TargetRules, &Destination),
    ) -> Result<HealthConnection, SideError> {
        Ok(HealthConnection {
            connection: Connection::new(Connector::new(destination)?),
            request: PreparedRequest::get(
                path,
                auth,
                &side_headers(rules, destination),
                destination,
            )?,
            bounds: Bounds {
                timeout,
                connect_timeout: timeout,
                body_bytes: BODY_BYTES as u64,
            },
            destination: destination.clone(),
            rules: rules.clone(),
            was_redirected: false,
        })
    }

    /// Asks once; where that is redirected as the load would follow it, once more there, and from then on there alone.
    async fn ask(&mut self) -> SideExchange {
        let heard = self.ask_once().await;
        let Some(next) = self.redirected(&heard) else {
            return heard;
        };
        self.request = next;
        self.was_redirected = true;
        let mut again = self.ask_once().await;
        again.exchange.connected |= heard.exchange.connected;
        again
    }

    async fn ask_once(&mut self) -> SideExchange {
        ask(
            &mut self.connection,
            &self.request,
            &self.bounds,
            BODY_BYTES,
        )
        .await
    }

    fn redirected(&self, heard: &SideExchange) -> Option<PreparedRequest> {
        let head = heard.answered().filter(|_| !self.was_redirected)?;
        let answer = (head.status, &head.headers);
        let origin = &self.destination.origin;
        match redirect(self.rules.redirects, origin, &self.request, answer)? {
            Redirect::Followed(path) => self.request.at(&path).ok(),
            Redirect::Reported(_) | Redirect::Elsewhere(..) => None,
        }
    }

    fn failure(&self, heard: &SideExchange) -> Option<String> {
        let within = self.bounds.timeout;
        if let Some(refusal) = self.connection.refusal() {
            return Some(refusal.to_string());
        }
        let exchange = &heard.exchange;
        match exchange.outcome {
            Outcome::Ok => None,
            Outcome::Status(status) => {
                let said = excerpt::excerpt(&heard.body, &self.request.secrets());
                let colon = if said.is_empty() { "" } else { ": " };
                Some(format!("status {status}{colon}{said}"))
            }
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
