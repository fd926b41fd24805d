//! Reports: one model, many renderers. Renderers are pure: data in, text out.

mod clean;
#[cfg(test)]
pub(crate) mod fixture;
mod instant;
pub mod json;
pub mod junit;
mod message;
mod model;
pub mod terminal;

pub use message::failure;
pub use model::{Report, RunReport};
