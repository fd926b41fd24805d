use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use thiserror::Error;

/// What a client asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum SocketRequest<'a> {
    /// With its timestamp as it was written: numbers would lose digits on the way through a float.
    Ping(&'a str),
    Subscribe(Cow<'a, str>),
    Unsubscribe(Cow<'a, str>),
    Channels,
    Stats,
    /// With the message as it was written.
    Broadcast(&'a str),
}

/// What is wrong with a frame, as reported to the client.
#[derive(Debug, PartialEq, Eq, Error)]
pub(super) enum MessageError {
    #[error("Invalid JSON format")]
    NotJson,
    #[error("Unknown message type: {0}")]
    Unknown(String),
    #[error("Channel is required")]
    NoChannel,
    #[error("Too many channels")]
    TooManyChannels,
}

#[derive(Deserialize)]
struct Frame<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<Cow<'a, str>>,
    #[serde(borrow)]
    timestamp: Option<&'a RawValue>,
    #[serde(borrow)]
    channel: Option<Cow<'a, str>>,
    #[serde(borrow)]
    message: Option<&'a RawValue>,
}

/// Reads one frame.
pub(super) fn read(text: &str) -> Result<SocketRequest<'_>, MessageError> {
    let frame: Frame<'_> = serde_json::from_str(text).map_err(|_| MessageError::NotJson)?;
    match frame.kind.as_deref() {
        Some("ping") => Ok(SocketRequest::Ping(raw(frame.timestamp))),
        Some("subscribe") => named(frame.channel).map(SocketRequest::Subscribe),
        Some("unsubscribe") => named(frame.channel).map(SocketRequest::Unsubscribe),
        Some("get_channels") => Ok(SocketRequest::Channels),
        Some("get_stats") => Ok(SocketRequest::Stats),
        Some("broadcast_to_org") => Ok(SocketRequest::Broadcast(raw(frame.message))),
        kind => Err(MessageError::Unknown(kind.unwrap_or("None").to_owned())),
    }
}

fn raw(value: Option<&RawValue>) -> &str {
    value.map_or("null", RawValue::get)
}

fn named(channel: Option<Cow<'_, str>>) -> Result<Cow<'_, str>, MessageError> {
    channel
        .filter(|channel| !channel.is_empty())
        .ok_or(MessageError::NoChannel)
}

pub(super) fn pong(timestamp: &str) -> String {
    format!(r#"{{"type":"pong","timestamp":{timestamp}}}"#)
}

/// A message to an organization, with the text of its sender as it was written.
pub(super) fn broadcast(message: &str, from: &str, now: f64) -> String {
    let (from, now) = (json!(from), json!(now));
    format!(r#"{{"type":"broadcast","from":{from},"message":{message},"timestamp":{now}}}"#)
}

/// One of several unrequested frames.
pub(super) fn chatter(number: u32, now: f64) -> Value {
    json!({ "type": "notification", "number": number, "timestamp": now })
}

pub(super) fn error(complaint: &MessageError) -> Value {
    json!({ "type": "error", "message": complaint.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_read() {
        let table = [
            (
                r#"{"type":"ping","timestamp":1.10}"#,
                SocketRequest::Ping("1.10"),
            ),
            (
                r#"{"timestamp": 18446744073709551615 ,"type":"ping"}"#,
                SocketRequest::Ping("18446744073709551615"),
            ),
            (
                r#"{"type":"ping","timestamp":"a\u00e4 b"}"#,
                SocketRequest::Ping(r#""a\u00e4 b""#),
            ),
            (r#"{"type":"ping"}"#, SocketRequest::Ping("null")),
            (
                r#"{"type":"p\u0069ng","x":[1]}"#,
                SocketRequest::Ping("null"),
            ),
            (
                r#"{"type":"subscribe","channel":"a"}"#,
                SocketRequest::Subscribe("a".into()),
            ),
            (
                r#"{"type":"unsubscribe","channel":"a"}"#,
                SocketRequest::Unsubscribe("a".into()),
            ),
            (r#"{"type":"get_channels"}"#, SocketRequest::Channels),
            (r#"{"type":"get_stats"}"#, SocketRequest::Stats),
            (
                r#"{"type":"broadcast_to_org","message":{"n":1.0}}"#,
                SocketRequest::Broadcast(r#"{"n":1.0}"#),
            ),
        ];
        for (text, request) in table {
            assert_eq!(read(text), Ok(request), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_told() {
        let table = [
            ("", "Invalid JSON format"),
            ("nonsense", "Invalid JSON format"),
            ("[]", "Invalid JSON format"),
            (r#"{"type":5}"#, "Invalid JSON format"),
            (r#"{"type":"ping"} x"#, "Invalid JSON format"),
            ("{}", "Unknown message type: None"),
            (r#"{"type":"pong"}"#, "Unknown message type: pong"),
            (r#"{"type":"subscribe"}"#, "Channel is required"),
            (
                r#"{"type":"unsubscribe","channel":""}"#,
                "Channel is required",
            ),
        ];
        for (text, told) in table {
            assert_eq!(read(text).unwrap_err().to_string(), told, "{text}");
        }
    }

    #[test]
    fn a_timestamp_comes_back_as_it_was() {
        assert_eq!(pong("1.10"), r#"{"type":"pong","timestamp":1.10}"#);
    }

    #[test]
    fn a_name_cannot_write_the_frame() {
        let frame: Value = serde_json::from_str(&broadcast("{\"a\":1}", "\",x", 2.5)).unwrap();
        assert_eq!(
            frame,
            json!({ "type": "broadcast", "from": "\",x", "message": { "a": 1 }, "timestamp": 2.5 })
        );
    }
}
