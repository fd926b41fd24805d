//! The load engine: what is due, sent when it is due, by users with connections of their own.

mod control;
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
mod settle;
mod shared;
mod users;
mod worker;

pub use observer::{Observer, Progress};
pub use rehearsal::{Fare, rehearse};
pub use result::{failed_run, millis};
pub use run::{RunError, run};
pub use schedule::{Connections, Stream, is_second_first, streams};
pub use users::{HttpUser, Kit, SocketUser, User, Users, VirtualUser, VirtualUsers};
