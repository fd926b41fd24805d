//! The client against real sockets that do what servers should not.
#![forbid(unsafe_code)]

#[path = "client/asking.rs"]
mod asking;
#[path = "client/causes.rs"]
mod causes;
#[path = "client/exchanges.rs"]
mod exchanges;
#[path = "client/http2.rs"]
mod http2;
#[path = "client/http2_server.rs"]
mod http2_server;
#[path = "client/preflights.rs"]
mod preflights;
#[path = "client/server.rs"]
mod server;
#[path = "client/sockets.rs"]
mod sockets;
