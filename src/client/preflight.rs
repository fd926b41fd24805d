//! One look at each endpoint before the load: what fails now would fail for minutes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use url::Url;

use super::request::without_query;
use super::{
    Answer, ControlClient, ControlError, PreparedRequest, preflight_advice as advice,
    preflight_http2, preflight_socket,
};
use crate::profile::{Destination, Endpoint, EndpointKind, Plan};

/// The longest that a connection is waited for.
const CONNECT: Duration = Duration::from_secs(5);
/// The longest that all of it takes.
const ALL: Duration = Duration::from_secs(8);
/// Asked at the same time, at most.
const AT_ONCE: usize = 4;
/// Asked of one endpoint, at most, until it answers as expected.
const ATTEMPTS: u32 = 3;
const PAUSE: Duration = Duration::from_millis(200);

/// What the load may begin with.
#[derive(Debug, Clone, PartialEq)]
pub struct Preflight {
    /// The plan, its endpoints' paths being the ones that redirects led to.
    pub plan: Plan,
    /// What is worth telling: redirects followed, endpoints that did not answer as expected.
    pub notes: Vec<String>,
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
}

/// How one endpoint answered.
enum Finding {
    Good {
        path: Option<String>,
        note: Option<String>,
    },
    Bad(Bad),
    Unreachable(PreflightFailure),
}

/// An endpoint that there is no use in loading.
struct Bad {
    request: String,
    answered: String,
    advice: String,
    silent: bool,
}

/// Asks each endpoint once, at most four at a time, and 8 s in all.
///
/// One redirect within the origin is followed, and its path is the one to load. Unexpected statuses and
/// broken connections of idempotent requests are asked up to twice more.
///
/// # Errors
/// When the target cannot be reached, or an endpoint answers 401, 403, 404, 405, with a redirect elsewhere, or
/// not at all. All such endpoints are named.
pub async fn preflight(
    plan: &Plan,
    destination: &Destination,
) -> Result<Preflight, PreflightFailure> {
    let connect = plan.bounds.connect_timeout.min(CONNECT);
    let client = ControlClient::new(destination, connect)
        .map_err(|error| advice::unusable(&error, destination))?;
    preflight_http2::look(destination, connect).await?;
    let scout = Arc::new(Scout {
        client,
        spoke_http2: AtomicBool::new(false),
        destination: destination.clone(),
        timeout: plan.bounds.timeout,
        until: Instant::now() + ALL,
        places: Semaphore::new(AT_ONCE),
    });
    let mut asked = JoinSet::new();
    let http = |endpoint: &&Endpoint| endpoint.kind == EndpointKind::Http;
    for (at, endpoint) in plan.endpoints.iter().filter(http).enumerate() {
        let request =
            PreparedRequest::of(&plan.headers, endpoint, destination, destination.user(0))
                .map_err(|error| advice::unusable(&error.into(), destination))?;
        let (scout, auth) = (Arc::clone(&scout), endpoint.auth);
        asked.spawn(async move { (at, scout.look(request, auth).await) });
    }
    let mut findings: Vec<Option<Finding>> = plan.endpoints.iter().map(|_| None).collect();
    while let Some(joined) = asked.join_next().await {
        match joined {
            // Nothing else will be reached either: the others are dropped with the set.
            Ok((_, Finding::Unreachable(failure))) => return Err(failure),
            Ok((at, finding)) => findings[at] = Some(finding),
            Err(panic) => std::panic::resume_unwind(panic.into_panic()),
        }
    }
    let mut ready = conclude(plan, destination, findings.into_iter().flatten())?;
    if scout.spoke_http2.load(Ordering::Relaxed) {
        ready.notes.push(preflight_http2::note());
    }
    if let Some(socket) = &plan.socket {
        preflight_socket::look(plan, socket, destination).await?;
    }
    Ok(ready)
}

fn conclude(
    plan: &Plan,
    destination: &Destination,
    findings: impl Iterator<Item = Finding>,
) -> Result<Preflight, PreflightFailure> {
    let (mut plan, mut notes, mut bads) = (plan.clone(), Vec::new(), Vec::new());
    for (at, finding) in findings.enumerate() {
        match finding {
            Finding::Good { path, note } => {
                if let Some(path) = path {
                    let endpoint = &mut plan.endpoints[at];
                    notes.push(advice::redirected(endpoint, &path));
                    endpoint.path = path;
                }
                notes.extend(note);
            }
            Finding::Bad(bad) => bads.push(bad),
            Finding::Unreachable(failure) => return Err(failure),
        }
    }
    if bads.is_empty() {
        return Ok(Preflight { plan, notes });
    }
    let unreachable = bads.len() == plan.endpoints.len() && bads.iter().all(|bad| bad.silent);
    Err(failure(bads, unreachable, destination))
}

