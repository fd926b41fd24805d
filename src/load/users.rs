//! What the pool needs of the client: users that exchange one request at a time.

use std::future::Future;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::client::{
    Connection, Connector, Exchange, Handshake, PreparedRequest, RequestError, Turns,
    WebSocketSession,
};
use crate::plan::{Bounds, Endpoint, EndpointKind, Plan, Socket};
use crate::profile::Destination;
use crate::record::SocketEvents;
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
    requests: Arc<[PreparedRequest]>,
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
        let common = UserTemplate::requests(plan, destination, None)?;
        users
            .map(|index| {
                let requests = match destination.user(index) {
                    Some(_) => UserTemplate::requests(plan, destination, Some(index))?,
                    None => Arc::clone(&common),
                };
                let handshake = UserTemplate::handshake(plan, destination, index)?;
                Ok(UserTemplate {
                    requests,
                    handshake,
                })
            })
            .collect()
    }

    fn requests(
        plan: &Plan,
        destination: &Destination,
        index: Option<usize>,
    ) -> Result<Arc<[PreparedRequest]>, RequestError> {
        let user = index.and_then(|index| destination.user(index));
        let http = |endpoint: &&Endpoint| endpoint.kind == EndpointKind::Http;
        let endpoints = plan.endpoints.iter().filter(http);
        endpoints
            .map(|endpoint| PreparedRequest::of(&plan.headers, endpoint, destination, user))
            .collect()
    }

    fn handshake(
        plan: &Plan,
        destination: &Destination,
        index: usize,
    ) -> Result<Option<(Handshake, u64)>, RequestError> {
        let Some(socket) = plan.socket.as_ref() else {
            return Ok(None);
        };
        if !socket.holds(index as u32, plan.users()) {
            return Ok(None);
        }
        let handshake = Handshake::new(socket, &plan.headers, destination, index)?;
        Ok(Some((handshake, (index as u64 + 1) * IDS_PER_USER)))
    }
}

/// The users of one worker.
pub struct VirtualUsers {
    kits: Rc<[UserTemplate]>,
    is_shared: bool,
    connector: Connector,
    bounds: Bounds,
    socket: Option<Rc<Socket>>,
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
            // The pool ends what is still on its way, as the end of the run may move.
            give_up: Instant::now() + NEVER,
            agenda,
        }
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
                connect: kit.requests.len(),
            }),
            _ => VirtualUser::Http(HttpUser {
                connection: Connection::paced(self.connector.clone(), deadline).taking(turns),
                kits: Rc::clone(&self.kits),
                own: (!self.is_shared).then_some(own),
                bounds: self.bounds,
                give_up: self.give_up,
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
    bounds: Bounds,
    give_up: Instant,
}

impl HttpUser {
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
            VirtualUser::Http(user) => {
                let request = &user.kits[user.kit(number)].requests[endpoint];
                let connection = &mut user.connection;
                connection
                    .exchange(request, &user.bounds, user.give_up)
                    .await
            }
            VirtualUser::Socket(user) if endpoint == user.connect => {
                user.line.connect(&user.connector, &user.socket).await
            }
            VirtualUser::Socket(user) => user.line.exchange(&user.connector, &user.socket).await,
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
            VirtualUser::Http(user) => {
                let request = &user.kits[user.kit(number)].requests[endpoint];
                user.connection.excerpt(request)
            }
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
