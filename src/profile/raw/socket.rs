//! `[scenario.NAME.socket]`, as it was written.

use std::time::Duration;

use crate::diagnostic::{Diagnostic, InvalidValue, Origin, Spanned};
use crate::profile::raw::top::{marked_path, require};
use crate::profile::text::reader::{Reader, any, as_text};
use crate::profile::text::tree::Table;
use crate::profile::value::quantity::{self, ReadValue};
use crate::template::{Mark, Template};

/// `[scenario.NAME.socket]`.
pub(in crate::profile) struct SocketTable {
    pub(in crate::profile) place: Origin,
    pub(in crate::profile) share: Option<Spanned<u32>>,
    pub(in crate::profile) every: Option<Spanned<(Duration, Duration)>>,
    pub(in crate::profile) path: Option<Spanned<String>>,
    pub(in crate::profile) message: Option<Spanned<String>>,
    pub(in crate::profile) reply: Vec<(String, String)>,
    pub(in crate::profile) matching: Option<Spanned<String>>,
    pub(in crate::profile) auth: Option<Spanned<bool>>,
    pub(in crate::profile) connect_timeout: Option<Spanned<Duration>>,
    pub(in crate::profile) reply_timeout: Option<Spanned<Duration>>,
    pub(in crate::profile) frame_limit: Option<Spanned<u64>>,
}

/// Reads the users on a WebSocket.
pub(in crate::profile) fn read(table: &Table, problems: &mut Vec<Diagnostic>) -> SocketTable {
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

/// Replies can't be matched to a message that says nothing of its own.
fn message(text: &str) -> ReadValue<String> {
    let template = Template::parse(text);
    if template.marks().any(|one| one.mark == Mark::Id) {
        return Ok(text.to_owned());
    }
    Err(
        InvalidValue::new("the message has no `{id}` placeholder to match its reply").help(
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
