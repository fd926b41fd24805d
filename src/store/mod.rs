//! What is kept on disk: runs shared between processes, and reports.

mod baselines;
mod files;
mod once_on_disk;
mod reports;
mod session_dir;

pub use baselines::{BaselineError, add_to_baseline, baseline_path, read_baseline, write_baseline};
pub use files::{StoreError, check_folder, write_atomically};
pub use once_on_disk::{OnceOnDisk, lock, read_all, write_json};
pub use reports::write_report;
pub use session_dir::make_dated;
