//! What a user remembers of the answers it got, and the exchange of one who looks at answers.

use std::sync::Arc;

use serde_json::Value;
use tokio::time::Instant;

use super::answer::{AnswerCheck, AnswerKeeper, KeptAnswer};
use super::cookies::CookieJar;
use super::excerpt::is_secret;
use super::taken::TakenValues;
use super::{Connection, Connector, Exchange, PreparedRequest, RequestError};
use crate::plan::{Bounds, Plan, TakeFrom};

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
        let cookies = self.cookies.as_ref();
        let cookies = cookies.and_then(|jar| jar.header(request.path()));
        let cookies = cookies.and_then(|cookies| request.with_cookies(&cookies).ok());
        let request = cookies.as_ref().unwrap_or(request);
        let wants_body = check.is_some_and(AnswerCheck::looks_into_body);
        let mut keeper = AnswerKeeper::new(wants_body);
        let exchange = connection
            .exchange_heard(request, bounds, give_up, &mut keeper)
            .await;
        let Some(answer) = keeper.finish() else {
            return exchange;
        };
        if let Some(jar) = &mut self.cookies {
            jar.store(&answer.headers, request.path());
        }
        match check.filter(|_| exchange.outcome.is_ok()) {
            Some(check) => self.judge(exchange, check, &answer, (request, bounds)),
            None => exchange,
        }
    }

    fn judge(
        &mut self,
        exchange: Exchange,
        check: &AnswerCheck,
        answer: &KeptAnswer,
        (request, bounds): (&PreparedRequest, &Bounds),
    ) -> Exchange {
        let sent = [self.secrets(), request.secrets()].concat();
        match check.look(answer, bounds.body_bytes, &sent) {
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
