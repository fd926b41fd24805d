//! What the pool needs of the client: users that exchange one request at a time.

use std::future::Future;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::client::{
    AnswerChecks, Connection, Connector, Exchange, Handshake, PlanRequests, PreparedRequest,
    RequestError, TakenValues, Turns, UserRequest, Visitor, WebSocketSession, answer_checks,
};
use crate::plan::{Bounds, EndpointKind, Plan, Socket};
use crate::profile::Destination;
use crate::record::{Outcome, SocketEvents};
use crate::template::RenderError;
use crate::timers::{Deadline, TimerQueue};

/// Longer than any run.
const NEVER: Duration = Duration::from_secs(7 * 24 * 3600);
/// How long a user who leaves waits for its goodbye to be taken.
const GOODBYE: Duration = Duration::from_millis(200);
/// Numbers of a user's messages, so that no two users' are the same.
const IDS_PER_USER: u64 = 1_000_000_000;

/// Makes users; one for each connection that a run needs.
pub trait Users {
    /// What it makes.
    type User: User + 'static;

    /// The user at this place of the worker's, not yet connected, whose connections take these turns among the
    /// addresses of the target.
    fn user(&self, index: usize, turns: Turns) -> Self::User;

    /// How many addresses the connections are spread over.
    fn width(&self) -> u32 {
        1
    }
}

/// One user with a connection of its own.
pub trait User {
    /// Sends the request of an endpoint, by its place in the plan, and waits for its end. `number` is the
    /// request's in the whole plan.
    fn exchange(&mut self, endpoint: usize, number: u64) -> impl Future<Output = Exchange>;

    /// Begins a journey, by its number in the whole plan: nothing that was taken from the answers of an earlier one is known
    /// any more, and to a new visitor no cookies either.
    fn begin_journey(&mut self, _number: u64, _is_new_visitor: bool) {}

    /// Whether all is known that the request of an endpoint is filled in with.
    fn can_send(&self, _endpoint: usize, _number: u64) -> bool {
        true
    }

    /// Attends to the connection while nothing is due; returns once for each connection that must be made
    /// again. May be dropped at any time.
    fn idle(&mut self) -> impl Future<Output = ()> {
        std::future::pending()
    }

    /// What was met beside the due requests since the last call.
    fn take_socket_events(&mut self) -> SocketEvents {
        SocketEvents::default()
    }

    /// What the last exchange was answered, if that was not expected and can be shown.
    fn excerpt(&self, _endpoint: usize, _number: u64) -> String {
        String::new()
    }

    /// How long the target asked to wait when it refused the last exchange, in seconds.
    fn retry_after(&self) -> Option<u32> {
        None
    }

    /// Ends the connection as a user would who goes.
    fn leave(&mut self) -> impl Future<Output = ()> {
        std::future::ready(())
    }
}

/// What one user sends, ready to be sent any number of times.
#[derive(Clone)]
pub struct UserTemplate {
    /// Which of the plan's users it is.
    index: u64,
    requests: Arc<[UserRequest]>,
    /// What answers must have; `None` where nothing but the status is looked at.
    checks: Option<AnswerChecks>,
    /// Only of a user on a WebSocket, with the number of its first message.
    handshake: Option<(Handshake, u64)>,
}

impl UserTemplate {
    /// The kits of these users of a plan, by their numbers.
    ///
    /// # Errors
    /// The first part of what one of them sends that HTTP cannot carry.
    pub fn all(
        plan: &Plan,
        destination: &Destination,
        users: impl Iterator<Item = usize>,
    ) -> Result<Vec<UserTemplate>, RequestError> {
        let all = PlanRequests::new(plan, destination)?;
        let common = all.of_user(None)?;
        let checks = answer_checks(plan)?;
        users
            .map(|index| {
                let requests = match destination.user(index) {
                    Some(_) => all.of_user(Some(index))?,
                    None => Arc::clone(&common),
                };
                let handshake = UserTemplate::handshake(plan, &all, index)?;
                Ok(UserTemplate {
                    index: index as u64,
                    requests,
                    checks: checks.clone(),
                    handshake,
                })
            })
            .collect()
    }

