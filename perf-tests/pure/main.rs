//! What needs no sockets: the error rates of the statistics, the layers of the source, the messages about wrong input.
#![forbid(unsafe_code)]

mod docs;
mod layers;
mod regression;
mod statistics;
#[cfg(feature = "otlp")]
mod wrong;
