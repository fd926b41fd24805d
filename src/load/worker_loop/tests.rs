use std::sync::Arc;

use tokio::sync::mpsc;

use super::*;
use crate::client::Exchange;
use crate::load::mix::Mix;
use crate::load::numbering::Numbering;
use crate::load::schedule::{nanos, streams};
use crate::plan::{Arrivals, Bounds, Endpoint, EndpointKind, Phases, Plan, Rate};
use crate::record::Outcome;
use crate::record::{EndpointRules, Histogram, Rules, UserGroup};

const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A target on virtual time: answers after `service`, but nothing between the ends of `stall`.
#[derive(Clone)]
struct Model {
    start: Instant,
    service: Duration,
    stall: (Duration, Duration),
}

impl Users for Model {
    type ScriptedUser = Model;

    fn user(&self, _index: usize, _turns: Turns) -> Model {
        self.clone()
    }
}

impl User for Model {
    async fn exchange(&mut self, _: usize, _: u64) -> Exchange {
        let sent = Instant::now();
        let held = (self.start + self.stall.0, self.start + self.stall.1);
        let answer = sent + self.service;
        // What would be answered in the stall is answered when it is over, a service time after.
        let answer = if answer >= held.0 && sent < held.1 {
            held.1 + self.service
        } else {
            answer
        };
        sleep_until(answer).await;
        let done = Instant::now();
        let outcome = Outcome::Ok;
        Exchange {
            sent: Some(sent),
            done,
            bytes: 1,
            outcome,
            connected: false,
            resent: false,
            address: None,
            is_pending: false,
        }
    }
}

fn plan(arrivals: Arrivals, measure: Duration) -> Plan {
    let endpoint = |name: &str, weight| Endpoint {
        name: name.into(),
        kind: EndpointKind::Http,
        method: "GET".into(),
        path: "/".into(),
        weight,
        headers: Vec::new(),
        body: String::new(),
        auth: false,
        expect: vec![200],
        ..Endpoint::default()
    };
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
        endpoints: vec![endpoint("a", 60), endpoint("b", 40)],
        headers: Vec::new(),
        bounds: Bounds {
            timeout: secs(10),
            connect_timeout: secs(5),
            body_bytes: 1 << 20,
        },
        thresholds: vec![Duration::from_millis(200)],
        seed: 8,
        workers: 1,
        search: None,
    }
}

fn constant(per_second: f64, connections: u32) -> Arrivals {
    Arrivals::Constant {
        rate: Rate::per_second(per_second).unwrap(),
        connections,
    }
}

/// Runs a plan against a model on one worker; tells its tally and how long it took.
async fn run(plan: &Plan, service: Duration, stall: (Duration, Duration)) -> (Tally, Duration) {
    let model = |start| Model {
        start,
        service,
        stall,
    };
    run_as(plan, model).await
}

/// The same by other users.
async fn run_as<U: Users + 'static>(
    plan: &Plan,
    users: impl FnOnce(Instant) -> U,
) -> (Tally, Duration) {
    let start = Instant::now();
    let (groups, connections) = streams(plan, 1);
    let rules = Rules {
        endpoints: EndpointRules {
            timeout: nanos(plan.bounds.timeout),
            judged_from: 0,
        }
        .for_each(2),
        thresholds: plan.thresholds.iter().map(|limit| nanos(*limit)).collect(),
    };
    let agenda = TimerQueue::new(start);
    let ledger = Ledger::new(
        groups.concat(),
        Mix::new(plan),
        Numbering::new(&plan.arrivals, 0),
        Tally::new(rules),
    );
    let job = WorkerContext {
        users: users(start),
        ledger,
        connections,
        agenda,
        end: Arc::new(RunEnd::fixed_at(nanos(plan.phases.planned_end()))),
        timeout: plan.bounds.timeout,
        gauge: Arc::default(),
        present: Cell::default(),
    };
    let (_commands, receiver) = mpsc::unbounded_channel();
    let tally = work(job, OsTimer::coarse(), receiver).await;
    (tally, start.elapsed())
}

fn all(tally: &Tally) -> (Histogram, Histogram) {
    let (mut response, mut service) = (Histogram::new(), Histogram::new());
    for endpoint in &tally.endpoints {
        response.merge(&endpoint.response());
        service.merge(&endpoint.service());
    }
    (response, service)
}

fn outcomes(tally: &Tally, outcome: Outcome) -> u64 {
    tally
        .endpoints
        .iter()
        .filter_map(|endpoint| endpoint.outcomes().get(&outcome).copied())
        .sum()
}

