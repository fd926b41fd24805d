//! The load engine: what is due, sent when it is due, by users with connections of their own.

mod checkpoints;
mod clock;
mod connection_pool;
mod cpu_meter;
mod early_stop;
mod engine;
mod journeys;
mod ledger;
mod live;
mod messages;
mod mix;
mod numbering;
mod observer;
mod rehearsal;
mod result;
mod run;
mod schedule;
#[cfg(test)]
mod scripted;
mod users;
#[cfg(test)]
mod virtual_time;
mod worker;
mod worker_loop;

pub use engine::{Engine, SocketEngine};
pub use observer::{Observer, RunProgress};
pub use rehearsal::{Fare, rehearse};
pub use result::{failed_run, millis};
pub use run::{RunError, run};
pub use schedule::{ConnectionPolicy, DueTimes, is_second_first, streams};
#[cfg(test)]
pub(crate) use scripted::{ScriptedAnswer, ScriptedRequest};
pub use users::{HttpUser, SocketUser, User, UserTemplate, Users, VirtualUser, VirtualUsers};
#[cfg(test)]
pub(crate) use virtual_time::{VirtualTime, nowhere};
