//! Targets that stall, slow down, or answer in known distributions, in every arrival model.

use std::sync::Mutex;

use agentos_perf::plan::Plan;

use super::bench::{Case, Job, all, dues, figures, judge, ours, plan, quiet_moment, run};
use super::server::{Script, Seen, Server};
use super::simulation::{MS, Nanos, SECOND, Served, frozen, own, shared};

/// What the target works on one request.
const WORK: Nanos = 20 * MS;
const STALL: Nanos = SECOND;
/// How long each load lasts.
const SECONDS: u32 = 5;

const CONSTANT: &str = "arrivals = 'constant'\nrate = '200/s'";
const POISSON: &str = "arrivals = 'poisson'\nrate = '200/s'";
const CAPPED: &str = "arrivals = 'constant'\nrate = '200/s'\nconnections = 50";
const FIFTY: &str = "arrivals = 'users'\nusers = 50\nthink_time = '200ms..300ms'";
const MANY: &str = "arrivals = 'users'\nusers = 500\nthink_time = '2s..3s'";
const BURST: &str = "arrivals = 'burst'\nusers = 10\nevery = '50ms'";

const ENDPOINT: &str = "[[scenario.case.endpoint]]\npath = '/'\n";
const SOCKET: &str =
    "[scenario.case.socket]\npath = '/ws'\nmessage = '{id}'\nevery = '200ms..300ms'\n";

fn profile(arrivals: &str, what: &str) -> Plan {
    plan(&format!(
        "[target]\ntimeout = '10s'\n[scenario.case]\n{arrivals}\nduration = '{SECONDS}s'\n{what}"
    ))
}

/// The due times of what the script sees: a WebSocket's first is its connection.
fn sent(plan: &Plan) -> Vec<Vec<Nanos>> {
    let mut streams = dues(plan);
    if plan.socket.is_some() {
        for dues in &mut streams {
            dues.drain(..1);
        }
    }
    streams
}

/// When the target stalls, counted as it counts: from the first arrival.
fn stall(plan: &Plan) -> (Nanos, Nanos) {
    let sent = all(&sent(plan));
    let from = quiet_moment(&sent, 2 * SECOND) + WORK - sent[0];
    (from, from + STALL)
}

/// What the server should have made of a plan, had generator and machine taken no time: `answered` counts as the
/// server does.
fn truth(plan: &Plan, seen: &[Seen], answered: impl Fn(Nanos) -> Nanos) -> Vec<Served> {
    let streams = sent(plan);
    let all = all(&streams);
    // Nobody arrives before it is due, so the closest of them tells when the run began.
    let mut arrived: Vec<Nanos> = seen.iter().map(|one| one.arrived).collect();
    arrived.sort_unstable();
    let ahead = all.iter().zip(&arrived).map(|(due, at)| due - at).max();
    let ahead = ahead.unwrap_or(0);
    let answered = |at: Nanos| answered(at - ahead) + ahead;
    match plan.arrivals.connection_limit() {
        Some(connections) => shared(&all, connections as usize, answered),
        None => own(&streams, answered),
    }
}

fn responses(served: &[Served]) -> Vec<Nanos> {
    served.iter().map(|one| one.response()).collect()
}

fn stalled(name: &'static str, arrivals: &'static str) -> Job {
    Box::new(move || {
        let plan = profile(arrivals, ENDPOINT);
        let stall = stall(&plan);
        let answered = move |at| frozen(WORK, stall, at);
        let server = Server::http(Box::new(move |at, _| answered(at)));
        let run = run(&plan, &server.url());
        let served = truth(&plan, &server.seen(), answered);
        let mut case = Case::new(name, &run, responses(&served));
        case.seen = server.count();
        let held: Vec<Nanos> = served
            .iter()
            .map(|one| one.waited())
            .filter(|wait| *wait > 0)
            .collect();
        let generator = &run.generator;
        match plan.arrivals.connection_limit() {
            Some(50) => {
                let (waited, longest) = (generator.waited_for_connection, figures(held.clone())[3]);
                let held_up = generator.waits.max_ms();
                case.must(waited.abs_diff(held.len() as u64) <= 5, || {
                    format!("{waited} waited for a connection, not {}", held.len())
                });
                case.must((held_up / longest - 1.0).abs() < 0.02, || {
                    format!("they waited {held_up} ms at most, not {longest} ms")
                });
            }
            Some(_) => {
                let waited = generator.waited_for_connection;
                case.must(held.is_empty() && waited == 0, || {
                    format!("{waited} waited for a connection, with as many as they need")
                });
            }
            // A user's own queue is the target's doing.
            None => {}
        }
        case
    })
}

