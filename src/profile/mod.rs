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
pub(crate) mod nearest;
mod overrides;
mod plan;
mod problem;
pub mod quantity;
mod reader;
mod search;
mod socket;
mod source;
mod target;
mod tree;
mod units;
mod validate;
mod validate_requirement;
mod validate_scenario;
mod validate_search;
mod validate_search_metric;
mod validate_socket;
mod without;

pub use destination::{Destination, Http, Secret};
pub use evidence::{CounterPage, EndpointTable, EvidencePlan, Field, FigureSource, TargetPages};
pub use identity::{Algorithm, Identity, IdentityRules, Login, fill_marks};
pub use overrides::Overrides;
pub use plan::{Arrivals, Bounds, Endpoint, HealthCheck, Phases, Plan, Profile, Rate, UptimeCheck};
pub use problem::{At, Complaint, Place, Problem, render_problems, sort_problems};
pub use search::{Loads, RecoveryWatch, Search};
pub use socket::{EndpointKind, Socket};
#[cfg(feature = "harness")]
pub(crate) use source::reason as file_trouble;
pub use source::{ProfileSource, scenario_names};
pub use target::Target;
pub use units::{UnitError, parse_duration, parse_range, parse_rate, parse_size, show_duration};
pub use validate::load;
