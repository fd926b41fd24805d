//! What each endpoint answers before the load.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{self, StreamExt as _};
use tokio::time::sleep;

use super::answer::KeptAnswer;
use super::redirect::Redirect;
use super::request::without_query;
use super::side_client::BODY_BYTES;
use super::{
    AnswerCheck, PlanRequests, PreflightFailure, PreflightProgress, PreparedRequest, RequestError,
    SideAnswer, SideClient, SideError, TakenValues, excerpt, preflight_advice as advice,
};
use crate::plan::{Endpoint, EndpointKind, Plan};
use crate::profile::Destination;
use crate::template::RequestMarks;

/// Asked at the same time, at most.
const AT_ONCE: usize = 8;
/// When so many have no answer, and none has one, the others are not asked.
const ENOUGH: usize = 3;
/// Asked of one endpoint, at most, until it answers as expected.
pub(super) const ATTEMPTS: u32 = 3;
pub(super) const PAUSE: Duration = Duration::from_millis(200);
/// What takes longer than this to go wrong is not asked again.
pub(super) const PATIENCE: Duration = Duration::from_secs(1);

/// What one endpoint is asked, and what its answer must have.
#[derive(Clone)]
struct Question {
    request: PreparedRequest,
    auth: bool,
    check: Option<Arc<AnswerCheck>>,
}

/// How one endpoint answered.
pub(super) enum ScoutResult {
    Good {
        path: Option<String>,
        note: Option<String>,
    },
    Bad(Bad),
    Unreachable(PreflightFailure),
}

/// An endpoint that there is no use in loading.
pub(super) struct Bad {
    pub(super) request: String,
    pub(super) answered: String,
    pub(super) advice: String,
    pub(super) silent: bool,
}

/// Asks endpoints, and what it found out by that.
pub(super) struct Scout<'a> {
    pub(super) client: SideClient,
    pub(super) spoke_http2: Cell<bool>,
    pub(super) slowest: Cell<Duration>,
    pub(super) answered: Cell<bool>,
    pub(super) destination: &'a Destination,
    pub(super) timeout: Duration,
    pub(super) body_bytes: u64,
    pub(super) minted: bool,
}

