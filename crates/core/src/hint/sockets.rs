//! What happened to WebSockets.

use super::case::Case;
use crate::record::EndpointKind;
use crate::record::Outcome;
use crate::requirement::format;

/// Endings of one part of the WebSockets, judged part alone.
fn ended(case: &Case<'_>, kind: EndpointKind, is_meant: impl Fn(Outcome) -> bool) -> u64 {
    let parts = case.run.endpoints.iter().filter(|part| part.kind == kind);
    parts
        .flat_map(|part| &part.outcomes)
        .filter(|(outcome, _)| is_meant(**outcome))
        .map(|(_, count)| count)
        .sum()
}

pub(super) fn refused(case: &Case<'_>) -> Option<String> {
    let is_meant = |outcome| matches!(outcome, Outcome::Status(401 | 403));
    let count = ended(case, EndpointKind::Connect, is_meant);
    (count > 0).then(|| {
        format!(
            "{} WebSocket handshakes were refused with 401 or 403: every user needs a token of its own whose \
             `sub` is the user in the path, with the organization (`org_id`) in it and not expired; give \
             them with --users-file, or the signing key in PERF_JWT_SECRET",
            format::count(count)
        )
    })
}

pub(super) fn not_there(case: &Case<'_>) -> Option<String> {
    let is_meant = |outcome| {
        matches!(
            outcome,
            Outcome::Status(404 | 405 | 426) | Outcome::Protocol
        )
    };
    let count = ended(case, EndpointKind::Connect, is_meant);
    (count > 0).then(|| {
        format!(
            "{} WebSocket handshakes were not understood: is the path right, and does a proxy in between pass \
             on `Upgrade`? Where origins are checked, give the header Origin in the profile",
            format::count(count)
        )
    })
}

pub(super) fn lost_replies(case: &Case<'_>) -> Option<String> {
    let lost = ended(case, EndpointKind::Message, |outcome| {
        outcome == Outcome::Timeout
    });
    if lost == 0 {
        return None;
    }
    let late = case.run.sockets.late_replies;
    let told = if late > 0 {
        format!(
            "{} replies came, but later than the reply_timeout",
            format::count(late)
        )
    } else {
        "and none of them came later: does the profile's match name the field that repeats what was sent?"
            .to_owned()
    };
    Some(format!(
        "{} messages had no reply in time; {told}",
        format::count(lost)
    ))
}

pub(super) fn closed(case: &Case<'_>) -> Option<String> {
    let (code, count) = case
        .run
        .sockets
        .closes
        .iter()
        .max_by_key(|(_, count)| **count)?;
    let cause = match code {
        1006 => {
            "without a close frame: a crash or restart, a proxy's idle timeout, or a lost network"
        }
        1001 | 1012 => "as the service was going away: a restart or a deployment",
        1008 => {
            "for a breach of its policy: an expired token, or a limit on connections or messages"
        }
        1009 => "because a message was too big for it",
        1011 => "after an error of its own: look into its log",
        1013 => "as it was overloaded",
        _ => "with this code: look into its log",
    };
    Some(format!(
        "{} WebSockets were ended by the service with {code}, {cause}",
        format::count(*count)
    ))
}
