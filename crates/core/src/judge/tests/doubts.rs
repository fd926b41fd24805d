//! What keeps a verdict from being more, or less, than its evidence.

use super::*;

#[test]
fn a_failed_outage_of_most_of_a_run_is_a_failure() {
    // Three good seconds, and then none: one outage tells nothing of how outages vary, and yet 85 % have failed.
    let outage = run(|s, p| {
        let outcome = if s < 3 {
            Outcome::Ok
        } else {
            Outcome::Status(503)
        };
        sample(s, p, 20 * MS, outcome)
    });
    for (metric, limit) in [("error_rate", "< 1 %"), ("response_time_p95", "< 200 ms")] {
        let judgement = on(&outage, &one(metric, limit));
        assert_eq!(judgement.verdict, Verdict::Fail, "{}", judgement.reason);
    }
    // A single bad second of twenty is no more than one event.
    let hiccup = run(|s, p| {
        let outcome = if s == 7 {
            Outcome::Status(503)
        } else {
            Outcome::Ok
        };
        sample(s, p, 20 * MS, outcome)
    });
    let judgement = on(&hiccup, &one("error_rate", "< 1 %"));
    assert_eq!(
        judgement.verdict,
        Verdict::Inconclusive,
        "{}",
        judgement.reason
    );
}

/// The bound in the reason and the sample size beside it are of one calculation.
#[test]
fn the_effective_sample_size_is_the_one_that_was_judged() {
    let slow = run(|s, p| sample(s, p, 300 * MS, Outcome::Ok));
    let bursts = run(|s, p| sample(s, p, if s % 2 == 0 { 250 } else { 20 } * MS, Outcome::Ok));
    for (run, limit) in [(&slow, "< 200 ms"), (&bursts, "< 200 ms")] {
        let judgement = on(run, &one("response_time_p95", limit));
        let estimate = judgement.checks[0].estimate.expect("an estimate");
        let over = run.seconds.iter().flat_map(|second| &second.endpoints);
        let share = over.map(|counts| counts.over[2]).sum::<u64>() as f64 / 1_000.0;
        let worth = estimate.effective_samples;
        let low = crate::statistics::lower_bound(share * worth, worth, 0.025);
        let told = format!("at least {}", text::percent(low));
        assert_eq!(judgement.verdict, Verdict::Fail, "{}", judgement.reason);
        assert!(
            judgement.reason.contains(&told),
            "{told}: {}",
            judgement.reason
        );
    }
}

#[test]
fn the_interval_of_a_mean_time_ends_at_nothing() {
    let uneven = run(|s, p| sample(s, p, if s == 5 { 4_000 } else { 1 } * MS, Outcome::Ok));
    let judgement = on(&uneven, &one("response_time_mean", "< 200 ms"));
    let estimate = judgement.checks[0].estimate.expect("an estimate");
    assert_eq!(estimate.low, Some(0.0));
    assert!(!judgement.reason.contains('-'), "{}", judgement.reason);
}

/// Quick and slow by turns of four seconds, and a little different from each other.
fn waves(slow: u64) -> RunResult {
    run(|s, p| {
        let wait = if s / 4 % 2 == 0 { 20 } else { slow };
        sample(s, p, (wait + p % 5) * MS, Outcome::Ok)
    })
}

#[test]
fn requests_that_hang_together_need_a_margin_to_pass() {
    let requirement = one("response_time_p95", "< 200 ms");
    let close = on(&waves(170), &requirement);
    assert_eq!(close.verdict, Verdict::Inconclusive, "{}", close.reason);
    assert!(close.reason.contains("hang together"), "{}", close.reason);
    let far = on(&waves(120), &requirement);
    assert_eq!(far.verdict, Verdict::Pass, "{}", far.reason);
    // As near to the limit, but each request on its own.
    let alone = run(|s, p| {
        let wait = if (s * 31 + p * 7) % 13 < 6 { 20 } else { 170 };
        sample(s, p, wait * MS, Outcome::Ok)
    });
    let alone = on(&alone, &requirement);
    assert_eq!(alone.verdict, Verdict::Pass, "{}", alone.reason);
}

#[test]
fn a_pass_before_the_planned_end_needs_a_margin() {
    let requirement = one("response_time_p95", "< 200 ms");
    let early = |wait: u64| {
        let mut run = run(|s, p| sample(s, p, wait * MS, Outcome::Ok));
        run.window.planned = Some(40 * SECOND);
        on(&run, &requirement).verdict
    };
    assert_eq!(early(100), Verdict::Pass);
    assert_eq!(early(170), Verdict::Inconclusive);
    assert_eq!(early(300), Verdict::Fail);
}

