//! One WebSocket before the load: a handshake, a message and its reply.

use std::time::Duration;

use tokio::time::Instant;

use super::{
    Connector, Exchange, PlanRequests, PreflightFailure, WebSocketSession, retry_after, tls_cause,
};
use crate::plan::{Plan, Socket};
use crate::profile::Destination;
use crate::record::Outcome;
use crate::template::RequestMarks;

/// Asked at most so often, until one message has its reply.
const ATTEMPTS: u32 = 3;
/// What takes longer than this to go wrong is not tried again.
const PATIENCE: Duration = Duration::from_secs(1);
/// Far from the ids of any user of the load.
const FIRST_ID: u64 = 1;

const TOKEN: &str = "The token was not accepted for this user: its `sub` must be the user in the path, with the organization (`org_id`) in \
     it, and it must not have expired. Give users with their own tokens in --users-file, or the key that tokens are signed \
     with in PERF_JWT_SECRET.";

/// Opens the WebSocket of the plan's first user who has one, and waits for one reply, each as long as the plan allows.
///
/// # Errors
/// When it is refused, or no message has a reply.
pub(super) async fn look(
    plan: &Plan,
    socket: &Socket,
    destination: &Destination,
) -> Result<(), PreflightFailure> {
    let first = (0..plan.users()).find(|index| socket.holds(*index, plan.users()));
    let handshake = PlanRequests::new(plan, destination)
        .and_then(|all| all.handshake(first.unwrap_or_default() as usize));
    let handshake = handshake.map_err(|error| failure(socket, &error.to_string(), &correct()))?;
    let Some(handshake) = handshake else {
        return Ok(());
    };
    let connector = Connector::new(destination)
        .map_err(|error| failure(socket, &error.to_string(), &correct()))?;
    let mut line = WebSocketSession::new(handshake, FIRST_ID);
    line.number(RequestMarks::before_load(plan.endpoints.len()));
    let mut last = (Outcome::Timeout, false);
    for _ in 0..ATTEMPTS {
        let begun = Instant::now();
        match attempt(&mut line, &connector, socket).await {
            Ok(()) => {
                line.leave(Duration::from_millis(200)).await;
                return Ok(());
            }
            Err(found) => last = found,
        }
        if begun.elapsed() > PATIENCE {
            break;
        }
    }
    let (outcome, connected) = last;
    let (what, advice) = failure_text(outcome, connected, &line, socket);
    Err(PreflightFailure {
        unreachable: outcome == Outcome::Connect,
        silent: outcome == Outcome::Timeout,
        ..failure(socket, &what, &advice)
    })
}

/// How one attempt ended, and whether it got as far as an open line.
async fn attempt(
    line: &mut WebSocketSession,
    connector: &Connector,
    socket: &Socket,
) -> Result<(), (Outcome, bool)> {
    let connected: Exchange = line.connect(connector, socket).await;
    if !connected.outcome.is_ok() {
        return Err((connected.outcome, false));
    }
    let replied = line.exchange(connector, socket).await;
    if replied.outcome.is_ok() {
        Ok(())
    } else {
        Err((replied.outcome, true))
    }
}

fn failure(socket: &Socket, what: &str, advice: &str) -> PreflightFailure {
    let path = super::request::without_query(&socket.path);
    PreflightFailure {
        what: format!("the WebSocket {path} {what}"),
        advice: advice.to_owned(),
        unreachable: false,
        silent: false,
    }
}

fn correct() -> String {
    "Correct it in the profile.".to_owned()
}

/// What is known to be the cause; `None` for what the outcome alone says.
fn known(
    outcome: Outcome,
    connected: bool,
    line: &WebSocketSession,
    socket: &Socket,
) -> Option<(String, String)> {
    let refusal = line.refusal();
    match (connected, outcome) {
        (false, Outcome::Status(403)) if !line.has_origin() => Some((
            format!("was refused with 403{}", said(line)),
            format!(
                "Either the server checks where a WebSocket is opened from, and none was said: write headers = {{ Origin \
                 = \"https://…\" }} under [target], with an origin that it allows. Or: {TOKEN}"
            ),
        )),
        (false, Outcome::Protocol | Outcome::Tls) => {
            let why = refusal?;
            let advice = tls_cause::advice(why).unwrap_or(
                "Is it this service that listens there, and is it ws or wss? A proxy in between must pass on `Upgrade` \
                 and `Connection`.",
            );
            Some((format!("could not be opened: {why}"), advice.to_owned()))
        }
        (true, Outcome::BadBody) => Some((
            format!("sent a message of more than {} bytes", socket.frame_bytes),
            "Raise frame_limit under [scenario.<name>.socket] if such messages are right."
                .to_owned(),
        )),
        _ => None,
    }
}

/// `: what the refusal says`
fn said(line: &WebSocketSession) -> String {
    let wait = line.retry_after().map(retry_after::come_back);
    let said = Some(line.excerpt()).filter(|said| !said.is_empty());
    let all: Vec<String> = said.into_iter().chain(wait).collect();
    if all.is_empty() {
        return String::new();
    }
    format!(": {}", all.join(", "))
}

fn failure_text(
    outcome: Outcome,
    connected: bool,
    line: &WebSocketSession,
    socket: &Socket,
) -> (String, String) {
    if let Some(known) = known(outcome, connected, line, socket) {
        return known;
    }
    let (what, advice) = match (connected, outcome) {
        (false, Outcome::Status(status @ (401 | 403))) => {
            (format!("was refused with {status}{}", said(line)), TOKEN)
        }
        (false, Outcome::Status(status)) => (
            format!("was answered {status}{}", said(line)),
            "Is its path right, and does a proxy in between pass on `Upgrade`? If the deployment has no \
             WebSocket, leave the scenario out.",
        ),
        (false, Outcome::RateLimited) => (
            format!("was refused with 429{}", said(line)),
            "Raise or switch off the rate limit for this machine's address while testing.",
        ),
        (false, Outcome::Connect) => (
            "got no connection".to_owned(),
            "Is the service running at that URL? Does a firewall keep this machine from it?",
        ),
        (false, Outcome::Timeout) => (
            "gave no answer to its handshake".to_owned(),
            "The service took the connection and gave no answer: look into its log.",
        ),
        (false, _) => (
            format!("could not be opened ({outcome})"),
            "Is it this service that listens there, and is it ws or wss?",
        ),
        (true, Outcome::Timeout) => (
            "is open, but no message had a reply".to_owned(),
            "Do message, reply and match in the profile say what this service is sent and answers?",
        ),
        (true, _) => (
            format!("was closed after a message ({outcome})"),
            "Does message in the profile say what this service understands? Its log says why it closes.",
        ),
    };
    (what, advice.to_owned())
}
