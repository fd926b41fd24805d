//! All that is printed, shown, written or sent.

pub(super) mod display;
pub(super) mod github;
pub(super) mod live_dashboard;
#[cfg(feature = "otlp")]
pub(super) mod otlp;
pub(super) mod progress;
pub(super) mod relay;
pub(super) mod runner;
pub(super) mod streams;
pub(super) mod summary;
pub(super) mod write_report;
