//! Text with marks such as `{user}` or `{plans.title}`, and what stands in their place.
//!
//! A text is parsed once ([`Template`]), bound to a plan's data and variables ([`BoundTemplate`]), and rendered for each
//! request. What is written is escaped by its [`Place`], so that no value ever breaks out of where it was put.

mod bound;
mod data;
mod draw;
mod escape;
mod mark;
mod parse;
mod values;

pub use bound::{BoundTemplate, RenderError};
pub use data::{DataError, DataTable, Rows};
pub use draw::{mix, text_seed, uuid};
pub use escape::{Place, is_header_text};
pub use mark::{Mark, MarkUse};
pub use parse::{Template, escape_literal};
pub use values::{MarkValues, PlanValues, RequestMarks, TakenValue, Variables};

#[cfg(test)]
mod hostile_tests;
#[cfg(test)]
mod tests;
