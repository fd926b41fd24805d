//! `[scenario.NAME.socket]`, as it was written.

use std::time::Duration;

use super::file_top::{path, require};
use super::marks::check_marks;
use super::quantity::{self, ReadValue};
use super::reader::{Reader, any, as_text};
use super::tree::Table;
use crate::diagnostic::{Diagnostic, InvalidValue, Origin, Spanned};

/// `[scenario.NAME.socket]`.
pub(super) struct SocketTable {
    pub(super) place: Origin,
    pub(super) share: Option<Spanned<u32>>,
    pub(super) every: Option<Spanned<(Duration, Duration)>>,
    pub(super) path: Option<Spanned<String>>,
    pub(super) message: Option<Spanned<String>>,
    pub(super) reply: Vec<(String, String)>,
    pub(super) matching: Option<Spanned<String>>,
    pub(super) auth: Option<Spanned<bool>>,
    pub(super) connect_timeout: Option<Spanned<Duration>>,
    pub(super) reply_timeout: Option<Spanned<Duration>>,
    pub(super) frame_limit: Option<Spanned<u64>>,
}

/// Reads the users on a WebSocket.
pub(super) fn read(table: &Table, problems: &mut Vec<Diagnostic>) -> SocketTable {
    const KEYS: [&str; 10] = [
        "share",
        "every",
        "path",
        "message",
        "reply",
        "match",
        "auth",
        "connect_timeout",
        "reply_timeout",
        "frame_limit",
    ];
    let mut reader = Reader::new(table, &KEYS, problems);
    require(&mut reader, "path", "\"/ws/{user}?token={token}\"");
    require(
        &mut reader,
        "message",
        "'{\"type\":\"ping\",\"timestamp\":{id}}'",
    );
    let reply = reply(&mut reader);
    SocketTable {
        place: reader.place(),
        share: reader.scalar("share", quantity::share),
        every: reader.scalar("every", quantity::think_time),
        path: reader.text("path", marked_path),
        message: reader.text("message", message),
        reply,
        matching: reader.text("match", any),
        auth: reader.bool("auth"),
        connect_timeout: reader.scalar("connect_timeout", quantity::lasting),
        reply_timeout: reader.scalar("reply_timeout", quantity::lasting),
        frame_limit: reader.scalar("frame_limit", quantity::body_limit),
    }
}

/// A path with its places for `{user}` and `{token}`, which no URL may have as they stand.
fn marked_path(text: &str) -> ReadValue<String> {
    if !text.starts_with('/') {
        return path(text);
    }
    check_marks(text, &["user", "token"])?;
    let filled = text.replace("{user}", "x").replace("{token}", "x");
    path(&filled).map(|_| text.to_owned())
}

/// Replies can't be matched to a message that says nothing of its own.
fn message(text: &str) -> ReadValue<String> {
    check_marks(text, &["id"])?;
    if text.contains("{id}") {
        return Ok(text.to_owned());
    }
    Err(
        InvalidValue::new("the message has no place for what its reply is told by").help(
            "write {id} where the service repeats what it was sent, such as \
             '{\"type\":\"ping\",\"timestamp\":{id}}'",
        ),
    )
}

fn reply(reader: &mut Reader<'_, '_>) -> Vec<(String, String)> {
    let Some(table) = reader.table("reply") else {
        return Vec::new();
    };
    let mut fields = Vec::new();
    for entry in &table.entries {
        match as_text(&entry.node) {
            Ok(text) => fields.push((entry.key.clone(), text.to_owned())),
            Err(complaint) => reader
                .problems()
                .push(complaint.at(entry.node.place.clone())),
        }
    }
    fields
}
