//! One walk through each journey before the load, which cleans up after itself.

use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until};

use super::ask::SideExchange;
use super::preflight_scout::{ATTEMPTS, PATIENCE, PAUSE, Scout, ScoutResult, bad, odd};
use super::{
    Connection, Connector, Exchange, PlanRequests, PreflightFailure, PreflightProgress,
    PreparedRequest, RequestError, SideError, UserRequest, Visitor, answer_checks,
    preflight_advice as advice, preflight_walk_advice as walk_advice,
};
use crate::plan::{Endpoint, EndpointKind, Journey, Plan};
use crate::record::Outcome;
use crate::template::RequestMarks;

/// The user who walks: the first one of the load.
const USER: u64 = 0;

impl Scout<'_> {
    /// Walks each journey once, one after the other, and returns the steps that failed.
    pub(super) async fn walk_all(
        &self,
        plan: &Plan,
        told: &mut dyn FnMut(PreflightProgress),
    ) -> Result<Vec<ScoutResult>, PreflightFailure> {
        let unusable = |error: RequestError| advice::unusable(&error.into(), self.destination);
        let requests = PlanRequests::new(plan, self.destination)
            .and_then(|all| all.of_user(Some(USER as usize)))
            .map_err(unusable)?;
        let checks = answer_checks(plan).map_err(unusable)?.unwrap_or_default();
        let connector = Connector::new(self.destination)
            .map_err(|error| advice::unusable(&error.into(), self.destination))?;
        let is_step = |endpoint: &&Endpoint| endpoint.kind == EndpointKind::Http;
        let of = plan.endpoints.iter().filter(is_step).count();
        let (mut settled, mut findings) = (0, Vec::new());
        for (index, journey) in plan.journeys.iter().enumerate() {
            let mut walk = Walk {
                scout: self,
                plan,
                journey,
                requests: &requests,
                number: RequestMarks::before_load(index),
                connection: Connection::new(connector.clone()),
                visitor: Visitor::new(checks.clone(), Some(&connector)),
            };
            let mut told = || {
                settled += 1;
                told(PreflightProgress { settled, of });
            };
            findings.extend(walk.steps(&mut told).await?);
            if !findings.is_empty() && !self.answered.get() {
                // The rest would take as long again.
                break;
            }
        }
        Ok(findings)
    }
}

/// One journey on its way.
struct Walk<'a> {
    scout: &'a Scout<'a>,
    plan: &'a Plan,
    journey: &'a Journey,
    requests: &'a [UserRequest],
    /// The same in all of its steps.
    number: u64,
    connection: Connection,
    visitor: Visitor,
}

/// How a step ended.
enum StepEnd {
    Passed,
    Failed(ScoutResult),
    /// A value that it is filled in with is missing or cannot stand there.
    Unsent(String),
}

