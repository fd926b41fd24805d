//! `agentos-perf optimize` on a real PostgreSQL: what it finds, what it changes, what it proves, and what becomes of it
//! when something goes wrong in the middle.

#[path = "support/authority.rs"]
mod authority;
#[path = "optimize/counters.rs"]
mod counters;
#[path = "optimize/database.rs"]
mod database;
#[path = "optimize/foreign.rs"]
mod foreign;
#[path = "optimize/half_way.rs"]
mod half_way;
#[path = "optimize/proof.rs"]
mod proof;
#[path = "support/servers.rs"]
mod servers;
#[path = "optimize/story.rs"]
mod story;
#[path = "optimize/tls.rs"]
mod tls;
#[path = "optimize/tls_parameters.rs"]
mod tls_parameters;
#[path = "optimize/trouble.rs"]
mod trouble;
