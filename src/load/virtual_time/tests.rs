//! Whether the coordinator and the workers tell the truth, with response times that are reckoned from the due times
//! and the target's script alone; and how runs end.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::*;
use crate::load::rehearsal::{Fare, rehearse};
use crate::load::run::{LOOK_AHEAD, TICK};
use crate::load::schedule::{nanos, streams};
use crate::load::scripted::{ScriptedAnswer, ScriptedRequest};
use crate::profile::{Overrides, ProfileSource, load};
use crate::record::Outcome;
use crate::record::{Status, Summary};

const QUANTILES: [f64; 4] = [0.5, 0.95, 0.99, 1.0];
const WORK: Duration = Duration::from_millis(20);
/// The timers of virtual time are as fine as a millisecond: a request is sent up to one late, and answered so.
const GRAIN: f64 = 2.1;

/// The plan of a scenario `case` in a profile that says this of it.
fn plan(scenario: &str) -> Plan {
    let text = format!(
        "{scenario}\n[[requirement]]\nname = 'case::errors'\nscenario = 'case'\nmetric = 'error_rate'\n\
         limit = '< 50 %'\n"
    );
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join("truth.toml");
    std::fs::write(&file, text).unwrap();
    load(&ProfileSource::File(file), &Overrides::default())
        .unwrap()
        .plans[0]
        .clone()
}

fn seconds(arrivals: &str, what: &str) -> Plan {
    plan(&format!(
        "[target]\ntimeout = '10s'\n[scenario.case]\n{arrivals}\nduration = '10s'\n{what}"
    ))
}

/// Answers with a rule, and remembers what it was asked.
struct Asked<F> {
    is_settled: F,
    interrupted: bool,
}

impl<F: FnMut(&RunResult, &[u64]) -> bool> Observer for Asked<F> {
    fn progress(&mut self, _: RunProgress) {}

    fn is_settled(&mut self, so_far: &RunResult, open: &[u64]) -> bool {
        (self.is_settled)(so_far, open)
    }

    fn is_interrupted(&mut self) -> bool {
        self.interrupted
    }

    fn processor_time(&mut self) -> Duration {
        Duration::ZERO
    }
}

fn run(plan: &Plan, target: impl ScriptedTarget + 'static) -> RunResult {
    let mut quiet = Asked {
        is_settled: |_: &RunResult, _: &[u64]| true,
        interrupted: false,
    };
    VirtualTime::new(target).run(plan, &mut quiet)
}

/// When a request that arrives at one time is answered, in nanoseconds from the start.
type Answered = fn(u64) -> u64;

/// Work that makes no progress from 3 s to 4 s.
fn stalled(arrived: u64) -> u64 {
    let (work, from, to) = (nanos(WORK), 3_000_000_000, 4_000_000_000);
    if arrived + work <= from || arrived >= to {
        return arrived + work;
    }
    to + work - from.saturating_sub(arrived)
}

/// 5 ms at first, 15 ms more with every second.
fn slower(arrived: u64) -> u64 {
    arrived + 5_000_000 + arrived * 15 / 1_000
}

/// Response times where so many connections are shared; who finds none free waits in line.
fn shared(dues: &[u64], connections: u32, answered: Answered) -> Vec<u64> {
    let mut busy = BinaryHeap::new();
    let serve = |due: &u64| {
        let is_full = busy.len() >= connections as usize;
        let free = if is_full { busy.pop() } else { None };
        let done = answered(free.map_or(*due, |Reverse(free): Reverse<u64>| free.max(*due)));
        busy.push(Reverse(done));
        done - due
    };
    dues.iter().map(serve).collect()
}

/// The response times that a plan should come to, without those of connecting.
fn truth(plan: &Plan, answered: Answered) -> Vec<u64> {
    let end = nanos(plan.phases.planned_end());
    let users = streams(plan, 1).0.into_iter().flatten();
    let dues: Vec<Vec<u64>> = users
        .map(|stream| {
            let first = u64::from(stream.is_socket());
            let all = first..stream.count_before(end);
            all.map(|k| stream.due(k)).collect()
        })
        .collect();
    match plan.arrivals.connection_limit() {
        Some(connections) => shared(&dues.concat(), connections, answered),
        None => dues
            .iter()
            .flat_map(|dues| shared(dues, 1, answered))
            .collect(),
    }
}

