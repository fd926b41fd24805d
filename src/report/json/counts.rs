//! The JSON of what was counted: by second, by user, and the counts of each endpoint in them.

use serde::Serialize;

use crate::record::{CoarseHistogram, Counts, JourneyCounts, Outcomes, Second, UserGroup};

#[derive(Serialize)]
pub(super) struct SecondJson<'a> {
    second: usize,
    due: u64,
    ok: u64,
    failed: u64,
    over: Vec<u64>,
    done: u64,
    response_time_ms: CoarseTimes,
    outcomes: Outcomes,
    endpoints: Vec<CountsJson<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    addresses: Vec<CountsJson<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    journeys: Vec<JourneyJson<'a>>,
    buckets: &'a CoarseHistogram,
}

#[derive(Serialize)]
struct JourneyJson<'a> {
    #[serde(flatten)]
    counts: CountsJson<'a>,
    buckets: &'a CoarseHistogram,
}

impl JourneyJson<'_> {
    fn of(journey: &JourneyCounts) -> JourneyJson<'_> {
        JourneyJson {
            counts: CountsJson::of(&journey.counts),
            buckets: &journey.response,
        }
    }
}

#[derive(Serialize)]
struct CoarseTimes {
    p50: Option<f64>,
    p95: Option<f64>,
}

impl SecondJson<'_> {
    pub(super) fn of((index, second): (usize, &Second)) -> SecondJson<'_> {
        let thresholds = second
            .endpoints
            .iter()
            .map(|counts| counts.over.len())
            .max()
            .unwrap_or(0);
        SecondJson {
            second: index,
            due: second.due(),
            ok: second.due().saturating_sub(second.failed()),
            failed: second.failed(),
            over: (0..thresholds).map(|index| second.over(index)).collect(),
            done: second.done_ok,
            response_time_ms: CoarseTimes {
                p50: second.response.quantile_ms(0.5),
                p95: second.response.quantile_ms(0.95),
            },
            outcomes: second.outcomes(),
            endpoints: second.endpoints.iter().map(CountsJson::of).collect(),
            addresses: second.addresses.iter().map(CountsJson::of).collect(),
            journeys: second.journeys.iter().map(JourneyJson::of).collect(),
            buckets: &second.response,
        }
    }
}

#[derive(Serialize)]
pub(super) struct UserGroupJson<'a> {
    due: u64,
    failed: u64,
    endpoints: Vec<CountsJson<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    journeys: Vec<JourneyJson<'a>>,
    buckets: &'a CoarseHistogram,
}

impl UserGroupJson<'_> {
    pub(super) fn of(group: &UserGroup) -> UserGroupJson<'_> {
        UserGroupJson {
            due: group.due(),
            failed: group.failed(),
            endpoints: group.endpoints.iter().map(CountsJson::of).collect(),
            journeys: group.journeys.iter().map(JourneyJson::of).collect(),
            buckets: &group.response,
        }
    }
}

#[derive(Serialize)]
struct CountsJson<'a> {
    due: u64,
    failed: u64,
    failed_by_generator: u64,
    time_ns: u64,
    over: &'a [u64],
    over_by_generator: &'a [u64],
    outcomes: &'a Outcomes,
    #[serde(skip_serializing_if = "Option::is_none")]
    unreached: Option<u64>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    over_by_poll: &'a [u64],
}

impl CountsJson<'_> {
    pub(super) fn of(counts: &Counts) -> CountsJson<'_> {
        CountsJson {
            due: counts.due,
            failed: counts.failed,
            failed_by_generator: counts.failed_by_generator,
            time_ns: counts.time,
            over: &counts.over,
            over_by_generator: &counts.over_by_generator,
            outcomes: &counts.outcomes,
            unreached: (counts.unreached > 0).then_some(counts.unreached),
            over_by_poll: &counts.over_by_poll,
        }
    }
}
