//! The edge to the target: connections, requests, and how each of them ended.

mod addresses;
mod ask;
mod attempt;
mod connect;
mod connect_error;
mod dial;
mod excerpt;
mod frames;
#[cfg(all(any(test, fuzzing), feature = "harness"))]
pub(crate) mod fuzz;
mod handshake;
mod health;
mod http;
mod http1;
mod http1_response;
mod http2;
mod json;
mod preflight;
mod preflight_advice;
mod preflight_http2;
mod preflight_scout;
mod preflight_socket;
mod redirect;
mod reply;
mod request;
mod resolver;
mod retry_after;
mod side_client;
mod side_error;
mod stream;
mod stream_error;
mod tls;
mod tls_cause;
mod upgrade;
mod wire_format;
mod ws;
mod ws_stream;

pub use addresses::{AddressFound, Turns};
pub use connect::Connector;
pub use connect_error::ConnectError;
pub use handshake::Handshake;
pub use health::{HealthAnswer, HealthProbe, ProbeAnswer, Prober, check_health};
pub use http::{Connection, Exchange};
pub use json::{json_field, json_number};
pub use preflight::{
    Asking, Preflight, PreflightFailure, PreflightProgress, preflight, preflight_with,
};
pub use request::{PreparedRequest, RequestError, login_request};
pub use side_client::{SideAnswer, SideClient};
pub use side_error::SideError;
pub use stream::Stream;
pub use tls_cause::TlsFault;
pub use ws::WebSocketSession;