fn quantile(sorted: &[u64], quantile: f64) -> f64 {
    let rank = (quantile * sorted.len() as f64).ceil() as usize;
    sorted[rank.clamp(1, sorted.len()) - 1] as f64 / 1e6
}

const HTTP: &str = "[[scenario.case.endpoint]]\npath = '/'\n";
const SOCKET: &str =
    "[scenario.case.socket]\npath = '/ws'\nmessage = '{id}'\nevery = '200ms..300ms'\n";

const CASES: [(&str, &str, Answered); 9] = [
    ("arrivals = 'constant'\nrate = '200/s'", HTTP, stalled),
    ("arrivals = 'poisson'\nrate = '200/s'", HTTP, stalled),
    (
        "arrivals = 'constant'\nrate = '200/s'\nconnections = 50",
        HTTP,
        stalled,
    ),
    (
        "arrivals = 'users'\nusers = 50\nthink_time = '200ms..300ms'",
        HTTP,
        stalled,
    ),
    (
        "arrivals = 'users'\nusers = 500\nthink_time = '2s..3s'",
        HTTP,
        stalled,
    ),
    (
        "arrivals = 'burst'\nusers = 10\nevery = '50ms'",
        HTTP,
        stalled,
    ),
    ("arrivals = 'users'\nusers = 50", SOCKET, stalled),
    ("arrivals = 'constant'\nrate = '200/s'", HTTP, slower),
    (
        "arrivals = 'users'\nusers = 50\nthink_time = '200ms..300ms'",
        HTTP,
        slower,
    ),
];

#[test]
fn response_times_are_those_of_the_script_in_every_arrival_model() {
    for (arrivals, what, answered) in CASES {
        let plan = seconds(arrivals, what);
        let run = run(&plan, move |request: &ScriptedRequest<'_>| {
            let at = nanos(request.at);
            ScriptedAnswer::good(Duration::from_nanos(answered(at) - at))
        });
        let mut truth = truth(&plan, answered);
        truth.sort_unstable();
        let summary = Summary::of(&run);
        let ours = match &plan.socket {
            Some(_) => &run.endpoints.last().unwrap().response,
            None => &summary.response,
        };
        assert_eq!(ours.len(), truth.len() as u64, "{arrivals}");
        for q in QUANTILES {
            let truth = quantile(&truth, q);
            let ours = if q < 1.0 {
                ours.quantile_ms(q)
            } else {
                ours.max_ms()
            };
            assert!(
                (ours - truth).abs() <= 0.01 * truth + GRAIN,
                "{arrivals}, p{}: {ours} ms, not {truth} ms",
                100.0 * q
            );
        }
        let late = run.generator.lag.max_ms();
        assert!(
            late <= GRAIN,
            "{arrivals}: the generator was {late} ms late"
        );
        let is_capped = arrivals.contains("connections");
        let waited = run.generator.waited_for_connection;
        assert_eq!(waited > 0, is_capped, "{arrivals}: {waited}");
    }
}

#[test]
fn known_distributions_come_out_as_they_went_in() {
    let plan = seconds("arrivals = 'constant'\nrate = '200/s'", HTTP);
    let took = |request: &ScriptedRequest<'_>| if request.is_among(0.1) { 200 } else { 10 };
    let run = run(&plan, move |request: &ScriptedRequest<'_>| {
        ScriptedAnswer::good(Duration::from_millis(took(request)))
    });
    let response = Summary::of(&run).response;
    for (q, truth) in [(0.5, 10.0), (0.85, 10.0), (0.95, 200.0), (0.99, 200.0)] {
        let ours = response.quantile_ms(q);
        assert!((truth..truth + GRAIN).contains(&ours), "p{q}: {ours}");
    }
}

/// What was due while no server listened fails and is charged with its timeout; the rest is as ever.
#[test]
fn refused_requests_are_counted_as_what_they_are() {
    let plan = seconds("arrivals = 'constant'\nrate = '200/s'", HTTP);
    let run = run(&plan, |request: &ScriptedRequest<'_>| {
        let refuses = (3..4).contains(&request.at.as_secs());
        if refuses {
            ScriptedAnswer::ended(Outcome::Connect, Duration::ZERO)
        } else {
            ScriptedAnswer::good(WORK)
        }
    });
    let summary = Summary::of(&run);
    // The one due at the very start of it may come a millisecond late, and so does the first one after.
    let refused = summary.outcomes[&Outcome::Connect];
    assert!(refused.abs_diff(200) <= 1, "{refused}");
    assert_eq!(summary.outcomes[&Outcome::Ok] + refused, 2_000);
    assert!(summary.response.quantile_ms(0.99) >= 10_000.0);
    assert!(summary.answered.max_ms() <= 20.0 + GRAIN);
}

