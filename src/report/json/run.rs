//! The JSON of one run.

use serde::Serialize;

use super::generator::{GeneratorFigures, RunGenerator};
use super::search::SearchForm;
use super::times::TimesForm;
use crate::record::{
    AddressResult, CoarseHistogram, Counts, EndpointKind, EndpointResult, EndpointSummary,
    Excerpts, Histogram, JourneyCounts, JourneyEnding, Observed, Outcomes, RunProblem, RunResult,
    Second, Slowest, Sockets, Status, Summary, UptimeRecord, UserGroup,
};
use crate::report::{RunReport, rfc3339};
use crate::requirement::PartIntervals;

#[derive(Serialize)]
pub(super) struct RunJson<'a> {
    scenario: &'a str,
    plan: &'a str,
    load: &'a str,
    started: String,
    status: Status,
    problem: Option<&'a RunProblem>,
    notes: &'a [String],
    window: WindowJson,
    thresholds_ms: Vec<f64>,
    due: u64,
    outcomes: Outcomes,
    rps: Option<f64>,
    response_time_ms: TimesForm,
    answered_time_ms: TimesForm,
    service_time_ms: TimesForm,
    unjudged: Unjudged,
    endpoints: Vec<EndpointJson<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    addresses: Vec<AddressJson<'a>>,
    seconds: Vec<SecondJson<'a>>,
    users: Vec<UserGroupJson<'a>>,
    histograms: HistogramsJson,
    generator: RunGenerator<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sockets: Option<&'a Sockets>,
    slowest: &'a Slowest,
    excerpts: &'a Excerpts,
    watch: WatchJson<'a>,
    observed: &'a Observed,
    search: Option<SearchForm>,
}

impl RunJson<'_> {
    pub(super) fn of(shown: &RunReport) -> RunJson<'_> {
        let RunReport { run, intervals } = shown;
        let summary = Summary::of(run);
        RunJson {
            scenario: &run.scenario,
            plan: &run.plan,
            load: &run.load,
            started: rfc3339::to_text(run.started),
            status: run.status,
            problem: run.problem.as_ref(),
            notes: &run.notes,
            window: WindowJson::of(run),
            thresholds_ms: run.thresholds.iter().map(|nanos| millis(*nanos)).collect(),
            due: summary.due,
            rps: summary.rps,
            response_time_ms: TimesForm::of(&summary.response, &intervals.times.response),
            answered_time_ms: TimesForm::of(&summary.answered, &intervals.times.answered),
            service_time_ms: TimesForm::of(&summary.service, &intervals.times.service),
            unjudged: Unjudged {
                due: summary.unjudged_due,
                outcomes: summary.unjudged_outcomes,
            },
            endpoints: run
                .endpoints
                .iter()
                .zip(&summary.endpoints)
                .enumerate()
                .map(|(index, (endpoint, summary))| {
                    let sure = intervals.endpoints.get(index).copied().unwrap_or_default();
                    EndpointJson::of(endpoint, summary, &sure)
                })
                .collect(),
            addresses: run.addresses.iter().map(AddressJson::of).collect(),
            seconds: run.seconds.iter().enumerate().map(SecondJson::of).collect(),
            users: run.users.iter().map(UserGroupJson::of).collect(),
            outcomes: summary.outcomes,
            histograms: HistogramsJson {
                response: summary.response,
                answered: summary.answered,
                service: summary.service,
            },
            generator: RunGenerator {
                figures: GeneratorFigures::worst([(&run.generator, &intervals.lateness)]),
                cpu_percent_by_second: &run.generator.cpu,
                histogram: &run.generator.lag,
            },
            sockets: Some(&run.sockets).filter(|_| run.has_sockets()),
            slowest: &run.slowest,
            excerpts: &run.excerpts,
            watch: WatchJson::of(&run.watch),
            observed: &run.observed,
            search: run
                .search
                .as_ref()
                .map(|search| SearchForm::of(search, &intervals.steps)),
        }
    }
}

pub(super) fn millis(nanos: u64) -> f64 {
    nanos as f64 / 1e6
}

#[derive(Serialize)]
struct WindowJson {
    from_ms: f64,
    to_ms: f64,
    extendable: bool,
    extensions: u32,
    planned_to_ms: Option<f64>,
    extended_from_ms: Option<f64>,
    settled: bool,
}

