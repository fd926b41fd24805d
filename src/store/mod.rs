//! What is kept on disk: runs shared between processes, and reports.

mod baselines;
mod dated;
mod files;
mod reports;
mod shared;

pub use baselines::{BaselineError, add_to_baseline, baseline_path, read_baseline, write_baseline};
pub use dated::make_dated;
pub use files::{StoreError, check_folder, write_atomically};
pub use reports::write_report;
pub use shared::{Shared, lock, read_all, write_json};