#[track_caller]
fn near(value: f64, truth: f64) {
    assert!(
        (value / truth - 1.0).abs() < 0.01,
        "{value} is not within 1 % of {truth}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_stall_counts_with_every_request_that_was_due_in_it() {
    let stall = (secs(5), secs(7));
    let plan = plan(constant(200.0, 1000), secs(20));
    let (tally, _) = run(&plan, Duration::from_millis(20), stall).await;
    let (response, service) = all(&tally);
    assert_eq!(response.len(), 4000);
    near(response.quantile_ms(0.5), 20.0);
    near(response.quantile_ms(0.95), 1_040.0);
    near(response.quantile_ms(0.99), 1_840.0);
    near(response.max_ms(), 2_040.0);
    assert!(service.max_ms() > 2_000.0);
}

#[tokio::test(start_paused = true)]
async fn a_user_held_up_by_a_stall_waits_from_due() {
    let arrivals = Arrivals::Users {
        count: 100,
        think_min: Duration::from_millis(400),
        think_max: Duration::from_millis(600),
    };
    let plan = plan(arrivals, secs(20));
    let (tally, _) = run(&plan, Duration::from_millis(20), (secs(5), secs(7))).await;
    let (response, service) = all(&tally);
    // A tenth of what is due waits up to two seconds; a user on its one connection sends only one of
    // four in time, so the service time alone hides the others.
    assert!(
        (900.0..1_150.0).contains(&response.quantile_ms(0.95)),
        "{}",
        response.quantile_ms(0.95)
    );
    assert!(
        service.quantile_ms(0.95) < 100.0,
        "{}",
        service.quantile_ms(0.95)
    );
    let late = tally.lag().max_ms();
    assert!(
        late < 2.0,
        "the target's stall is not the generator's lateness: {late}"
    );
}

#[tokio::test(start_paused = true)]
async fn requests_are_counted_by_user_or_else_by_connection() {
    let users = Arrivals::Users {
        count: 4,
        think_min: Duration::from_millis(500),
        think_max: Duration::from_millis(500),
    };
    let never = (secs(60), secs(60));
    for (arrivals, expected) in [
        (users, vec![10, 10, 10, 10]),
        // Each request takes two and a half of their distances, and the connection used last is used next.
        (constant(10.0, 9), vec![17, 17, 16]),
    ] {
        let plan = plan(arrivals, secs(5));
        let (tally, _) = run(&plan, Duration::from_millis(250), never).await;
        let due: Vec<u64> = tally.users.iter().map(UserGroup::due).collect();
        assert_eq!(due, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn a_cap_on_connections_is_neither_the_targets_nor_lateness() {
    let plan = plan(constant(200.0, 2), secs(5));
    let (tally, _) = run(&plan, Duration::from_millis(20), (secs(60), secs(60))).await;
    let (response, _) = all(&tally);
    assert_eq!(response.len(), 1000);
    assert!(tally.waited_for_connection > 900);
    assert!(tally.waits().max_ms() > 3_000.0);
    assert!(tally.lag().max_ms() < 50.0, "{}", tally.lag().max_ms());
    let counts: Vec<_> = tally
        .seconds
        .iter()
        .flat_map(|second| &second.endpoints)
        .collect();
    let over: u64 = counts.iter().map(|counts| counts.over[0]).sum();
    let own: u64 = counts
        .iter()
        .map(|counts| counts.over_by_generator[0])
        .sum();
    assert!(over > 500 && own == over, "{over} {own}");
}

#[tokio::test(start_paused = true)]
async fn a_target_that_never_answers_ends_the_run_one_timeout_later() {
    let stall = (secs(2), secs(1_000_000));
    for arrivals in [
        constant(50.0, 20),
        Arrivals::Burst {
            count: 30,
            every: secs(1),
        },
    ] {
        let plan = plan(arrivals, secs(10));
        let (tally, took) = run(&plan, Duration::from_millis(20), stall).await;
        let due: u64 = tally.due_between(0, u64::MAX);
        let ended: u64 = tally
            .endpoints
            .iter()
            .flat_map(|e| e.outcomes().into_values())
            .sum();
        assert_eq!(due, ended);
        assert!(due == 500 || due == 300);
        assert!(outcomes(&tally, Outcome::CutOff) > 0);
        assert!(outcomes(&tally, Outcome::NotStarted) > 0);
        assert!(
            took >= secs(20) && took < secs(20) + Duration::from_millis(50),
            "{took:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_waited_for_when_all_has_ended() {
    let plan = plan(constant(100.0, 100), secs(3));
    let (tally, took) = run(&plan, Duration::from_millis(20), (secs(60), secs(60))).await;
    assert_eq!(outcomes(&tally, Outcome::Ok), 300);
    assert!(took < secs(3) + Duration::from_millis(50), "{took:?}");
}

/// A user that counts how often its connection is attended to while nothing is due.
#[derive(Clone)]
struct Idler {
    model: Model,
    attended: Rc<Cell<u32>>,
}

impl Users for Idler {
    type ScriptedUser = Idler;

    fn user(&self, _index: usize, _turns: Turns) -> Idler {
        self.clone()
    }
}

impl User for Idler {
    async fn exchange(&mut self, endpoint: usize, number: u64) -> Exchange {
        self.model.exchange(endpoint, number).await
    }

    async fn idle(&mut self) {
        self.attended.set(self.attended.get() + 1);
        std::future::pending::<()>().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_of_a_rate_is_attended_to_while_it_waits() {
    let plan = plan(constant(10.0, 100), secs(3));
    let attended = Rc::new(Cell::new(0));
    let users = |start| Idler {
        model: Model {
            start,
            service: Duration::from_millis(20),
            stall: (secs(60), secs(60)),
        },
        attended: Rc::clone(&attended),
    };
    let (tally, _) = run_as(&plan, users).await;
    assert_eq!(outcomes(&tally, Outcome::Ok), 30);
    // Between any two requests, and behind the last one.
    assert_eq!(attended.get(), 30);
}
