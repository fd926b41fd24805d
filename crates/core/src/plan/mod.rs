//! Validated, immutable plans: all that a run needs to know, and nothing that it must check again.

mod answer;
mod arrivals;
mod content;
mod journey;
mod offered;
mod scenario;
mod search;
mod socket;

pub use answer::{AnswerRules, Take, TakeFrom};
pub use arrivals::{
    ArrivalKey, ArrivalKeys, ArrivalKind, Arrivals, Bursts, ConnectionPolicy, ConstantRate,
    DueTimes, PoissonRate, Rate, Senders, ThinkingUsers, is_second_first, mix, nanos, streams,
};
pub use content::{Content, FileBytes, Part, PartValue};
pub use journey::{Journey, Poll, Step};
pub use scenario::{Bounds, Endpoint, Phases, Plan};
pub use search::{Loads, RecoveryWatch, Search};
pub use socket::{EndpointKind, Socket};
