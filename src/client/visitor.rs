//! What a user remembers of the answers it got, and the exchange of one who looks at answers.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use super::answer::{AnswerCheck, AnswerKeeper, KeptAnswer};
use super::cookies::CookieJar;
use super::excerpt::is_secret;
use super::redirect::as_browser;
use super::taken::TakenValues;
use super::{Connection, Connector, Exchange, PreparedRequest, RequestError};
use crate::plan::{Bounds, Plan, TakeFrom};
use crate::record::Outcome;

/// How many redirects are followed, one after the other.
const MOST_HOPS: u32 = 10;

/// The rules of a plan's answers, by endpoint.
pub type AnswerChecks = Arc<[Option<AnswerCheck>]>;

/// Prepares the rules of a plan's answers; `None` when no answer is looked at and nothing is remembered from one to the next.
///
/// # Errors
/// [`RequestError::Pattern`].
pub fn answer_checks(plan: &Plan) -> Result<Option<AnswerChecks>, RequestError> {
    let checks = plan
        .endpoints
        .iter()
        .map(|endpoint| AnswerCheck::new(&endpoint.answer));
    let checks: Vec<Option<AnswerCheck>> = checks.collect::<Result<_, _>>()?;
    let is_needed = !plan.journeys.is_empty() || checks.iter().any(Option::is_some);
    Ok(is_needed.then(|| checks.into()))
}

/// One user who looks at answers.
pub struct Visitor {
    checks: AnswerChecks,
    /// Only of a user who makes journeys.
    cookies: Option<CookieJar>,
    taken: TakenValues,
    /// Why the last answer was wrong.
    said: String,
}

impl Visitor {
    /// One who has been given nothing yet. Cookies are kept of the target that a connector leads to, if one is given.
    pub fn new(checks: AnswerChecks, cookies_of: Option<&Connector>) -> Visitor {
        Visitor {
            checks,
            cookies: cookies_of.map(Connector::cookie_jar),
            taken: TakenValues::default(),
            said: String::new(),
        }
    }

    /// Forgets what belongs to the last journey; of a new visitor, cookies too.
    pub fn begin_journey(&mut self, is_new_visitor: bool) {
        self.taken.clear();
        if let Some(cookies) = self.cookies.as_mut().filter(|_| is_new_visitor) {
            cookies.clear();
        }
    }

    /// What was taken in this journey.
    pub fn taken(&self) -> &TakenValues {
        &self.taken
    }

    /// Why the last answer was wrong, or else what [`Connection::excerpt`] says, without the user's secrets.
    pub fn excerpt(&self, connection: &Connection, request: &PreparedRequest) -> String {
        if self.said.is_empty() {
            connection.excerpt_without(request, &self.secrets())
        } else {
            self.said.clone()
        }
    }

    /// Sends the request of an endpoint with the user's cookies, and looks at its answer.
    pub async fn exchange(
        &mut self,
        connection: &mut Connection,
        (endpoint, request): (usize, &PreparedRequest),
        bounds: &Bounds,
        give_up: Instant,
    ) -> Exchange {
        self.said.clear();
        let checks = Arc::clone(&self.checks);
        let check = checks.get(endpoint).and_then(Option::as_ref);
        if check.is_none() && self.cookies.is_none() {
            return connection.exchange(request, bounds, give_up).await;
        }
        let follows = check.is_some_and(AnswerCheck::follows_redirects);
        let mut asked = Asked::begun(request, bounds);
        loop {
            let answer = self.ask_once(connection, &mut asked, check, give_up).await;
            let Some(answer) = answer else {
                return asked.end();
            };
            if follows && let Some(next) = self.next(connection, &asked, &answer) {
                asked.follow(next);
                continue;
            }
            let exchange = asked.end();
            return match check.filter(|_| exchange.outcome.is_ok()) {
                Some(check) => self.judge(exchange, check, &answer, (&asked.request, bounds)),
                None => exchange,
            };
        }
    }

    /// One request with its cookies, and its answer if it came.
    async fn ask_once(
        &mut self,
        connection: &mut Connection,
        asked: &mut Asked<'_>,
        check: Option<&AnswerCheck>,
        give_up: Instant,
    ) -> Option<KeptAnswer> {
        let request = &*asked.request;
        let cookies = self.cookies.as_ref();
        let cookies = cookies.and_then(|jar| jar.header(request.path()));
        let cookies = cookies.and_then(|cookies| request.with_cookies(&cookies).ok());
        let request = cookies.as_ref().unwrap_or(request);
        let wants_body = check.is_some_and(AnswerCheck::looks_into_body);
        let mut keeper = AnswerKeeper::new(wants_body);
        let bounds = asked.bounds_left();
        let exchange = connection
            .exchange_heard(request, &bounds, give_up, &mut keeper)
            .await;
        let answer = keeper.finish();
        if let (Some(jar), Some(answer)) = (&mut self.cookies, &answer) {
            jar.store(&answer.headers, request.path());
        }
        asked.add(exchange);
        answer
    }

