//! The JSON of one run.

use serde::Serialize;

use super::generator::{GeneratorFigures, RunGenerator};
use super::search::SearchForm;
use super::times::TimesForm;
use crate::record::{
    AddressResult, Coarse, Counts, EndpointKind, EndpointResult, EndpointSummary, Excerpts,
    Histogram, Observed, Outcomes, Problem, RunResult, Second, Slowest, Sockets, Status, Summary,
    UserGroup, Watch,
};
use crate::report::{RunReport, instant};
use crate::requirement::PartIntervals;

#[derive(Serialize)]
pub(super) struct RunForm<'a> {
    scenario: &'a str,
    plan: &'a str,
    load: &'a str,
    started: String,
    status: Status,
    problem: Option<&'a Problem>,
    notes: &'a [String],
    window: WindowForm,
    thresholds_ms: Vec<f64>,
    due: u64,
    outcomes: Outcomes,
    rps: Option<f64>,
    response_time_ms: TimesForm,
    answered_time_ms: TimesForm,
    service_time_ms: TimesForm,
    unjudged: Unjudged,
    endpoints: Vec<EndpointForm<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    addresses: Vec<AddressForm<'a>>,
    seconds: Vec<SecondForm<'a>>,
    users: Vec<UserGroupForm<'a>>,
    histograms: Histograms,
    generator: RunGenerator<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sockets: Option<&'a Sockets>,
    slowest: &'a Slowest,
    excerpts: &'a Excerpts,
    watch: WatchForm<'a>,
    observed: &'a Observed,
    search: Option<SearchForm>,
}

impl RunForm<'_> {
    pub(super) fn of(shown: &RunReport) -> RunForm<'_> {
        let RunReport { run, intervals } = shown;
        let summary = Summary::of(run);
        RunForm {
            scenario: &run.scenario,
            plan: &run.plan,
            load: &run.load,
            started: instant::to_text(run.started),
            status: run.status,
            problem: run.problem.as_ref(),
            notes: &run.notes,
            window: WindowForm::of(run),
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
                    EndpointForm::of(endpoint, summary, &sure)
                })
                .collect(),
            addresses: run.addresses.iter().map(AddressForm::of).collect(),
            seconds: run.seconds.iter().enumerate().map(SecondForm::of).collect(),
            users: run.users.iter().map(UserGroupForm::of).collect(),
            outcomes: summary.outcomes,
            histograms: Histograms {
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
            watch: WatchForm::of(&run.watch),
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
struct WindowForm {
    from_ms: f64,
    to_ms: f64,
    extendable: bool,
    extensions: u32,
    planned_to_ms: Option<f64>,
    extended_from_ms: Option<f64>,
    settled: bool,
}

impl WindowForm {
    fn of(run: &RunResult) -> WindowForm {
        let window = run.window;
        WindowForm {
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
struct Histograms {
    response: Histogram,
    answered: Histogram,
    service: Histogram,
}

#[derive(Serialize)]
struct EndpointForm<'a> {
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
    histograms: EndpointHistograms<'a>,
}

#[derive(Serialize)]
struct EndpointHistograms<'a> {
    response: &'a Histogram,
    answered: &'a Histogram,
    service: &'a Histogram,
}

impl EndpointForm<'_> {
    fn of<'a>(
        endpoint: &'a EndpointResult,
        summary: &EndpointSummary,
        sure: &PartIntervals,
    ) -> EndpointForm<'a> {
        EndpointForm {
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
            histograms: EndpointHistograms {
                response: &endpoint.response,
                answered: &endpoint.answered,
                service: &endpoint.service,
            },
        }
    }
}

#[derive(Serialize)]
struct AddressForm<'a> {
    address: &'a str,
    left_out: Option<&'a str>,
    due: u64,
    failed: u64,
    outcomes: &'a Outcomes,
    histogram: &'a Histogram,
}

impl AddressForm<'_> {
    fn of(one: &AddressResult) -> AddressForm<'_> {
        AddressForm {
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
struct SecondForm<'a> {
    second: usize,
    due: u64,
    ok: u64,
    failed: u64,
    over: Vec<u64>,
    done: u64,
    response_time_ms: CoarseTimes,
    outcomes: Outcomes,
    endpoints: Vec<CountsForm<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    addresses: Vec<CountsForm<'a>>,
    buckets: &'a Coarse,
}

#[derive(Serialize)]
struct CoarseTimes {
    p50: Option<f64>,
    p95: Option<f64>,
}

impl SecondForm<'_> {
    fn of((index, second): (usize, &Second)) -> SecondForm<'_> {
        let thresholds = second
            .endpoints
            .iter()
            .map(|counts| counts.over.len())
            .max()
            .unwrap_or(0);
        SecondForm {
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
            endpoints: second.endpoints.iter().map(CountsForm::of).collect(),
            addresses: second.addresses.iter().map(CountsForm::of).collect(),
            buckets: &second.response,
        }
    }
}

#[derive(Serialize)]
struct UserGroupForm<'a> {
    due: u64,
    failed: u64,
    endpoints: Vec<CountsForm<'a>>,
    buckets: &'a Coarse,
}

impl UserGroupForm<'_> {
    fn of(group: &UserGroup) -> UserGroupForm<'_> {
        UserGroupForm {
            due: group.due(),
            failed: group.failed(),
            endpoints: group.endpoints.iter().map(CountsForm::of).collect(),
            buckets: &group.response,
        }
    }
}

#[derive(Serialize)]
struct CountsForm<'a> {
    due: u64,
    failed: u64,
    failed_by_generator: u64,
    time_ns: u64,
    over: &'a [u64],
    over_by_generator: &'a [u64],
    outcomes: &'a Outcomes,
}

impl CountsForm<'_> {
    fn of(counts: &Counts) -> CountsForm<'_> {
        CountsForm {
            due: counts.due,
            failed: counts.failed,
            failed_by_generator: counts.failed_by_generator,
            time_ns: counts.time,
            over: &counts.over,
            over_by_generator: &counts.over_by_generator,
            outcomes: &counts.outcomes,
        }
    }
}

#[derive(Serialize)]
struct WatchForm<'a> {
    probes: u64,
    outages: Vec<OutageForm<'a>>,
    restarts: Vec<String>,
}

#[derive(Serialize)]
struct OutageForm<'a> {
    from: String,
    to: Option<String>,
    probes: u64,
    cause: &'a str,
}

impl WatchForm<'_> {
    fn of(watch: &Watch) -> WatchForm<'_> {
        WatchForm {
            probes: watch.probes,
            outages: watch
                .outages
                .iter()
                .map(|seen| OutageForm {
                    from: instant::to_text(seen.from),
                    to: seen.to.map(instant::to_text),
                    probes: seen.probes,
                    cause: &seen.cause,
                })
                .collect(),
            restarts: watch
                .restarts
                .iter()
                .copied()
                .map(instant::to_text)
                .collect(),
        }
    }
}