    fn handshake(
        plan: &Plan,
        all: &PlanRequests<'_>,
        index: usize,
    ) -> Result<Option<(Handshake, u64)>, RequestError> {
        let Some(socket) = plan.socket.as_ref() else {
            return Ok(None);
        };
        if !socket.holds(index as u32, plan.users()) {
            return Ok(None);
        }
        let handshake = all.handshake(index)?;
        Ok(handshake.map(|handshake| (handshake, (index as u64 + 1) * IDS_PER_USER)))
    }
}

/// The users of one worker.
pub struct VirtualUsers {
    kits: Rc<[UserTemplate]>,
    is_shared: bool,
    connector: Connector,
    bounds: Bounds,
    socket: Option<Rc<Socket>>,
    /// Which of the plan's endpoints is to connect a WebSocket.
    connect: usize,
    makes_journeys: bool,
    give_up: Instant,
    agenda: Rc<TimerQueue>,
}

impl VirtualUsers {
    /// Users that share a connector. With `is_shared`, each request is one of the user its number belongs to,
    /// whichever connection it goes over; otherwise each connection is one user's.
    pub fn new(
        kits: Vec<UserTemplate>,
        is_shared: bool,
        connector: Connector,
        plan: &Plan,
        agenda: Rc<TimerQueue>,
    ) -> VirtualUsers {
        VirtualUsers {
            kits: kits.into(),
            is_shared,
            connector,
            bounds: plan.bounds,
            socket: plan.socket.clone().map(Rc::new),
            connect: place(plan, EndpointKind::Connect),
            makes_journeys: !plan.journeys.is_empty(),
            // The pool ends what is still on its way, as the end of the run may move.
            give_up: Instant::now() + NEVER,
            agenda,
        }
    }
}

fn place(plan: &Plan, kind: EndpointKind) -> usize {
    let mut endpoints = plan.endpoints.iter();
    let found = endpoints.position(|endpoint| endpoint.kind == kind);
    found.unwrap_or(plan.endpoints.len())
}

impl VirtualUsers {
    fn visitor(&self, kit: &UserTemplate) -> Option<Visitor> {
        let cookies_of = self.makes_journeys.then_some(&self.connector);
        let checks = kit.checks.clone()?;
        Some(Visitor::new(checks, cookies_of))
    }
}

impl Users for VirtualUsers {
    type User = VirtualUser;

    fn width(&self) -> u32 {
        self.connector.width()
    }

    fn user(&self, index: usize, turns: Turns) -> VirtualUser {
        let own = index % self.kits.len();
        let kit = &self.kits[own];
        let deadline = Deadline::Paced(self.agenda.timer());
        match (&kit.handshake, &self.socket) {
            (Some((handshake, first_id)), Some(socket)) => VirtualUser::Socket(SocketUser {
                line: WebSocketSession::paced(handshake.clone(), *first_id, deadline).taking(turns),
                connector: self.connector.clone(),
                socket: Rc::clone(socket),
                connect: self.connect,
            }),
            _ => VirtualUser::Http(HttpUser {
                connection: Connection::paced(self.connector.clone(), deadline).taking(turns),
                kits: Rc::clone(&self.kits),
                own: (!self.is_shared).then_some(own),
                unsent: None,
                bounds: self.bounds,
                give_up: self.give_up,
                visitor: self.visitor(kit).map(Box::new),
            }),
        }
    }
}

/// One user, over HTTP or on a WebSocket.
pub enum VirtualUser {
    /// Sends requests.
    Http(HttpUser),
    /// Stays connected.
    Socket(SocketUser),
}

/// One user over HTTP.
pub struct HttpUser {
    connection: Connection,
    kits: Rc<[UserTemplate]>,
    /// The kit of the connection's user; `None` where each request is of another one.
    own: Option<usize>,
    /// Why the last request could not be sent.
    unsent: Option<Box<RenderError>>,
    bounds: Bounds,
    give_up: Instant,
    /// Only where answers are looked at.
    visitor: Option<Box<Visitor>>,
}

