use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::plan::{Bounds, Endpoint, Phases};

const SECOND: u64 = 1_000_000_000;

fn plan(arrivals: Arrivals, ramp_up: u64, seed: u64) -> Plan {
    let endpoint = Endpoint {
        name: "health".into(),
        kind: crate::plan::EndpointKind::Http,
        method: "GET".into(),
        path: "/health".into(),
        weight: 1,
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
            ramp_up: Duration::from_nanos(ramp_up),
            warm_up: Duration::ZERO,
            measure: Duration::from_secs(20),
            extend: Duration::ZERO,
            settle: None,
        },
        endpoints: vec![endpoint],
        headers: Vec::new(),
        bounds: Bounds {
            timeout: Duration::from_secs(10),
            connect_timeout: Duration::from_secs(5),
            body_bytes: 1 << 20,
        },
        thresholds: Vec::new(),
        seed,
        workers: 1,
        search: None,
    }
}

fn rate(per_second: f64) -> Rate {
    Rate::per_second(per_second).expect("a legal rate")
}

fn constant(per_second: f64, ramp_up: u64) -> DueTimes {
    let arrivals = Arrivals::Constant(ConstantRate {
        rate: rate(per_second),
        connections: 1,
    });
    streams(&plan(arrivals, ramp_up, 1), 1).0[0][0].clone()
}

fn poisson(per_second: f64, seed: u64) -> DueTimes {
    let arrivals = Arrivals::Poisson(PoissonRate {
        rate: rate(per_second),
        connections: 1,
    });
    streams(&plan(arrivals, 0, seed), 1).0[0][0].clone()
}

#[test]
fn a_constant_rate_is_exact_a_billion_requests_on() {
    assert_eq!(constant(200.0, 0).due(1_000_000_000), 5_000_000 * SECOND);
    assert_eq!(constant(3.0, 0).due(1_000_000_000), 333_333_333_333_333_333);
    assert_eq!(
        constant(200.0, 10 * SECOND).due(1_000_000_000),
        5_000_005 * SECOND
    );
}

#[test]
fn a_ramp_up_offers_half_of_the_full_rate() {
    let stream = constant(100.0, 10 * SECOND);
    assert_eq!(stream.count_before(10 * SECOND), 500);
    assert_eq!(stream.count_before(5 * SECOND), 125);
    assert_eq!(stream.count_before(20 * SECOND), 1500);
}

#[test]
fn workers_share_one_process_between_them() {
    let arrivals = Arrivals::Poisson(PoissonRate {
        rate: rate(50.0),
        connections: 9,
    });
    let plan = plan(arrivals, SECOND, 7);
    let alone = &streams(&plan, 1).0[0][0];
    let three = streams(&plan, 3).0;
    let mut shared: Vec<u64> = three
        .iter()
        .flat_map(|group| (0..100).map(|k| group[0].due(k)))
        .collect();
    shared.sort_unstable();
    assert_eq!(shared, (0..300).map(|n| alone.due(n)).collect::<Vec<_>>());
}

/// A seed is written down to have the same load again, with a later version too: the libraries' draws may not change.
#[test]
fn a_seed_keeps_its_due_times() {
    let kept: [(u64, [u64; 5]); 2] = [
        (
            1,
            [
                1_960_321,
                2_080_370,
                5_013_197,
                4_918_513_685,
                5_000_089_187_308,
            ],
        ),
        (
            42,
            [
                10_940_632,
                13_576_911,
                20_503_409,
                4_703_199_368,
                5_001_434_403_978,
            ],
        ),
    ];
    for (seed, expected) in kept {
        let stream = poisson(200.0, seed);
        assert_eq!(
            [0, 1, 2, 1_000, 1_000_000].map(|n| stream.due(n)),
            expected,
            "seed {seed}"
        );
    }
}

#[test]
fn poisson_gaps_are_exponential() {
    let stream = poisson(1000.0, 42);
    let count = 20_000;
    let mut gaps: Vec<f64> = (0..count)
        .map(|n| (stream.due(n + 1) - stream.due(n)) as f64 / 1e6)
        .collect();
    gaps.sort_by(f64::total_cmp);
    let distance = gaps
        .iter()
        .enumerate()
        .map(|(i, gap)| ((1.0 - (-gap).exp()) - (i as f64 + 0.5) / count as f64).abs())
        .fold(0.0, f64::max);
    // Kolmogorov–Smirnov at one in a million: 2.6 / √n.
    assert!(
        distance < 2.6 / (count as f64).sqrt(),
        "distance {distance}"
    );
}

#[test]
fn poisson_counts_vary_as_much_as_their_mean() {
    let counts: Vec<f64> = (0..400)
        .map(|seed| poisson(100.0, seed).count_before(10 * SECOND) as f64)
        .collect();
    let mean = counts.iter().sum::<f64>() / 400.0;
    let variance = counts.iter().map(|c| (c - mean).powi(2)).sum::<f64>() / 399.0;
    assert!((mean - 1000.0).abs() < 8.0, "mean {mean}");
    assert!((700.0..1350.0).contains(&variance), "variance {variance}");
}