impl WindowJson {
    fn of(run: &RunResult) -> WindowJson {
        let window = run.window;
        WindowJson {
            from_ms: millis(window.from),
            to_ms: millis(window.to),
            extendable: window.extendable,
            extensions: window.extensions,
            planned_to_ms: window.planned.map(millis),
            extended_from_ms: window.extended_from.map(millis),
            settled: run.is_settled(),
        }
    }
}

#[derive(Serialize)]
struct Unjudged {
    due: u64,
    outcomes: Outcomes,
}

#[derive(Serialize)]
struct HistogramsJson {
    response: Histogram,
    answered: Histogram,
    service: Histogram,
}

#[derive(Serialize)]
struct EndpointJson<'a> {
    name: &'a str,
    kind: EndpointKind,
    request: &'a str,
    due: u64,
    outcomes: &'a Outcomes,
    rps: Option<f64>,
    response_time_ms: TimesForm,
    answered_time_ms: TimesForm,
    service_time_ms: TimesForm,
    bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    reached: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unreached: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    poll_every_ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    steps: Option<[usize; 2]>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    ended_by: &'a [JourneyEnding],
    histograms: EndpointHistograms<'a>,
}

#[derive(Serialize)]
struct EndpointHistograms<'a> {
    response: &'a Histogram,
    answered: &'a Histogram,
    service: &'a Histogram,
}

impl EndpointJson<'_> {
    fn of<'a>(
        endpoint: &'a EndpointResult,
        summary: &EndpointSummary,
        sure: &PartIntervals,
    ) -> EndpointJson<'a> {
        let is_step = endpoint.reached + endpoint.unreached > 0;
        EndpointJson {
            name: &endpoint.name,
            kind: endpoint.kind,
            request: &endpoint.request,
            due: summary.due,
            outcomes: &endpoint.outcomes,
            rps: summary.rps,
            response_time_ms: TimesForm::from(summary.response, &sure.response),
            answered_time_ms: TimesForm::from(summary.answered, &sure.answered),
            service_time_ms: TimesForm::from(summary.service, &sure.service),
            bytes: endpoint.bytes,
            reached: is_step.then_some(endpoint.reached),
            unreached: is_step.then_some(endpoint.unreached),
            poll_every_ms: endpoint.poll_every.map(millis),
            steps: endpoint
                .steps
                .as_ref()
                .map(|steps| [steps.start, steps.end]),
            ended_by: &endpoint.ended_by,
            histograms: EndpointHistograms {
                response: &endpoint.response,
                answered: &endpoint.answered,
                service: &endpoint.service,
            },
        }
    }
}

#[derive(Serialize)]
struct AddressJson<'a> {
    address: &'a str,
    left_out: Option<&'a str>,
    due: u64,
    failed: u64,
    outcomes: &'a Outcomes,
    histogram: &'a Histogram,
}

impl AddressJson<'_> {
    fn of(one: &AddressResult) -> AddressJson<'_> {
        AddressJson {
            address: &one.address,
            left_out: one.left_out.as_deref(),
            due: one.due(),
            failed: one.failed(),
            outcomes: &one.outcomes,
            histogram: &one.response,
        }
    }
}

#[derive(Serialize)]
struct SecondJson<'a> {
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
    fn of((index, second): (usize, &Second)) -> SecondJson<'_> {
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
struct UserGroupJson<'a> {
    due: u64,
    failed: u64,
    endpoints: Vec<CountsJson<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    journeys: Vec<JourneyJson<'a>>,
    buckets: &'a CoarseHistogram,
}

impl UserGroupJson<'_> {
    fn of(group: &UserGroup) -> UserGroupJson<'_> {
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
    fn of(counts: &Counts) -> CountsJson<'_> {
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

#[derive(Serialize)]
struct WatchJson<'a> {
    probes: u64,
    outages: Vec<OutageJson<'a>>,
    restarts: Vec<String>,
}

#[derive(Serialize)]
struct OutageJson<'a> {
    from: String,
    to: Option<String>,
    probes: u64,
    cause: &'a str,
}

impl WatchJson<'_> {
    fn of(watch: &UptimeRecord) -> WatchJson<'_> {
        WatchJson {
            probes: watch.probes,
            outages: watch
                .outages
                .iter()
                .map(|seen| OutageJson {
                    from: rfc3339::to_text(seen.from),
                    to: seen.to.map(rfc3339::to_text),
                    probes: seen.probes,
                    cause: &seen.cause,
                })
                .collect(),
            restarts: watch
                .restarts
                .iter()
                .copied()
                .map(rfc3339::to_text)
                .collect(),
        }
    }
}
