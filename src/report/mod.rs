//! Reports: one model, many renderers. Renderers are pure: data in, text out.

pub mod annotations;
pub mod csv;
mod facts;
mod format;
pub mod hdrlog;
pub mod html;
mod instant;
pub mod json;
pub mod junit;
pub mod live;
pub mod markdown;
mod message;
mod names;
pub mod openmetrics;
pub mod otlp;
mod said;
pub mod terminal;

#[cfg(test)]
pub(crate) use agentos_perf_core::model::fixture;
pub use agentos_perf_core::model::{Report, RunReport};
pub(crate) use agentos_perf_core::text::clean as cleaned;
pub use format::{Format, RenderError};
pub use instant::file_stamp;
pub use message::{failure, failure_once};
pub use said::Said;
