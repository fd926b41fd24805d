//! Validated, immutable plans: all that a run needs to know, and nothing that it must check again.

mod answer;
mod journey;
mod offered;
mod scenario;
mod search;
mod socket;

pub use answer::{AnswerRules, Take, TakeFrom};
pub use journey::{Journey, Poll, Step};
pub use scenario::{Arrivals, Bounds, Endpoint, Phases, Plan, Rate};
pub use search::{Loads, RecoveryWatch, Search};
pub use socket::{EndpointKind, Socket};
