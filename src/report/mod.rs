//! Reports: one model, many renderers. Renderers are pure: data in, text out.

pub mod annotations;
mod clean;
pub mod csv;
mod facts;
#[cfg(test)]
pub(crate) mod fixture;
mod format;
pub mod hdrlog;
pub mod html;
mod instant;
pub mod json;
pub mod junit;
pub mod live;
pub mod markdown;
mod message;
mod model;
mod names;
pub mod openmetrics;
pub mod otlp;
mod said;
pub mod terminal;

pub(crate) use clean::clean as cleaned;
pub use format::{Format, RenderError};
pub use instant::file_stamp;
pub use message::{failure, failure_once};
pub use model::{Report, RunReport};
pub use said::Said;
