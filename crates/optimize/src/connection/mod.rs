//! Connections to the databases of a service: `PostgreSQL` as libpq reads its URLs, and Redis, both with or without TLS.
//!
//! Nothing here depends on the load or on what is read over a connection.

mod certificate_error;
mod database;
mod database_foreign;
mod database_tls;
mod database_url;
pub mod excerpt;
mod percent_encoding;
mod redis_address;
mod redis_connection;
mod redis_error;
mod redis_stream;
mod resp;
mod tls;
mod verify_ca;

pub use certificate_error::Distrust;
pub use database::{Database, error_message, first_text, is_gone};
pub use database_tls::{PARAMETERS as TLS_PARAMETERS, Stated};
pub use database_url::{DatabasePlace, DatabaseUrl};
pub use percent_encoding::percent_encoded;
pub use redis_address::RedisAddress;
pub use redis_connection::{RedisConnection, shortened};
pub use redis_error::RedisError;
pub use redis_stream::RedisConnector;
pub use resp::{Reply, read_reply};
pub use tls::NoRoots;