/// What a run ended by must still be so when all has ended that was on its way.
#[test]
fn an_early_pass_survives_what_is_still_on_its_way() {
    let requirement = one("response_time_p95", "< 200 ms");
    let mut passed = 0;
    for (hits, open) in (0..5).flat_map(|hits| (1..16).map(move |open| (hits, open))) {
        let of = |second: u64, place: u64| {
            let is_late = second == 19 && place >= 50 - open;
            let is_hit = second == 3 && place < hits;
            let wait = if is_late || is_hit {
                300
            } else {
                20 + place % 5
            };
            let user = second * 50 + place;
            let sample = sample(second, place, wait * MS, Outcome::Ok);
            (is_late, Sample { user, ..sample })
        };
        let mut ended = run(|s, p| of(s, p).1);
        let mut look = run_of(|s, p| Some(of(s, p)).filter(|one| !one.0).map(|one| one.1));
        for run in [&mut ended, &mut look] {
            run.window.planned = Some(40 * SECOND);
        }
        let evidence = Evidence {
            runs: vec![&look],
            open: &[open, 0],
            ..Evidence::default()
        };
        if judge(&requirement, &evidence, 0.95).verdict == Verdict::Pass {
            passed += 1;
            let judgement = on(&ended, &requirement);
            let reason = judgement.reason;
            assert_eq!(judgement.verdict, Verdict::Pass, "{hits} {open}: {reason}");
        }
    }
    assert!(passed > 10, "{passed}");
}

#[test]
fn a_warm_up_alone_decides_nothing_and_is_named() {
    let warming_up = run(|s, p| {
        let wait = if s < 9 {
            200 + (9 - s) * 30
        } else {
            133 - 3 * s
        };
        sample(s, p, (wait + p % 5) * MS, Outcome::Ok)
    });
    let judgement = on(&warming_up, &one("response_time_p95", "< 200 ms"));
    assert_eq!(
        judgement.verdict,
        Verdict::Inconclusive,
        "{}",
        judgement.reason
    );
    assert!(
        judgement
            .reason
            .contains("response times fell during the run"),
        "{}",
        judgement.reason
    );
    // What is over the limit to the end has failed, whatever it was before.
    let slow_to_the_end = run(|s, p| sample(s, p, (900 - 30 * s + p % 5) * MS, Outcome::Ok));
    let judgement = on(&slow_to_the_end, &one("response_time_p95", "< 200 ms"));
    assert_eq!(judgement.verdict, Verdict::Fail, "{}", judgement.reason);
}

#[test]
fn each_verdict_says_for_which_disturbances_it_speaks() {
    let slow = run(|s, p| sample(s, p, (300 + p % 5) * MS, Outcome::Ok));
    let even = run(|s, p| sample(s, p, if p < 3 { 250 } else { 20 } * MS, Outcome::Ok));
    let pass = "; a disturbance longer than 100 ms or rarer than one in 6.67 s can't be ruled out by this run";
    let fail = "; this holds for the 20.0 s observed: a disturbance longer than 100 ms or rarer than one in 6.67 s may be the cause";
    let open = "; a run of 20.0 s can only decide about disturbances shorter than 100 ms and more frequent than one in 6.67 s";
    for (run, metric, limit, verdict, told) in [
        (
            &run(quick),
            "response_time_p95",
            "< 200 ms",
            Verdict::Pass,
            pass,
        ),
        (
            &run(quick),
            "response_time_mean",
            "< 200 ms",
            Verdict::Pass,
            pass,
        ),
        (&slow, "response_time_p95", "< 200 ms", Verdict::Fail, fail),
        (&slow, "response_time_mean", "< 200 ms", Verdict::Fail, fail),
        (
            &even,
            "response_time_p95",
            "< 200 ms",
            Verdict::Inconclusive,
            open,
        ),
        (&run(quick), "throughput", ">= 40/s", Verdict::Pass, pass),
    ] {
        let judgement = on(run, &one(metric, limit));
        let reason = judgement.reason;
        assert_eq!(judgement.verdict, verdict, "{metric}: {reason}");
        assert!(reason.ends_with(told), "{metric}: {reason}");
    }
}

