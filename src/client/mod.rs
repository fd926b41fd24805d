//! The edge to the target: connections, requests, and how each of them ended.

mod connect;
mod http;
mod outcome;
mod request;
mod sample;
mod tls;
mod wire;

pub use connect::{ConnectError, Connector, Stream};
pub use http::{Connection, Exchange};
pub use outcome::Outcome;
pub use request::{PreparedRequest, RequestError};
pub use sample::Sample;
