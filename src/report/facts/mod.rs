//! What is to be said of a run in words: one text for all renderers, cleaned of what a target could hide in it.

mod evidence;
mod journeys;
mod run;
mod search;

pub(super) use journeys::{journeys, judged, reach, request};
pub(super) use run::of_run;
pub(super) use search::{heading as search_heading, number, of_search};

/// What a line is about, and the line.
pub(super) type Fact = (&'static str, String);