#[test]
fn of_two_bounds_that_fail_an_extended_run_the_tighter_is_shown() {
    let mut outage = run(|s, p| {
        let outcome = if s < 3 {
            Outcome::Ok
        } else {
            Outcome::Status(503)
        };
        sample(s, p, 20 * MS, outcome)
    });
    let requirement = one("error_rate", "< 1 %");
    outage.window.planned = Some(20 * SECOND);
    let planned = on(&outage, &requirement).checks[0]
        .estimate
        .and_then(|one| one.low);
    outage.window.planned = Some(16 * SECOND);
    outage.window.extended_from = Some(16 * SECOND);
    outage.window.extensions = 1;
    let judgement = on(&outage, &requirement);
    assert_eq!(judgement.verdict, Verdict::Fail, "{}", judgement.reason);
    // The whole run alone would show less than half of that.
    let low = judgement.checks[0].estimate.and_then(|one| one.low);
    assert!(
        low > planned.map(|low| 0.8 * low),
        "{planned:?}: {}",
        judgement.reason
    );
    let told = low.map(|low| format!("at least {}", text::percent(low / 100.0)));
    assert!(
        judgement.reason.contains(&told.expect("a bound")),
        "{}",
        judgement.reason
    );
}

/// Waves that are far below the limit but for one burst: as independent requests they would pass, and so they are worth
/// observing for longer.
#[test]
fn what_correlation_alone_keeps_open_is_worth_more_time() {
    let requirement = one("response_time_p95", "< 200 ms");
    let asked = |run: &RunResult| {
        let evidence = Evidence {
            runs: vec![run],
            ..Evidence::default()
        };
        is_open_by_correlation_alone([&requirement], &evidence, 0.95)
    };
    let burst = |hits: u64| {
        run(|s, p| {
            let wait = if s == 7 && p < hits { 300 } else { 20 };
            sample(s, p, (wait + p % 5) * MS, Outcome::Ok)
        })
    };
    let judgement = on(&burst(20), &requirement);
    let reason = judgement.reason;
    assert_eq!(judgement.verdict, Verdict::Inconclusive, "{reason}");
    assert!(asked(&burst(20)));
    // It has passed; it has failed; it would be open whatever held its requests together.
    assert!(!asked(&burst(0)));
    assert!(!asked(&run(|s, p| sample(s, p, 300 * MS, Outcome::Ok))));
    let at_limit = run(|s, p| {
        sample(
            s,
            p,
            if (s * 31 + p * 7) % 20 == 0 { 250 } else { 20 } * MS,
            Outcome::Ok,
        )
    });
    assert!(!asked(&at_limit));
}

#[test]
fn a_pass_beyond_the_usual_extension_needs_a_margin() {
    let requirement = one("response_time_p95", "< 200 ms");
    let extended = |wait: u64, extensions: u32| {
        let mut run = run(|s, p| sample(s, p, wait * MS, Outcome::Ok));
        run.window.planned = Some(10 * SECOND);
        run.window.extensions = extensions;
        on(&run, &requirement).verdict
    };
    assert_eq!(extended(170, 3), Verdict::Pass);
    assert_eq!(extended(170, 4), Verdict::Inconclusive);
    assert_eq!(extended(100, 4), Verdict::Pass);
}

#[test]
fn a_run_that_may_have_missed_all_disturbances_needs_a_wide_margin() {
    let requirement = one("response_time_p95", "< 200 ms");
    // Waves of eight seconds: twenty seconds at the limit would show less than one.
    let waves = |crest: u64| {
        let run = run(|s, p| {
            let wait = if s / 4 % 2 == 1 { crest } else { 20 };
            sample(s, p, (wait + p % 5) * MS, Outcome::Ok)
        });
        on(&run, &requirement)
    };
    let narrow = waves(140);
    assert_eq!(narrow.verdict, Verdict::Inconclusive, "{}", narrow.reason);
    assert!(
        narrow.reason.contains("requests hang together for about"),
        "{}",
        narrow.reason
    );
    assert_eq!(waves(110).verdict, Verdict::Pass);
    // Without correlation the same times need no margin.
    let even = run(|s, p| {
        let wait = if p % 2 == 1 { 140 } else { 20 };
        sample(s, p, (wait + p % 5) * MS, Outcome::Ok)
    });
    assert_eq!(on(&even, &requirement).verdict, Verdict::Pass);
}

#[test]
fn beyond_the_usual_extension_a_share_far_below_the_limit_is_margin_enough() {
    let requirement = one("response_time_p95", "< 200 ms");
    let burst = |slow: u64| {
        let mut run = run(|s, p| {
            let wait = if s == 7 && p < slow { 170 } else { 20 };
            sample(s, p, (wait + p % 5) * MS, Outcome::Ok)
        });
        run.window.planned = Some(10 * SECOND);
        run.window.extensions = 4;
        on(&run, &requirement).verdict
    };
    // Allowed are 50 of 1,000. Bounds that know of the burst are open in both cases.
    assert_eq!(burst(20), Verdict::Pass);
    assert_eq!(burst(30), Verdict::Inconclusive);
}