#[test]
fn users_think_between_the_shortest_and_the_longest_time() {
    let arrivals = Arrivals::Users(ThinkingUsers {
        count: 50,
        think_min: Duration::from_secs(1),
        think_max: Duration::from_secs(3),
    });
    let (groups, connections) = streams(&plan(arrivals, 5 * SECOND, 3), 2);
    assert_eq!(connections, ConnectionPolicy::Own);
    let users: Vec<&DueTimes> = groups.iter().flatten().collect();
    assert_eq!(users.len(), 50);
    for user in &users {
        for k in 0..200 {
            let gap = user.due(k + 1) - user.due(k);
            assert!((SECOND - 1..=3 * SECOND + 1).contains(&gap), "gap {gap}");
        }
    }
    let started: u64 = users
        .iter()
        .map(|user| user.count_before(105 * SECOND))
        .sum();
    let ramp: u64 = users.iter().map(|user| user.count_before(5 * SECOND)).sum();
    assert!((2450..2550).contains(&(started - ramp)), "{started} {ramp}");
}

#[test]
fn a_burst_is_due_at_one_instant() {
    let arrivals = Arrivals::Burst(Bursts {
        count: 100,
        every: Duration::from_secs(1),
    });
    let (groups, _) = streams(&plan(arrivals, 0, 3), 2);
    for round in 0..5 {
        assert!(
            groups
                .iter()
                .flatten()
                .all(|user| user.due(round) == round * SECOND)
        );
    }
}

fn any_arrivals() -> impl Strategy<Value = Arrivals> {
    prop_oneof![
        (1.0..100_000.0f64).prop_map(|r| Arrivals::Constant(ConstantRate {
            rate: rate(r),
            connections: 1
        })),
        (1.0..100_000.0f64).prop_map(|r| Arrivals::Poisson(PoissonRate {
            rate: rate(r),
            connections: 1
        })),
        (1u32..20, 1u64..5_000, 0u64..5_000).prop_map(|(count, min, spread)| Arrivals::Users(
            ThinkingUsers {
                count,
                think_min: Duration::from_millis(min),
                think_max: Duration::from_millis(min + spread),
            }
        )),
        (1u32..20, 1u64..5_000).prop_map(|(count, every)| Arrivals::Burst(Bursts {
            count,
            every: Duration::from_millis(every),
        })),
    ]
}

proptest! {
    #[test]
    fn due_never_falls(
        arrivals in any_arrivals(), ramp in 0..60 * SECOND, seed: u64, k in 0..1_000_000_000u64,
    ) {
        let (groups, _) = streams(&plan(arrivals, ramp, seed), 2);
        for stream in groups.iter().flatten().take(3) {
            prop_assert!(stream.due(k) <= stream.due(k + 1));
        }
    }

    #[test]
    fn counting_agrees_with_due(
        arrivals in any_arrivals(), ramp in 0..10 * SECOND, seed: u64, end in 0..30 * SECOND,
    ) {
        let (groups, _) = streams(&plan(arrivals, ramp, seed), 2);
        for stream in groups.iter().flatten().take(3) {
            let count = stream.count_before(end);
            prop_assert!(stream.due(count) >= end);
            prop_assert!(count == 0 || stream.due(count - 1) < end);
        }
    }
}

#[test]
fn the_order_of_turns_is_drawn_and_repeatable() {
    let order = |seed| -> Vec<bool> { (1..=12).map(|pair| is_second_first(seed, pair)).collect() };
    assert_eq!(order(8), order(8));
    let (mut second_first, mut as_before) = (0, 0);
    for seed in 0..1_000 {
        let order = order(seed);
        second_first += order.iter().filter(|is| **is).count();
        as_before += order.windows(2).filter(|two| two[0] == two[1]).count();
    }
    // Half of 12 and of 11 thousand, give or take four standard deviations.
    assert!((5_780..6_220).contains(&second_first), "{second_first}");
    assert!((5_290..5_710).contains(&as_before), "{as_before}");
}

/// Fingerprints are made of it, and baselines rest on those.
#[test]
fn the_json_of_each_model_stays_as_it_is() {
    let second = Duration::from_secs(1);
    let arrivals = [
        Arrivals::Users(ThinkingUsers {
            count: 7,
            think_min: second,
            think_max: 2 * second,
        }),
        Arrivals::Constant(ConstantRate {
            rate: rate(120.0),
            connections: 200,
        }),
        Arrivals::Poisson(PoissonRate {
            rate: rate(0.5),
            connections: 9,
        }),
        Arrivals::Burst(Bursts {
            count: 3,
            every: second,
        }),
    ];
    let json = arrivals.map(|one| serde_json::to_string(&one).expect("JSON"));
    let duration = |secs: u64| format!("{{\"secs\":{secs},\"nanos\":0}}");
    let (one, two) = (duration(1), duration(2));
    assert_eq!(
        json,
        [
            format!("{{\"kind\":\"users\",\"count\":7,\"think_min\":{one},\"think_max\":{two}}}"),
            "{\"kind\":\"constant\",\"rate\":120000000,\"connections\":200}".to_owned(),
            "{\"kind\":\"poisson\",\"rate\":500000,\"connections\":9}".to_owned(),
            format!("{{\"kind\":\"burst\",\"count\":3,\"every\":{one}}}"),
        ]
    );
}
