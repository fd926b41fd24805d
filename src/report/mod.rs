//! Reports: one model, many renderers. Renderers are pure: data in, text out.

pub mod annotations;
pub mod csv;
mod facts;
mod failure_message;
mod format;
pub mod hdrlog;
pub mod html;
pub mod json;
pub mod junit;
pub mod live_terminal;
pub mod markdown;
pub mod openmetrics;
pub mod otlp;
mod rfc3339;
mod said;
pub mod terminal;
mod unique_names;

#[cfg(test)]
pub(crate) use agentos_perf_core::model::fixture;
pub use agentos_perf_core::model::{Report, RunReport};
pub use failure_message::{failure, failure_once};
pub use format::{Format, RenderError};
pub use rfc3339::file_stamp;
pub use said::SaidOnce;
