//! The optimizer: finds improvements to a PostgreSQL database, applies them on request and verifies them under load.
//!
//! `facts` are plain data that `read` gets from the server's catalogs. `workload` parses statements and finds the
//! indexes that could serve them; `planner` asks the server which of them it would use. `rules` turn facts into the
//! proposals of a `plan`; `apply` applies the chosen ones. Only `read`, `planner` and `apply` talk to a server, and
//! only `apply` changes anything there. `connection` is how they and the monitors connect to it.
#![forbid(unsafe_code)]

#[cfg(feature = "advisors")]
pub mod apply;
pub mod connection;
#[cfg(feature = "advisors")]
pub mod facts;
#[cfg(feature = "advisors")]
pub mod known_queries;
#[cfg(feature = "advisors")]
pub mod libpq_files;
#[cfg(feature = "advisors")]
mod name;
#[cfg(feature = "advisors")]
pub mod plan;
#[cfg(feature = "advisors")]
pub mod planner;
#[cfg(feature = "advisors")]
pub mod planner_query;
#[cfg(feature = "advisors")]
pub mod read;
#[cfg(feature = "advisors")]
pub mod redis;
#[cfg(feature = "advisors")]
pub mod render;
#[cfg(feature = "advisors")]
pub mod rules;
#[cfg(feature = "advisors")]
pub mod workload;
