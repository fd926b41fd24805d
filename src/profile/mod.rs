//! Profiles: what to load, how, and what it must keep.
//!
//! Floors, each of which knows only those below: `text` is a file as it was written, with the place of every key; `value`
//! reads times, rates and sizes; `plan` is the validated result; `raw` is a profile as its tables say it; `validate` goes
//! from `raw` to `plan`.

mod plan;
mod raw;
mod text;
mod validate;
mod value;

pub use crate::secret::Secret;
pub use plan::destination::{Destination, HttpVersion};
pub use plan::evidence::{
    CounterPage, EndpointTable, EvidencePlan, Field, FigureSource, TargetPages,
};
pub use plan::identity::{Algorithm, Identity, IdentityRules, Login, fill_marks};
pub use plan::model::{HealthCheck, Profile, UptimeCheck};
pub use plan::target::Target;
pub use plan::target_rules::{Redirects, TargetRules};
pub use raw::overrides::Overrides;
#[cfg(feature = "harness")]
pub(crate) use raw::source::reason as file_trouble;
pub use raw::source::{ProfileSource, scenario_names};
#[cfg(feature = "harness")]
pub(crate) use text::suggest;
pub use text::text_file::{read_text, text_of, without_mark};
pub use validate::profile::load;
pub use value::quantity;
pub use value::units::{
    UnitError, parse_duration, parse_range, parse_rate, parse_size, show_duration,
};
