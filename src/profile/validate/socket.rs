//! From the users on a WebSocket as they were written to a part of the plan.

use std::time::Duration;

use crate::diagnostic::{Diagnostic, InvalidValue};
use crate::plan::{ArrivalKind, Endpoint};
use crate::plan::{EndpointKind, Socket};
use crate::profile::raw::arrivals::ArrivalWord;
use crate::profile::raw::profile::{ScenarioTable, value_or};
use crate::profile::raw::socket::SocketTable;

const EVERY: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(15));
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const REPLY_TIMEOUT: Duration = Duration::from_secs(5);
const FRAME_BYTES: u64 = 1 << 20;

/// What tables call the two parts of a WebSocket.
pub(in crate::profile) const CONNECT: &str = "connect";
pub(in crate::profile) const MESSAGE: &str = "message";

/// The users on a WebSocket of a scenario; `None` when there are none, or something needed was misread.
pub(in crate::profile) fn socket(
    table: &ScenarioTable,
    prefix: &str,
    problems: &mut Vec<Diagnostic>,
) -> Option<Socket> {
    let written = table.socket.as_ref()?;
    let kind = table.arrivals.as_ref()?;
    if kind.value != ArrivalWord::Model(ArrivalKind::Users) {
        let complaint = InvalidValue::new(format!(
            "a WebSocket does not go with arrivals = \"{}\"",
            kind.value.name()
        ))
        .help("it goes with \"users\": each one holds its own");
        problems.push(complaint.at(written.place.clone()));
        return None;
    }
    let users = users(table, written, problems)?;
    let (every_min, every_max) = value_or(written.every.as_ref(), EVERY);
    Some(Socket {
        users,
        every_min,
        every_max,
        path: format!("{prefix}{}", written.path.as_ref()?.value),
        message: written.message.as_ref()?.value.clone(),
        reply: written.reply.clone(),
        matching: value_or(written.matching.as_ref(), String::new()),
        auth: value_or(written.auth.as_ref(), false),
        connect_timeout: connect_timeout(written),
        reply_timeout: reply_timeout(written),
        frame_bytes: value_or(written.frame_limit.as_ref(), FRAME_BYTES),
    })
}

pub(in crate::profile) fn connect_timeout(written: &SocketTable) -> Duration {
    value_or(written.connect_timeout.as_ref(), CONNECT_TIMEOUT)
}

pub(in crate::profile) fn reply_timeout(written: &SocketTable) -> Duration {
    value_or(written.reply_timeout.as_ref(), REPLY_TIMEOUT)
}

/// All users, or their share where others send requests.
fn users(
    table: &ScenarioTable,
    written: &SocketTable,
    problems: &mut Vec<Diagnostic>,
) -> Option<u32> {
    let all = table.keys.users.as_ref()?.value;
    let alone = table.requests().next().is_none();
    match (&written.share, alone) {
        (None, true) => {
            if let Some((_, place)) = table.written.iter().find(|(key, _)| key == "think_time") {
                let complaint = InvalidValue::new(
                    "no user of this scenario sends requests, so none thinks between them",
                )
                .help("the interval between messages is set by every, in [...socket]");
                problems.push(complaint.at(place.clone()));
            }
            Some(all)
        }
        (Some(share), true) => {
            let complaint =
                InvalidValue::new("all users are on the WebSocket, as there is no endpoint")
                    .help("leave share out, or add an endpoint for the others");
            problems.push(complaint.at(share.place.clone()));
            None
        }
        (None, false) => {
            let complaint = InvalidValue::new("is missing").help(
                "say in percent how many of the users are on the WebSocket: share = \"30 %\"",
            );
            problems.push(complaint.at(written.place.below("share")));
            None
        }
        (Some(share), false) => {
            let users = (u64::from(all) * u64::from(share.value)).div_ceil(100) as u32;
            if users < all {
                return Some(users);
            }
            let complaint =
                InvalidValue::new(format!("leaves none of {all} users for the endpoints"))
                    .help("take more users, or a smaller share");
            problems.push(complaint.at(share.place.clone()));
            None
        }
    }
}

/// The endpoints that stand for a WebSocket in tables and counters.
pub(in crate::profile) fn endpoints(socket: &Socket) -> [Endpoint; 2] {
    let path = socket.path.split('?').next().unwrap_or_default();
    let endpoint = |name: &str, kind, method: &str| Endpoint {
        name: name.to_owned(),
        kind,
        method: method.to_owned(),
        path: path.to_owned(),
        weight: 0,
        headers: Vec::new(),
        body: String::new(),
        auth: socket.auth,
        expect: vec![101],
        ..Endpoint::default()
    };
    [
        endpoint(CONNECT, EndpointKind::Connect, "CONNECT"),
        endpoint(MESSAGE, EndpointKind::Message, "MESSAGE"),
    ]
}
