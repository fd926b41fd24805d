//! What numbers a report may hold: it may come from anywhere, and what is read is summed up without looking.

use super::read::ReportReadError;
use crate::record::{Counts, JourneyCounts, RunResult, Second};
use crate::report::Report;

/// The most that all counts of a report come to together, so that no sum of them overflows: whole numbers up to here are
/// exact in every reader of JSON too.
const MOST: u64 = 1 << 53;

/// Whether all sums over the report can be made.
///
/// # Errors
/// When one could not.
pub(super) fn bounded(report: &Report) -> Result<(), ReportReadError> {
    let beyond = |what: String| Err(ReportReadError::Beyond { what });
    if report.started.max(report.took) > MOST {
        return beyond("how long the session took".to_owned());
    }
    let (mut counted, mut nanos) = (Some(0), Some(0));
    for run in report.runs.iter().map(|shown| &shown.run) {
        counted = sum(counted, counts(run), MOST);
        if counted.is_none() {
            return beyond(format!("what `{}` counts", run.scenario));
        }
        nanos = sum(nanos, times(run), u64::MAX);
        if nanos.is_none() {
            return beyond(format!("how long `{}` took", run.scenario));
        }
    }
    Ok(())
}

fn sum(before: Option<u64>, more: impl Iterator<Item = u64>, most: u64) -> Option<u64> {
    more.fold(before, |sum, one| {
        sum?.checked_add(one).filter(|sum| *sum <= most)
    })
}

fn counts(run: &RunResult) -> impl Iterator<Item = u64> {
    let endpoints = run.endpoints.iter().flat_map(|endpoint| {
        let own = [
            endpoint.bytes,
            endpoint.response.len(),
            endpoint.answered.len(),
            endpoint.service.len(),
        ];
        let endings = endpoint.ended_by.iter().map(|ending| ending.count);
        let of_journeys = [endpoint.reached, endpoint.unreached]
            .into_iter()
            .chain(endings);
        own.into_iter()
            .chain(of_journeys)
            .chain(endpoint.outcomes.values().copied())
    });
    let addresses = run.addresses.iter().flat_map(|address| {
        let own = [address.response.len()];
        own.into_iter().chain(address.outcomes.values().copied())
    });
    let steps = run.search.iter().flat_map(|search| &search.steps);
    let steps = steps.flat_map(|step| {
        let own = [step.response.len(), step.answered.len(), step.lag.len()];
        own.into_iter().chain(step.outcomes.values().copied())
    });
    let seconds = run.seconds.iter().flat_map(|second: &Second| {
        let own = [second.done_ok, second.response.len()];
        own.into_iter()
            .chain(second.endpoints.iter().flat_map(of_endpoint))
            .chain(second.addresses.iter().flat_map(of_endpoint))
            .chain(second.journeys.iter().flat_map(of_journey))
    });
    let users = run.users.iter().flat_map(|group| {
        let own = [group.response.len()];
        own.into_iter()
            .chain(group.endpoints.iter().flat_map(of_endpoint))
            .chain(group.journeys.iter().flat_map(of_journey))
    });
    let (fared, talk) = (&run.generator, &run.sockets);
    let others = [
        fared.lag.len(),
        fared.refusals,
        fared.waited_for_connection,
        fared.connections,
        fared.resent,
        talk.unasked,
        talk.control_pings,
        talk.late_replies,
        talk.reconnects,
        run.watch.probes,
    ];
    let closes = talk.closes.values().copied();
    let probes = run.watch.outages.iter().map(|outage| outage.probes);
    let statements = run.observed.statements.iter().map(|one| one.calls);
    let sources = run.observed.sources.values();
    let looks = sources.flat_map(|seen| seen.unanswered.values().copied().chain([seen.asked]));
    endpoints
        .chain(addresses)
        .chain(steps)
        .chain(seconds)
        .chain(users)
        .chain(others)
        .chain(closes)
        .chain(probes)
        .chain(statements)
        .chain(looks)
}

fn of_endpoint(counts: &Counts) -> impl Iterator<Item = u64> {
    let own = [
        counts.due,
        counts.failed,
        counts.failed_by_generator,
        counts.unreached,
    ];
    own.into_iter()
        .chain(counts.over.iter().copied())
        .chain(counts.over_by_generator.iter().copied())
        .chain(counts.over_by_poll.iter().copied())
        .chain(counts.outcomes.values().copied())
}

fn of_journey(journey: &JourneyCounts) -> impl Iterator<Item = u64> {
    of_endpoint(&journey.counts).chain([journey.response.len()])
}

