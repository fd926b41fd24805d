//! Whole sessions through the built command: what it judges, prints, writes and sends; and that other projects can
//! depend on the harness.
#![forbid(unsafe_code)]

#[cfg(unix)]
mod action;
mod baseline;
mod dashboard;
mod dependents;
mod faults;
mod nextest;
mod otlp;
mod readers;
mod reports;
mod runner;
mod sockets;
#[path = "../support/mod.rs"]
mod support;
