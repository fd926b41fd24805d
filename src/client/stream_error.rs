//! Why HTTP/2 ended a request or its connection, by the code that was sent (RFC 9113, 7).

use std::fmt;

use h2::{Error, Reason};

/// The code with which a request over HTTP/2 ended, and who found that it had to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct StreamError {
    by: By,
    reason: Reason,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    /// The target ended the stream: `RST_STREAM`.
    Stream,
    /// The target ended the connection: `GOAWAY`.
    Connection,
    /// What the target sent is wrong, as this client found.
    Client,
}

/// What each code says of its sender.
const MEANINGS: [(Reason, &str); 14] = [
    (Reason::NO_ERROR, "it ended without an error"),
    (
        Reason::PROTOCOL_ERROR,
        "something that was sent breaks the protocol",
    ),
    (Reason::INTERNAL_ERROR, "an internal error"),
    (
        Reason::FLOW_CONTROL_ERROR,
        "more was sent than flow control allows",
    ),
    (
        Reason::SETTINGS_TIMEOUT,
        "settings were not acknowledged in time",
    ),
    (
        Reason::STREAM_CLOSED,
        "a frame for a stream that was closed already",
    ),
    (Reason::FRAME_SIZE_ERROR, "a frame of a wrong size"),
    (Reason::REFUSED_STREAM, "the request was not processed"),
    (Reason::CANCEL, "the request was given up"),
    (
        Reason::COMPRESSION_ERROR,
        "compressed headers that cannot be read",
    ),
    (Reason::CONNECT_ERROR, "the tunnel's connection was lost"),
    (
        Reason::ENHANCE_YOUR_CALM,
        "too much was asked of it: it limits requests or connections",
    ),
    (
        Reason::INADEQUATE_SECURITY,
        "the TLS connection is not secure enough for it",
    ),
    (
        Reason::HTTP_1_1_REQUIRED,
        "the request must be sent over HTTP/1.1",
    ),
];

impl StreamError {
    /// `None` for an error of the connection below HTTP/2.
    pub(super) fn of(error: &Error) -> Option<StreamError> {
        let reason = error.reason()?;
        let by = match (error.is_remote(), error.is_go_away()) {
            (false, _) => By::Client,
            (true, true) => By::Connection,
            (true, false) => By::Stream,
        };
        Some(StreamError { by, reason })
    }

    /// What to do about it.
    pub(super) fn advice(self) -> &'static str {
        match (self.by, self.reason) {
            (By::Client, _) => {
                "Something that is not HTTP/2, or breaks it, answers there: look for a proxy in between, or take HTTP/1.1 \
                 by --http 1.1."
            }
            (_, Reason::HTTP_1_1_REQUIRED) => "Take HTTP/1.1 by --http 1.1.",
            (_, Reason::ENHANCE_YOUR_CALM | Reason::REFUSED_STREAM) => {
                "Raise the limit of requests or streams in the service, or in a proxy before it."
            }
            _ => {
                "The service, or a proxy before it, ended the request itself: its log says why, and whether a timeout or a \
                 limit there is too low."
            }
        }
    }
}

impl fmt::Display for StreamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.by {
            By::Stream => "the target reset the stream",
            By::Connection => "the target closed the connection (GOAWAY)",
            By::Client => "what the target sent is not valid HTTP/2",
        })?;
        let code = u32::from(self.reason);
        let known = MEANINGS.iter().find(|(reason, _)| *reason == self.reason);
        match known {
            Some((reason, meaning)) => write!(f, ": {reason:?} ({code:#x}), {meaning}"),
            None => write!(f, ": code {code:#x}, which HTTP/2 does not define"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_its_name_and_meaning() {
        let codes = (0..=14).map(|code| {
            let error = StreamError {
                by: By::Stream,
                reason: Reason::from(code),
            };
            format!("{error}\n    {}\n", error.advice())
        });
        insta::assert_snapshot!(codes.collect::<String>());
    }

    #[test]
    fn who_ended_it_is_said() {
        for (by, expected) in [
            (By::Stream, "the target reset the stream: "),
            (
                By::Connection,
                "the target closed the connection (GOAWAY): ",
            ),
            (By::Client, "what the target sent is not valid HTTP/2: "),
        ] {
            let reason = Reason::PROTOCOL_ERROR;
            let said = StreamError { by, reason }.to_string();
            assert!(said.starts_with(expected), "{said}");
        }
        // What did not come from the target was found by the client.
        let own = StreamError::of(&Error::from(Reason::CANCEL)).unwrap();
        assert_eq!((own.by, own.reason), (By::Client, Reason::CANCEL));
    }
}
