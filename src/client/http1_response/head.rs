//! What the head of an answer says of its body and of its connection: RFC 9112, sections 6.3 and 9.3, and where
//! servers differ from them as lenient as hyper's client.

use std::mem::MaybeUninit;

use httparse::{Error, Header, ParserConfig, Response, Status};

use super::AnswerFault;
use crate::client::retry_after;

/// The most headers of a head that take no memory of their own.
const HEADERS: usize = 100;
/// The most headers of a head: more do not fit into the longest one.
const MOST_HEADERS: usize = 16 * 1024;

/// The longest length that hyper reads.
const LONGEST: u64 = u64::MAX - 2;

/// A head, read to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ResponseHead {
    /// Its length.
    pub(super) bytes: usize,
    pub(super) status: u16,
    pub(super) framing: Framing,
    pub(super) keeps_alive: bool,
    /// How long the target asks to wait, in seconds; of refusals alone.
    pub(super) retry_after: Option<u32>,
}

/// How the end of a body is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    Length(u64),
    Chunked,
    /// With the end of the connection.
    UntilEnd,
}

impl ResponseHead {
    /// Whether another head follows. 101 is final: no other protocol was requested, so that nothing of
    /// HTTP can follow.
    pub(super) fn is_interim(&self) -> bool {
        is_interim(self.status)
    }
}

pub(in crate::client) fn is_interim(status: u16) -> bool {
    matches!(status, 100 | 102..=199)
}

/// Parses a head; `None` when its end has not come. Empty lines before it are passed over.
pub(super) fn parse(
    bytes: &[u8],
    of_head_request: bool,
) -> Result<Option<ResponseHead>, AnswerFault> {
    let head = with_headers(bytes, |bytes, response| {
        head(bytes, response, of_head_request)
    })?;
    head.transpose()
}

/// Parses a head as [`parse`] does, and hands it on with its length.
pub(in crate::client) fn with_headers<T>(
    bytes: &[u8],
    read: impl FnOnce(usize, &Response<'_, '_>) -> T,
) -> Result<Option<T>, AnswerFault> {
    let mut headers = [const { MaybeUninit::uninit() }; HEADERS];
    let mut response = Response::new(&mut []);
    let config = lenient();
    match config.parse_response_with_uninit_headers(&mut response, bytes, &mut headers) {
        Ok(Status::Complete(length)) => Ok(Some(read(length, &response))),
        Ok(Status::Partial) => Ok(None),
        Err(Error::TooManyHeaders) => with_many_headers(bytes, read),
        Err(_) => Err(AnswerFault::Protocol),
    }
}

#[cold]
fn with_many_headers<T>(
    bytes: &[u8],
    read: impl FnOnce(usize, &Response<'_, '_>) -> T,
) -> Result<Option<T>, AnswerFault> {
    let mut headers = vec![MaybeUninit::uninit(); MOST_HEADERS];
    let mut response = Response::new(&mut []);
    let config = lenient();
    match config.parse_response_with_uninit_headers(&mut response, bytes, &mut headers) {
        Ok(Status::Complete(length)) => Ok(Some(read(length, &response))),
        Ok(Status::Partial) => Ok(None),
        Err(_) => Err(AnswerFault::Protocol),
    }
}

/// A header may go on in the next line (RFC 9112, 5.2).
fn lenient() -> ParserConfig {
    let mut config = ParserConfig::default();
    config.allow_obsolete_multiline_headers_in_responses(true);
    config
}

fn head(
    bytes: usize,
    response: &Response<'_, '_>,
    of_head_request: bool,
) -> Result<ResponseHead, AnswerFault> {
    let status = response.code.filter(|code| *code >= 100);
    let status = status.ok_or(AnswerFault::Protocol)?;
    let is_1_1 = response.version == Some(1);
    let fields = Fields::of(response.headers);
    Ok(ResponseHead {
        bytes,
        status,
        framing: match status {
            // No body, whatever the headers say.
            100..=199 | 204 | 304 => Framing::Length(0),
            _ if of_head_request => Framing::Length(0),
            _ => fields.framing(is_1_1)?,
        },
        keeps_alive: status != 101 && !fields.says_close && (is_1_1 || fields.says_keep_alive),
        retry_after: match status {
            429 | 503 => wait(response.headers),
            _ => None,
        },
    })
}

