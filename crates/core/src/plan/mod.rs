//! Validated, immutable plans: all that a run needs to know, and nothing that it must check again.

mod answer;
mod content;
mod journey;
mod offered;
mod scenario;
mod search;
mod socket;

pub use answer::{AnswerRules, Take, TakeFrom};
pub use content::{Content, FileBytes, Part, PartValue};
pub use journey::{Journey, Poll, Step};
pub use scenario::{Arrivals, Bounds, Endpoint, Phases, Plan, Rate};
pub use search::{Loads, RecoveryWatch, Search};
pub use socket::{EndpointKind, Socket};
