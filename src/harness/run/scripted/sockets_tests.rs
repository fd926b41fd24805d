//! Each fault of a WebSocket, and what its requirements say of it.

use std::time::Duration;

use super::targets::{Script, ms, on_sockets};
use super::{fixture, judged};
use crate::load::{ScriptedAnswer, VirtualTime};
use crate::plan::EndpointKind;
use crate::record::Outcome;

const SOCKETS: &str = "scenario::websocket";
const MIXED: &str = "scenario::mixed";

/// A fault, the tests that fail, and what the first of them tells.
type Case = (
    &'static str,
    fn() -> Script,
    &'static [&'static str],
    &'static [&'static str],
);

fn is_message(kind: EndpointKind) -> bool {
    kind == EndpointKind::Message
}

fn chatty() -> Script {
    on_sockets(|request| ScriptedAnswer {
        unasked: if is_message(request.endpoint.kind) {
            3
        } else {
            0
        },
        ..ScriptedAnswer::good(ms(3))
    })
}

fn slow(by: Duration) -> Script {
    on_sockets(move |request| {
        let by = if is_message(request.endpoint.kind) {
            by
        } else {
            Duration::ZERO
        };
        ScriptedAnswer::good(ms(3) + by)
    })
}

fn losing() -> Script {
    on_sockets(|request| {
        if is_message(request.endpoint.kind) && request.is_among(0.1) {
            return ScriptedAnswer::never();
        }
        ScriptedAnswer::good(ms(3))
    })
}

fn closing() -> Script {
    on_sockets(|_| ScriptedAnswer {
        closes: Some((Duration::from_secs(3), 1011)),
        ..ScriptedAnswer::good(ms(3))
    })
}

fn refusing() -> Script {
    on_sockets(|request| {
        let is_refused = request.endpoint.kind == EndpointKind::Connect && request.is_among(0.4);
        ScriptedAnswer::ended(
            if is_refused {
                Outcome::Status(503)
            } else {
                Outcome::Ok
            },
            ms(3),
        )
    })
}

const CASES: [Case; 6] = [
    ("3 unasked frames", chatty, &[], &[]),
    (
        "400 ms more",
        || slow(ms(400)),
        &[SOCKETS, MIXED],
        &["took 200 ms or more"],
    ),
    (
        "loses a tenth",
        losing,
        &[SOCKETS, MIXED],
        &["messages had no reply in time"],
    ),
    (
        "closes after 3 s",
        closing,
        &[SOCKETS, MIXED],
        &["1011", "an error of its own"],
    ),
    ("refuses 40 %", refusing, &[SOCKETS, MIXED], &["connect"]),
    // On the way to any service that is not on the same machine a message is on its way at every moment.
    (
        "is 20 ms away",
        || Box::new(|_| ScriptedAnswer::good(ms(20))),
        &[],
        &[],
    ),
];

#[test]
fn each_fault_of_a_socket_is_told_by_its_cause() {
    let profile = fixture("quick.toml");
    let mut wrong = Vec::new();
    for (name, target, expected, words) in CASES {
        let time = VirtualTime::new(target());
        let judged = judged(&profile, &["websocket", "mixed"], &time);
        let failed = judged.failed();
        if failed != expected {
            let reasons: Vec<_> = failed
                .iter()
                .map(|name| judged.reason_and_advice(name))
                .collect();
            wrong.push(format!(
                "{name}: failed {failed:?}, not {expected:?}: {reasons:#?}"
            ));
        }
        let told = judged.reason_and_advice(SOCKETS);
        let missing = words.iter().filter(|words| !told.contains(**words));
        wrong.extend(missing.map(|words| format!("{name}: {words:?} is not told: {told}")));
        let run = judged.run("websocket");
        let messages = run.endpoints.last().expect("messages");
        let due: u64 = messages.outcomes.values().sum();
        assert!(due > 800, "{name}: {due} messages");
        if name.contains("unasked") && run.sockets.unasked < 3 * due {
            wrong.push(format!("{name}: {} of {due}", run.sockets.unasked));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_service_twenty_milliseconds_away_passes_the_built_in_profile() {
    let time =
        VirtualTime::new(|_: &crate::load::ScriptedRequest<'_>| ScriptedAnswer::good(ms(20)));
    let judged = judged(&fixture("phase8.toml"), &["websocket"], &time);
    assert_eq!(
        judged.failed(),
        [""; 0],
        "{}",
        judged.reason_and_advice(SOCKETS)
    );
}

#[test]
fn a_slow_half_fails_by_itself() {
    let judged = judged(
        &fixture("quick.toml"),
        &["mixed"],
        &VirtualTime::new(slow(ms(300))),
    );
    assert_eq!(judged.failed(), [MIXED]);
    let told = judged.reason_and_advice(MIXED);
    assert!(told.contains("websocket users: "), "{told}");
    assert!(!told.contains("http users: "), "{told}");
}
