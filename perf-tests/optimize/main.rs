//! A real PostgreSQL and a real Redis: what `agentos-perf optimize` finds, changes and proves on them, what becomes of it
//! when something goes wrong in the middle, and the embedded `AgentOS` on both.

mod counters;
mod database;
mod foreign;
mod half_way;
mod proof;
mod redis;
mod reference_servers;
mod story;
#[path = "../support/mod.rs"]
mod support;
mod tls;
mod tls_parameters;
mod trouble;
