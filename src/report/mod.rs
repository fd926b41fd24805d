//! Reports: one model, many renderers.

mod model;

pub use model::Report;