    /// Where an answer redirects to, if that is followed; else it is said why not.
    fn next(
        &mut self,
        connection: &Connection,
        asked: &Asked<'_>,
        answer: &KeptAnswer,
    ) -> Option<PreparedRequest> {
        let Outcome::Status(status) = asked.last?.outcome else {
            return None;
        };
        let origin = connection.origin()?;
        match as_browser(&origin, &asked.request, (status, &answer.headers))? {
            Ok(_) if asked.hops == MOST_HOPS => {
                self.said = format!("redirected more than {MOST_HOPS} times");
                None
            }
            Ok(path) => asked.request.redirected(status, &path).ok(),
            Err(place) => {
                let place = super::excerpt::value("location", &place, &self.secrets());
                self.said = format!("redirected to {place}, which is not the target");
                None
            }
        }
    }

    fn judge(
        &mut self,
        exchange: Exchange,
        check: &AnswerCheck,
        answer: &KeptAnswer,
        (request, bounds): (&PreparedRequest, &Bounds),
    ) -> Exchange {
        let secrets = || -> Vec<String> {
            let all = [self.secrets(), request.secrets()].concat();
            all.into_iter().map(str::to_owned).collect()
        };
        match check.look(answer, bounds.body_bytes, &secrets) {
            Ok(finding) => {
                for (name, value) in finding.taken {
                    self.taken.set(&name, value);
                }
                Exchange {
                    is_pending: finding.is_pending,
                    ..exchange
                }
            }
            Err(wrong) => {
                self.said = wrong.said;
                Exchange {
                    outcome: wrong.outcome,
                    ..exchange
                }
            }
        }
    }

    /// Cookies, and what was taken under the name of a secret or out of a head.
    fn secrets(&self) -> Vec<&str> {
        let rules = self.checks.iter().flatten();
        let takes = rules.flat_map(AnswerCheck::takes);
        let secret = takes.filter(|take| match &take.from {
            TakeFrom::Field(from) | TakeFrom::Text(from) => {
                is_secret(&take.name) || is_secret(from)
            }
            TakeFrom::Header(_) | TakeFrom::Cookie(_) => true,
        });
        let values = secret.filter_map(|take| self.taken.get(&take.name).and_then(Value::as_str));
        let cookies = self.cookies.iter().flat_map(CookieJar::values);
        values.chain(cookies).collect()
    }
}

/// One request and those that it was redirected to: one exchange, from the first byte to the last.
struct Asked<'a> {
    request: Cow<'a, PreparedRequest>,
    bounds: &'a Bounds,
    begun: Instant,
    hops: u32,
    last: Option<Exchange>,
}

impl<'a> Asked<'a> {
    fn begun(request: &'a PreparedRequest, bounds: &'a Bounds) -> Asked<'a> {
        Asked {
            request: Cow::Borrowed(request),
            bounds,
            begun: Instant::now(),
            hops: 0,
            last: None,
        }
    }

    /// All of them have one timeout.
    fn bounds_left(&self) -> Bounds {
        let spent = match self.hops {
            0 => Duration::ZERO,
            _ => self.begun.elapsed(),
        };
        Bounds {
            timeout: self.bounds.timeout.saturating_sub(spent),
            ..*self.bounds
        }
    }

    fn follow(&mut self, next: PreparedRequest) {
        self.request = Cow::Owned(next);
        self.hops += 1;
    }

    fn add(&mut self, exchange: Exchange) {
        self.last = Some(match self.last {
            None => exchange,
            Some(before) => Exchange {
                sent: before.sent.or(exchange.sent),
                bytes: before.bytes + exchange.bytes,
                connected: before.connected || exchange.connected,
                resent: before.resent || exchange.resent,
                // What was sent at all is not a request that was never started.
                outcome: match exchange.outcome {
                    Outcome::NotStarted => Outcome::CutOff,
                    outcome => outcome,
                },
                ..exchange
            },
        });
    }

    fn end(&self) -> Exchange {
        self.last.unwrap_or_else(|| Exchange {
            sent: None,
            done: Instant::now(),
            bytes: 0,
            outcome: Outcome::NotStarted,
            connected: false,
            resent: false,
            address: None,
            is_pending: false,
        })
    }
}
