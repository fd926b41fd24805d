//! The JSON of one run.

use serde::Serialize;

use super::counts::{SecondJson, UserGroupJson};
use super::endpoint::{AddressJson, EndpointJson};
use super::generator::{GeneratorFigures, RunGenerator};
use super::search::SearchForm;
use super::times::TimesForm;
use crate::record::{
    Excerpts, Histogram, Observed, Outcomes, RunProblem, RunResult, Slowest, Sockets, Status,
    Summary, UptimeRecord,
};
use crate::report::{RunReport, rfc3339};

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