/// Without a successful request there is no service behind the figures, whatever they are.
#[test]
fn a_missed_target_that_no_request_reached_fails() {
    let dead = run(|s, p| sample(s, p, 20 * MS, Outcome::Status(500)));
    let half = run(|s, p| {
        let outcome = if p % 2 == 0 {
            Outcome::Ok
        } else {
            Outcome::Timeout
        };
        sample(s, p, 20 * MS, outcome)
    });
    let each = |metric| requirement(&[(metric, Scope::EachEndpoint, "< 200 ms")]);
    let table = [
        (one("response_time_p95", "< 200 ms"), TestVerdict::Warn),
        (one("response_time_mean", "< 200 ms"), TestVerdict::Warn),
        (one("throughput", ">= 49/s"), TestVerdict::Warn),
        (one("success_rate", ">= 99 %"), TestVerdict::Warn),
        (one("error_rate", "< 1 %"), TestVerdict::Warn),
        // All requests at `b` failed: that endpoint was not reached.
        (each("response_time_p95"), TestVerdict::Fail),
    ];
    for (mut requirement, of_half) in table {
        requirement.severity = Severity::Target;
        let metric = requirement.checks[0].metric;
        let test = |run| {
            let judged = on(run, &requirement);
            assert_ne!(judged.verdict, Verdict::Pass, "{metric}: {}", judged.reason);
            judged.test_verdict(false)
        };
        assert_eq!(test(&dead), TestVerdict::Fail, "{metric}");
        assert_eq!(test(&half), of_half, "{metric}");
    }
}

#[test]
fn what_another_source_reports_of_a_target_that_no_request_reached_is_no_pass() {
    use crate::record::{Snapshot, SourceSeries, figure};
    use crate::requirement::Source;
    let with_memory = |mut run: RunResult| {
        let looks = (0..20).map(|second| Snapshot {
            at_ms: second * 1_000,
            figures: [(figure::MEMORY.to_owned(), 20.0)].into(),
        });
        let seen = SourceSeries {
            looks: looks.collect(),
            asked: 20,
            ..SourceSeries::default()
        };
        run.observed.sources.insert(Source::Target, seen);
        run
    };
    let dead = with_memory(run(|s, p| sample(s, p, MS, Outcome::Status(500))));
    let good = with_memory(run(quick));
    let memory = one("memory", "< 80 %");
    assert_eq!(on(&good, &memory).verdict, Verdict::Pass);
    let judged = on(&dead, &memory);
    assert_eq!(judged.verdict, Verdict::Inconclusive);
    let named = "none of the 1,000 requests succeeded";
    assert!(judged.reason.contains(named), "{}", judged.reason);
}

/// A queue for the connections that the plan allows is the plan's: neither the target's nor the generator's.
#[test]
fn waits_for_the_plans_connections_name_the_plans_limit() {
    let waiting = |lag: u64| {
        let mut run = run(|s, p| Sample {
            sent: Some(s * SECOND + p * 20 * MS + 300 * MS),
            lag: 300 * MS,
            ..sample(s, p, 320 * MS, Outcome::Ok)
        });
        run.generator.connection_limit = Some(4);
        std::mem::swap(&mut run.generator.lag, &mut run.generator.waits);
        let own = super::run(|s, p| Sample {
            lag,
            ..sample(s, p, 20 * MS, Outcome::Ok)
        });
        run.generator.lag = own.generator.lag;
        run
    };
    for (metric, limit) in [
        ("response_time_p95", "< 200 ms"),
        ("response_time_mean", "< 200 ms"),
    ] {
        let judged = on(&waiting(0), &one(metric, limit));
        assert_eq!(judged.verdict, Verdict::Inconclusive, "{}", judged.reason);
        let named = "the plan's `connections = 4` was in use by earlier requests";
        assert!(judged.reason.contains(named), "{}", judged.reason);
        assert!(!judged.reason.contains("generator"), "{}", judged.reason);
    }
    // A generator that was late as well is named beside it.
    let judged = on(&waiting(50 * MS), &one("response_time_p95", "< 200 ms"));
    assert!(
        judged.reason.contains("the load generator itself"),
        "{}",
        judged.reason
    );
    assert!(
        judged.reason.contains("`connections = 4`"),
        "{}",
        judged.reason
    );
}