#[cold]
fn wait(headers: &[Header<'_>]) -> Option<u32> {
    let value = |name: &str| {
        let found = headers
            .iter()
            .find(|header| header.name.eq_ignore_ascii_case(name));
        found.map(|header| header.value)
    };
    retry_after::of_header(value("retry-after")?, value("date"))
}

/// The headers that count.
#[derive(Default)]
struct Fields {
    length: Length,
    /// Whether the last of the transfer encodings is `chunked`; `None` when there are none.
    ends_chunked: Option<bool>,
    says_close: bool,
    says_keep_alive: bool,
}

#[derive(Default, Clone, Copy)]
enum Length {
    #[default]
    Absent,
    Known(u64),
    Wrong,
}

impl Fields {
    fn of(headers: &[Header<'_>]) -> Fields {
        let mut fields = Fields::default();
        for Header { name, value } in headers {
            let name = name.as_bytes();
            if is(name, b"connection") {
                fields.add_connection(value);
            } else if is(name, b"content-length") {
                fields.add_lengths(value);
            } else if is(name, b"transfer-encoding") {
                fields.add_encoding(value);
            }
        }
        fields
    }

    fn add_connection(&mut self, value: &[u8]) {
        // By far the most frequent one.
        if is(value, b"keep-alive") {
            self.says_keep_alive = true;
        } else if is_text(value) {
            for token in tokens(value) {
                self.says_close |= is(token, b"close");
                self.says_keep_alive |= is(token, b"keep-alive");
            }
        }
    }

    /// Some servers repeat the length, in a list or in a header of its own.
    fn add_lengths(&mut self, value: &[u8]) {
        match number(value) {
            Some(length) => self.add_length(Some(length)),
            None => tokens(value).for_each(|token| self.add_length(number(token))),
        }
    }

    fn add_length(&mut self, length: Option<u64>) {
        self.length = match (self.length, length) {
            (Length::Absent, Some(length)) => Length::Known(length),
            (Length::Known(length), Some(again)) if length == again => self.length,
            _ => Length::Wrong,
        };
    }

    fn add_encoding(&mut self, value: &[u8]) {
        let last = tokens(value).next_back();
        let is_chunked = last.is_some_and(|token| is(token, b"chunked"));
        self.ends_chunked = Some(is_chunked && is_text(value));
    }

    fn framing(&self, is_1_1: bool) -> Result<Framing, AnswerFault> {
        match (self.ends_chunked, self.length) {
            (Some(_), _) if !is_1_1 => Err(AnswerFault::Protocol),
            // Outweighs a length, even a wrong one.
            (Some(true), _) => Ok(Framing::Chunked),
            (Some(false), _) | (None, Length::Absent) => Ok(Framing::UntilEnd),
            (None, Length::Known(length)) if length <= LONGEST => Ok(Framing::Length(length)),
            (None, _) => Err(AnswerFault::Protocol),
        }
    }
}

/// Whether these are the wanted letters, in either case. The wanted ones are small; of what can stand in a head,
/// nothing but its capital becomes a letter or a hyphen by the bit of the case.
pub(in crate::client) fn is<const N: usize>(bytes: &[u8], wanted: &[u8; N]) -> bool {
    let Ok(bytes) = <&[u8; N]>::try_from(bytes) else {
        return false;
    };
    // No way out before the end: the compiler makes a few wide steps of it.
    let differ = |sum, (byte, wanted): (&u8, &u8)| sum | ((byte | 0x20) ^ wanted);
    bytes.iter().zip(wanted).fold(0, differ) == 0
}

pub(in crate::client) fn tokens(value: &[u8]) -> impl DoubleEndedIterator<Item = &[u8]> {
    value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii)
}

/// A list with bytes beyond ASCII says nothing. A line keeps its end only where the next one continues it.
fn is_text(value: &[u8]) -> bool {
    let is_text = |byte: &u8| matches!(byte, b'\t' | b'\r' | b'\n' | b' '..=b'~');
    value.iter().all(is_text)
}

fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u64, |sum, byte| {
        let digit = byte.checked_sub(b'0').filter(|digit| *digit < 10)?;
        sum.checked_mul(10)?.checked_add(u64::from(digit))
    })
}
