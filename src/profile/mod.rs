//! Profiles: what to load, how, and what it has to keep.

mod destination;
mod evidence;
mod file;
mod file_evidence;
mod file_identity;
mod file_requirement;
mod file_scenario;
mod file_search;
mod file_socket;
mod file_top;
mod identity;
mod marks;
mod merge;
mod model;
#[cfg(test)]
mod offered_tests;
mod overrides;
pub mod quantity;
mod reader;
mod source;
pub(crate) mod suggest;
mod target;
mod target_rules;
mod text_file;
mod tree;
mod units;
mod validate;
mod validate_requirement;
mod validate_scenario;
mod validate_search;
mod validate_search_metric;
mod validate_socket;
mod without;

pub use crate::secret::Secret;
pub use destination::{Destination, HttpVersion};
pub use evidence::{CounterPage, EndpointTable, EvidencePlan, Field, FigureSource, TargetPages};
pub use identity::{Algorithm, Identity, IdentityRules, Login, fill_marks};
pub use model::{HealthCheck, Profile, UptimeCheck};
pub use overrides::Overrides;
#[cfg(feature = "harness")]
pub(crate) use source::reason as file_trouble;
pub use source::{ProfileSource, scenario_names};
pub use target::Target;
pub use target_rules::{Redirects, TargetRules};
pub use text_file::{read_text, text_of, without_mark};
pub use units::{UnitError, parse_duration, parse_range, parse_rate, parse_size, show_duration};
pub use validate::load;