impl HttpUser {
    async fn exchange(&mut self, endpoint: usize, number: u64) -> Exchange {
        self.unsent = None;
        // Boxed: users whose requests are the same each time would have its place too.
        let filled_in;
        let request = &self.kits[self.kit(number)].requests[endpoint];
        let request = if let Some(request) = request.fixed() {
            request
        } else {
            match self.filled_in(request, number) {
                Ok(request) => filled_in = Box::new(request),
                Err(error) => {
                    self.unsent = Some(Box::new(error));
                    return Exchange::unsent(Outcome::WrongAnswer);
                }
            }
            &filled_in
        };
        let connection = &mut self.connection;
        let (bounds, give_up) = (&self.bounds, self.give_up);
        match &mut self.visitor {
            None => connection.exchange(request, bounds, give_up).await,
            Some(visitor) => {
                let looking = visitor.exchange(connection, (endpoint, request), bounds, give_up);
                // Boxed: users who look at nothing would have its place otherwise.
                Box::pin(looking).await
            }
        }
    }

    fn excerpt(&self, endpoint: usize, number: u64) -> String {
        if let Some(error) = &self.unsent {
            return format!("not sent: {error}");
        }
        let request = &self.kits[self.kit(number)].requests[endpoint];
        // It says the same once more, but for the time.
        let Ok(request) = self.filled_in(request, number) else {
            return String::new();
        };
        match &self.visitor {
            None => self.connection.excerpt(&request),
            Some(visitor) => visitor.excerpt(&self.connection, &request),
        }
    }

    fn filled_in(
        &self,
        request: &UserRequest,
        number: u64,
    ) -> Result<PreparedRequest, RenderError> {
        let none = TakenValues::default();
        let taken = self
            .visitor
            .as_ref()
            .map_or(&none, |visitor| visitor.taken());
        request.filled_in(self.number(), number, taken)
    }

    /// Which of the plan's users has the connection; `None` where each request is of another one.
    fn number(&self) -> Option<u64> {
        self.own.map(|own| self.kits[own].index)
    }

    /// Which kit the request with this number is sent from.
    fn kit(&self, number: u64) -> usize {
        let of_number = || (number % self.kits.len() as u64) as usize;
        self.own.unwrap_or_else(of_number)
    }
}

/// One user on a WebSocket.
pub struct SocketUser {
    line: WebSocketSession,
    connector: Connector,
    socket: Rc<Socket>,
    /// Which of the plan's endpoints is to connect; all behind it are messages.
    connect: usize,
}

impl User for VirtualUser {
    async fn exchange(&mut self, endpoint: usize, number: u64) -> Exchange {
        match self {
            VirtualUser::Http(user) => user.exchange(endpoint, number).await,
            VirtualUser::Socket(user) if endpoint == user.connect => {
                user.line.connect(&user.connector, &user.socket).await
            }
            VirtualUser::Socket(user) => {
                let line = user.line.number(number);
                line.exchange(&user.connector, &user.socket).await
            }
        }
    }

    fn begin_journey(&mut self, _number: u64, is_new_visitor: bool) {
        if let VirtualUser::Http(HttpUser {
            visitor: Some(visitor),
            ..
        }) = self
        {
            visitor.begin_journey(is_new_visitor);
        }
    }

    fn can_send(&self, endpoint: usize, number: u64) -> bool {
        match self {
            VirtualUser::Http(user) => {
                let request = &user.kits[user.kit(number)].requests[endpoint];
                request.fixed().is_some() || user.filled_in(request, number).is_ok()
            }
            VirtualUser::Socket(_) => true,
        }
    }

    async fn idle(&mut self) {
        match self {
            VirtualUser::Http(user) => user.connection.idle().await,
            VirtualUser::Socket(user) => user.line.idle(&user.socket).await,
        }
    }

    fn take_socket_events(&mut self) -> SocketEvents {
        match self {
            VirtualUser::Http(_) => SocketEvents::default(),
            VirtualUser::Socket(user) => user.line.take_socket_events(),
        }
    }

    fn excerpt(&self, endpoint: usize, number: u64) -> String {
        match self {
            VirtualUser::Http(user) => user.excerpt(endpoint, number),
            VirtualUser::Socket(user) => user.line.excerpt(),
        }
    }

    fn retry_after(&self) -> Option<u32> {
        match self {
            VirtualUser::Http(user) => user.connection.retry_after(),
            VirtualUser::Socket(user) => user.line.retry_after(),
        }
    }

    async fn leave(&mut self) {
        if let VirtualUser::Socket(user) = self {
            user.line.leave(GOODBYE).await;
        }
    }
}
