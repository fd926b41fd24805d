//! One look at each endpoint before the load: what fails now would fail for minutes.

use std::cell::Cell;
use std::time::Duration;

use futures_util::stream::{self, StreamExt as _};
use tokio::time::sleep;

use super::redirect::Redirect;
use super::request::without_query;
use super::{
    Answer, ControlClient, ControlError, PreparedRequest, excerpt, preflight_advice as advice,
    preflight_http2, preflight_socket,
};
use crate::profile::{Destination, Endpoint, EndpointKind, Plan, Redirects, TargetRules};

/// Asked at the same time, at most.
const AT_ONCE: usize = 8;
/// When so many have no answer, and none has one, the others are not asked.
const ENOUGH: usize = 3;
/// Asked of one endpoint, at most, until it answers as expected.
const ATTEMPTS: u32 = 3;
const PAUSE: Duration = Duration::from_millis(200);
/// What takes longer than this to go wrong is not asked again.
const PATIENCE: Duration = Duration::from_secs(1);

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
pub struct Asked {
    /// Endpoints that are settled.
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
/// `told` hears of each one that is settled.
///
/// One redirect within the origin is followed where the rules say so, and its path is the one to load. Unexpected
/// statuses and broken connections of idempotent requests are asked up to twice more. What had no answer in time while
/// others were asked is asked once more alone.
///
/// # Errors
/// When the target cannot be reached, or an endpoint answers 401, 403, 404, 405, with a redirect elsewhere, or
/// not at all. All such endpoints are named.
pub async fn preflight_with(
    plan: &Plan,
    destination: &Destination,
    asking: Asking,
    told: &mut dyn FnMut(Asked),
) -> Result<Preflight, PreflightFailure> {
    let connect = plan.bounds.connect_timeout;
    let rules = TargetRules {
        headers: Vec::new(),
        redirects: asking.redirects,
    };
    let client = ControlClient::new(destination, connect)
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
        minted: asking.minted,
    };
    let findings = scout.ask_all(plan, told).await?;
    let mut ready = conclude(plan, destination, findings.into_iter())?;
    ready.slowest = scout.slowest.get();
    if scout.spoke_http2.get() {
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
    let (mut plan, mut notes, mut bads, mut at) = (plan.clone(), Vec::new(), Vec::new(), 0);
    for (place, finding) in findings.enumerate() {
        at = place + 1;
        match finding {
            Finding::Good { path, note } => {
                if let Some(path) = path {
                    let endpoint = &mut plan.endpoints[place];
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
        return Ok(Preflight {
            plan,
            notes,
            slowest: Duration::ZERO,
        });
    }
    let unreachable = at == bads.len() && bads.iter().all(|bad| bad.silent);
    Err(failure(bads, unreachable, destination))
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

struct Scout<'a> {
    client: ControlClient,
    spoke_http2: Cell<bool>,
    slowest: Cell<Duration>,
    answered: Cell<bool>,
    destination: &'a Destination,
    timeout: Duration,
    minted: bool,
}

impl Scout<'_> {
    /// What comes of each endpoint over HTTP, in the plan's order.
    async fn ask_all(
        &self,
        plan: &Plan,
        told: &mut dyn FnMut(Asked),
    ) -> Result<Vec<Finding>, PreflightFailure> {
        let http = |endpoint: &&Endpoint| endpoint.kind == EndpointKind::Http;
        let mut requests = Vec::new();
        for endpoint in plan.endpoints.iter().filter(http) {
            let user = self.destination.user(0);
            let request = PreparedRequest::of(&plan.headers, endpoint, self.destination, user)
                .map_err(|error| advice::unusable(&error.into(), self.destination))?;
            requests.push((request, endpoint.auth));
        }
        let of = requests.len();
        let width = AT_ONCE.min(plan.users().max(1) as usize);
        let asked = requests
            .iter()
            .enumerate()
            .map(async |(at, (request, auth))| (at, self.look(request.clone(), *auth).await));
        let mut asked = stream::iter(asked).buffer_unordered(width);
        let mut findings: Vec<Option<Finding>> = requests.iter().map(|_| None).collect();
        let mut settled = 0;
        while let Some((at, finding)) = asked.next().await {
            if let Finding::Unreachable(failure) = finding {
                // Nothing else will be reached either: the others are dropped.
                return Err(failure);
            }
            findings[at] = Some(finding);
            settled += 1;
            told(Asked { settled, of });
            if settled >= width.max(ENOUGH) && !self.answered.get() {
                // It takes connections and answers none of them: the rest would take as long again.
                return Ok(findings.into_iter().flatten().collect());
            }
        }
        drop(asked);
        let mut findings: Vec<Finding> = findings.into_iter().flatten().collect();
        self.ask_alone(&requests, &mut findings).await;
        Ok(findings)
    }

    /// Asks what had no answer beside others once more, one after the other, until one has none again.
    async fn ask_alone(&self, requests: &[(PreparedRequest, bool)], findings: &mut [Finding]) {
        if !self.answered.get() {
            return;
        }
        let silent = |finding: &Finding| matches!(finding, Finding::Bad(bad) if bad.silent);
        for (finding, (request, auth)) in findings.iter_mut().zip(requests) {
            if silent(finding) {
                *finding = self.look(request.clone(), *auth).await;
                if silent(finding) {
                    return;
                }
            }
        }
    }

    async fn look(&self, mut request: PreparedRequest, auth: bool) -> Finding {
        let mut shown = request.shown();
        let mut path = None;
        let mut attempt = 1;
        loop {
            let answer = self.client.send(&request, self.timeout).await;
            if let Ok(answer) = &answer {
                self.answered.set(true);
                self.spoke_http2
                    .set(self.spoke_http2.get() || answer.is_http2);
                self.slowest.set(self.slowest.get().max(answer.took));
                if request.expects(answer.status) {
                    return good(path, None);
                }
                match self.client.redirect(&request, answer) {
                    Some(Redirect::Followed(_)) if path.is_some() => {
                        return bad(&shown, "was redirected again".into(), advice::twice());
                    }
                    Some(Redirect::Followed(target)) => match request.at(&target) {
                        Ok(next) => {
                            shown = format!("{shown}, redirected to {},", without_query(&target));
                            (request, path) = (next, Some(target));
                            continue;
                        }
                        Err(error) => {
                            let answered = format!("was redirected: {error}");
                            return bad(&shown, answered, advice::elsewhere(None));
                        }
                    },
                    Some(Redirect::Elsewhere(there, place)) if request.is_idempotent() => {
                        let answered = format!("was redirected to {place}");
                        return bad(&shown, answered, advice::elsewhere(there.as_ref()));
                    }
                    Some(Redirect::Reported(place) | Redirect::Elsewhere(_, place)) => {
                        let place = without_query(&place);
                        let note = advice::not_followed(&shown, &request, answer.status, place);
                        return good(path, Some(note));
                    }
                    None => {}
                }
            }
            let took_long = answer.as_ref().is_ok_and(|answer| answer.took > PATIENCE);
            let last = attempt == ATTEMPTS || !request.is_idempotent() || took_long;
            if let Some(finding) =
                self.settle((&shown, &request), auth, &answer, path.as_deref(), last)
            {
                return finding;
            }
            attempt += 1;
            sleep(PAUSE).await;
        }
    }

    /// What an unexpected answer means; `None` when it is worth asking again.
    fn settle(
        &self,
        (shown, request): (&str, &PreparedRequest),
        auth: bool,
        answer: &Result<Answer, ControlError>,
        path: Option<&str>,
        last: bool,
    ) -> Option<Finding> {
        let note =
            |answered: &str| good(path.map(str::to_owned), Some(advice::odd(shown, answered)));
        let error = match answer {
            Ok(answer) => {
                let said = excerpt::excerpt(&answer.body, &request.secrets());
                let answered =
                    format!("answered {}{}", answer.status, answer.excerpt(request, &[]));
                let refused = advice::Refused {
                    status: answer.status,
                    said: &said,
                    auth,
                    token: self.destination.token.is_some(),
                    minted: self.minted,
                    user: self.destination.user(0).map(|user| user.user.as_str()),
                };
                if let Some(advice) = refused.advice() {
                    return Some(bad(shown, answered, advice));
                }
                return last.then(|| note(&answered));
            }
            Err(error) => error,
        };
        match error {
            ControlError::Unreachable(_) | ControlError::NotTaken(_) | ControlError::Tls(_) => {
                Some(Finding::Unreachable(advice::unreachable(
                    error,
                    self.destination,
                )))
            }
            ControlError::Body => last.then(|| note("answered with a body that was cut off")),
            ControlError::TooLong(limit) => {
                let answered = format!("answered with a body of more than {limit} bytes");
                Some(bad(shown, answered, advice::too_long()))
            }
            ControlError::Head => Some(bad(shown, format!("gave {error}"), advice::bad_head())),
            ControlError::Unfinished {
                is_event_stream, ..
            } => {
                self.answered.set(true);
                Some(bad(
                    shown,
                    format!("gave {error}"),
                    advice::endless(*is_event_stream),
                ))
            }
            ControlError::Timeout(_) => Some(silent(shown, error, advice::silent())),
            _ => last.then(|| silent(shown, error, advice::broken(self.destination))),
        }
    }
}

fn silent(request: &str, error: &ControlError, advice: String) -> Finding {
    Finding::Bad(Bad {
        request: request.to_owned(),
        answered: format!("gave {error}"),
        advice,
        silent: true,
    })
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
