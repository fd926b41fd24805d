//! The optimizer: what a PostgreSQL database could do better, changed on request and proved by load.
//!
//! `facts` are plain data that `read` gets from the server's catalogs. `workload` reads statements and finds out which
//! indexes could serve them; `planner` asks the server which of them it would use. `rules` turn facts into the
//! proposals of a `plan`; `apply` carries out the chosen ones. Only `read`, `planner` and `apply` talk to a server, and
//! only `apply` changes anything there.

pub mod apply;
pub mod credentials;
pub mod curated;
mod excerpt;
pub mod facts;
mod name;
pub mod plan;
pub mod planner;
pub mod question;
pub mod read;
pub mod redis;
pub mod render;
pub mod rules;
pub mod workload;
