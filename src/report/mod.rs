//! Reports: one model, many renderers. Renderers are pure: data in, text out.

mod clean;
mod facts;
#[cfg(test)]
pub(crate) mod fixture;
pub mod html;
mod instant;
pub mod json;
pub mod junit;
mod message;
mod model;
pub mod terminal;

#[cfg(feature = "harness")]
pub(crate) use clean::clean as cleaned;
pub use message::failure;
pub use model::{Report, RunReport};
