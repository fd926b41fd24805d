//! Evidence from beside the load: the generator's own state, whether the target stays up, and what others
//! tell of it.

#[cfg(feature = "evidence")]
mod allowance;
#[cfg(feature = "evidence")]
mod database;
#[cfg(feature = "evidence")]
mod database_foreign;
#[cfg(feature = "evidence")]
mod database_tls;
#[cfg(feature = "evidence")]
mod database_url;
#[cfg(feature = "evidence")]
mod exposition;
#[cfg(feature = "evidence")]
mod found;
#[cfg(all(any(test, fuzzing), feature = "harness"))]
pub(crate) mod fuzz;
mod generator;
#[cfg(feature = "evidence")]
mod host;
#[cfg(feature = "evidence")]
mod late;
#[cfg(feature = "evidence")]
mod locate;
mod machine;
#[cfg(feature = "evidence")]
mod monitors;
#[cfg(feature = "evidence")]
mod percent;
#[cfg(feature = "evidence")]
mod postgres;
#[cfg(feature = "evidence")]
mod process;
#[cfg(feature = "evidence")]
mod prometheus;
#[cfg(feature = "evidence")]
mod redis;
#[cfg(feature = "evidence")]
mod redis_connection;
#[cfg(feature = "evidence")]
mod redis_error;
#[cfg(feature = "evidence")]
mod resp;
#[cfg(feature = "evidence")]
mod rounds;
#[cfg(feature = "evidence")]
mod statements;
#[cfg(feature = "evidence")]
mod target;
#[cfg(feature = "evidence")]
mod threads;
mod watch;

#[cfg(feature = "evidence")]
pub use database::{Database, first_text, is_gone, told};
#[cfg(feature = "evidence")]
pub use database_tls::{PARAMETERS as TLS_PARAMETERS, Stated};
#[cfg(feature = "evidence")]
pub use database_url::{DatabasePlace, DatabaseUrl};
pub use generator::ProcessorClock;
pub use machine::machine;
#[cfg(feature = "evidence")]
pub use monitors::{Monitors, Watched};
#[cfg(feature = "optimize")]
pub(crate) use percent::percent_encoded;
#[cfg(feature = "evidence")]
pub use redis::RedisAddress;
#[cfg(feature = "evidence")]
pub use redis_connection::RedisConnection;
#[cfg(feature = "evidence")]
pub use redis_error::RedisError;
#[cfg(feature = "evidence")]
pub use resp::Reply;
pub use watch::{Probe, Watcher, log};
