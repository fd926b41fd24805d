//! Asking the server's planner what it would do, with indexes that do not exist (`HypoPG`), and which to propose.

mod ask;
mod choose;
mod explained;
mod guess;

pub use ask::{AskError, Planner};
pub use choose::advise;
pub use explained::Explained;
