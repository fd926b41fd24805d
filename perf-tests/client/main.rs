//! The client, the monitors and the embedded server on real sockets, without a session around them.
#![forbid(unsafe_code)]

mod answers;
mod asking;
mod causes;
mod exchanges;
mod http2;
mod http2_server;
mod journeys;
mod monitors;
mod preflights;
mod reference;
mod server;
mod sockets;
#[path = "../support/mod.rs"]
mod support;
mod walks;
