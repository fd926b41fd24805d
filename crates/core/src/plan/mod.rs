//! Validated, immutable plans: all that a run needs to know, and nothing that it must check again.

mod offered;
mod scenario;
mod search;
mod socket;

pub use scenario::{Arrivals, Bounds, Endpoint, Phases, Plan, Rate};
pub use search::{Loads, RecoveryWatch, Search};
pub use socket::{EndpointKind, Socket};
