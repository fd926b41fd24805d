//! When a run is looked at to end before it is planned to, and what comes due between a look and that end.

use std::ops::Range;
use std::time::Duration;

use super::mix::Mix;
use super::schedule::{DueTimes, nanos, streams};
use crate::plan::{Journey, Plan};

const SECOND: u64 = 1_000_000_000;
/// How long before a second ends it is looked at, to begin with: to ask the workers and to judge takes less.
const NOTICE: u64 = 10_000_000;
/// A look that takes longer than this would see too little of its second.
const LONGEST_NOTICE: u64 = 500_000_000;

/// The looks of one run: at the end of each of its seconds, from the first at which it may end.
///
/// It ends at a second that is still to come, so that every worker knows in time and nothing is begun that
/// is due after it. Its times are in nanoseconds from the start of the run.
pub(super) struct Settling {
    /// The next second at which the run may end.
    next: u64,
    notice: u64,
    mix: Mix,
    streams: Vec<Due>,
    endpoints: usize,
    journeys: Vec<Journey>,
}

/// A stream, and its first request that is not behind the last look.
struct Due {
    stream: DueTimes,
    next: u64,
}

impl Settling {
    /// `None` for a plan that always runs to its end.
    pub(super) fn new(plan: &Plan) -> Option<Settling> {
        let from = plan.phases.settles_from()?;
        let groups = streams(plan, 1).0.into_iter().flatten();
        Some(Settling {
            next: nanos(from),
            notice: NOTICE,
            mix: Mix::new(plan),
            streams: groups.map(|stream| Due { stream, next: 0 }).collect(),
            endpoints: plan.endpoints.len(),
            journeys: plan.journeys.clone(),
        })
    }

    /// The second at whose end the run may be over, when it is time to look at that; `end` is when it is over
    /// otherwise. Each second is returned once; those that have passed are skipped.
    pub(super) fn candidate(&mut self, elapsed: u64, end: u64) -> Option<u64> {
        while self.next <= elapsed {
            self.next += SECOND;
        }
        let candidate = self.next;
        if elapsed + self.notice < candidate || candidate >= end {
            return None;
        }
        self.next += SECOND;
        Some(candidate)
    }

    /// How long it is until the next look, at most `longest`.
    pub(super) fn pause(&self, elapsed: u64, longest: Duration) -> Duration {
        let until = self.next.saturating_sub(self.notice + elapsed);
        let soon = Duration::from_nanos(until).min(longest);
        if soon.is_zero() { longest } else { soon }
    }

    /// The last look took longer than its notice: the next ones begin earlier.
    pub(super) fn was_late(&mut self) {
        self.notice = (2 * self.notice).min(LONGEST_NOTICE);
    }

    /// Adds what is due from `from` to `to`, for each endpoint: with a journey all of its steps. `from` must not fall from call to call.
    pub(super) fn add_due(&mut self, from: u64, to: u64, open: &mut [u64]) {
        debug_assert_eq!(open.len(), self.endpoints);
        for due in &mut self.streams {
            while due.stream.due(due.next) < from {
                due.next += 1;
            }
            let mut k = due.next;
            while due.stream.due(k) < to {
                let endpoint = self.mix.of(&due.stream, k);
                open[endpoint] += 1;
                for step in steps(&self.journeys, endpoint) {
                    open[step] += 1;
                }
                k += 1;
            }
        }
    }
}

/// The steps of the journey that an endpoint stands for, if it does.
fn steps(journeys: &[Journey], endpoint: usize) -> Range<usize> {
    let mut journeys = journeys.iter();
    let journey = journeys.find(|journey| journey.endpoint == endpoint);
    journey.map_or(0..0, |journey| journey.steps.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::{Overrides, ProfileSource, load};

    const MS: u64 = 1_000_000;

    fn plan(settle: &str) -> Plan {
        let text = format!(
            "name = \"t\"\n[scenario.a]\narrivals = \"users\"\nusers = 20\nthink_time = \"100ms..300ms\"\n\
             ramp_up = \"1500ms\"\nduration = \"10s\"\nextend = \"5s\"\nsettle = \"{settle}\"\n\
             [[scenario.a.endpoint]]\npath = \"/x\"\nweight = 70\n[[scenario.a.endpoint]]\npath = \"/y\"\nweight = 30\n\
             [[requirement]]\nname = \"a::errors\"\nscenario = \"a\"\nmetric = \"error_rate\"\nlimit = \"< 1 %\"\n"
        );
        let folder = tempfile::TempDir::new().unwrap();
        let file = folder.path().join("t.toml");
        std::fs::write(&file, text).unwrap();
        let source = ProfileSource::parse(file.to_str().unwrap()).unwrap();
        let profile = load(&source, &Overrides::default()).unwrap();
        profile.plans[0].clone()
    }

    #[test]
    fn each_second_from_the_least_to_the_end_is_looked_at_once() {
        let mut settling = Settling::new(&plan("3s")).unwrap();
        // Ramp-up to 1.5 s, judged from 2 s, so that 5 s is the first.
        let looks: Vec<u64> = (0..12_000)
            .filter_map(|ms| settling.candidate(ms * MS, 12 * SECOND))
            .collect();
        let seconds: Vec<u64> = (5..12).map(|second| second * SECOND).collect();
        assert_eq!(looks, seconds);
    }

    #[test]
    fn a_second_is_looked_at_shortly_before_its_end_and_earlier_after_a_late_look() {
        let mut settling = Settling::new(&plan("3s")).unwrap();
        assert_eq!(settling.candidate(4_989 * MS, 12 * SECOND), None);
        assert_eq!(
            settling.pause(4_985 * MS, Duration::from_millis(20)),
            Duration::from_millis(5)
        );
        assert_eq!(
            settling.candidate(4_990 * MS, 12 * SECOND),
            Some(5 * SECOND)
        );
        settling.was_late();
        assert_eq!(
            settling.candidate(5_980 * MS, 12 * SECOND),
            Some(6 * SECOND)
        );
        // Missed altogether: on to the next.
        assert_eq!(
            settling.candidate(7_985 * MS, 12 * SECOND),
            Some(8 * SECOND)
        );
    }

    #[test]
    fn what_is_due_until_the_end_is_counted_by_endpoint() {
        let plan = plan("3s");
        let mut settling = Settling::new(&plan).unwrap();
        let all = streams(&plan, 1).0.into_iter().flatten();
        let before = |at: u64| -> u64 { all.clone().map(|stream| stream.count_before(at)).sum() };
        for (from, to) in [
            (0, 400 * MS),
            (700 * MS, 900 * MS),
            (4_990 * MS, 5 * SECOND),
        ] {
            let mut open = vec![0; 2];
            settling.add_due(from, to, &mut open);
            assert_eq!(
                open.iter().sum::<u64>(),
                before(to) - before(from),
                "{from} to {to}"
            );
        }
    }

    #[test]
    fn a_plan_that_can_not_end_before_its_time_is_not_looked_at() {
        assert!(Settling::new(&plan("off")).is_none());
        let mut short = plan("9s");
        short.phases.measure = Duration::from_secs(9);
        assert!(Settling::new(&short).is_none());
    }
}
