//! Whose answer a frame of a WebSocket is: pure.

use serde_json::Value;

use super::json::field_text;
use crate::profile::Socket;

/// Whose answer a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reply {
    /// To the message that is waited for.
    Mine,
    /// To a message that was given up.
    Late,
    /// To none.
    None,
}

/// Holds a frame against the message with this id; an empty id is waited for by nobody.
pub(super) fn matching(text: &str, socket: &Socket, id: &str) -> Reply {
    if socket.reply.is_empty() && socket.matching.is_empty() {
        return if !id.is_empty() && text.contains(id) {
            Reply::Mine
        } else {
            Reply::None
        };
    }
    let Ok(frame) = serde_json::from_str::<Value>(text) else {
        return Reply::None;
    };
    let says = |(field, wanted): &(String, String)| {
        field_text(&frame, field).is_some_and(|text| text == *wanted)
    };
    if !socket.reply.iter().all(says) {
        return Reply::None;
    }
    let repeated = match socket.matching.as_str() {
        "" => text.contains(id).then(|| id.to_owned()),
        field => field_text(&frame, field),
    };
    match repeated {
        Some(repeated) if !id.is_empty() && is_same(&repeated, id) => Reply::Mine,
        _ => Reply::Late,
    }
}

/// Services may repeat a whole number as a real one: `7` comes back as `7.0`.
fn is_same(repeated: &str, id: &str) -> bool {
    repeated == id || repeated.strip_suffix(".0").is_some_and(|whole| whole == id)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn socket(reply: &[(&str, &str)], matching: &str) -> Socket {
        let own = |(field, text): &(&str, &str)| ((*field).to_owned(), (*text).to_owned());
        Socket {
            users: 1,
            every_min: Duration::ZERO,
            every_max: Duration::ZERO,
            path: String::new(),
            message: "{id}".to_owned(),
            reply: reply.iter().map(own).collect(),
            matching: matching.to_owned(),
            auth: false,
            connect_timeout: Duration::ZERO,
            reply_timeout: Duration::ZERO,
            frame_bytes: 0,
        }
    }

    #[test]
    fn replies_are_told_by_what_the_profile_says() {
        use Reply::{Late, Mine, None};
        let pong = socket(&[("type", "pong")], "timestamp");
        let deep = socket(&[], "meta.id");
        let typed = socket(&[("type", "pong")], "");
        let any = socket(&[], "");
        for (socket, frame, id, expected) in [
            (&pong, r#"{"type":"pong","timestamp":7}"#, "7", Mine),
            (&pong, r#"{"type":"pong","timestamp":7.0}"#, "7", Mine),
            (&pong, r#"{"type":"pong","timestamp":"7"}"#, "7", Mine),
            (&pong, r#"{"type":"pong","timestamp":77}"#, "7", Late),
            (&pong, r#"{"type":"pong","timestamp":7}"#, "", Late),
            (&pong, r#"{"type":"pong"}"#, "7", Late),
            (&pong, r#"{"type":"ping","timestamp":7}"#, "7", None),
            (&pong, r#"["pong",7]"#, "7", None),
            (&pong, "pong 7", "7", None),
            (&deep, r#"{"meta":{"id":7}}"#, "7", Mine),
            (&typed, r#"{"type":"pong","echo":"x7"}"#, "x7", Mine),
            (&typed, r#"{"type":"pong"}"#, "x7", Late),
            (&any, "echo x7", "x7", Mine),
            (&any, "echo", "x7", None),
            (&any, "echo", "", None),
        ] {
            assert_eq!(matching(frame, socket, id), expected, "{frame} for {id}");
        }
    }
}