/// In nanoseconds, those that are added to each other.
fn times(run: &RunResult) -> impl Iterator<Item = u64> {
    let seconds = run.seconds.iter().flat_map(|second| &second.endpoints);
    let users = run.users.iter().flat_map(|group| &group.endpoints);
    let by_second = run.seconds.iter().flat_map(|second| &second.journeys);
    let by_user = run.users.iter().flat_map(|group| &group.journeys);
    let journeys = by_second.chain(by_user).map(|journey| &journey.counts);
    let slowest = run.slowest.all().iter().map(|slow| slow.done_ns);
    let ends = [run.window.planned, run.window.extended_from];
    let window = ends
        .map(Option::unwrap_or_default)
        .into_iter()
        .chain([run.window.to]);
    seconds
        .chain(users)
        .chain(journeys)
        .map(|counts| counts.time)
        .chain(slowest)
        .chain(window)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::{Value, json};

    use super::super::{from_json, to_json};
    use crate::record::Histogram;
    use crate::report::{Format, fixture};

    /// The numbers of a report, one of each kind: where they are, as a JSON pointer.
    fn numbers(value: &Value, at: &str, kind: &str, seen: &mut BTreeSet<String>) -> Vec<String> {
        let mut inner = |value: &Value, name: &str, kind_of: &str| {
            numbers(
                value,
                &format!("{at}/{name}"),
                &format!("{kind}/{kind_of}"),
                seen,
            )
        };
        match value {
            Value::Object(fields) => fields
                .iter()
                .flat_map(|(name, value)| inner(value, name, name))
                .collect(),
            Value::Array(items) => items
                .iter()
                .enumerate()
                .flat_map(|(index, value)| {
                    // Both numbers of a bucket, which is a pair.
                    let kind = if value.is_number() { index.min(1) } else { 0 };
                    inner(value, &index.to_string(), &kind.to_string())
                })
                .collect(),
            Value::Number(_) if seen.insert(kind.to_owned()) => vec![at.to_owned()],
            _ => Vec::new(),
        }
    }

    /// Histograms take long to render, and have no numbers of their own here.
    fn empty(value: &mut Value, histogram: &Value) {
        match value {
            Value::String(text) if text.starts_with("HISTF") => *value = histogram.clone(),
            Value::Array(items) => items.iter_mut().for_each(|one| empty(one, histogram)),
            Value::Object(fields) => fields.values_mut().for_each(|one| empty(one, histogram)),
            _ => {}
        }
    }

    #[test]
    fn no_number_of_a_foreign_report_ends_the_reader() {
        let mut seen = BTreeSet::new();
        for report in [fixture::report(), fixture::searches()] {
            let mut whole: Value = serde_json::from_str(&to_json(&report)).expect("JSON");
            empty(&mut whole, &json!(Histogram::new()));
            for at in numbers(&whole, "", "", &mut seen) {
                let with = |bad: u64| {
                    let mut foreign = whole.clone();
                    *foreign.pointer_mut(&at).expect("a number") = bad.into();
                    from_json(&foreign.to_string()).ok()
                };
                // The most that is read at all.
                let most = [u64::MAX, 1 << 53, u64::from(u32::MAX), u64::from(u16::MAX)];
                let Some(read) = most.into_iter().find_map(with) else {
                    continue;
                };
                let rendered = std::panic::catch_unwind(|| {
                    for format in Format::ALL {
                        // That a format has no place for it is an answer too.
                        let _ = format.render(&read);
                    }
                });
                assert!(rendered.is_ok(), "{at}");
            }
        }
    }

    #[test]
    fn counts_that_no_sum_could_take_are_refused() {
        let whole: Value = serde_json::from_str(&to_json(&fixture::report())).expect("JSON");
        let places = [
            "/runs/0/endpoints/1/outcomes/ok",
            "/runs/0/seconds/3/endpoints/0/due",
            "/runs/0/seconds/3/endpoints/0/time_ns",
            "/runs/0/generator/connections",
        ];
        for at in places {
            let mut foreign = whole.clone();
            *foreign.pointer_mut(at).expect(at) = json!(u64::MAX);
            let told = from_json(&foreign.to_string()).expect_err(at).to_string();
            assert!(told.contains("beyond") && !told.contains('\n'), "{told}");
        }
        // Each alone may be; together they may not.
        let mut foreign = whole;
        for second in foreign["runs"][0]["seconds"]
            .as_array_mut()
            .expect("seconds")
        {
            second["endpoints"][0]["due"] = json!(1_u64 << 52);
        }
        assert!(from_json(&foreign.to_string()).is_err());
    }
}
