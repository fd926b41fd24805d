//! Whether the load generator tells the truth: runs on real sockets against targets that follow a script, whose
//! response times are reckoned from the due times and the script alone.
#![forbid(unsafe_code)]

#[path = "truth/bench.rs"]
mod bench;
#[path = "truth/faulty.rs"]
mod faulty;
#[path = "truth/scripted.rs"]
mod scripted;
#[path = "truth/server.rs"]
mod server;
#[path = "truth/simulation.rs"]
mod simulation;
#[path = "truth/stopped.rs"]
mod stopped;
mod support;
