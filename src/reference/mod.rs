//! The embedded `AgentOS`: what is loaded when no target is named.
//!
//! A real server over real sockets, `SQLite` on disk and a cache in front, with the HTTP contract
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
mod options;
mod outage;
mod process;
mod ratelimit;
mod routes;
mod seed;
mod server;
mod statistics;
mod store;
mod system;
mod websocket;

pub use auth::mint_token;
pub use child::{CHILD_OPTIONS, CHILD_SECRET, ChildOptions, announce_on_stdout, child_main};
pub use error::ServeError;
pub use faults::{Delay, Fault, FaultError, Faults, Share, Window};
pub use gate::OBSERVER_PATH;
pub use options::{Options, Secret};
pub use process::{Announcement, serve_blocking};
pub use ratelimit::{RateLimit, RateLimitError};
pub use seed::{DEMO_ORGANIZATION, DEMO_USER};
pub use server::{Server, bind};
