use super::*;
use crate::record::Counts;

/// Requests due in a second.
const RATE: u64 = 50;

/// Seconds in which the target answers in 2 ms, but not during pauses: `(begin, length)` in seconds.
fn paused(seconds: usize, pauses: &[(f64, f64)]) -> Vec<SecondSummary> {
    let took = |due: f64| {
        let inside = pauses
            .iter()
            .filter(|(at, long)| (*at..at + long).contains(&due));
        let longest = inside.map(|(at, long)| at + long - due).fold(0.0, f64::max);
        (longest * 1e9) as u64 + 2_000_000
    };
    let of = |second: usize| {
        let mut seen = Second {
            endpoints: vec![Counts {
                due: RATE,
                ..Counts::default()
            }],
            ..Second::default()
        };
        for number in 0..RATE {
            let due = second as f64 + (number as f64 + 0.5) / RATE as f64;
            seen.response.record(took(due));
        }
        SecondSummary::of(&seen, 2.0)
    };
    (0..seconds).map(of).collect()
}

/// `from`, and every `period` seconds after it; each pause lasts `long` seconds.
fn every(period: f64, from: f64, long: f64, until: usize) -> Vec<(f64, f64)> {
    let times = (0..).map(|number| from + period * f64::from(number));
    times
        .take_while(|at| *at < until as f64)
        .map(|at| (at, long))
        .collect()
}

fn periods(seconds: usize, pauses: &[(f64, f64)]) -> Vec<f64> {
    let found = among(&paused(seconds, pauses), 2.0);
    found.iter().map(|one| one.period.round()).collect()
}

#[test]
fn a_period_is_found_among_strays() {
    for (name, seconds, pauses, expected) in [
        ("alone", 60, every(10.0, 4.3, 0.8, 60), &[10.0][..]),
        ("four times", 40, every(10.0, 3.2, 1.0, 40), &[10.0]),
        (
            "and a stray",
            60,
            [every(10.0, 4.3, 0.8, 60), vec![(27.6, 0.6)]].concat(),
            &[10.0],
        ),
        (
            "and a longer stray",
            60,
            [every(10.0, 4.3, 0.8, 60), vec![(17.6, 2.5)]].concat(),
            &[10.0],
        ),
        (
            "a freeze each minute, and a stray",
            200,
            [every(61.0, 20.4, 1.2, 200), vec![(101.3, 0.7)]].concat(),
            &[61.0],
        ),
        (
            "a freeze each minute, and many shorter ones",
            320,
            [
                every(61.0, 20.4, 1.4, 320),
                [33, 52, 59, 91, 113, 120, 156, 178, 211, 230, 261, 290]
                    .map(|at| (f64::from(at) + 0.37, 0.8))
                    .to_vec(),
            ]
            .concat(),
            &[61.0],
        ),
        (
            "one that did not come",
            80,
            vec![
                (3.1, 0.9),
                (13.1, 0.9),
                (23.1, 0.9),
                (43.1, 0.9),
                (53.1, 0.9),
                (63.1, 0.9),
                (73.1, 0.9),
            ],
            &[10.0],
        ),
        (
            "each in two seconds, and strays",
            34,
            [every(5.0, 3.5, 0.8, 34), vec![(16.4, 0.6), (24.7, 0.7)]].concat(),
            &[5.0],
        ),
        (
            "a stray in the next second",
            34,
            [every(5.0, 4.1, 0.8, 34), vec![(11.4, 1.1), (20.0, 0.7)]].concat(),
            &[5.0],
        ),
        ("twice", 60, vec![(10.2, 0.8), (40.2, 0.8)], &[]),
        (
            "at no distance",
            60,
            vec![(5.2, 0.8), (8.7, 0.8), (25.1, 0.8), (47.9, 0.8)],
            &[],
        ),
        ("never", 60, Vec::new(), &[]),
    ] {
        assert_eq!(periods(seconds, &pauses), expected, "{name}");
    }
}

#[test]
fn two_kinds_of_pauses_are_told_apart() {
    let freezes = every(61.0, 20.4, 1.4, 320);
    let collections = every(14.0, 5.7, 0.4, 320);
    let found = among(&paused(320, &[freezes, collections].concat()), 2.0);
    let mut kinds: Vec<(f64, f64)> = found
        .iter()
        .map(|one| (one.period.round(), (one.typical_ms / 100.0).round()))
        .collect();
    kinds.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (periods, longest): (Vec<f64>, Vec<f64>) = kinds.into_iter().unzip();
    assert_eq!(periods, [14.0, 61.0]);
    assert!(
        (3.0..=5.0).contains(&longest[0]) && longest[1] >= 12.0,
        "{longest:?}"
    );
}

#[test]
fn it_is_told_how_long_how_often_and_since_when() {
    let found = among(&paused(60, &every(10.0, 4.3, 1.5, 60)), 2.0);
    let [one] = found[..] else {
        panic!("{found:?}");
    };
    assert_eq!((one.times, one.first), (6, 4));
    assert!((1_350.0..=1_650.0).contains(&one.typical_ms), "{one:?}");
    // All that is due in a pause waits, but for its last moments.
    let due = 6.0 * 1.5 * RATE as f64;
    assert!((0.8 * due..=due).contains(&(one.slow as f64)), "{one:?}");
}

