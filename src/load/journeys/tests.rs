//! Whole journeys in virtual time, against what follows from the due times and the target's script alone.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::load::observer::{Observer, RunProgress};
use crate::load::schedule::{DueTimes, nanos, streams};
use crate::load::virtual_time::VirtualTime;
use crate::load::{ScriptedAnswer, ScriptedRequest};
use crate::plan::{
    Arrivals, Bounds, Endpoint, EndpointKind, Journey, Phases, Plan, Poll, Rate, Socket, Step,
};
use crate::record::{EndpointResult, JourneyEnding, RunResult, Status, Summary};

const STEPS: usize = 5;
const WORK: Duration = Duration::from_millis(100);
const THINK: Duration = Duration::from_secs(1);
/// The timers of virtual time are as fine as a millisecond: a request is sent up to one late, and answered so.
const GRAIN: f64 = 2.1;

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// A plan of one journey.
fn plan(arrivals: Arrivals, seconds: u64, steps: Vec<Step>) -> Plan {
    let count = steps.len();
    let named = (1..).zip(steps).map(|(number, step)| Endpoint {
        name: format!("step {number}"),
        step: Some(step),
        ..Endpoint::default()
    });
    let whole = Endpoint {
        name: "journey".to_owned(),
        kind: EndpointKind::Journey,
        ..Endpoint::default()
    };
    Plan {
        values: crate::template::PlanValues::default(),
        scenario: "case".to_owned(),
        arrivals,
        phases: Phases {
            ramp_up: Duration::ZERO,
            warm_up: Duration::ZERO,
            measure: Duration::from_secs(seconds),
            extend: Duration::ZERO,
            settle: None,
        },
        endpoints: named.chain([whole]).collect(),
        socket: None,
        journeys: vec![Journey {
            name: "journey".to_owned(),
            weight: 1,
            endpoint: count,
            steps: 0..count,
        }],
        headers: Vec::new(),
        bounds: Bounds {
            timeout: Duration::from_secs(10),
            connect_timeout: Duration::from_secs(5),
            body_bytes: 1 << 20,
        },
        thresholds: vec![ms(1_000)],
        seed: 15,
        workers: 1,
        search: None,
    }
}

fn users(count: u32, every: (Duration, Duration)) -> Arrivals {
    Arrivals::Users(crate::plan::ThinkingUsers {
        count,
        think_min: every.0,
        think_max: every.1,
    })
}

fn rate(per_second: f64, connections: u32) -> Arrivals {
    Arrivals::Constant(crate::plan::ConstantRate {
        rate: Rate::per_second(per_second).unwrap(),
        connections,
    })
}

fn steps(count: usize, think: Duration) -> Vec<Step> {
    let step = |index| Step {
        think_min: if index == 0 { Duration::ZERO } else { think },
        think_max: if index == 0 { Duration::ZERO } else { think },
        ..Step::default()
    };
    (0..count).map(step).collect()
}

/// Settles from a time on; is interrupted at one.
#[derive(Clone, Copy)]
struct Watcher {
    settled_from: u64,
    interrupted_at: Duration,
    now: Duration,
}

const PATIENT: Watcher = Watcher {
    settled_from: 0,
    interrupted_at: Duration::MAX,
    now: Duration::ZERO,
};

impl Observer for Watcher {
    fn progress(&mut self, progress: RunProgress) {
        self.now = progress.elapsed;
    }

    fn is_settled(&mut self, so_far: &RunResult, _: &[u64]) -> bool {
        so_far.window.to >= self.settled_from * 1_000_000_000
    }

    fn is_interrupted(&mut self) -> bool {
        self.now >= self.interrupted_at
    }

    fn processor_time(&mut self) -> Duration {
        Duration::ZERO
    }
}