impl Walk<'_> {
    /// Sends one step after the other; after one that failed only those that clean up.
    async fn steps(
        &mut self,
        settled: &mut dyn FnMut(),
    ) -> Result<Vec<ScoutResult>, PreflightFailure> {
        let (mut findings, mut unasked) = (Vec::new(), Vec::new());
        for at in self.journey.steps.clone() {
            let endpoint = &self.plan.endpoints[at];
            let has_failed = !findings.is_empty();
            if has_failed && !endpoint.step.as_ref().is_some_and(|step| step.always) {
                unasked.push(endpoint.name.as_str());
                settled();
                continue;
            }
            match self.step(at).await {
                StepEnd::Passed => {}
                // What was not created need not be deleted.
                StepEnd::Unsent(_) if has_failed => unasked.push(endpoint.name.as_str()),
                StepEnd::Unsent(why) => {
                    let (shown, why) = (walk_advice::unsent(endpoint), format!("not sent: {why}"));
                    findings.push(bad(&shown, why, walk_advice::correct()));
                }
                StepEnd::Failed(ScoutResult::Unreachable(failure)) => {
                    if !has_failed && !self.scout.answered.get() {
                        return Err(failure);
                    }
                    if !has_failed {
                        findings.push(ScoutResult::Unreachable(failure));
                    }
                }
                StepEnd::Failed(finding) => findings.push(finding),
            }
            settled();
        }
        if let Some(first) = findings.first_mut() {
            say_unasked(first, &unasked);
        }
        Ok(findings)
    }

    async fn step(&mut self, at: usize) -> StepEnd {
        let taken = self.visitor.taken();
        let request = match self.requests[at].filled_in(Some(USER), self.number, taken) {
            Ok(request) => request,
            Err(error) => return StepEnd::Unsent(error.to_string()),
        };
        let exchange = self.ask(at, &request).await;
        match self.finding(&self.plan.endpoints[at], &request, &exchange) {
            None => StepEnd::Passed,
            Some(finding) => StepEnd::Failed(finding),
        }
    }

    /// Sends a step's request, again where it polls, and up to twice more where that harms nothing and may help. Of a poll
    /// whose time was over before its answer came, the result is pending and has timed out.
    async fn ask(&mut self, at: usize, request: &PreparedRequest) -> Exchange {
        let step = self.plan.endpoints[at].step.as_ref();
        let poll = step.and_then(|step| step.poll);
        let due = Instant::now();
        let mut attempt = 1;
        loop {
            let begun = Instant::now();
            let exchange = self.send(at, request).await;
            if let Some(poll) = poll.filter(|_| exchange.outcome.is_ok()) {
                let (give_up, again) = (due + poll.within, exchange.done + poll.every);
                let is_late = exchange.done > give_up;
                if !exchange.is_pending && !is_late {
                    return exchange;
                }
                if is_late || again >= give_up {
                    return Exchange {
                        outcome: Outcome::Timeout,
                        is_pending: true,
                        ..exchange
                    };
                }
                sleep_until(again).await;
                continue;
            }
            let may_pass = !exchange.outcome.is_ok() && !is_final(exchange.outcome);
            let is_worth_it = attempt < ATTEMPTS && begun.elapsed() <= PATIENCE;
            if !(may_pass && is_worth_it && request.is_idempotent()) {
                return exchange;
            }
            attempt += 1;
            sleep(PAUSE).await;
        }
    }

    async fn send(&mut self, at: usize, request: &PreparedRequest) -> Exchange {
        let bounds = &self.plan.bounds;
        let begun = Instant::now();
        // Later than the timeout, which is all that is to end this.
        let give_up = begun + bounds.timeout * 2 + Duration::from_secs(1);
        let connection = &mut self.connection;
        let exchange = self
            .visitor
            .exchange(connection, (at, request), bounds, give_up)
            .await;
        let scout = self.scout;
        if is_answer(exchange.outcome) {
            let took = exchange.done.saturating_duration_since(begun);
            scout.answered.set(true);
            scout.slowest.set(scout.slowest.get().max(took));
        }
        if self.connection.is_http2() {
            scout.spoke_http2.set(true);
        }
        exchange
    }

    /// What is wrong with a step, if something is.
    fn finding(
        &self,
        endpoint: &Endpoint,
        request: &PreparedRequest,
        exchange: &Exchange,
    ) -> Option<ScoutResult> {
        let shown = walk_advice::shown(&request.shown(), endpoint);
        let said = self.visitor.excerpt(&self.connection, request);
        let colon = if said.is_empty() { "" } else { ": " };
        match exchange.outcome {
            Outcome::Ok => None,
            Outcome::Timeout if exchange.is_pending => {
                let answered = walk_advice::not_ready(endpoint);
                Some(bad(&shown, answered, walk_advice::wait_longer()))
            }
            Outcome::Status(status) => {
                let answered = format!("answered {status}{colon}{said}");
                let known = walk_advice::Refused {
                    status,
                    said: &said,
                    endpoint,
                    common: &self.plan.headers,
                };
                let known = known.advice(|auth| self.refused(status, &said, auth));
                Some(match known {
                    Some(advice) => bad(&shown, answered, advice),
                    None => odd(&shown, None, &answered),
                })
            }
            Outcome::RateLimited => Some(odd(&shown, None, &format!("answered 429{colon}{said}"))),
            Outcome::WrongAnswer => {
                let answered = format!("gave a wrong answer{colon}{said}");
                Some(bad(&shown, answered, walk_advice::wrong(endpoint)))
            }
            Outcome::BadBody if exchange.bytes <= self.plan.bounds.body_bytes => {
                let limit = self.plan.bounds.body_bytes;
                let answered = format!(
                    "answered with a body that is cut off, broken or longer than {limit} bytes{colon}{said}"
                );
                Some(odd(&shown, None, &answered))
            }
            Outcome::Timeout if exchange.bytes > 0 => {
                let (bytes, within) = (exchange.bytes, self.plan.bounds.timeout);
                let answered = format!(
                    "gave an answer that did not end within {within:?} ({bytes} bytes of body)"
                );
                Some(bad(&shown, answered, advice::endless(false)))
            }
            _ => {
                let error = self.side_error(exchange);
                self.scout.settle_error(&shown, &error, None, true)
            }
        }
    }

    fn refused(&self, status: u16, said: &str, auth: bool) -> Option<String> {
        self.scout.refused(status, said, auth).advice()
    }

    fn side_error(&self, exchange: &Exchange) -> SideError {
        let heard = SideExchange {
            exchange: *exchange,
            head: None,
            body: Vec::new(),
            is_http: false,
            took: Duration::ZERO,
        };
        match SideError::of(&heard, &self.connection, &self.plan.bounds) {
            // Whether it was HTTP is not known here.
            SideError::Broken(_) if exchange.outcome == Outcome::Protocol => {
                SideError::Broken("what came breaks the rules of HTTP".to_owned())
            }
            error => error,
        }
    }
}

/// Whether the target said something.
fn is_answer(outcome: Outcome) -> bool {
    matches!(
        outcome,
        Outcome::Ok | Outcome::Status(_) | Outcome::RateLimited | Outcome::WrongAnswer
    )
}

/// Whether the same request would end the same way again.
fn is_final(outcome: Outcome) -> bool {
    matches!(
        outcome,
        Outcome::Status(300..=399 | 401 | 403..=405)
            | Outcome::Connect
            | Outcome::Tls
            | Outcome::Timeout
    )
}

fn say_unasked(finding: &mut ScoutResult, unasked: &[&str]) {
    if unasked.is_empty() {
        return;
    }
    let names: Vec<String> = unasked.iter().map(|name| format!("`{name}`")).collect();
    let said = format!("; not asked after it: {}", names.join(", "));
    match finding {
        ScoutResult::Good {
            note: Some(text), ..
        } => text.push_str(&said),
        ScoutResult::Bad(bad) => bad.answered.push_str(&said),
        ScoutResult::Good { note: None, .. } | ScoutResult::Unreachable(_) => {}
    }
}
