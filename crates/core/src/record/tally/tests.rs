use proptest::prelude::*;

use super::*;

const MS: u64 = 1_000_000;

fn rules() -> Rules {
    Rules {
        endpoints: EndpointRules {
            timeout: 10_000 * MS,
            judged_from: 2 * SECOND,
        }
        .for_each(3),
        thresholds: vec![100 * MS, 200 * MS],
    }
}

fn any_outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        5 => Just(Outcome::Ok),
        1 => (400u16..600).prop_map(Outcome::Status),
        1 => Just(Outcome::Timeout),
        1 => Just(Outcome::NoSocket),
        1 => Just(Outcome::NotStarted),
    ]
}

fn any_sample() -> impl Strategy<Value = Sample> {
    (
        (0..3usize, 0..200u64),
        0..20 * SECOND,
        0..5 * SECOND,
        0..SECOND,
        any_outcome(),
    )
        .prop_map(|((endpoint, user), due, wait, lag, outcome)| Sample {
            endpoint,
            user,
            due,
            sent: Some(due + lag.min(wait)),
            done: due + wait,
            lag: lag.min(wait),
            bytes: 10,
            outcome,
            address: None,
        })
}

fn tally(samples: &[Sample]) -> Tally {
    let mut tally = Tally::new(rules());
    for sample in samples {
        tally.record(sample);
    }
    tally
}

proptest! {
    #[test]
    fn outcomes_add_up_to_due(samples in prop::collection::vec(any_sample(), 0..300)) {
        let tally = tally(&samples);
        let all: u64 = tally.seconds.iter().flat_map(|s| &s.endpoints).map(|c| c.due).sum();
        prop_assert_eq!(all, samples.len() as u64);
        for counts in tally.seconds.iter().flat_map(|s| &s.endpoints) {
            prop_assert_eq!(counts.failed, counts.outcomes.values().sum::<u64>());
            for (over, own) in counts.over.iter().zip(&counts.over_by_generator) {
                prop_assert!(own <= over && *over <= counts.due);
            }
        }
        let judged = samples.iter().filter(|s| s.due >= 2 * SECOND).count() as u64;
        let outcomes: u64 = tally.endpoints.iter().flat_map(|e| e.outcomes().into_values()).sum();
        let charged: u64 = tally.endpoints.iter().map(|e| e.response().len()).sum();
        prop_assert_eq!((outcomes, charged), (judged, judged));
        prop_assert_eq!(tally.due_between(2 * SECOND, u64::MAX), judged);
        let of_users: u64 = tally.users.iter().map(UserGroup::due).sum();
        let timed: u64 = tally.users.iter().map(|group| group.response.len()).sum();
        prop_assert_eq!((of_users, timed), (judged, judged));
        prop_assert!(tally.users.len() <= 61);
    }

    #[test]
    fn merging_is_free_of_order(
        samples in prop::collection::vec(any_sample(), 0..200), cut in 0..200usize,
    ) {
        let cut = cut.min(samples.len());
        let (mut left, mut right) = (tally(&samples[..cut]), tally(&samples[cut..]));
        let (first, second) = (left.clone(), right.clone());
        left.merge(&second);
        right.merge(&first);
        prop_assert_eq!(&left, &right);
        prop_assert_eq!(&left, &tally(&samples));
    }
}

#[test]
fn a_quick_failure_is_charged_its_timeout() {
    let refused = Sample {
        endpoint: 0,
        user: 0,
        due: 3 * SECOND,
        sent: Some(3 * SECOND),
        done: 3 * SECOND + MS,
        lag: 0,
        bytes: 0,
        outcome: Outcome::RateLimited,
        address: None,
    };
    let tally = tally(&[refused]);
    assert!(tally.endpoints[0].response().quantile_ms(0.5) >= 9_990.0);
    assert!(tally.endpoints[0].answered().is_empty());
    assert_eq!(tally.seconds[3].endpoints[0].over, [1, 1]);
    assert_eq!(tally.seconds[3].endpoints[0].over_by_generator, [0, 0]);
}

#[test]
fn what_the_generator_delayed_is_named_its_own() {
    let late = Sample {
        endpoint: 1,
        user: 0,
        due: 5 * SECOND,
        sent: Some(5 * SECOND + 150 * MS),
        done: 5 * SECOND + 160 * MS,
        lag: 150 * MS,
        bytes: 0,
        outcome: Outcome::Ok,
        address: None,
    };
    let counts = &tally(&[late]).seconds[5].endpoints[1];
    assert_eq!(
        (counts.over.as_slice(), counts.over_by_generator.as_slice()),
        (&[1, 0][..], &[1, 0][..])
    );
}
