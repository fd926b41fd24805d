//! Whether the load generator tells the truth: runs on real sockets against targets that follow a script, whose
//! response times are reckoned from the due times and the script alone.

mod bench;
mod faulty;
mod scripted;
mod server;
mod simulation;
mod stopped;
