//! The embedded `AgentOS`: what is loaded when no target is named.
//!
//! A real server over real sockets, `SQLite` on disk or PostgreSQL, a cache in front, in the process
//! or in Redis, with the HTTP contract
//! of the service, its WebSocket and its own statistics. Faults make it misbehave on demand.

mod app;
mod auth;
mod cache;
mod child;
mod connection;
mod dashboard;
mod error;
mod faults;
mod gate;
mod journeys;
mod jwt;
mod login;
mod options;
mod outage;
mod paths;
mod process;
mod ratelimit;
mod routes;
mod server;
mod statistics;
mod store;
mod system;
mod websocket;

pub use auth::mint_token;
pub use child::{CHILD_OPTIONS, CHILD_SECRET, ChildOptions, announce_on_stdout, child_main};
pub use error::ServeError;
pub use faults::{Delay, Fault, FaultError, FaultShare, FaultWindow, Faults};
pub use gate::OBSERVER_PATH;
pub use jwt::{PublicKey, PublicKeyError};
pub use login::DEMO_PASSWORD;
pub use options::{Options, SigningSecret};
pub use process::{Announcement, serve_blocking};
pub use ratelimit::{RateLimit, RateLimitError};
pub use server::{Server, bind};
pub use store::{DEMO_ORGANIZATION, DEMO_USER};
