//! Checks on what WebSockets met beside their due messages.

use super::CheckResult;
use super::text::count;
use crate::record::RunResult;
use crate::requirement::Check;
use crate::requirement::SocketMetric;

/// Connections that ended although their user wanted to stay, and those made again: exact counts of the run.
pub(super) fn find(check: &Check, metric: SocketMetric, run: &RunResult) -> CheckResult {
    if !run.has_sockets() {
        return CheckResult::open("the run has no WebSockets");
    }
    let sockets = &run.sockets;
    let (value, what) = match metric {
        SocketMetric::Reconnects => (sockets.reconnects, "connections were made again"),
        SocketMetric::Closes => (sockets.closed(), "connections ended unexpectedly"),
    };
    let mut reason = format!(
        "{} {what}, among {} made",
        count(value as f64),
        count(run.generator.connections as f64)
    );
    if !sockets.closes.is_empty() {
        let codes: Vec<String> = sockets
            .closes
            .iter()
            .map(|(code, count)| format!("{count} with {}", close_code(*code)))
            .collect();
        reason += &format!(" ({})", codes.join(", "));
    }
    CheckResult::bare(check, value as f64, run.generator.connections, reason)
}

/// A close code with its meaning (RFC 6455, 7.4.1).
fn close_code(code: u16) -> String {
    let meaning = match code {
        1000 => "normal",
        1001 => "going away",
        1002 => "protocol error",
        1005 => "close frame without code",
        1006 => "no close frame",
        1008 => "policy violation",
        1009 => "message too big",
        1011 => "internal error",
        1012 => "service restart",
        1013 => "try again later",
        _ => return format!("code {code}"),
    };
    format!("code {code}, {meaning}")
}
