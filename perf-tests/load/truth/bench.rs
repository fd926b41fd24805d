//! Runs a plan, reckons what it should have come to, and compares.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

use agentos_perf::diagnostic::render_diagnostics;
use agentos_perf::load::{self, Observer, RunProgress};
use agentos_perf::plan::Plan;
use agentos_perf::profile::{Destination, HttpVersion, Overrides, ProfileSource};
use agentos_perf::record::{Histogram, RunResult, Summary};

use super::simulation::{MS, Nanos, quantile};

pub(crate) const QUANTILES: [f64; 4] = [0.5, 0.95, 0.99, 1.0];

/// How far a figure may lie from the truth, beside what the machine takes.
const TOLERANCE: f64 = 0.01;
/// What the machine may take of a request, in milliseconds.
const MACHINE: f64 = 1.0;
/// How often a request waits for a processor: due, arrived, answered, done.
const WAKES: f64 = 4.0;

/// One load at a time in this process, as nextest has it between processes.
pub(crate) fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

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

/// The plan of a scenario `case` in a profile that says this of it.
pub(crate) fn plan(scenario: &str) -> Plan {
    let folder = tempfile::TempDir::new().expect("a temporary folder");
    let file = folder.path().join("truth.toml");
    // A profile without a requirement is none; nothing is judged by it here.
    let requirement = "[[requirement]]\nname = 'case::errors'\nscenario = 'case'\nmetric = 'error_rate'\n\
        limit = '< 50 %'\n";
    std::fs::write(&file, format!("{scenario}\n{requirement}")).expect("a profile");
    let profile = agentos_perf::profile::load(&ProfileSource::File(file), &Overrides::default());
    let profile = profile.unwrap_or_else(|problems| panic!("{}", render_diagnostics(&problems)));
    let mut plan = profile.plan("case").expect("the scenario").clone();
    plan.workers = 1;
    plan
}

pub(crate) fn run(plan: &Plan, url: &str) -> RunResult {
    let destination = Destination {
        origin: url.parse().expect("a URL"),
        token: None,
        insecure: false,
        http: HttpVersion::default(),
        users: std::sync::Arc::default(),
    };
    load::run(plan, &destination, &mut Quiet).expect("a run")
}

/// The due times of each stream of a plan.
pub(crate) fn dues(plan: &Plan) -> Vec<Vec<Nanos>> {
    let end = plan.phases.planned_end().as_nanos() as u64;
    let (groups, _) = load::streams(plan, 1);
    let streams = groups.into_iter().flatten();
    streams
        .map(|stream| {
            let count = stream.count_before(end);
            (0..count).map(|k| stream.due(k).cast_signed()).collect()
        })
        .collect()
}

pub(crate) fn all(dues: &[Vec<Nanos>]) -> Vec<Nanos> {
    let mut all: Vec<Nanos> = dues.iter().flatten().copied().collect();
    all.sort_unstable();
    all
}

/// The middle of the widest gap between requests around an instant: what begins there splits no request's hair.
pub(crate) fn quiet_moment(dues: &[Nanos], around: Nanos) -> Nanos {
    let near = |due: &&Nanos| (**due - around).abs() < 200 * MS;
    let near: Vec<Nanos> = dues.iter().filter(near).copied().collect();
    let widest = near.windows(2).max_by_key(|pair| pair[1] - pair[0]);
    widest.map_or(around, |pair| pair[0].midpoint(pair[1]))
}

/// How late a thread wakes that only ever sleeps, from the first to the last look: what the machine takes itself.
pub(crate) fn watching_the_machine<R>(work: impl FnOnce() -> R) -> (R, Vec<Nanos>) {
    const NAP: Duration = Duration::from_millis(1);
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let watch = scope.spawn(|| {
            let mut late = Vec::new();
            while !over.load(Ordering::Acquire) {
                let begun = Instant::now();
                thread::sleep(NAP);
                late.push((begun.elapsed().saturating_sub(NAP)).as_nanos() as Nanos);
            }
            late.sort_unstable();
            late
        });
        let ends = Ends(&over);
        let result = work();
        drop(ends);
        (result, watch.join().expect("a watch"))
    })
}

/// Ends the watch, also when what it watches panics.
struct Ends<'a>(&'a AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

/// A case yet to be run.
pub(crate) type Job = Box<dyn FnOnce() -> Case + Send>;

/// One line of the table.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) asked: usize,
    pub(crate) seen: usize,
    /// p50, p95, p99 and the longest, in milliseconds.
    pub(crate) truth: [f64; 4],
    pub(crate) ours: [f64; 4],
    /// Of `truth`; but for what the machine takes.
    pub(crate) tolerance: f64,
    /// How late the target's own timers may be, in milliseconds.
    pub(crate) grain: f64,
    /// The generator's own lateness at p50 and p99, in milliseconds.
    pub(crate) late: [f64; 2],
    /// What else is wrong.
    pub(crate) wrong: Vec<String>,
}

