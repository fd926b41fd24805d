//! One answer of HTTP/1.1, read from bytes as they come: pure.

mod chunks;
mod head;
mod reader;

#[cfg(test)]
mod hyper_tests;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;

pub(super) use head::{is, is_interim, tokens, with_headers};
pub(super) use reader::{AnswerFault, AnswerProgress, AnswerReader, CloseMeaning, HEAD_BYTES};