/// Twenty users for six judged seconds from the first one on, and three more where a verdict is open.
fn extendable(settle: &str) -> Plan {
    plan(&format!(
        "[scenario.case]\narrivals = 'users'\nusers = 20\nthink_time = '100ms..300ms'\nramp_up = '1s'\n\
         duration = '6s'\nextend = '3s'\nsettle = '{settle}'\n{HTTP}"
    ))
}

fn sound(_: &ScriptedRequest<'_>) -> ScriptedAnswer {
    ScriptedAnswer::good(WORK)
}

/// Thousands of sessions are rehearsed to tell how often a verdict is wrong: that speaks of real ones only if both
/// end at the same time and with the same counts.
#[test]
fn a_run_ends_as_its_rehearsal_does() {
    for (settle, settled_at, end) in [
        ("off", 0, 7),
        ("3s", 0, 4),
        ("3s", 5, 5),
        ("off", 60, 10),
        ("4s", 60, 10),
    ] {
        let plan = extendable(settle);
        let rule = |run: &RunResult, _: &[u64]| run.window.to >= settled_at * 1_000_000_000;
        let mut asked = Asked {
            is_settled: rule,
            interrupted: false,
        };
        let real = VirtualTime::new(sound).run(&plan, &mut asked);
        let fare = Fare {
            took: nanos(WORK),
            outcome: Outcome::Ok,
        };
        let rehearsed = rehearse(&plan, &mut asked, &mut |_, _| fare);
        assert_eq!(real.window, rehearsed.window, "{settle} {settled_at}");
        assert_eq!(real.window.to, end * 1_000_000_000, "{settle} {settled_at}");
        let due = |run: &RunResult| -> Vec<u64> {
            run.seconds.iter().map(crate::record::Second::due).collect()
        };
        assert_eq!(due(&real), due(&rehearsed), "{settle} {settled_at}");
        assert_eq!(real.endpoints[0].outcomes, rehearsed.endpoints[0].outcomes);
        assert_eq!(real.status, Status::Complete);
    }
}

#[test]
fn an_interrupted_run_ends_at_once_and_says_so() {
    let mut asked = Asked {
        is_settled: |_: &RunResult, _: &[u64]| false,
        interrupted: true,
    };
    let run = VirtualTime::new(sound).run(&extendable("off"), &mut asked);
    assert_eq!(run.status, Status::Partial);
    let due: u64 = run.seconds.iter().map(crate::record::Second::due).sum();
    assert!(due < 20, "{due}");
}

#[test]
fn without_a_workers_book_a_run_is_not_complete() {
    let plan = extendable("off");
    let connector = Connector::new(&nowhere()).unwrap();
    let mut asked = Asked {
        is_settled: |_: &RunResult, _: &[u64]| true,
        interrupted: false,
    };
    let run = coordinate(&plan, connector, &PausedTime::new(), &mut asked, |share| {
        // It ends without its tally, as a thread that panics does.
        Worker::begin(WorkerPart::new(&plan, share, 0), |_, _, _| Ok(()))
    });
    let run = run.unwrap();
    assert_eq!(run.status, Status::Partial);
    assert_eq!(run.notes, ["1 of 1 workers of the generator died"]);
}

#[test]
fn a_target_goes_on_from_one_load_to_the_next() {
    let time = VirtualTime::new(|request: &ScriptedRequest<'_>| {
        let is_up = request.at < Duration::from_secs(9);
        ScriptedAnswer::ended(if is_up { Outcome::Ok } else { Outcome::Connect }, WORK)
    });
    let mut asked = Asked {
        is_settled: |_: &RunResult, _: &[u64]| true,
        interrupted: false,
    };
    let plan = extendable("off");
    let failed = [(); 2].map(|()| Summary::of(&time.run(&plan, &mut asked)).failed());
    assert_eq!(failed[0], 0);
    assert!(failed[1] > 300, "{failed:?}");
}

