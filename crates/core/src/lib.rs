//! The pure part of agentos-perf: what a requirement is, what a run recorded, and what follows from it.
//!
//! No clock, no I/O, no network, no threads and no async: everything here is a function from values to values.
//!
//! ```
//! use agentos_perf_core::statistics::{lower_bound, upper_bound};
//!
//! // 12 of 1,000 requests failed: with 95 % confidence, what share of all requests fails?
//! let (low, high) = (lower_bound(12.0, 1000.0, 0.025), upper_bound(12.0, 1000.0, 0.025));
//! assert!(low > 0.006 && high < 0.021);
//! ```
#![forbid(unsafe_code)]

pub mod baseline;
pub mod diagnostic;
pub mod hint;
pub mod judge;
pub mod model;
pub mod plan;
pub mod record;
pub mod requirement;
pub mod search;
pub mod secret;
pub mod statistics;
pub mod template;
pub mod text;
