//! Journeys: steps that were hardly reached, waits that only a poll made, and what is no request.

use super::*;
use crate::record::{EndedJourney, JourneyEnding};

/// `a` is the first step of a journey, `b` the second, and `journey` the whole, each of which takes 20 ms. Of the journeys these
/// of a hundred end in the first step.
fn journeys(ended_early: u64) -> RunResult {
    let rules = Rules {
        endpoints: EndpointRules {
            timeout: 10 * SECOND,
            judged_from: 0,
        }
        .for_each(3),
        thresholds: vec![100 * MS, 128 * MS, 160 * MS, 200 * MS],
    };
    let mut tally = Tally::new(rules);
    for number in 0..1_000_u64 {
        let fails = number % 100 < ended_early;
        let outcome = if fails { Outcome::Timeout } else { Outcome::Ok };
        let (second, place) = (number / 50, number % 50);
        let first = Sample {
            endpoint: 0,
            ..sample(second, place, 20 * MS, outcome)
        };
        tally.record(&first);
        if !fails {
            tally.record(&Sample {
                endpoint: 1,
                ..quick(second, place)
            });
        }
        tally.record_journey(&EndedJourney {
            sample: Sample {
                endpoint: 2,
                ..sample(second, place, 40 * MS, outcome)
            },
            index: 0,
            steps: 0..2,
            reached: vec![true, !fails],
            ended_by: fails.then_some(0),
            poll_slack: 0,
        });
    }
    let result = |(name, counted): (&str, &crate::record::EndpointTally)| EndpointResult {
        name: name.into(),
        outcomes: counted.outcomes(),
        response: counted.response(),
        reached: counted.reached,
        unreached: counted.unreached,
        ended_by: counted.ended_by(),
        ..EndpointResult::default()
    };
    let names = ["a", "b", "journey"].into_iter();
    let mut run = RunResult {
        endpoints: names.zip(&tally.endpoints).map(result).collect(),
        seconds: tally.seconds.clone(),
        users: tally.users.clone(),
        ..run(quick)
    };
    run.endpoints[2].kind = EndpointKind::Journey;
    run.endpoints[2].steps = Some(0..2);
    run
}

fn of_endpoint(name: &str, metric: &str, limit: &str) -> Requirement {
    requirement(&[(metric, Scope::Endpoint(name.to_owned()), limit)])
}

#[test]
fn a_pass_that_the_unreached_would_take_is_none_and_names_what_ended_them() {
    for (metric, limit) in [
        ("response_time_p95", "< 200 ms"),
        ("error_rate", "< 5 %"),
        ("success_rate", "> 95 %"),
    ] {
        let requirement = of_endpoint("b", metric, limit);
        let good = on(&journeys(1), &requirement);
        assert_eq!(good.verdict, Verdict::Pass, "{}", good.reason);
        let few = on(&journeys(20), &requirement);
        assert_eq!(few.verdict, Verdict::Inconclusive, "{}", few.reason);
        let why = "200 more were never due, as their journeys had ended before, most often in step `a` (timeout)";
        assert!(few.reason.contains(why), "{}", few.reason);
    }
    // The first step itself fails, and the journey as a whole with it.
    for endpoint in ["a", "journey"] {
        let judgement = on(&journeys(20), &of_endpoint(endpoint, "error_rate", "< 5 %"));
        assert_eq!(judgement.verdict, Verdict::Fail, "{}", judgement.reason);
    }
}

#[test]
fn a_journey_is_no_request() {
    let run = journeys(0);
    let judgement = on(&run, &one("error_rate", "< 1 %"));
    let samples = judgement.checks[0]
        .estimate
        .map(|estimate| estimate.samples);
    assert_eq!(samples, Some(2_000));
    // It takes longer than a limit that each of its steps keeps.
    let each = requirement(&[("response_time_p95", Scope::EachEndpoint, "< 100 ms")]);
    assert_eq!(on(&run, &each).verdict, Verdict::Pass);
    let whole = of_endpoint("journey", "response_time_p95", "< 100 ms");
    let judgement = on(&run, &whole);
    assert_eq!(judgement.verdict, Verdict::Pass, "{}", judgement.reason);
    let estimate = judgement.checks[0].estimate.expect("an estimate");
    assert_eq!(estimate.samples, 1_000);
    assert!((39.0..41.0).contains(&estimate.value), "{estimate:?}");
    let summary = crate::record::Summary::of(&run);
    assert_eq!((summary.due, summary.response.len()), (2_000, 2_000));
}

#[test]
fn a_journey_on_its_way_counts_against_a_pass() {
    let run = journeys(0);
    let requirement = of_endpoint("journey", "error_rate", "< 5 %");
    let with_open = |open: &[u64]| {
        let evidence = Evidence {
            runs: vec![&run],
            open,
            ..Evidence::default()
        };
        judge(&requirement, &evidence, 0.95).verdict
    };
    assert_eq!(with_open(&[90, 90, 5]), Verdict::Pass);
    assert_eq!(with_open(&[0, 0, 90]), Verdict::Inconclusive);
}

/// Each answer comes 250 ms after it was due; the last one without what is polled for came after 20 ms or 220 ms.
fn polled(pending_after: u64) -> RunResult {
    let mut polled = run(|s, p| sample(s, p, 250 * MS, Outcome::Ok));
    let mut tally = Tally::new(Rules {
        endpoints: EndpointRules {
            timeout: 10 * SECOND,
            judged_from: 0,
        }
        .for_each(2),
        thresholds: polled.thresholds.clone(),
    });
    for second in 0..20 {
        for place in 0..50 {
            let slack = (250 - pending_after) * MS;
            tally.record_polled(&sample(second, place, 250 * MS, Outcome::Ok), 0, slack);
        }
    }
    polled.seconds = tally.seconds.clone();
    polled.users = tally.users.clone();
    let steps = polled.endpoints.iter_mut();
    steps.for_each(|step| step.poll_every = Some(500 * MS));
    polled
}

#[test]
fn where_only_the_interval_of_a_poll_decides_nothing_is_decided() {
    let requirement = of_endpoint("a", "response_time_p95", "< 200 ms");
    let judgement = on(&polled(20), &requirement);
    assert_eq!(judgement.verdict, Verdict::Inconclusive);
    let why = "500 of them may have been in time, and were only asked for again later: poll more often than every 500 ms";
    assert!(judgement.reason.contains(why), "{}", judgement.reason);
    // It was not there after 220 ms, whenever it was asked for.
    let judgement = on(&polled(220), &requirement);
    assert_eq!(judgement.verdict, Verdict::Fail, "{}", judgement.reason);
}

#[test]
fn what_ended_journeys_is_merged_and_the_most_frequent_comes_first() {
    let ending = |step, count| JourneyEnding {
        step,
        outcome: Outcome::Timeout,
        count,
    };
    let mut one = EndpointResult {
        ended_by: vec![ending(1, 5), ending(0, 3)],
        reached: 7,
        ..EndpointResult::default()
    };
    let other = EndpointResult {
        ended_by: vec![ending(0, 4)],
        reached: 1,
        unreached: 2,
        ..EndpointResult::default()
    };
    one.merge(&other);
    assert_eq!(one.ended_by, [ending(0, 7), ending(1, 5)]);
    assert_eq!((one.reached, one.unreached), (8, 2));
}
