//! Targets that follow a script, and the users who load them in virtual time. For tests alone.

use std::rc::Rc;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::users::{User, Users};
use crate::client::{Exchange, Turns};
use crate::plan::{Endpoint, EndpointKind, Plan};
use crate::record::{Outcome, SocketEvents};

/// A target as its users see it.
pub(crate) trait ScriptedTarget {
    /// What becomes of a request.
    fn answer(&self, request: &ScriptedRequest<'_>) -> ScriptedAnswer;
}

impl<F: Fn(&ScriptedRequest<'_>) -> ScriptedAnswer> ScriptedTarget for F {
    fn answer(&self, request: &ScriptedRequest<'_>) -> ScriptedAnswer {
        self(request)
    }
}

/// A request as it comes to the target.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ScriptedRequest<'a> {
    /// Since the first load of the target began.
    pub(crate) at: Duration,
    pub(crate) endpoint: &'a Endpoint,
    /// Which of all requests of the load it is, as the plan counts them.
    pub(crate) number: u64,
}

impl ScriptedRequest<'_> {
    /// Whether it is among the given share of all requests, drawn from its number alone.
    pub(crate) fn is_among(&self, share: f64) -> bool {
        let mixed = super::schedule::mix(0x5eed, self.number);
        ((mixed >> 11) as f64) < share * (1_u64 << 53) as f64
    }
}

/// What becomes of a request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ScriptedAnswer {
    /// How long that takes; `None` is for ever.
    pub(crate) after: Option<Duration>,
    pub(crate) outcome: Outcome,
    /// When the connection that this opens is closed again, from then on, and with which code.
    pub(crate) closes: Option<(Duration, u16)>,
    /// Frames that come before it unasked.
    pub(crate) unasked: u64,
}

impl ScriptedAnswer {
    pub(crate) fn good(after: Duration) -> ScriptedAnswer {
        ScriptedAnswer::ended(Outcome::Ok, after)
    }

    pub(crate) fn ended(outcome: Outcome, after: Duration) -> ScriptedAnswer {
        ScriptedAnswer {
            after: Some(after),
            outcome,
            closes: None,
            unasked: 0,
        }
    }

    pub(crate) fn never() -> ScriptedAnswer {
        ScriptedAnswer {
            after: None,
            ..ScriptedAnswer::good(Duration::ZERO)
        }
    }
}

/// One load of a target.
pub(super) struct Scene {
    pub(super) plan: Plan,
    pub(super) target: Rc<dyn ScriptedTarget>,
    pub(super) start: Instant,
    /// How long earlier loads of the same target took.
    pub(super) before: Duration,
}

pub(super) struct ScriptedUsers(pub(super) Rc<Scene>);

impl Users for ScriptedUsers {
    type ScriptedUser = ScriptedUser;

    fn user(&self, _: usize, _: Turns) -> ScriptedUser {
        ScriptedUser {
            scene: Rc::clone(&self.0),
            is_open: false,
            was_open: false,
            is_lost: false,
            closes: None,
            talk: SocketEvents::default(),
        }
    }
}

/// A user who holds no socket, but keeps the rules of those who do: a timeout for each request, a connection that
/// is made when it is needed, and made again when a WebSocket was lost.
pub(super) struct ScriptedUser {
    scene: Rc<Scene>,
    is_open: bool,
    was_open: bool,
    is_lost: bool,
    closes: Option<(Instant, u16)>,
    talk: SocketEvents,
}

impl ScriptedUser {
    async fn ask(&mut self, endpoint: usize, number: u64) -> Exchange {
        let scene = Rc::clone(&self.scene);
        let endpoint = &scene.plan.endpoints[endpoint];
        let sent = Instant::now();
        let answer = scene.target.answer(&ScriptedRequest {
            at: scene.before + (sent - scene.start),
            endpoint,
            number,
        });
        let limit = scene.plan.timeout(endpoint);
        let (mut done, mut outcome) = match answer.after {
            Some(after) if after <= limit => (sent + after, answer.outcome),
            _ => (sent + limit, Outcome::Timeout),
        };
        if let Some((at, code)) = self.closes.filter(|(at, _)| *at <= done) {
            (done, outcome) = (at.max(sent), Outcome::Closed(code));
        }
        sleep_until(done).await;
        let connected = !self.is_open && outcome.is_ok();
        self.after(endpoint.kind, &answer, outcome);
        Exchange {
            sent: (outcome != Outcome::Connect).then_some(sent),
            done: Instant::now(),
            bytes: u64::from(outcome.is_ok()),
            outcome,
            connected,
            resent: false,
            address: None,
            is_pending: false,
        }
    }

    fn after(&mut self, kind: EndpointKind, answer: &ScriptedAnswer, outcome: Outcome) {
        self.talk.unasked += answer.unasked;
        if kind == EndpointKind::Connect && outcome.is_ok() {
            let at = |(after, code)| (Instant::now() + after, code);
            self.closes = answer.closes.map(at);
            self.talk.reconnects += u64::from(self.was_open);
            self.was_open = true;
        }
        match (kind, outcome) {
            (_, Outcome::Closed(code)) => self.lost(code),
            (EndpointKind::Connect, _) => self.is_open = outcome.is_ok(),
            // A message without its reply leaves its connection as it is.
            (EndpointKind::Message, _) => {}
            (EndpointKind::Http, Outcome::Ok | Outcome::Status(_) | Outcome::RateLimited) => {
                self.is_open = true;
            }
            (EndpointKind::Http, _) => self.is_open = false,
        }
    }

    fn lost(&mut self, code: u16) {
        self.talk.closed = Some(code);
        self.closes = None;
        self.is_open = false;
        self.is_lost = true;
    }
}

impl User for ScriptedUser {
    async fn exchange(&mut self, endpoint: usize, number: u64) -> Exchange {
        let endpoints = &self.scene.plan.endpoints;
        let connect = (endpoints.iter()).position(|one| one.kind == EndpointKind::Connect);
        if let Some(connect) = connect
            && endpoints[endpoint].kind == EndpointKind::Message
            && !self.is_open
        {
            let connecting = self.ask(connect, number).await;
            if !connecting.outcome.is_ok() {
                return connecting;
            }
        }
        self.ask(endpoint, number).await
    }

    async fn idle(&mut self) {
        if std::mem::take(&mut self.is_lost) {
            return;
        }
        let Some((at, code)) = self.closes else {
            return std::future::pending().await;
        };
        sleep_until(at).await;
        self.lost(code);
        self.is_lost = false;
    }

    fn take_socket_events(&mut self) -> SocketEvents {
        std::mem::take(&mut self.talk)
    }
}
