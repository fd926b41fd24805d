//! What the server does wrong on demand.

mod body;
mod delay;
mod inject;
mod parse;
mod socket;
mod spec;
mod timer;

pub use delay::Delay;
pub use parse::FaultError;
pub use spec::{Fault, FaultShare, FaultWindow, Faults};

pub(super) use inject::{InjectedOutage, Injector};
pub(super) use parse::{ACCEPTED_RATE_LIMIT, rate_limit};