/// One failure that names every endpoint, and each advice once.
fn failure(bads: Vec<Bad>, unreachable: bool, destination: &Destination) -> PreflightFailure {
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
    }
}

struct Scout {
    client: ControlClient,
    spoke_http2: AtomicBool,
    destination: Destination,
    timeout: Duration,
    until: Instant,
    places: Semaphore,
}

impl Scout {
    async fn look(&self, mut request: PreparedRequest, auth: bool) -> Finding {
        let _place = self.places.acquire().await;
        let mut shown = request.shown();
        let mut path = None;
        let mut attempt = 1;
        loop {
            let left = self.until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let note = format!("{shown} was not asked before the load: time was up");
                return good(path, Some(note));
            }
            let answer = self.client.send(&request, self.timeout.min(left)).await;
            if answer.as_ref().is_ok_and(|answer| answer.is_http2) {
                self.spoke_http2.store(true, Ordering::Relaxed);
            }
            let target = match &answer {
                Ok(answer) if request.expects(answer.status) => {
                    return good(path, None);
                }
                Ok(answer) => self.target(&request, answer),
                Err(_) => None,
            };
            match target {
                Some(Ok(target)) if path.is_none() => match request.at(&target) {
                    Ok(next) => {
                        shown = format!("{shown}, redirected to {},", without_query(&target));
                        (request, path) = (next, Some(target));
                    }
                    Err(error) => {
                        let answered = format!("was redirected: {error}");
                        return bad(&shown, answered, advice::elsewhere(None));
                    }
                },
                Some(Ok(_)) => return bad(&shown, "was redirected again".into(), advice::twice()),
                Some(Err(elsewhere)) => return elsewhere,
                None => {
                    let last = attempt == ATTEMPTS || !request.is_idempotent();
                    if let Some(finding) = self.settle(&shown, auth, &answer, path.as_deref(), last)
                    {
                        return finding;
                    }
                    attempt += 1;
                    let pause = self.until.min(Instant::now() + PAUSE) - Instant::now();
                    sleep(pause).await;
                }
            }
        }
    }

    /// Where a redirect leads: a path of this origin, or what is wrong with it.
    fn target(
        &self,
        request: &PreparedRequest,
        answer: &Answer,
    ) -> Option<Result<String, Finding>> {
        let location = answer
            .location()
            .filter(|_| matches!(answer.status, 301 | 302 | 303 | 307 | 308))?;
        let origin = &self.destination.origin;
        let here = Url::parse(&format!(
            "{}{}",
            origin.as_str().trim_end_matches('/'),
            request.path()
        ));
        let there = here.and_then(|here| here.join(location)).ok();
        Some(match there {
            Some(there) if there.origin() == origin.origin() => {
                Ok(there[url::Position::BeforePath..url::Position::AfterQuery].to_owned())
            }
            there => {
                let shown = without_query(location);
                Err(bad(
                    &request.shown(),
                    format!("was redirected to {shown}"),
                    advice::elsewhere(there.as_ref()),
                ))
            }
        })
    }

    /// What an unexpected answer means; `None` when it is worth asking again.
    fn settle(
        &self,
        shown: &str,
        auth: bool,
        answer: &Result<Answer, ControlError>,
        path: Option<&str>,
        last: bool,
    ) -> Option<Finding> {
        let error = match answer {
            Ok(answer) => {
                let token = self.destination.token.is_some();
                if let Some(advice) = advice::refused(answer.status, auth, token) {
                    let answered = format!("answered {}", answer.status);
                    return Some(bad(shown, answered, advice));
                }
                let note = advice::odd(shown, &format!("answered {}", answer.status));
                return last.then(|| good(path.map(str::to_owned), Some(note)));
            }
            Err(error) => error,
        };
        match error {
            ControlError::Unreachable(_) | ControlError::Tls(_) => Some(Finding::Unreachable(
                advice::unreachable(error, &self.destination),
            )),
            ControlError::Body(_) => last.then(|| {
                let note = advice::odd(shown, "answered with a body that was cut off");
                good(path.map(str::to_owned), Some(note))
            }),
            _ => (last || Instant::now() >= self.until).then(|| {
                let advice = match error {
                    ControlError::Timeout(_) => advice::silent(),
                    _ => advice::broken(&self.destination),
                };
                Finding::Bad(Bad {
                    request: shown.to_owned(),
                    answered: format!("gave {error}"),
                    advice,
                    silent: true,
                })
            }),
        }
    }
}

fn good(path: Option<String>, note: Option<String>) -> Finding {
    Finding::Good { path, note }
}

fn bad(request: &str, answered: String, advice: String) -> Finding {
    Finding::Bad(Bad {
        request: request.to_owned(),
        answered,
        advice,
        silent: false,
    })
}
