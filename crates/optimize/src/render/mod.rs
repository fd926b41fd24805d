//! A plan as text. Pure; names that came from the database are made fit to print.

mod markdown;
mod sql;
#[cfg(test)]
mod tests;
mod text;

pub use markdown::markdown;
pub use sql::sql;
pub use text::text;

use super::plan::OptimizerPlan;

/// The plan as JSON, its fields those of [`OptimizerPlan`].
///
/// # Panics
/// Never: a plan always has a JSON form.
pub fn json(plan: &OptimizerPlan) -> String {
    let mut text = serde_json::to_string_pretty(plan).expect("a plan has a JSON form");
    text.push('\n');
    text
}