impl Case {
    pub(crate) fn new(name: &'static str, run: &RunResult, truth: Vec<Nanos>) -> Case {
        let lag = &run.generator.lag;
        Case {
            name,
            asked: truth.len(),
            seen: 0,
            truth: figures(truth),
            ours: ours(&Summary::of(run).response),
            tolerance: TOLERANCE,
            grain: 0.0,
            late: [lag.quantile_ms(0.5), lag.quantile_ms(0.99)],
            wrong: Vec::new(),
        }
    }

    pub(crate) fn must(&mut self, holds: bool, what: impl FnOnce() -> String) {
        if !holds {
            self.wrong.push(format!("{}: {}", self.name, what()));
        }
    }

    fn compare(&mut self, machine: [f64; 4]) {
        for i in 0..QUANTILES.len() {
            let (truth, ours) = (self.truth[i], self.ours[i]);
            let share = truth * self.tolerance;
            let over = self.grain + MACHINE.max(WAKES * machine[i]);
            let right = (truth - share - MACHINE..=truth + share + over).contains(&ours);
            self.must(right, || {
                format!(
                    "p{} is {ours:.2} ms, not {truth:.2} ms",
                    QUANTILES[i] * 100.0
                )
            });
        }
    }
}

pub(crate) fn ours(times: &Histogram) -> [f64; 4] {
    QUANTILES.map(|q| {
        if q < 1.0 {
            times.quantile_ms(q)
        } else {
            times.max_ms()
        }
    })
}

/// The same figures of exact times, in milliseconds.
pub(crate) fn figures(mut times: Vec<Nanos>) -> [f64; 4] {
    times.sort_unstable();
    QUANTILES.map(|q| quantile(&times, q) as f64 / MS as f64)
}

/// So often a table is made anew when something in it is wrong: a generator that errs does so each time, a
/// machine that was busy elsewhere does not.
const ATTEMPTS: usize = 4;
/// So often at most, with those in which the machine was too busy to tell.
const ATTEMPTS_WHEN_BUSY: usize = 10;
/// A thread that only sleeps wakes later than this in one of a hundred times on a machine that is too busy to tell.
const BUSY: f64 = 2.0;

/// Runs cases at once, prints their table, and fails with all that is wrong each time. What is right is right however
/// busy the machine is; what is wrong is believed of a quiet one.
pub(crate) fn judge(cases: impl Fn() -> Vec<Job>) {
    let _alone = alone();
    let mut told = String::new();
    let mut quiet = 0;
    for _ in 0..ATTEMPTS_WHEN_BUSY {
        let (wrong, table, is_busy) = attempt(cases());
        println!("{table}");
        if wrong.is_empty() {
            return;
        }
        told += &format!("{}\n{table}", wrong.join("\n"));
        quiet += usize::from(!is_busy);
        if quiet == ATTEMPTS {
            break;
        }
    }
    panic!("{told}");
}

/// What is wrong, the table, and whether the machine was too busy to tell.
fn attempt(cases: Vec<Job>) -> (Vec<String>, String, bool) {
    let (mut cases, machine) = watching_the_machine(|| {
        let threads: Vec<_> = cases.into_iter().map(thread::spawn).collect();
        let ends = threads
            .into_iter()
            .map(|thread| thread.join().expect("a case"));
        ends.collect::<Vec<Case>>()
    });
    let machine = QUANTILES.map(|q| quantile(&machine, q) as f64 / MS as f64);
    for case in &mut cases {
        let (asked, seen) = (case.asked, case.seen);
        case.must(asked == seen, || format!("{asked} asked, {seen} seen"));
        case.compare(machine);
    }
    let table = table(&cases, machine);
    let wrong = cases.into_iter().flat_map(|case| case.wrong);
    (wrong.collect(), table, machine[2] > BUSY)
}

fn table(cases: &[Case], machine: [f64; 4]) -> String {
    let mut table = format!(
        "{:28} {:>6} {:>6}  {:>38}  {:>38}  late p50, p99\n",
        "ms", "asked", "seen", "truth: p50 p95 p99 max", "ours"
    );
    let row = |times: [f64; 4]| times.map(|ms| format!("{ms:9.2}")).concat();
    for case in cases {
        table += &format!(
            "{:28} {:6} {:6}  {:>38}  {:>38}  {:.2}, {:.2}\n",
            case.name,
            case.asked,
            case.seen,
            row(case.truth),
            row(case.ours),
            case.late[0],
            case.late[1]
        );
    }
    table
        + &format!(
            "{:28} {:>6} {:>6}  {:>38}\n",
            "a thread that sleeps, late",
            "",
            "",
            row(machine)
        )
}
