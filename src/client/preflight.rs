//! One look at each endpoint before the load: what fails now would fail for minutes.

use std::cell::Cell;
use std::time::Duration;

use super::preflight_scout::{Bad, Scout, ScoutResult};
use super::request::without_query;
use super::{SideClient, preflight_advice as advice, preflight_http2, preflight_socket};
use crate::plan::Plan;
use crate::profile::{Destination, Redirects, TargetRules};
use crate::template::Template;

/// What a preflight must know beside the plan.
#[derive(Debug, Clone, Copy, Default)]
pub struct Asking {
    /// Which redirects are followed.
    pub redirects: Redirects,
    /// Whether the users' tokens were signed by the generator.
    pub minted: bool,
}

/// How far a preflight is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PreflightProgress {
    /// Endpoints or steps that are settled.
    pub settled: usize,
    /// All of them.
    pub of: usize,
}

/// What the load may begin with.
#[derive(Debug, Clone, PartialEq)]
pub struct Preflight {
    /// The plan, its endpoints' paths being the ones that redirects led to.
    pub plan: Plan,
    /// What is worth knowing: redirects followed, endpoints that did not answer as expected.
    pub notes: Vec<String>,
    /// The longest that an answer took.
    pub slowest: Duration,
}

/// Why there is no use in loading the target.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}. {advice}")]
pub struct PreflightFailure {
    /// What failed: each failing endpoint with what it answered.
    pub what: String,
    /// What to do about it.
    pub advice: String,
    /// Whether no endpoint gave any valid answer.
    pub unreachable: bool,
    /// Whether an endpoint gave no answer at all: what still works on an earlier load may answer later.
    pub silent: bool,
}

/// [`preflight_with`] of a plan whose users and redirects are nothing special.
///
/// # Errors
/// As [`preflight_with`].
pub async fn preflight(
    plan: &Plan,
    destination: &Destination,
) -> Result<Preflight, PreflightFailure> {
    preflight_with(plan, destination, Asking::default(), &mut |_| {}).await
}

/// Asks each endpoint once, several at a time but no more than the plan has users, each within the timeout of the plan.
/// `told` is called for each one that is settled.
///
/// One redirect within the origin is followed where the rules say so, and its path is the one to load. Unexpected
/// statuses and broken connections of idempotent requests are asked up to twice more. What had no answer in time while
/// others were asked is asked once more alone.
///
/// Journeys are walked instead, one after the other and without think times, as the load's first user. After a step that fails
/// only those that clean up are sent.
///
/// # Errors
/// When the target cannot be reached, or an endpoint answers 401, 403, 404, 405, with a redirect elsewhere, or
/// not at all; a step also when its answer is wrong, it is redirected and that is not followed, or its poll is never ready.
/// All such endpoints are named.
pub async fn preflight_with(
    plan: &Plan,
    destination: &Destination,
    asking: Asking,
    told: &mut dyn FnMut(PreflightProgress),
) -> Result<Preflight, PreflightFailure> {
    let connect = plan.bounds.connect_timeout;
    let rules = TargetRules {
        redirects: asking.redirects,
        ..TargetRules::default()
    };
    let client = SideClient::new(destination, connect)
        .map_err(|error| advice::unusable(&error, destination))?
        .with_body_limit(plan.bounds.body_bytes)
        .with_rules(&rules);
    preflight_http2::look(destination, connect).await?;
    let scout = Scout {
        client,
        spoke_http2: Cell::new(false),
        slowest: Cell::default(),
        answered: Cell::new(false),
        destination,
        timeout: plan.bounds.timeout,
        body_bytes: plan.bounds.body_bytes,
        minted: asking.minted,
    };
    let findings = if plan.journeys.is_empty() {
        scout.ask_all(plan, told).await?
    } else {
        scout.walk_all(plan, told).await?
    };
    let is_alive = !plan.journeys.is_empty() && scout.answered.get();
    let mut ready = conclude(plan, (destination, is_alive), findings.into_iter())?;
    ready.slowest = scout.slowest.get();
    if scout.spoke_http2.get() {
        ready.notes.push(preflight_http2::note());
    }
    if let Some(socket) = &plan.socket {
        preflight_socket::look(plan, socket, destination).await?;
    }
    Ok(ready)
}

/// What follows from the findings. `is_alive` says that the target has answered what no finding is about.
fn conclude(
    plan: &Plan,
    (destination, is_alive): (&Destination, bool),
    findings: impl Iterator<Item = ScoutResult>,
) -> Result<Preflight, PreflightFailure> {
    let (mut plan, mut notes, mut bads, mut at) = (plan.clone(), Vec::new(), Vec::new(), 0);
    for (place, finding) in findings.enumerate() {
        at = place + 1;
        match finding {
            ScoutResult::Good { path, note } => {
                if let Some(path) = path {
                    let endpoint = &mut plan.endpoints[place];
                    let path = where_to(&endpoint.path, path);
                    notes.push(advice::redirected(endpoint, &path));
                    endpoint.path = path;
                }
                notes.extend(note);
            }
            ScoutResult::Bad(bad) => bads.push(bad),
            ScoutResult::Unreachable(failure) => return Err(failure),
        }
    }
    if bads.is_empty() {
        return Ok(Preflight {
            plan,
            notes,
            slowest: Duration::ZERO,
        });
    }
    let unreachable = !is_alive && at == bads.len() && bads.iter().all(|bad| bad.silent);
    Err(failure(bads, unreachable, destination))
}

/// The path to load, where that of one request led to `path`. Where values are filled in only the slash at its end differs.
fn where_to(asked: &str, path: String) -> String {
    if !Template::parse(asked).has_marks() {
        return path;
    }
    let (old, query) = match asked.split_once('?') {
        Some((old, query)) => (old, format!("?{query}")),
        None => (asked, String::new()),
    };
    let slash = if without_query(&path).ends_with('/') {
        "/"
    } else {
        ""
    };
    format!("{}{slash}{query}", old.trim_end_matches('/'))
}

/// One failure that names every endpoint, and each advice once.
fn failure(bads: Vec<Bad>, unreachable: bool, destination: &Destination) -> PreflightFailure {
    let silent = bads.iter().any(|bad| bad.silent);
    let mut whats = Vec::new();
    let mut advices: Vec<(String, Vec<String>)> = Vec::new();
    for bad in bads {
        whats.push(format!("{} {}", bad.request, bad.answered));
        match advices.iter_mut().find(|(known, _)| *known == bad.advice) {
            Some((_, requests)) => requests.push(bad.request),
            None => advices.push((bad.advice, vec![bad.request])),
        }
    }
    let silence = advice::silent();
    let hangs = unreachable && advices.iter().all(|(advice, _)| *advice == silence);
    PreflightFailure {
        what: whats.join("; "),
        advice: if hangs {
            advice::running(destination)
        } else {
            advice::for_each(&advices)
        },
        unreachable,
        silent,
    }
}
