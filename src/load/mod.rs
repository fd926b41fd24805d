//! The load engine: what is due, sent when it is due, by users with connections of their own.
mod schedule;
pub use schedule::{Connections, Stream, streams};
