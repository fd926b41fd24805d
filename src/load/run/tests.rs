//! Whole runs on real sockets: which users and which addresses requests belong to.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Mutex;

use super::*;
use crate::client::AddressFound;
use crate::plan::{
    Arrivals, Bounds, ConstantRate, Endpoint, EndpointKind, Phases, Rate, ThinkingUsers,
};
use crate::profile::{HttpVersion, Identity};
use crate::record::Outcome;
use crate::secret::Secret;

struct Quiet;

impl Observer for Quiet {
    fn progress(&mut self, _: RunProgress) {}

    fn is_settled(&mut self, _: &RunResult, _: &[u64]) -> bool {
        true
    }

    fn is_interrupted(&mut self) -> bool {
        false
    }

    fn processor_time(&mut self) -> Duration {
        Duration::ZERO
    }
}

/// A server that answers every request with this status, and keeps the tokens that it was sent.
#[derive(Clone)]
struct Server {
    address: SocketAddr,
    tokens: Arc<Mutex<BTreeMap<String, u32>>>,
}

impl Server {
    fn at(address: SocketAddr, status: u16) -> Server {
        let listener = TcpListener::bind(address).unwrap();
        let server = Server {
            address: listener.local_addr().unwrap(),
            tokens: Arc::default(),
        };
        let theirs = server.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let theirs = theirs.clone();
                thread::spawn(move || theirs.serve(stream, status));
            }
        });
        server
    }

    fn serve(&self, mut stream: TcpStream, status: u16) {
        let mut come = Vec::new();
        let mut part = [0; 4096];
        while let Ok(count @ 1..) = stream.read(&mut part) {
            come.extend_from_slice(&part[..count]);
            while let Some(end) = come.windows(4).position(|four| four == b"\r\n\r\n") {
                let head = String::from_utf8(come.drain(..end + 4).collect()).unwrap();
                let token = head
                    .lines()
                    .find_map(|line| line.strip_prefix("authorization: "));
                let token = token.unwrap_or("none").to_owned();
                *self.tokens.lock().unwrap().entry(token).or_default() += 1;
                let answer = format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\n\r\n");
                stream.write_all(answer.as_bytes()).unwrap();
            }
        }
    }

    fn tokens(&self) -> BTreeMap<String, u32> {
        self.tokens.lock().unwrap().clone()
    }
}

fn plan(arrivals: Arrivals, measure: Duration, workers: usize) -> Plan {
    Plan {
        socket: None,
        values: crate::template::PlanValues::default(),
        journeys: Vec::new(),
        scenario: "api".into(),
        arrivals,
        phases: Phases {
            ramp_up: Duration::ZERO,
            warm_up: Duration::ZERO,
            measure,
            extend: Duration::ZERO,
            settle: None,
        },
        endpoints: vec![Endpoint {
            name: "a".into(),
            kind: EndpointKind::Http,
            method: "GET".into(),
            path: "/".into(),
            weight: 1,
            headers: Vec::new(),
            body: String::new(),
            auth: true,
            expect: vec![200],
            ..Endpoint::default()
        }],
        headers: Vec::new(),
        bounds: Bounds {
            timeout: Duration::from_secs(10),
            connect_timeout: Duration::from_secs(5),
            body_bytes: 1 << 20,
        },
        thresholds: vec![Duration::from_millis(200)],
        seed: 8,
        workers,
        search: None,
    }
}

fn destination(address: SocketAddr, users: usize) -> Destination {
    let user = |number| Identity {
        user: format!("u{number}"),
        token: Some(Secret::new(format!("t{number}"))),
        headers: Vec::new(),
    };
    Destination {
        origin: format!("http://{address}").parse().unwrap(),
        token: None,
        insecure: false,
        http: HttpVersion::Auto,
        users: (0..users).map(user).collect(),
    }
}

fn at_rate(per_second: f64) -> Arrivals {
    Arrivals::Constant(ConstantRate {
        rate: Rate::per_second(per_second).unwrap(),
        connections: 100,
    })
}

#[test]
fn a_rate_sends_the_same_users_whatever_the_number_of_workers() {
    let expected: BTreeMap<String, u32> = (0..8)
        .map(|user| (format!("Bearer t{user}"), if user < 4 { 13 } else { 12 }))
        .collect();
    for workers in [1, 2, 4] {
        let server = Server::at(([127, 0, 0, 1], 0).into(), 200);
        let plan = plan(at_rate(400.0), Duration::from_millis(250), workers);
        let result = run(&plan, &destination(server.address, 8), &mut Quiet).unwrap();
        assert_eq!(result.endpoints[0].outcomes[&Outcome::Ok], 100);
        assert_eq!(server.tokens(), expected, "{workers} workers");
    }
}