fn slower(name: &'static str, arrivals: &'static str) -> Job {
    Box::new(move || {
        let plan = profile(arrivals, ENDPOINT);
        // 5 ms at first, 15 ms more with every second.
        let answered = |at: Nanos| at + 5 * MS + at.max(0) * 15 / 1_000;
        let server = Server::http(Box::new(move |at, _| answered(at)));
        let run = run(&plan, &server.url());
        let served = truth(&plan, &server.seen(), answered);
        let mut case = Case::new(name, &run, responses(&served));
        case.seen = server.count();
        case
    })
}

fn sockets() -> Case {
    let plan = profile("arrivals = 'users'\nusers = 50", SOCKET);
    let stall = stall(&plan);
    let answered = move |at| frozen(WORK, stall, at);
    let server = Server::websocket(Box::new(move |at, _| answered(at)));
    let run = run(&plan, &server.url());
    let served = truth(&plan, &server.seen(), answered);
    let mut case = Case::new("stall, 50 on WebSockets", &run, responses(&served));
    case.seen = server.count();
    let messages = run.endpoints.last().expect("messages");
    case.ours = ours(&messages.response);
    let ok = messages
        .outcomes
        .get(&agentos_perf::record::Outcome::Ok)
        .copied();
    case.must(ok == Some(case.asked as u64), || {
        format!("{:?}", messages.outcomes)
    });
    case
}

/// Delays drawn from a sequence; what was drawn is what was true.
fn drawn(name: &'static str, draw: fn(f64, f64) -> f64) -> Job {
    Box::new(move || {
        let plan = profile(CONSTANT, ENDPOINT);
        let sequence = Mutex::new(0x9e37_79b9_7f4a_7c15_u64);
        let script: Script = Box::new(move |at, _| {
            let mut state = sequence.lock().expect("a sequence");
            let (a, b) = (uniform(&mut state), uniform(&mut state));
            at + (draw(a, b) * MS as f64) as Nanos
        });
        let server = Server::http(script);
        let run = run(&plan, &server.url());
        let seen = server.seen();
        let delays = seen.iter().map(|one| one.answered - one.arrived).collect();
        let mut case = Case::new(name, &run, delays);
        case.asked = all(&dues(&plan)).len();
        case.seen = seen.len();
        // The histogram's precision.
        case.tolerance = 0.001;
        case
    })
}

/// Above 0 and below 1 (xorshift64*).
fn uniform(state: &mut u64) -> f64 {
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    ((state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
}

/// Median 20 ms, sigma 0.5 (Box–Muller).
fn log_normal(a: f64, b: f64) -> f64 {
    let normal = (-2.0 * a.ln()).sqrt() * (std::f64::consts::TAU * b).cos();
    20.0 * (0.5 * normal).exp()
}

fn bimodal(a: f64, _: f64) -> f64 {
    if a < 0.9 { 10.0 } else { 200.0 }
}

#[test]
fn a_stall_counts_in_every_arrival_model() {
    judge(|| {
        vec![
            stalled("stall, 200/s", CONSTANT),
            stalled("stall, Poisson", POISSON),
            stalled("stall, 50 connections", CAPPED),
            stalled("stall, bursts of 10", BURST),
            Box::new(sockets),
        ]
    });
}

#[test]
fn users_wait_for_a_stall_and_for_their_own_requests() {
    judge(|| {
        vec![
            stalled("stall, 50 users", FIFTY),
            stalled("stall, 500 users", MANY),
            slower("slower and slower, 200/s", CONSTANT),
            slower("slower and slower, 50 users", FIFTY),
        ]
    });
}

#[test]
fn known_distributions_come_out_as_they_went_in() {
    judge(|| {
        vec![
            drawn("log-normal, 20 ms", log_normal),
            drawn("10 ms, one in ten 200 ms", bimodal),
        ]
    });
}
