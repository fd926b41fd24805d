//! Runs as the load engine records them, of requests that were never sent.

use agentos_perf::record::{
    EndpointKind, EndpointResult, EndpointRules, Generator, Observed, Rules, RunResult, Sockets,
    Status, Tally, UptimeRecord, Window,
};
use agentos_perf::record::{Outcome, Sample};

const SECOND: u64 = 1_000_000_000;

/// A run of so many requests per second, each with its endpoint and its response time in milliseconds.
pub(crate) fn record(
    requests: impl Iterator<Item = (usize, f64)>,
    rate: usize,
    endpoints: usize,
) -> RunResult {
    let of_one_user = requests.map(|(endpoint, ms)| (endpoint, 0, ms));
    record_users(of_one_user, rate, endpoints)
}

/// The same, each with its user behind the endpoint.
pub(crate) fn record_users(
    requests: impl Iterator<Item = (usize, u64, f64)>,
    rate: usize,
    endpoints: usize,
) -> RunResult {
    let rules = EndpointRules {
        timeout: 3_600 * SECOND,
        judged_from: 0,
    };
    let mut tally = Tally::new(Rules {
        endpoints: rules.for_each(endpoints),
        thresholds: Vec::new(),
    });
    let mut seconds = 0;
    for (number, (endpoint, user, ms)) in requests.enumerate() {
        let due = number as u64 * SECOND / rate as u64;
        seconds = due / SECOND + 1;
        tally.record(&Sample {
            endpoint,
            user,
            due,
            sent: Some(due),
            done: due + (ms * 1e6) as u64,
            lag: 0,
            bytes: 0,
            outcome: Outcome::Ok,
            address: None,
        });
    }
    let counted = tally.endpoints.into_iter().map(|counted| EndpointResult {
        name: String::new(),
        kind: EndpointKind::Http,
        request: String::new(),
        outcomes: counted.outcomes(),
        response: counted.response(),
        answered: counted.answered(),
        service: counted.service(),
        bytes: counted.bytes,
        ..EndpointResult::default()
    });
    RunResult {
        scenario: String::new(),
        plan: String::new(),
        load: String::new(),
        started: 0,
        status: Status::Complete,
        problem: None,
        thresholds: Vec::new(),
        window: Window {
            planned: None,
            extended_from: None,
            from: 0,
            to: seconds * SECOND,
            extendable: false,
            extensions: 0,
        },
        endpoints: counted.collect(),
        seconds: tally.seconds,
        users: tally.users,
        generator: Generator::default(),
        sockets: Sockets::default(),
        watch: UptimeRecord::default(),
        observed: Observed::default(),
        search: None,
        addresses: Vec::new(),
        slowest: tally.slowest,
        excerpts: tally.excerpts,
        notes: Vec::new(),
    }
}
