use super::*;
use crate::load::RunProgress;
use crate::profile::{Overrides, ProfileSource, load};

const MS: u64 = 1_000_000;
const SECOND: u64 = 1_000_000_000;

/// Twenty users for six judged seconds from the first one on, and three more where a verdict is open.
fn plan(settle: &str) -> Plan {
    let text = format!(
        "name = \"t\"\n[scenario.a]\narrivals = \"users\"\nusers = 20\nthink_time = \"100ms..300ms\"\n\
         ramp_up = \"1s\"\nduration = \"6s\"\nextend = \"3s\"\nsettle = \"{settle}\"\n\
         [[scenario.a.endpoint]]\npath = \"/x\"\n\
         [[requirement]]\nname = \"a::errors\"\nscenario = \"a\"\nmetric = \"error_rate\"\nlimit = \"< 1 %\"\n"
    );
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join("t.toml");
    std::fs::write(&file, text).unwrap();
    let source = ProfileSource::parse(file.to_str().unwrap()).unwrap();
    load(&source, &Overrides::default()).unwrap().plans[0].clone()
}

/// Is settled when `rule` says so, and remembers what it was asked.
struct Rule<F>(F, Vec<(u64, u64)>);

impl<F: FnMut(&RunResult, u64) -> bool> Observer for Rule<F> {
    fn progress(&mut self, _: RunProgress) {}

    fn is_settled(&mut self, so_far: &RunResult, open: &[u64]) -> bool {
        let open = open.iter().sum();
        self.1.push((so_far.window.to, open));
        (self.0)(so_far, open)
    }

    fn is_interrupted(&mut self) -> bool {
        false
    }

    fn processor_time(&mut self) -> Duration {
        Duration::ZERO
    }
}

fn run(
    plan: &Plan,
    took: u64,
    rule: impl FnMut(&RunResult, u64) -> bool,
) -> (RunResult, Vec<(u64, u64)>) {
    let mut observer = Rule(rule, Vec::new());
    let outcome = Outcome::Ok;
    let run = rehearse(plan, &mut observer, &mut |_, _| Fare { took, outcome });
    (run, observer.1)
}

#[test]
fn a_rehearsal_counts_what_the_schedule_says() {
    let plan = plan("off");
    let (run, _) = run(&plan, 20 * MS, |_, _| true);
    let due: u64 = run
        .seconds
        .iter()
        .flat_map(|second| &second.endpoints)
        .map(|one| one.due)
        .sum();
    let scheduled = streams(&plan, 1).0.into_iter().flatten();
    assert_eq!(
        due,
        scheduled
            .map(|stream| stream.count_before(7 * SECOND))
            .sum::<u64>()
    );
    assert_eq!((run.window.from, run.window.to), (SECOND, 7 * SECOND));
    assert_eq!(run.window.extended_from, None);
}

/// What is on its way at the planned end has ended a moment later, and then the planned part is judged as it is.
#[test]
fn an_extension_ends_when_the_planned_part_turns_out_to_be_settled() {
    for settle in ["off", "4s"] {
        let complete = |run: &RunResult, open| {
            run.window.planned_part().is_some() || (open == 0 && run.window.to >= 7 * SECOND)
        };
        // Answers take so long that one is always on its way.
        let (run, looks) = run(&plan(settle), 90 * MS, complete);
        assert!(looks.iter().any(|(_, open)| *open > 0), "{looks:?}");
        assert_eq!(
            (run.window.extensions, run.window.extended_from),
            (1, Some(7 * SECOND))
        );
        let after = run.window.to - 7 * SECOND;
        assert!(
            (80 * MS..250 * MS).contains(&after),
            "{settle}: {after} ns after the planned end"
        );
    }
}

#[test]
fn an_open_verdict_uses_the_whole_extension_and_knows_its_planned_part() {
    let mut planned_parts = 0;
    let (run, _) = run(&plan("off"), 90 * MS, |run, _| {
        planned_parts += u32::from(run.window.planned_part().is_some());
        false
    });
    assert_eq!((run.window.to, run.window.extensions), (10 * SECOND, 3));
    assert_eq!(run.window.extended_from, Some(7 * SECOND));
    // Once when it is complete, and at each end but the planned one, twice.
    assert!(planned_parts >= 3, "{planned_parts}");
}

/// Never settled, and open by correlation alone until so many seconds of the run.
struct Correlated(u64);

impl Observer for Correlated {
    fn progress(&mut self, _: RunProgress) {}

    fn is_settled(&mut self, _: &RunResult, _: &[u64]) -> bool {
        false
    }

    fn is_open_by_correlation_alone(&mut self, so_far: &RunResult, _: &[u64]) -> bool {
        so_far.window.to < self.0 * SECOND
    }

    fn is_interrupted(&mut self) -> bool {
        false
    }

    fn processor_time(&mut self) -> Duration {
        Duration::ZERO
    }
}

#[test]
fn a_run_goes_on_while_correlation_alone_keeps_it_open() {
    // Planned to 7 s, extended to 10 s as usual, and to 7 s and sixteen times the 3 s at the latest.
    for (until, end, extensions) in [(0, 10, 3), (13, 13, 6), (1_000, 55, 48)] {
        let mut fares = |_: usize, _: u64| Fare {
            took: 20 * MS,
            outcome: Outcome::Ok,
        };
        let run = rehearse(&plan("off"), &mut Correlated(until), &mut fares);
        assert_eq!(run.window.to, end * SECOND, "{until}");
        assert_eq!(run.window.extensions, extensions, "{until}");
        assert_eq!(run.window.is_extended_for_correlation(), extensions > 3);
    }
}

#[test]
fn users_send_one_request_at_a_time() {
    let mut sent: Vec<u64> = Vec::new();
    let mut observer = Rule(|_: &RunResult, _| true, Vec::new());
    let plan = plan("off");
    rehearse(&plan, &mut observer, &mut |_, at| {
        sent.push(at);
        Fare {
            took: 400 * MS,
            outcome: Outcome::Ok,
        }
    });
    assert!(sent.is_sorted());
    // Twenty users, each busy for 400 ms.
    for window in sent.windows(21) {
        assert!(
            window[20] - window[0] >= 399 * MS || window[20] < SECOND + 400 * MS,
            "{window:?}"
        );
    }
}
