//! Asking the server's planner what it would do, with indexes that do not exist (`HypoPG`), and which to propose.

mod ask;
mod choose;
mod explained;

pub use ask::{AskError, Planner};
pub(crate) use choose::shortened;
pub use choose::{Advice, Asked, Question, advise};
pub use explained::Explained;
