//! What is kept on disk: runs shared between processes, and reports.

mod files;
mod shared;

pub use files::{StoreError, write_atomically};
pub use shared::{Shared, lock, read_all, write_json};