impl Scout<'_> {
    /// What comes of each endpoint over HTTP, in the plan's order.
    pub(super) async fn ask_all(
        &self,
        plan: &Plan,
        told: &mut dyn FnMut(PreflightProgress),
    ) -> Result<Vec<ScoutResult>, PreflightFailure> {
        let unusable = |error: RequestError| advice::unusable(&error.into(), self.destination);
        let all = PlanRequests::new(plan, self.destination).map_err(unusable)?;
        let all = all.of_user(Some(0)).map_err(unusable)?;
        let http = |endpoint: &&Endpoint| endpoint.kind == EndpointKind::Http;
        let mut requests = Vec::new();
        for (at, endpoint) in plan.endpoints.iter().filter(http).enumerate() {
            let number = RequestMarks::before_load(at);
            let request = all[at].filled_in(Some(0), number, &TakenValues::default());
            let request =
                request.map_err(|error| unusable(RequestError::Body(error.to_string())))?;
            let check = AnswerCheck::new(&endpoint.answer).map_err(unusable)?;
            requests.push(Question {
                request,
                auth: endpoint.auth,
                check: check.map(Arc::new),
            });
        }
        let of = requests.len();
        let width = AT_ONCE.min(plan.users().max(1) as usize);
        let asked = requests
            .iter()
            .enumerate()
            .map(async |(at, question)| (at, self.look(question.clone()).await));
        let mut asked = stream::iter(asked).buffer_unordered(width);
        let mut findings: Vec<Option<ScoutResult>> = requests.iter().map(|_| None).collect();
        let mut settled = 0;
        while let Some((at, finding)) = asked.next().await {
            if let ScoutResult::Unreachable(failure) = finding {
                // Nothing else will be reached either: the others are dropped.
                return Err(failure);
            }
            findings[at] = Some(finding);
            settled += 1;
            told(PreflightProgress { settled, of });
            if settled >= width.max(ENOUGH) && !self.answered.get() {
                // It takes connections and answers none of them: the rest would take as long again.
                return Ok(findings.into_iter().flatten().collect());
            }
        }
        drop(asked);
        let mut findings: Vec<ScoutResult> = findings.into_iter().flatten().collect();
        self.ask_alone(&requests, &mut findings).await;
        Ok(findings)
    }

    /// Asks what had no answer beside others once more, one after the other, until one has none again.
    async fn ask_alone(&self, questions: &[Question], findings: &mut [ScoutResult]) {
        if !self.answered.get() {
            return;
        }
        let silent = |finding: &ScoutResult| matches!(finding, ScoutResult::Bad(bad) if bad.silent);
        for (finding, question) in findings.iter_mut().zip(questions) {
            if silent(finding) {
                *finding = self.look(question.clone()).await;
                if silent(finding) {
                    return;
                }
            }
        }
    }

    async fn look(&self, question: Question) -> ScoutResult {
        let Question {
            mut request,
            auth,
            check,
        } = question;
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
                    let check = check.as_deref();
                    let wrong = check.and_then(|check| self.wrong(check, &request, answer));
                    return good(path, wrong.map(|wrong| advice::odd(&shown, &wrong)));
                }
                match self.client.redirect(&request, answer) {
                    Some(Redirect::Followed(_)) if path.is_some() => {
                        return bad(&shown, "was redirected again".into(), advice::twice());
                    }
                    // Where all others are redirected does not follow from where this one was.
                    Some(Redirect::Followed(target))
                        if request.is_filled_in() && !is_slash(&request, &target) =>
                    {
                        let place = without_query(&target);
                        let note = advice::not_followed(&shown, &request, answer.status, place);
                        return good(path, Some(note));
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

    /// What is wrong with an answer that has an expected status. Of a body that was kept in part, nothing is known.
    fn wrong(
        &self,
        check: &AnswerCheck,
        request: &PreparedRequest,
        answer: &SideAnswer,
    ) -> Option<String> {
        if check.looks_into_body() && answer.body.len() >= BODY_BYTES {
            return None;
        }
        let kept = KeptAnswer {
            headers: answer.headers.clone(),
            body: answer.body.clone(),
        };
        let secrets = || request.secrets().into_iter().map(str::to_owned).collect();
        let wrong = check.look(&kept, self.body_bytes, &secrets).err()?;
        Some(format!("answered {}, {}", answer.status, wrong.said))
    }

    /// What an unexpected answer means; `None` when it is worth asking again.
    fn settle(
        &self,
        (shown, request): (&str, &PreparedRequest),
        auth: bool,
        answer: &Result<SideAnswer, SideError>,
        path: Option<&str>,
        last: bool,
    ) -> Option<ScoutResult> {
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => return self.settle_error(shown, error, path, last),
        };
        let said = excerpt::excerpt(&answer.body, &request.secrets());
        let answered = format!("answered {}{}", answer.status, answer.excerpt(request, &[]));
        if let Some(advice) = self.refused(answer.status, &said, auth).advice() {
            return Some(bad(shown, answered, advice));
        }
        last.then(|| odd(shown, path, &answered))
    }

    /// A status and what is known of the user who got it.
    pub(super) fn refused<'a>(
        &'a self,
        status: u16,
        said: &'a str,
        auth: bool,
    ) -> advice::Refused<'a> {
        advice::Refused {
            status,
            said,
            auth,
            token: self.destination.token.is_some(),
            minted: self.minted,
            user: self.destination.user(0).map(|user| user.user.as_str()),
        }
    }

    /// What it means that a request has no answer; `None` when it is worth asking again.
    pub(super) fn settle_error(
        &self,
        shown: &str,
        error: &SideError,
        path: Option<&str>,
        last: bool,
    ) -> Option<ScoutResult> {
        match error {
            SideError::Unreachable(_) | SideError::NotTaken(_) | SideError::Tls(_) => Some(
                ScoutResult::Unreachable(advice::unreachable(error, self.destination)),
            ),
            SideError::Body { said } => last.then(|| {
                let why = Some(said).filter(|said| !said.is_empty());
                let why = why.map_or_else(String::new, |said| format!(" ({said})"));
                let answered = format!("answered with a body that was cut off{why}");
                odd(shown, path, &answered)
            }),
            SideError::Reset { advice, .. } => {
                last.then(|| silent(shown, error, (*advice).to_owned()))
            }
            SideError::TooLong(limit) => {
                let answered = format!("answered with a body of more than {limit} bytes");
                Some(bad(shown, answered, advice::too_long()))
            }
            SideError::Head => Some(bad(shown, format!("gave {error}"), advice::bad_head())),
            SideError::Unfinished {
                is_event_stream, ..
            } => {
                self.answered.set(true);
                let advice = advice::endless(*is_event_stream);
                Some(bad(shown, format!("gave {error}"), advice))
            }
            SideError::Timeout(_) => Some(silent(shown, error, advice::silent())),
            _ => last.then(|| silent(shown, error, advice::broken(self.destination))),
        }
    }
}

/// An answer that nothing is wrong with but that it is unexpected.
pub(super) fn odd(shown: &str, path: Option<&str>, answered: &str) -> ScoutResult {
    good(path.map(str::to_owned), Some(advice::odd(shown, answered)))
}

fn silent(request: &str, error: &SideError, advice: String) -> ScoutResult {
    ScoutResult::Bad(Bad {
        request: request.to_owned(),
        answered: format!("gave {error}"),
        advice,
        silent: true,
    })
}

fn good(path: Option<String>, note: Option<String>) -> ScoutResult {
    ScoutResult::Good { path, note }
}

pub(super) fn bad(request: &str, answered: String, advice: String) -> ScoutResult {
    ScoutResult::Bad(Bad {
        request: request.to_owned(),
        answered,
        advice,
        silent: false,
    })
}

/// Whether a redirect changes no more of the path than the slash at its end.
fn is_slash(request: &PreparedRequest, target: &str) -> bool {
    let (from, to) = (without_query(request.path()), without_query(target));
    from.trim_end_matches('/') == to.trim_end_matches('/')
}
