//! Loads whose figures are checked to the millisecond: each is alone on the machine.
#![forbid(unsafe_code)]

mod stress;
#[path = "../support/mod.rs"]
mod support;
mod truth;
mod undisturbed;
