//! Validated, immutable plans: all that a run needs to know, and nothing that it must check again.

mod offered;
mod plan;
mod search;
mod socket;

pub use plan::{Arrivals, Bounds, Endpoint, Phases, Plan, Rate};
pub use search::{Loads, RecoveryWatch, Search};
pub use socket::{EndpointKind, Socket};
