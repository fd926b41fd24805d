//! The load engine: what is due, sent when it is due, by users with connections of their own.

mod clock;
mod control;
mod engine;
mod ledger;
mod live;
mod looks;
mod meter;
mod mix;
mod numbering;
mod observer;
mod pool;
mod rehearsal;
mod result;
mod run;
mod schedule;
#[cfg(test)]
mod scripted;
mod settle;
mod shared;
mod users;
#[cfg(test)]
mod virtual_time;
mod worker;

pub use engine::{Engine, SocketEngine};
pub use observer::{Observer, Progress};
pub use rehearsal::{Fare, rehearse};
pub use result::{failed_run, millis};
pub use run::{RunError, run};
pub use schedule::{Connections, Stream, is_second_first, streams};
#[cfg(test)]
pub(crate) use scripted::{Answer, Request};
pub use users::{HttpUser, Kit, SocketUser, User, Users, VirtualUser, VirtualUsers};
#[cfg(test)]
pub(crate) use virtual_time::{VirtualTime, nowhere};
