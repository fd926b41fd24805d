//! Foreign text, made fit for where it is shown.

pub mod markdown;
mod sanitize;

pub use sanitize::clean;