fn run(
    plan: &Plan,
    target: impl Fn(&ScriptedRequest<'_>) -> ScriptedAnswer + 'static,
) -> RunResult {
    VirtualTime::new(target).run(plan, &mut PATIENT.clone())
}

fn all_due(plan: &Plan) -> Vec<DueTimes> {
    streams(plan, 1).0.into_iter().flatten().collect()
}

/// Journeys due in the judged part of a run.
fn due(plan: &Plan, run: &RunResult) -> u64 {
    let before = |at| -> u64 { all_due(plan).iter().map(|one| one.count_before(at)).sum() };
    before(run.window.to) - before(run.window.from)
}

fn total(endpoint: &EndpointResult) -> u64 {
    endpoint.outcomes.values().sum()
}

fn quantile(sorted: &[u64], quantile: f64) -> f64 {
    let rank = (quantile * sorted.len() as f64).ceil() as usize;
    sorted[rank.clamp(1, sorted.len()) - 1] as f64 / 1e6
}

/// Work of 54 ms that makes no progress from 30 s to 33 s.
fn stalled(arrived: u64) -> u64 {
    let (work, from, to) = (54_000_000, 30_000_000_000, 33_000_000_000);
    if arrived + work <= from || arrived >= to {
        return arrived + work;
    }
    to + work - from.saturating_sub(arrived)
}

/// When each step of each journey is due, and how long it is waited for, by the script alone.
fn truth(plan: &Plan) -> (Vec<Vec<(u64, u64)>>, Vec<u64>) {
    let end = nanos(plan.phases.planned_end());
    let is_users = matches!(plan.arrivals, Arrivals::Users { .. });
    let (mut of_steps, mut of_journeys) = (vec![Vec::new(); STEPS], Vec::new());
    for stream in all_due(plan) {
        let mut free = 0;
        for k in 0..stream.count_before(end) {
            let mut due = stream.due(k);
            let mut sent = if is_users { due.max(free) } else { due };
            let mut waits = 0;
            for of_step in &mut of_steps {
                let done = stalled(sent);
                of_step.push((due, done - due));
                waits += done - due;
                free = done;
                due = done + nanos(THINK);
                sent = due;
            }
            of_journeys.push(waits);
        }
    }
    (of_steps, of_journeys)
}

fn assert_times(what: &str, ours: &EndpointResult, mut truth: Vec<u64>, grain: f64) {
    truth.sort_unstable();
    let count = ours.response.len() as f64;
    let expected = truth.len() as f64;
    assert!(
        (count - expected).abs() <= 0.01 * expected,
        "{what}: {count}, not {expected}"
    );
    for q in [0.5, 0.75, 0.95, 0.99, 1.0] {
        let truth = quantile(&truth, q);
        let ours = if q < 1.0 {
            ours.response.quantile_ms(q)
        } else {
            ours.response.max_ms()
        };
        assert!(
            (ours - truth).abs() <= 0.01 * truth + grain,
            "{what}, p{}: {ours} ms, not {truth} ms",
            100.0 * q
        );
    }
}

#[test]
fn a_stall_counts_in_each_step_and_in_the_journey_as_the_arithmetic_says() {
    // Some of the users are still on their last journey when the next one is due.
    let by_users = users(120, (ms(4_500), ms(6_500)));
    for arrivals in [rate(25.0, 1_000), by_users] {
        let plan = plan(arrivals, 60, steps(STEPS, THINK));
        let asked: Rc<RefCell<HashMap<(String, u64), u32>>> = Rc::default();
        let seen = Rc::clone(&asked);
        let run = run(&plan, move |request| {
            let key = (request.endpoint.name.clone(), request.number);
            *seen.borrow_mut().entry(key).or_default() += 1;
            let at = nanos(request.at);
            ScriptedAnswer::good(Duration::from_nanos(stalled(at) - at))
        });
        let (of_steps, of_journeys) = truth(&plan);
        let what = plan.arrivals.to_string();
        let end = run.window.to;
        for (index, of_step) in of_steps.into_iter().enumerate() {
            let step = &run.endpoints[index];
            let judged = of_step.into_iter().filter(|(due, _)| *due < end);
            let waits = judged.map(|(_, wait)| wait).collect();
            assert_times(&format!("{what}, {}", step.name), step, waits, GRAIN);
            // At the server, every step of every journey that was due, and each once.
            assert_eq!(step.reached, of_journeys.len() as u64, "{what}");
            for stream in all_due(&plan) {
                for k in 0..stream.count_before(end) {
                    let key = (step.name.clone(), stream.number(k));
                    assert_eq!(asked.borrow().get(&key), Some(&1), "{what}: {key:?}");
                }
            }
        }
        let over = of_journeys.iter().filter(|wait| **wait >= 1_000_000_000);
        let truth_over = over.count() as f64 / of_journeys.len() as f64;
        let journey = &run.endpoints[STEPS];
        let counted: u64 = (run.seconds[..60].iter())
            .map(|second| second.journeys[0].counts.over[0])
            .sum();
        let over = counted as f64 / total(journey) as f64;
        assert!(
            (over - truth_over).abs() <= 0.01 * truth_over + 0.002,
            "{what}: {over}, {truth_over}"
        );
        if plan.arrivals.connection_limit().is_some() {
            // Of 60 s, 6.54 s: one of five sends within 4.2 s falls into the 2.3 s after which more than a second is waited.
            assert!((over - 0.109).abs() <= 0.002, "{over}");
        }
        assert_times(&what, journey, of_journeys, 5.0 * GRAIN);
        assert_eq!(total(journey), due(&plan, &run), "{what}");
    }
}

/// 5 s and more after the end journeys still begin, so that the last judged ones meet the same load; they are not judged.
#[test]
fn the_load_goes_on_until_the_last_judged_journey_has_ended() {
    let plan = plan(rate(20.0, 500), 10, steps(STEPS, THINK));
    let run = run(&plan, |_| ScriptedAnswer::good(WORK));
    let journey = &run.endpoints[STEPS];
    assert_eq!(journey.outcomes, [(Outcome::Ok, 200)].into());
    let begun_in = |second: usize| run.seconds[second].endpoints[0].due;
    assert_eq!((begun_in(9), begun_in(10), begun_in(13)), (20, 20, 20));
    assert!(run.seconds.len() <= 17, "{}", run.seconds.len());
    // Four seconds of the last step's requests are due after the end.
    let last = &run.endpoints[STEPS - 1];
    assert_eq!((last.reached, last.unreached), (200, 0));
    assert!((110..=113).contains(&total(last)), "{}", total(last));
    let summary = Summary::of(&run);
    let judged: u64 = run.endpoints[..STEPS].iter().map(total).sum();
    assert_eq!(summary.due, judged);
    assert!(summary.unjudged_due > 300, "{}", summary.unjudged_due);
}

#[test]
fn a_failed_step_ends_its_journey_but_for_what_is_always_sent() {
    let mut steps = steps(STEPS, ms(100));
    steps[4].always = true;
    let plan = plan(rate(10.0, 100), 10, steps);
    let run = run(&plan, |request| {
        let fails = request.endpoint.name == "step 3" && request.number % 2 == 0;
        let outcome = if fails {
            Outcome::Status(500)
        } else {
            Outcome::Ok
        };
        ScriptedAnswer::ended(outcome, WORK)
    });
    let reached: Vec<(u64, u64)> = run.endpoints[..STEPS]
        .iter()
        .map(|step| (step.reached, step.unreached))
        .collect();
    assert_eq!(reached, [(100, 0), (100, 0), (100, 0), (50, 50), (100, 0)]);
    let journey = &run.endpoints[STEPS];
    let expected = [(Outcome::Ok, 50), (Outcome::Status(500), 50)];
    assert_eq!(journey.outcomes, expected.into());
    let ending = JourneyEnding {
        step: 2,
        outcome: Outcome::Status(500),
        count: 50,
    };
    assert_eq!(journey.ended_by, [ending]);
    // Charged no less than all of its steps may take.
    let charged = journey.response.max_ms();
    assert!((charged / 50_000.0 - 1.0).abs() < 0.01, "{charged}");
    let answered = journey.answered.max_ms();
    assert!(
        (500.0..500.0 + 5.0 * GRAIN).contains(&answered),
        "{answered}"
    );
}

#[test]
fn a_journey_holds_its_connection_from_its_first_step_to_its_last() {
    let plan = plan(rate(2.0, 1), 10, steps(3, ms(400)));
    let run = run(&plan, |_| ScriptedAnswer::good(ms(50)));
    // 950 ms for each of those that come every 500 ms.
    assert!(
        run.generator.waited_for_connection >= 19,
        "{:?}",
        run.generator
    );
    let journey = &run.endpoints[3];
    assert_eq!(total(journey), 20);
    let longest = journey.response.max_ms();
    assert!(
        (longest - (19.0 * 450.0 + 150.0)).abs() < 100.0,
        "{longest}"
    );
    let later = run.endpoints[2].response.max_ms();
    assert!(later < 50.0 + GRAIN, "{later}");
}

fn polling(every: u64, within: u64) -> Vec<Step> {
    let mut steps = steps(2, ms(100));
    steps[1].poll = Some(Poll {
        every: ms(every),
        within: ms(within),
    });
    steps
}

/// Done 700 ms after it was asked for first.
fn done_after(
    begun: &RefCell<HashMap<u64, Duration>>,
    request: &ScriptedRequest<'_>,
) -> ScriptedAnswer {
    let mut begun = begun.borrow_mut();
    let first = *begun.entry(request.number).or_insert(request.at);
    let is_done = request.endpoint.name != "step 2" || request.at >= first + ms(700);
    if is_done {
        ScriptedAnswer::good(ms(10))
    } else {
        ScriptedAnswer::pending(ms(10))
    }
}

#[test]
fn a_poll_is_one_request_that_lasts_until_the_answer_has_it() {
    let mut plan = plan(rate(5.0, 100), 10, polling(500, 5_000));
    plan.thresholds = vec![ms(300), ms(700), ms(2_000)];
    let begun = RefCell::default();
    let run = run(&plan, move |request| done_after(&begun, request));
    let step = &run.endpoints[1];
    assert_eq!(total(step), step.outcomes[&Outcome::Ok]);
    assert_eq!(step.reached, 50);
    // Asked at 0, 510 and 1020 ms.
    let took = step.response.max_ms();
    assert!((1_030.0..1_030.0 + 3.0 * GRAIN).contains(&took), "{took}");
    assert_eq!(step.poll_every, Some(500_000_000));
    let sum = |of: &dyn Fn(&crate::record::Counts) -> u64| -> u64 {
        (run.seconds[..10].iter())
            .map(|second| of(&second.endpoints[1]))
            .sum()
    };
    // The last answer without it came after 520 ms: it is over 300 ms in any case, and may not be over 700.
    assert_eq!(sum(&|counts| counts.over[1]), total(step));
    assert_eq!(sum(&|counts| counts.over[2]), 0);
    let by_poll =
        |index: usize| sum(&|counts| counts.over_by_poll.get(index).copied().unwrap_or(0));
    assert_eq!([by_poll(0), by_poll(1), by_poll(2)], [0, total(step), 0]);
    let whole: u64 = (run.seconds[..10].iter())
        .map(|second| second.journeys[0].counts.over_by_poll[1])
        .sum();
    assert_eq!(whole, 50);
}

#[test]
fn a_poll_that_takes_too_long_has_timed_out_then() {
    let plan = plan(rate(5.0, 100), 10, polling(200, 600));
    let begun = RefCell::default();
    let run = run(&plan, move |request| done_after(&begun, request));
    let step = &run.endpoints[1];
    assert_eq!(
        step.outcomes.keys().collect::<Vec<_>>(),
        [&Outcome::Timeout]
    );
    let took = step.response.max_ms();
    assert!((600.0..600.0 + GRAIN).contains(&took), "{took}");
    let journey = &run.endpoints[2];
    assert_eq!(journey.outcomes, [(Outcome::Timeout, 50)].into());
}

#[test]
fn think_times_are_drawn_from_the_journey_and_the_step_and_again_alike() {
    let mut steps = steps(3, ms(500));
    steps[1].think_max = ms(1_500);
    steps[2].think_max = ms(1_500);
    let mut plan = plan(rate(20.0, 500), 10, steps);
    let first = run(&plan, |_| ScriptedAnswer::good(WORK));
    plan.workers = 3;
    let dealt = run(&plan, |_| ScriptedAnswer::good(WORK));
    let due = |run: &RunResult| -> Vec<Vec<u64>> {
        let of = |second: &crate::record::Second| {
            second.endpoints[..3].iter().map(|one| one.due).collect()
        };
        run.seconds[..10].iter().map(of).collect()
    };
    for (one, other) in due(&first)
        .iter()
        .flatten()
        .zip(due(&dealt).iter().flatten())
    {
        // A millisecond more or less at the edge of a second.
        assert!(one.abs_diff(*other) <= 1, "{one} and {other}");
    }
}

/// One in three users holds a WebSocket, and goes on with its messages in the tail.
#[test]
fn users_on_websockets_mix_with_users_on_journeys() {
    let mut plan = plan(users(15, (ms(900), ms(1_100))), 5, steps(3, ms(300)));
    let whole = plan.endpoints.pop().expect("a journey");
    let socket = |name: &str, kind| Endpoint {
        name: name.to_owned(),
        kind,
        weight: 0,
        ..Endpoint::default()
    };
    plan.endpoints.extend([
        socket("connect", EndpointKind::Connect),
        socket("message", EndpointKind::Message),
        whole,
    ]);
    plan.journeys[0].endpoint = 5;
    plan.socket = Some(Socket {
        users: 5,
        every_min: ms(200),
        every_max: ms(300),
        path: "/ws".to_owned(),
        message: "{id}".to_owned(),
        reply: Vec::new(),
        matching: String::new(),
        auth: false,
        connect_timeout: Duration::from_secs(5),
        reply_timeout: Duration::from_secs(5),
        frame_bytes: 1024,
    });
    let run = run(&plan, |_| ScriptedAnswer::good(ms(20)));
    let before = |is_meant: bool| -> u64 {
        let meant = all_due(&plan)
            .into_iter()
            .filter(|one| one.is_socket() == is_meant);
        meant.map(|one| one.count_before(run.window.to)).sum()
    };
    assert_eq!(total(&run.endpoints[3]), 5);
    assert_eq!(total(&run.endpoints[4]), before(true) - 5);
    assert_eq!(
        run.endpoints[5].outcomes,
        [(Outcome::Ok, before(false))].into()
    );
    let steps = &run.endpoints[..3];
    assert!(
        steps
            .iter()
            .all(|step| (step.reached, step.unreached) == (before(false), 0))
    );
    let in_the_tail = run.seconds[5].endpoints[4].due;
    assert!(in_the_tail > 5, "{in_the_tail}");
}

/// How a random run goes.
#[derive(Debug, Clone)]
struct Course {
    fails: f64,
    hangs: f64,
    workers: usize,
    is_rate: bool,
    extend: u64,
    settle: bool,
    settled_from: u64,
    interrupted_at: Option<u64>,
    always: usize,
}

fn course() -> impl Strategy<Value = Course> {
    let run = (
        1..4_usize,
        any::<bool>(),
        0..3_u64,
        any::<bool>(),
        0..12_u64,
    );
    let trouble = (0.0..0.4_f64, 0.0..0.3_f64, 0..4_usize);
    (run, trouble, prop::option::weighted(0.3, 500..12_000_u64)).prop_map(
        |(
            (workers, is_rate, extend, settle, settled_from),
            (fails, hangs, always),
            interrupted_at,
        )| Course {
            fails,
            hangs,
            workers,
            is_rate,
            extend,
            settle,
            settled_from,
            interrupted_at,
            always,
        },
    )
}

fn random_plan(course: &Course) -> Plan {
    let arrivals = if course.is_rate {
        rate(20.0, 30)
    } else {
        users(15, (ms(500), ms(1_500)))
    };
    let mut steps = steps(4, ms(200));
    steps[2].think_max = ms(700);
    steps[course.always].always = true;
    let mut plan = plan(arrivals, 4, steps);
    plan.workers = course.workers;
    plan.bounds.timeout = ms(1_500);
    plan.phases = Phases {
        ramp_up: ms(700),
        extend: Duration::from_secs(course.extend),
        settle: course.settle.then_some(Duration::from_secs(2)),
        ..plan.phases
    };
    plan
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, ..ProptestConfig::default() })]

    #[test]
    fn every_due_journey_has_reached_each_step_or_not(course in course()) {
        let plan = random_plan(&course);
        let (fails, hangs) = (course.fails, course.hangs);
        let target = move |request: &ScriptedRequest<'_>| {
            // Another draw for each step of the same journey.
            let step = u64::from(request.endpoint.name.as_bytes()[5]);
            let drawn = ScriptedRequest { number: request.number * 64 + step, ..*request };
            let other = ScriptedRequest { number: request.number * 64 + step + 32, ..*request };
            if drawn.is_among(hangs) {
                ScriptedAnswer::never()
            } else if other.is_among(fails) {
                ScriptedAnswer::ended(Outcome::Reset, ms(20))
            } else {
                ScriptedAnswer::good(ms(60))
            }
        };
        let mut watcher = Watcher {
            settled_from: course.settled_from,
            interrupted_at: course.interrupted_at.map_or(Duration::MAX, ms),
            ..PATIENT
        };
        let run = VirtualTime::new(target).run(&plan, &mut watcher);
        let due = if run.window.to > run.window.from { due(&plan, &run) } else { 0 };
        let journey = &run.endpoints[4];
        prop_assert_eq!(total(journey), due);
        let ended: u64 = journey.ended_by.iter().map(|ending| ending.count).sum();
        let failed = due - journey.outcomes.get(&Outcome::Ok).copied().unwrap_or(0);
        prop_assert_eq!(ended, failed);
        for step in &run.endpoints[..4] {
            prop_assert_eq!(step.reached + step.unreached, due);
        }
        // What was due in the rest of the second that the end cuts is not in the series.
        let in_window = run.window.from / 1_000_000_000..run.window.to.div_ceil(1_000_000_000);
        let in_window = in_window.start as usize..in_window.end as usize;
        if run.status == Status::Complete && in_window.end <= run.seconds.len() {
            let seconds = &run.seconds[in_window];
            for (index, step) in run.endpoints[..4].iter().enumerate() {
                let unreached: u64 = seconds.iter().map(|one| one.endpoints[index].unreached).sum();
                prop_assert_eq!(unreached, step.unreached);
                let due: u64 = seconds.iter().map(|one| one.endpoints[index].due).sum();
                prop_assert_eq!(due, total(step));
            }
        }
        // The first step is due with its journey.
        prop_assert_eq!(run.endpoints[0].reached, due);
        prop_assert_eq!(total(&run.endpoints[0]), due);
    }
}
