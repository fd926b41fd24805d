//! What an answer must have besides its status: its body decoded, looked into, and values taken from it.

mod check;
mod decode;
mod field;
mod keeper;
#[cfg(test)]
mod tests;

pub use check::AnswerCheck;
#[cfg(test)]
use check::AnswerFinding;
use check::WrongAnswer;
pub(super) use keeper::{AnswerKeeper, KeptAnswer};
