//! The hot path in pieces, each run for any number of rounds.

use std::hint::black_box;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::rc::Rc;
use std::time::{Duration, Instant};

use agentos_perf::client::{Connection, Connector, PreparedRequest};
use agentos_perf::judge::{Evidence, judge};
use agentos_perf::load::{failed_run, streams};
use agentos_perf::plan::Plan;
use agentos_perf::profile::{Destination, HttpVersion, Overrides, Profile, ProfileSource, load};
use agentos_perf::record::{
    EndpointKind, EndpointResult, EndpointRules, Rules, RunProblem, RunResult, Status, Tally,
    Window,
};
use agentos_perf::record::{Outcome, Sample};
use agentos_perf::timers::{Deadline, OsTimer, TimerQueue};

/// Due times, one exchange on a kept connection, and recording one sample.
pub(crate) const NAMES: [&str; 3] = ["schedule", "exchange", "record"];

/// How many rounds, and where the server is.
pub(crate) const ROUNDS: &str = "PERF_HOT_PATH_ROUNDS";
pub(crate) const SERVER: &str = "PERF_HOT_PATH_SERVER";

const ANSWER: &[u8] =
    b"HTTP/1.1 200 OK\r\nServer: nginx\r\nDate: Wed, 25 Nov 2026 01:15:15 GMT\r\n\
    Content-Type: application/json\r\nContent-Length: 64\r\nConnection: keep-alive\r\n\r\n\
    {\"id\":17,\"name\":\"a workflow of usual length\",\"status\":\"active\"  }";

const SECOND: u64 = 1_000_000_000;

/// Does one piece so often as the environment says.
pub(crate) fn run(name: &str) {
    let rounds = std::env::var(ROUNDS)
        .ok()
        .and_then(|text| text.parse().ok());
    let rounds: u64 = rounds.expect("a number of rounds");
    match name {
        "schedule" => schedule(rounds),
        "record" => drop(black_box(record(rounds))),
        "exchange" => exchange(rounds, &std::env::var(SERVER).expect("a server")),
        other => panic!("`{other}` is not a piece of the hot path"),
    }
}

/// Prints what recording a sample and judging a run take on this machine.
pub(crate) fn times() {
    const SAMPLES: u64 = 2_000_000;
    let begun = Instant::now();
    let tally = black_box(record(SAMPLES));
    let each = begun.elapsed().as_nanos() as f64 / SAMPLES as f64;
    println!("record {each:.1} ns");
    let (profile, run) = long_run(&tally);
    let of_it = |name: &Option<String>| name.as_ref() == Some(&run.scenario);
    let requirements: Vec<_> = profile
        .requirements
        .iter()
        .filter(|requirement| of_it(&requirement.scenario))
        .collect();
    let evidence = Evidence {
        runs: vec![&run],
        ..Evidence::default()
    };
    let begun = Instant::now();
    for requirement in &requirements {
        black_box(judge(requirement, &evidence, 0.95));
    }
    let took = begun.elapsed().as_secs_f64() * 1e3;
    println!(
        "judge {took:.2} ms ({} requirements, 300 s)",
        requirements.len()
    );
}

/// Answers every request on every connection alike.
pub(crate) fn serve() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            std::thread::spawn(move || answer(stream));
        }
    });
    address
}

fn answer(mut stream: TcpStream) {
    stream.set_nodelay(true).expect("an option of TCP");
    let mut request = [0; 4096];
    while let Ok(1..) = stream.read(&mut request) {
        if stream.write_all(ANSWER).is_err() {
            break;
        }
    }
}

fn profile(name: &str) -> Profile {
    let source = ProfileSource::parse(name).expect("a built-in profile");
    load(&source, &Overrides::default()).unwrap_or_else(|problems| panic!("{problems:?}"))
}

fn plan(scenario: &str) -> Plan {
    let plans = profile("phase8").plans;
    let found = plans.into_iter().find(|plan| plan.scenario == scenario);
    found.expect("a scenario of phase8")
}

fn schedule(rounds: u64) {
    for scenario in ["api", "throughput"] {
        let (groups, _) = streams(&plan(scenario), 1);
        for k in 0..rounds {
            black_box(groups[0][0].due(black_box(k)));
        }
    }
}

fn exchange(rounds: u64, server: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let destination = Destination {
        origin: format!("http://{server}").parse().expect("a URL"),
        token: None,
        insecure: false,
        http: HttpVersion::default(),
        users: std::sync::Arc::default(),
    };
    let plan = plan("api");
    let request = PreparedRequest::new(&plan.headers, &plan.endpoints[0], &destination);
    let request = request.expect("a request");
    let lanes = tokio::task::LocalSet::new();
    runtime.block_on(lanes.run_until(async {
        let agenda = TimerQueue::new(tokio::time::Instant::now());
        let keeper = Rc::clone(&agenda);
        tokio::task::spawn_local(async move { keeper.keep(OsTimer::best()).await });
        let connector = Connector::new(&destination).expect("a destination");
        let mut user = Connection::paced(connector, Deadline::Paced(agenda.timer()));
        let give_up = tokio::time::Instant::now() + Duration::from_secs(3_600);
        for _ in 0..rounds {
            let ended = user.exchange(&request, &plan.bounds, give_up).await;
            assert_eq!(ended.outcome, Outcome::Ok);
        }
    }));
}

/// Samples of five endpoints over five minutes, a few of them failed.
fn record(rounds: u64) -> Tally {
    let rules = Rules {
        endpoints: EndpointRules {
            timeout: 10 * SECOND,
            judged_from: 0,
        }
        .for_each(5),
        thresholds: vec![SECOND / 10, SECOND / 5],
    };
    let mut tally = Tally::new(rules);
    let mut random = 1_u64;
    for k in 0..rounds {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        let due = (u128::from(k) * u128::from(300 * SECOND) / u128::from(rounds.max(1))) as u64;
        let lag = 20_000 + (random >> 48);
        let wait = lag + 1_000_000 + (random >> 40) * 4;
        let failed = random >> 56 == 0;
        tally.record(&Sample {
            endpoint: (random >> 32) as usize % 5,
            user: 0,
            due,
            sent: Some(due + lag),
            done: due + wait,
            lag,
            bytes: 200,
            outcome: if failed {
                Outcome::Status(500)
            } else {
                Outcome::Ok
            },
            address: None,
        });
    }
    tally
}

/// Five minutes of the built-in profile's longest scenario, as if they had been run.
fn long_run(tally: &Tally) -> (Profile, RunResult) {
    let profile = profile("phase8-full");
    let plan = profile.plans.iter().find(|plan| plan.scenario == "api");
    let plan = plan.expect("a scenario of phase8-full");
    let endpoint =
        |(index, counted): (usize, &agentos_perf::record::EndpointTally)| EndpointResult {
            name: format!("endpoint {index}"),
            kind: EndpointKind::Http,
            request: "GET /".to_owned(),
            outcomes: counted.outcomes(),
            response: counted.response(),
            answered: counted.answered(),
            service: counted.service(),
            bytes: counted.bytes,
            ..EndpointResult::default()
        };
    let nothing = RunProblem {
        what: String::new(),
        advice: String::new(),
    };
    let run = RunResult {
        status: Status::Complete,
        problem: None,
        thresholds: vec![SECOND / 10, SECOND / 5],
        window: Window {
            to: 300 * SECOND,
            ..Window::default()
        },
        endpoints: tally.endpoints.iter().enumerate().map(endpoint).collect(),
        seconds: tally.seconds.clone(),
        ..failed_run(plan, std::time::SystemTime::now(), nothing)
    };
    (profile, run)
}