/// How the coordinator judges while the run is on must not change what the target is charged with.
#[test]
fn a_run_is_extended_however_long_it_takes_to_judge() {
    let plan = extendable("off");
    let quick = judged_for(&plan, 0);
    assert_eq!(quick.window.extensions, 3);
    // Longer than the look-ahead, than all looks at once, and than a part of the extension.
    for judging in [20, 60, 200, 450] {
        let slow = judged_for(&plan, judging);
        assert_eq!(slow.window, quick.window, "{judging}");
        assert_eq!(slow.endpoints[0].outcomes, quick.endpoints[0].outcomes);
        let due = |run: &RunResult| -> Vec<u64> {
            run.seconds.iter().map(crate::record::Second::due).collect()
        };
        assert_eq!(due(&slow), due(&quick), "{judging}");
        let late = slow.generator.lag.max_ms();
        assert!(late <= GRAIN, "{judging}: {late} ms late");
        assert!(Summary::of(&slow).response.max_ms() <= 20.0 + GRAIN);
        assert_eq!(slow.notes, [""; 0]);
    }
}

/// Then the planned end stands, and neither the target nor anything that was sent meanwhile is charged with it.
#[test]
fn a_run_that_is_judged_too_late_ends_as_planned_and_says_so() {
    let plan = extendable("off");
    for judging in [1_100, 5_000] {
        let late = judged_for(&plan, judging);
        assert_eq!(late.window.to, nanos(plan.phases.planned_end()));
        assert_eq!(late.window.extensions, 0);
        let summary = Summary::of(&late);
        assert_eq!(summary.failed(), 0, "{judging}");
        let due = due_in_window(&plan, &late);
        assert_eq!(summary.outcomes[&Outcome::Ok], due, "{judging}");
        assert_eq!(late.notes, [crate::load::run::TOO_LATE]);
    }
}

/// An end at which nothing is open is final before it comes, or as soon as that is known.
#[test]
fn nothing_that_is_sent_past_the_end_counts() {
    for (settle, judging) in [("off", 0), ("off", 60), ("off", 700), ("3s", 0), ("3s", 60)] {
        let plan = extendable(settle);
        let mut asked = Asked {
            is_settled: |_: &RunResult, open: &[u64]| open[0] < 20,
            interrupted: false,
        };
        let target = VirtualTime::new(sound).judging_for(Duration::from_millis(judging));
        let run = target.run(&plan, &mut asked);
        let due = due_in_window(&plan, &run);
        let summary = Summary::of(&run);
        assert_eq!(summary.outcomes[&Outcome::Ok], due, "{settle} {judging}");
        assert_eq!(summary.outcomes.len(), 1, "{settle} {judging}");
        assert_eq!(run.window.extensions, 0);
    }
}

/// What was sent before an end was moved on is known when the next one is looked at.
#[test]
fn a_look_at_a_later_end_misses_nothing() {
    let plan = extendable("off");
    let mut known = std::collections::BTreeMap::<u64, u64>::new();
    let mut asked = Asked {
        is_settled: |so_far: &RunResult, open: &[u64]| {
            let due: u64 = so_far.seconds.iter().map(crate::record::Second::due).sum();
            let most = known.entry(so_far.window.to).or_default();
            *most = (*most).max(due + open[0]);
            false
        },
        interrupted: false,
    };
    let target = VirtualTime::new(sound).judging_for(Duration::from_millis(450));
    target.run(&plan, &mut asked);
    assert_eq!(known.len(), 4);
    for (end, known) in known {
        let least = due_between(&plan, 0, end - nanos(LOOK_AHEAD + TICK));
        assert!(known >= least, "{known} of {least} at {end}");
    }
}

/// A run of which no verdict is ever settled, by a coordinator that takes so many milliseconds for each.
fn judged_for(plan: &Plan, judging: u64) -> RunResult {
    let mut asked = Asked {
        is_settled: |_: &RunResult, _: &[u64]| false,
        interrupted: false,
    };
    let target = VirtualTime::new(sound).judging_for(Duration::from_millis(judging));
    target.run(plan, &mut asked)
}

/// What the plan has due in the judged part of a run.
fn due_in_window(plan: &Plan, run: &RunResult) -> u64 {
    due_between(plan, run.window.from, run.window.to)
}

fn due_between(plan: &Plan, from: u64, to: u64) -> u64 {
    let users = streams(plan, 1).0.into_iter().flatten();
    users
        .map(|user| user.count_before(to) - user.count_before(from))
        .sum()
}