#[test]
fn each_request_is_filled_in_with_values_of_its_own() {
    let burst = Arrivals::Burst(crate::plan::Bursts {
        count: 5,
        every: Duration::from_millis(50),
    });
    // A rate without identities is one user's.
    for (arrivals, users) in [(burst, 5), (at_rate(400.0), 1)] {
        let server = Server::at(([127, 0, 0, 1], 0).into(), 200);
        let mut plan = plan(arrivals, Duration::from_millis(250), 2);
        let header = "Basic {user}/{n}/{id}".to_owned();
        plan.endpoints[0].headers = vec![("Authorization".into(), header)];
        plan.values.user = "u{n}".into();
        let result = run(&plan, &destination(server.address, 0), &mut Quiet).unwrap();
        let tokens = server.tokens();
        let due = result.endpoints[0].outcomes[&Outcome::Ok];
        assert_eq!(tokens.len() as u64, due);
        let mut ids: Vec<u64> = Vec::new();
        for (token, count) in &tokens {
            let parts: Vec<&str> = token["Basic ".len()..].split('/').collect();
            let (n, id): (u64, u64) = (parts[1].parse().unwrap(), parts[2].parse().unwrap());
            assert_eq!((*count, parts[0]), (1, format!("u{n}").as_str()));
            // A user has every `users`th request.
            assert_eq!(n, (id - 1) % users + 1, "{token}");
            ids.push(id);
        }
        ids.sort_unstable();
        assert_eq!(ids, (1..=due).collect::<Vec<u64>>());
    }
}

#[test]
fn a_request_that_cannot_be_filled_in_is_a_failure_of_its_own() {
    let server = Server::at(([127, 0, 0, 1], 0).into(), 200);
    let mut plan = plan(at_rate(100.0), Duration::from_millis(100), 1);
    plan.endpoints[0].headers = vec![("X".into(), "{token}".into())];
    let result = run(&plan, &destination(server.address, 0), &mut Quiet).unwrap();
    let outcomes = &result.endpoints[0].outcomes;
    assert_eq!(outcomes.len(), 1);
    assert_eq!(outcomes[&Outcome::WrongAnswer], 10);
    let said = format!("{:?}", result.excerpts);
    assert!(
        said.contains("not sent: there is no value for `{token}`"),
        "{said}"
    );
    assert!(server.tokens().is_empty());
}

/// Runs a plan against three addresses of one port, of which the last two answer 500; a fourth one is left out.
fn over_addresses(arrivals: Arrivals, workers: usize) -> RunResult {
    let first = Server::at(([127, 0, 0, 1], 0).into(), 200);
    let at = |last| SocketAddr::from(([127, 0, 0, last], first.address.port()));
    let others = [2, 3].map(|last| Server::at(at(last), 500));
    let destination = destination(first.address, 0);
    let found = |address, left_out: Option<&str>| AddressFound {
        address,
        left_out: left_out.map(str::to_owned),
    };
    let found = vec![
        found(first.address, None),
        found(others[0].address, None),
        found(others[1].address, None),
        found(at(4), Some("refused")),
    ];
    let connector = Connector::new(&destination).unwrap().spread_over(found);
    let plan = plan(arrivals, Duration::from_millis(300), workers);
    let result = run_with(&plan, &destination, connector, &mut Quiet).unwrap();
    for (address, server) in result
        .addresses
        .iter()
        .zip([&first, &others[0], &others[1]])
    {
        let asked: u32 = server.tokens().values().sum();
        assert_eq!(address.due(), u64::from(asked), "{}", address.address);
    }
    result
}

#[test]
fn every_address_of_a_name_gets_its_share_and_is_counted() {
    let users = Arrivals::Users(ThinkingUsers {
        count: 9,
        think_min: Duration::from_millis(20),
        think_max: Duration::from_millis(20),
    });
    for (arrivals, workers) in [(at_rate(400.0), 1), (at_rate(400.0), 2), (users, 2)] {
        let result = over_addresses(arrivals, workers);
        let all: u64 = result.endpoints[0].outcomes.values().sum();
        let told: Vec<(u64, u64)> = result
            .addresses
            .iter()
            .map(|address| (address.due(), address.failed()))
            .collect();
        assert_eq!(told.iter().map(|(due, _)| due).sum::<u64>(), all);
        for (due, _) in &told[..3] {
            assert!(due.abs_diff(all / 3) <= all / 20, "{told:?}");
        }
        assert_eq!([told[0].1, told[3].0], [0, 0]);
        assert!(told[1..3].iter().all(|(due, failed)| due == failed));
        assert_eq!(result.addresses[3].left_out.as_deref(), Some("refused"));
        let second = &result.seconds[0];
        let counted: u64 = second.addresses.iter().map(|counts| counts.due).sum();
        assert_eq!(counted, second.due());
        assert!(
            result.notes.iter().any(|note| note.contains("127.0.0.4")),
            "{:?}",
            result.notes
        );
    }
}
