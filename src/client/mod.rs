//! The edge to the target: connections, requests, and how each of them ended.

mod addresses;
mod answer;
mod ask;
mod attempt;
mod body_template;
mod connect;
mod connect_error;
mod cookies;
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
mod plan_requests;
mod preflight;
mod preflight_advice;
mod preflight_http2;
mod preflight_scout;
mod preflight_socket;
mod redirect;
mod rendering;
mod reply;
mod request;
mod request_template;
mod retry_after;
mod side_client;
mod side_headers;
mod stream;
mod stream_error;
mod taken;
mod tls;
mod tls_cause;
mod upgrade;
mod visitor;
mod wire_format;
mod ws;
mod ws_stream;

pub use addresses::{AddressFound, Turns};
pub use answer::AnswerCheck;
pub use connect::Connector;
pub use connect_error::ConnectError;
pub use handshake::Handshake;
pub use health::{HealthAnswer, HealthProbe, ProbeAnswer, Prober, check_health};
pub use http::{Connection, Exchange};
pub use json::{json_field, json_number};
pub use plan_requests::{PlanRequests, UserRequest};
pub use preflight::{
    Asking, Preflight, PreflightFailure, PreflightProgress, preflight, preflight_with,
};
pub use request::{PreparedRequest, RequestError, login_request};
pub use side_client::{SideAnswer, SideClient, SideError};
pub use side_headers::side_headers;
pub use stream::Stream;
pub use taken::TakenValues;
pub use tls_cause::TlsFault;
pub use visitor::{AnswerChecks, Visitor, answer_checks};
pub use ws::WebSocketSession;