#[test]
fn what_is_slow_most_of_the_time_or_by_little_has_no_pauses() {
    let mostly: Vec<(f64, f64)> = every(3.0, 0.0, 2.5, 60);
    assert!(among(&paused(60, &mostly), 2.0).is_empty());
    let short = every(10.0, 4.3, 0.04, 60);
    assert!(among(&paused(60, &short), 2.0).is_empty());
}

#[test]
fn a_generator_that_stops_again_and_again_is_no_pause_of_the_target() {
    let second = |at: u64, by_generator: u64| {
        let long = at % 10 == 4;
        let mut second = Second {
            endpoints: vec![Counts {
                due: RATE,
                over: vec![if long { 30 } else { 0 }],
                over_by_generator: vec![if long { by_generator } else { 0 }],
                ..Counts::default()
            }],
            ..Second::default()
        };
        for number in 0..RATE {
            second.response.record(if long && number < 30 {
                800_000_000
            } else {
                2_000_000
            });
        }
        second
    };
    let times = |by_generator: u64| -> Vec<usize> {
        let looks: Vec<SecondSummary> = (0..60)
            .map(|at| SecondSummary::of(&second(at, by_generator), 2.0))
            .collect();
        among(&looks, 2.0).iter().map(|one| one.times).collect()
    };
    assert_eq!(times(2), [6]);
    assert!(times(29).is_empty());
}

#[test]
fn quick_failures_are_no_pauses() {
    let second = |at: u64, outcome: Outcome| {
        let bad = at % 10 == 4;
        let mut second = Second::default();
        let mut counts = Counts {
            due: RATE,
            ..Counts::default()
        };
        for number in 0..RATE {
            let fails = bad && number < 3;
            second
                .response
                .record(if fails { 30_000_000_000 } else { 2_000_000 });
            counts.failed += u64::from(fails);
            *counts.outcomes.entry(outcome).or_default() += u64::from(fails);
        }
        second.endpoints.push(counts);
        second
    };
    for (outcome, times) in [(Outcome::Status(500), vec![]), (Outcome::Timeout, vec![6])] {
        let looks: Vec<SecondSummary> = (0..60)
            .map(|at| SecondSummary::of(&second(at, outcome), 2.0))
            .collect();
        let found: Vec<usize> = among(&looks, 2.0).iter().map(|one| one.times).collect();
        assert_eq!(found, times, "{outcome}");
    }
}

/// Numbers in `0..1` that look random; the same ones each time.
struct Random(u64);

impl Random {
    fn next(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn exponential(&mut self) -> f64 {
        -(1.0 - self.next()).ln()
    }

    /// Pauses without a period: so many in a run on the average.
    fn pauses(&mut self, seconds: usize, mean: f64, kind: usize) -> Vec<(f64, f64)> {
        let distance = seconds as f64 / mean;
        let mut at = self.next() * distance;
        let mut pauses = Vec::new();
        while at < seconds as f64 {
            let (long, next) = match kind {
                0 => (0.2 + 0.5 * self.exponential(), self.exponential()),
                // All as long as each other.
                1 => (1.0, self.exponential()),
                // A collector whose heap fills now sooner, now later.
                _ => (0.6 + 0.5 * self.next(), 0.35 + 1.3 * self.next()),
            };
            pauses.push((at, long));
            at += long + distance * next;
        }
        pauses
    }
}

#[test]
fn false_alarms_are_rare() {
    const RUNS: u32 = 200;
    let mut random = Random(88_172_645_463_325_252);
    for (seconds, mean) in [(30, 4.0), (60, 4.0), (60, 10.0), (200, 5.0), (200, 15.0)] {
        for kind in 0..3 {
            let alarms = (0..RUNS)
                .filter(|_| {
                    let pauses = random.pauses(seconds, mean, kind);
                    !among(&paused(seconds, &pauses), 2.0).is_empty()
                })
                .count();
            let share = alarms as f64 / f64::from(RUNS);
            assert!(
                share <= 0.05,
                "{share} of {seconds} s with {mean} pauses, kind {kind}"
            );
        }
    }
}

#[test]
fn a_period_is_seldom_missed() {
    const RUNS: u32 = 50;
    let mut random = Random(6_364_136_223_846_793_005);
    for (seconds, period, strays, least) in [
        (60, 10.0, 1, 0.9),
        (60, 10.0, 3, 0.75),
        (200, 61.0, 1, 0.9),
        (300, 61.0, 3, 0.9),
    ] {
        let found = (0..RUNS)
            .filter(|_| {
                let mut pauses = every(
                    period,
                    random.next() * period,
                    1.0 + 0.5 * random.next(),
                    seconds,
                );
                pauses.extend(
                    (0..strays)
                        .map(|_| (random.next() * seconds as f64, 0.4 + 0.6 * random.next())),
                );
                let found = among(&paused(seconds, &pauses), 2.0);
                found
                    .iter()
                    .any(|one| (one.period / period - 1.0).abs() < 0.03)
            })
            .count();
        let share = found as f64 / f64::from(RUNS);
        assert!(
            share >= least,
            "{share} of {period} s in {seconds} s with {strays} strays"
        );
    }
}
