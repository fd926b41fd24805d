//! What the pool needs of the client: users that exchange one request at a time.

use std::future::Future;
use std::rc::Rc;
use std::time::Duration;

use tokio::time::Instant;

use crate::client::{Connection, Connector, Exchange, PreparedRequest};
use crate::profile::Bounds;

/// Longer than any run.
const NEVER: Duration = Duration::from_secs(7 * 24 * 3600);

/// Makes users; one for each connection that a run needs.
pub trait Users {
    /// What it makes.
    type User: User + 'static;

    /// One more user, not yet connected.
    fn user(&self) -> Self::User;
}

/// One user with a connection of its own.
pub trait User {
    /// Sends the request of an endpoint, by its place in the plan, and waits for its end.
    fn exchange(&mut self, endpoint: usize) -> impl Future<Output = Exchange>;
}

/// Users over HTTP.
pub struct HttpUsers {
    connector: Connector,
    requests: Rc<[PreparedRequest]>,
    bounds: Bounds,
    give_up: Instant,
}

impl HttpUsers {
    /// Users that share a connector and the prepared requests of one plan.
    pub fn new(connector: Connector, requests: Vec<PreparedRequest>, bounds: Bounds) -> HttpUsers {
        // The pool ends what is still on its way, as the end of the run may move.
        let give_up = Instant::now() + NEVER;
        HttpUsers {
            connector,
            requests: requests.into(),
            bounds,
            give_up,
        }
    }
}

impl Users for HttpUsers {
    type User = HttpUser;

    fn user(&self) -> HttpUser {
        HttpUser {
            connection: Connection::new(self.connector.clone()),
            requests: Rc::clone(&self.requests),
            bounds: self.bounds,
            give_up: self.give_up,
        }
    }
}

/// One user over HTTP.
pub struct HttpUser {
    connection: Connection,
    requests: Rc<[PreparedRequest]>,
    bounds: Bounds,
    give_up: Instant,
}

impl User for HttpUser {
    async fn exchange(&mut self, endpoint: usize) -> Exchange {
        self.connection
            .exchange(&self.requests[endpoint], &self.bounds, self.give_up)
            .await
    }
}
