//! The edge to the target: connections, requests, and how each of them ended.

mod addresses;
mod answer;
#[cfg(feature = "evidence")]
mod any_name;
mod ask;
mod attempt;
mod connect;
mod connect_error;
mod control;
#[cfg(feature = "evidence")]
mod distrust;
mod excerpt;
mod form;
mod framed;
mod frames;
mod handshake;
mod health;
mod http;
mod http1;
mod http2;
mod json;
mod outcome;
mod preflight;
mod preflight_advice;
mod preflight_http2;
mod preflight_scout;
mod preflight_socket;
mod redirect;
mod reply;
mod request;
mod retry_after;
mod sample;
mod stream_error;
mod tls;
mod tls_cause;
mod upgrade;
mod wire;
mod ws;

pub use addresses::{AddressFound, Turns};
pub use connect::Connector;
pub use connect_error::ConnectError;
pub use control::{Answer, ControlClient, ControlError};
#[cfg(feature = "evidence")]
pub use distrust::Distrust;
pub use handshake::Handshake;
pub use health::{HealthProbe, HealthSample, ProbeAnswer, Prober, check_health};
pub use http::{Connection, Exchange};
pub use json::{json_field, json_number};
pub use outcome::Outcome;
pub use preflight::{Asked, Asking, Preflight, PreflightFailure, preflight, preflight_with};
pub use request::{PreparedRequest, RequestError, login_request};
pub use sample::{Sample, Talk};
#[cfg(feature = "evidence")]
pub use tls::{Trust, tls_without_protocol};
pub use tls_cause::TlsFault;
pub use wire::Stream;
pub use ws::Line;
