//! One question beside the load: sent on a connection of the load's client, and its answer kept.

use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, StatusCode};
use tokio::time::Instant;

use std::time::Duration;

use super::attempt::AnswerListener;
use super::{Connection, Exchange, PreparedRequest};
use crate::plan::Bounds;
use crate::record::Outcome;

/// More than the longest head that is taken.
pub(super) const RAW_BYTES: usize = 65 * 1024;

/// What came of a question.
pub(super) struct SideExchange {
    pub(super) exchange: Exchange,
    /// The head of the answer, if it came whole.
    pub(super) head: Option<AnswerHead>,
    /// As much of the body as came and was to be kept.
    pub(super) body: Vec<u8>,
    /// Whether anything came that looks like HTTP/1.
    pub(super) is_http: bool,
    pub(super) took: Duration,
}

/// The head of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AnswerHead {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) is_http2: bool,
}

impl AnswerHead {
    /// Whether the body is a stream of server-sent events.
    pub(super) fn is_event_stream(&self) -> bool {
        let kind = self.headers.get(CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        kind.trim()
            .to_ascii_lowercase()
            .starts_with("text/event-stream")
    }

    /// The length of the body, as the head says it.
    pub(super) fn length(&self) -> Option<u64> {
        self.headers
            .get(CONTENT_LENGTH)?
            .to_str()
            .ok()?
            .trim()
            .parse()
            .ok()
    }
}

/// Asks once, and keeps no more than `keep` bytes of the body.
pub(super) async fn ask(
    connection: &mut Connection,
    request: &PreparedRequest,
    bounds: &Bounds,
    keep: usize,
) -> SideExchange {
    let mut keeper = Keeper {
        keep,
        raw: Vec::new(),
        head: None,
        body: Vec::new(),
    };
    let begun = Instant::now();
    // Later than the timeout, which is all that is to end this.
    let give_up = begun + bounds.timeout * 2 + Duration::from_secs(1);
    let exchange = connection
        .exchange_heard(request, bounds, give_up, &mut keeper)
        .await;
    let head = keeper.head.or_else(|| head_of(&keeper.raw));
    SideExchange {
        took: exchange.done.saturating_duration_since(begun),
        exchange,
        is_http: head.is_some() || keeper.raw.starts_with(b"HTTP/1."),
        head,
        body: keeper.body,
    }
}

impl SideExchange {
    /// The answer's head, when the answer is whole, or is not expected and so need not be.
    pub(super) fn answered(&self) -> Option<&AnswerHead> {
        let answered = matches!(
            self.exchange.outcome,
            Outcome::Ok | Outcome::Status(_) | Outcome::RateLimited
        );
        self.head.as_ref().filter(|_| answered)
    }

    /// Whether the body is longer than allowed, rather than cut off.
    pub(super) fn is_too_long(&self, limit: u64) -> bool {
        let said = self.head.as_ref().and_then(AnswerHead::length);
        self.exchange.bytes > limit || said.is_some_and(|length| length > limit)
    }
}

struct Keeper {
    keep: usize,
    raw: Vec<u8>,
    head: Option<AnswerHead>,
    body: Vec<u8>,
}

impl AnswerListener for Keeper {
    fn raw(&mut self, bytes: &[u8]) {
        let room = RAW_BYTES - self.raw.len();
        self.raw.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    fn head(&mut self, status: StatusCode, headers: &HeaderMap) {
        self.head = Some(AnswerHead {
            status: status.as_u16(),
            headers: headers.clone(),
            is_http2: true,
        });
    }

    fn chunk(&mut self, bytes: &[u8]) {
        let room = self.keep - self.body.len();
        self.body.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }
}

/// The final head of an answer over HTTP/1.1; `None` before its end. Whether it is right is for the reader of answers
/// to say, which the load has too; headers that are wrong are left out here.
pub(super) fn head_of(raw: &[u8]) -> Option<AnswerHead> {
    let mut rest = raw;
    loop {
        while let Some(after) = rest.strip_prefix(b"\r\n").or(rest.strip_prefix(b"\n")) {
            rest = after;
        }
        let (lines, behind) = split_head(rest)?;
        let mut lines = lines.into_iter();
        let first = lines.next()?;
        let status = first
            .strip_prefix("HTTP/1.")?
            .split(' ')
            .nth(1)?
            .parse()
            .ok()?;
        if matches!(status, 100 | 102..=199) {
            rest = behind;
            continue;
        }
        let mut headers = HeaderMap::new();
        for (name, value) in lines.filter_map(|line| {
            let (name, value) = line.split_once(':')?;
            let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
            Some((name, HeaderValue::from_str(value.trim()).ok()?))
        }) {
            headers.append(name, value);
        }
        return Some(AnswerHead {
            status,
            headers,
            is_http2: false,
        });
    }
}

/// The lines of a head, folded ones as one, and what comes behind it.
fn split_head(bytes: &[u8]) -> Option<(Vec<String>, &[u8])> {
    let mut lines: Vec<String> = Vec::new();
    let mut rest = bytes;
    loop {
        let end = rest.iter().position(|byte| *byte == b'\n')?;
        let line = rest[..end].strip_suffix(b"\r").unwrap_or(&rest[..end]);
        rest = &rest[end + 1..];
        if line.is_empty() {
            return Some((lines, rest));
        }
        let text = String::from_utf8_lossy(line);
        match lines.last_mut() {
            Some(last) if text.starts_with([' ', '\t']) => {
                last.push(' ');
                last.push_str(text.trim());
            }
            _ => lines.push(text.into_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(raw: &str) -> Option<(u16, Vec<(String, String)>)> {
        let head = head_of(raw.as_bytes())?;
        let text = |value: &HeaderValue| value.to_str().unwrap().to_owned();
        let headers = head
            .headers
            .iter()
            .map(|(name, value)| (name.to_string(), text(value)));
        Some((head.status, headers.collect()))
    }

    #[test]
    fn the_final_head_is_read_behind_interim_ones() {
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let raw = "\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 301 Moved\r\nLocation: /a\r\nX-Y: a\r\n b\r\n\r\nbody: x\n\n";
        let expected = vec![header("location", "/a"), header("x-y", "a b")];
        assert_eq!(head(raw), Some((301, expected)));
        assert_eq!(head("HTTP/1.0 200\n\n"), Some((200, Vec::new())));
        for none in [
            "",
            "HTTP/1.1 200 OK\r\na: b\r\n",
            "what?\r\n\r\n",
            "HTTP/1.1 x\r\n\r\n",
        ] {
            assert_eq!(head(none), None, "{none:?}");
        }
    }

    #[test]
    fn server_sent_events_are_known_by_their_type() {
        for (kind, expected) in [
            ("text/event-stream", true),
            ("Text/Event-Stream; charset=utf-8", true),
            ("text/html", false),
        ] {
            let raw = format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\n\r\n");
            assert_eq!(head_of(raw.as_bytes()).unwrap().is_event_stream(), expected);
        }
    }
}
