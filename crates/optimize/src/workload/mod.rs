//! Which columns a statement looks for, joins and orders by, and which indexes could serve it. Pure.
//!
//! The parser is `sqlparser`: pure Rust, while bindings to the server's own parser need libclang to be built. What
//! it can't read is reported and left alone; what it misreads the planner drops, who is asked about every candidate.

mod candidates;
mod scope;
#[cfg(test)]
mod tests;
mod uses;

pub use candidates::{Candidate, candidates};
pub use uses::{Unread, Use, uses};
