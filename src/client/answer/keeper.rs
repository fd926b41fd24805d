//! Keeps an answer whose rules look at more than its status.

use http::{HeaderMap, StatusCode};

use crate::client::ask::{RAW_BYTES, head_of};
use crate::client::attempt::AnswerListener;

/// An answer as far as it was kept.
#[derive(Debug, Default)]
pub(in crate::client) struct KeptAnswer {
    pub(in crate::client) headers: HeaderMap,
    /// As it came: still compressed.
    pub(in crate::client) body: Vec<u8>,
}

/// Keeps the head of an answer, and its body where it is wanted. How long that is, is bounded by the reader of answers.
pub(in crate::client) struct AnswerKeeper {
    wants_body: bool,
    raw: Vec<u8>,
    head: Option<HeaderMap>,
    has_body: bool,
    body: Vec<u8>,
}

impl AnswerKeeper {
    pub(in crate::client) fn new(wants_body: bool) -> AnswerKeeper {
        AnswerKeeper {
            wants_body,
            raw: Vec::new(),
            head: None,
            has_body: false,
            body: Vec::new(),
        }
    }

    /// What was kept; `None` when no whole head came.
    pub(in crate::client) fn finish(self) -> Option<KeptAnswer> {
        let head = self
            .head
            .or_else(|| head_of(&self.raw).map(|head| head.headers));
        head.map(|headers| KeptAnswer {
            headers,
            body: self.body,
        })
    }
}

impl AnswerListener for AnswerKeeper {
    fn raw(&mut self, bytes: &[u8]) {
        if !self.has_body {
            let room = RAW_BYTES.saturating_sub(self.raw.len());
            self.raw.extend_from_slice(&bytes[..bytes.len().min(room)]);
        }
    }

    fn head(&mut self, _: StatusCode, headers: &HeaderMap) {
        self.head = Some(headers.clone());
    }

    fn chunk(&mut self, bytes: &[u8]) {
        self.has_body = true;
        if self.wants_body {
            self.body.extend_from_slice(bytes);
        }
    }
}
