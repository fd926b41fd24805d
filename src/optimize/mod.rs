//! The optimizer: finds improvements to a PostgreSQL database, applies them on request and verifies them under load.
//!
//! `facts` are plain data that `read` gets from the server's catalogs. `workload` parses statements and finds the
//! indexes that could serve them; `planner` asks the server which of them it would use. `rules` turn facts into the
//! proposals of a `plan`; `apply` applies the chosen ones. Only `read`, `planner` and `apply` talk to a server, and
//! only `apply` changes anything there.

pub mod apply;
pub mod facts;
pub mod known_queries;
pub mod libpq_files;
mod name;
pub mod plan;
pub mod planner;
pub mod planner_query;
pub mod read;
pub mod redis;
pub mod render;
pub mod rules;
pub mod workload;
