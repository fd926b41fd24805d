//! From the JSON of a run back to its record.

use serde::Deserialize;

use super::read::{ReportReadError, millis};
use super::search::{SearchForm, search};
use super::times::TimesForm;
use crate::record::{
    AddressResult, CoarseHistogram, Counts, EndpointKind, EndpointResult, Excerpts, Generator,
    Histogram, JourneyCounts, JourneyEnding, Observed, Outage, Outcomes, RunProblem, RunResult,
    Second, Slowest, Sockets, Status, UptimeRecord, UserGroup, Window,
};
use crate::report::RunReport;
use crate::requirement::{PartIntervals, RunIntervals};

pub(super) fn nanos(millis: f64) -> u64 {
    (millis * 1e6).round() as u64
}

#[derive(Deserialize)]
pub(super) struct RunForm {
    scenario: String,
    plan: String,
    #[serde(default)]
    load: String,
    started: String,
    status: Status,
    problem: Option<RunProblem>,
    notes: Vec<String>,
    window: WindowForm,
    thresholds_ms: Vec<f64>,
    response_time_ms: TimesForm,
    answered_time_ms: TimesForm,
    service_time_ms: TimesForm,
    endpoints: Vec<EndpointForm>,
    #[serde(default)]
    addresses: Vec<AddressForm>,
    seconds: Vec<SecondForm>,
    #[serde(default)]
    users: Vec<UserGroupForm>,
    generator: GeneratorForm,
    #[serde(default)]
    sockets: Sockets,
    #[serde(default)]
    slowest: Slowest,
    #[serde(default)]
    excerpts: Excerpts,
    watch: WatchForm,
    observed: Observed,
    #[serde(default)]
    search: Option<SearchForm>,
}

pub(super) fn run(form: RunForm) -> Result<RunReport, ReportReadError> {
    Ok(RunReport {
        intervals: intervals(&form),
        run: record(form)?,
    })
}

fn intervals(form: &RunForm) -> RunIntervals {
    let part = |response: &TimesForm, answered: &TimesForm, service: &TimesForm| PartIntervals {
        response: response.intervals(),
        answered: answered.intervals(),
        service: service.intervals(),
    };
    let endpoint = |form: &EndpointForm| {
        part(
            &form.response_time_ms,
            &form.answered_time_ms,
            &form.service_time_ms,
        )
    };
    RunIntervals {
        times: part(
            &form.response_time_ms,
            &form.answered_time_ms,
            &form.service_time_ms,
        ),
        lateness: form.generator.lateness_ms.intervals(),
        endpoints: form.endpoints.iter().map(endpoint).collect(),
        steps: form
            .search
            .as_ref()
            .map_or_else(Vec::new, SearchForm::intervals),
    }
}

fn record(form: RunForm) -> Result<RunResult, ReportReadError> {
    Ok(RunResult {
        scenario: form.scenario,
        plan: form.plan,
        load: form.load,
        started: millis(&form.started)?,
        status: form.status,
        problem: form.problem,
        thresholds: form.thresholds_ms.into_iter().map(nanos).collect(),
        window: Window {
            from: nanos(form.window.from_ms),
            to: nanos(form.window.to_ms),
            extendable: form.window.extendable,
            extensions: form.window.extensions,
            planned: form.window.planned_to_ms.map(nanos),
            extended_from: form.window.extended_from_ms.map(nanos),
        },
        endpoints: form.endpoints.into_iter().map(endpoint).collect(),
        addresses: form.addresses.into_iter().map(address).collect(),
        seconds: form.seconds.into_iter().map(second).collect(),
        users: form.users.into_iter().map(user_group).collect(),
        generator: generator(form.generator),
        sockets: form.sockets,
        slowest: form.slowest,
        excerpts: form.excerpts,
        watch: watch(form.watch)?,
        observed: form.observed,
        search: form.search.map(search),
        notes: form.notes,
    })
}

#[derive(Deserialize)]
struct WindowForm {
    from_ms: f64,
    to_ms: f64,
    extendable: bool,
    extensions: u32,
    #[serde(default)]
    planned_to_ms: Option<f64>,
    #[serde(default)]
    extended_from_ms: Option<f64>,
}

#[derive(Deserialize)]
struct EndpointForm {
    name: String,
    #[serde(default)]
    kind: EndpointKind,
    request: String,
    outcomes: Outcomes,
    response_time_ms: TimesForm,
    answered_time_ms: TimesForm,
    service_time_ms: TimesForm,
    bytes: u64,
    #[serde(default)]
    reached: u64,
    #[serde(default)]
    unreached: u64,
    #[serde(default)]
    poll_every_ms: Option<f64>,
    #[serde(default)]
    steps: Option<[usize; 2]>,
    #[serde(default)]
    ended_by: Vec<JourneyEnding>,
    histograms: Histograms,
}

#[derive(Deserialize)]
struct Histograms {
    response: Histogram,
    answered: Histogram,
    service: Histogram,
}

fn endpoint(form: EndpointForm) -> EndpointResult {
    EndpointResult {
        name: form.name,
        kind: form.kind,
        request: form.request,
        outcomes: form.outcomes,
        response: form.histograms.response,
        answered: form.histograms.answered,
        service: form.histograms.service,
        bytes: form.bytes,
        reached: form.reached,
        unreached: form.unreached,
        poll_every: form.poll_every_ms.map(nanos),
        steps: form.steps.map(|[from, to]| from..to),
        ended_by: form.ended_by,
    }
}

#[derive(Deserialize)]
struct AddressForm {
    address: String,
    left_out: Option<String>,
    outcomes: Outcomes,
    histogram: Histogram,
}

fn address(form: AddressForm) -> AddressResult {
    AddressResult {
        address: form.address,
        left_out: form.left_out,
        outcomes: form.outcomes,
        response: form.histogram,
    }
}

#[derive(Deserialize)]
struct SecondForm {
    done: u64,
    endpoints: Vec<CountsForm>,
    #[serde(default)]
    addresses: Vec<CountsForm>,
    #[serde(default)]
    journeys: Vec<JourneyForm>,
    buckets: CoarseHistogram,
}

#[derive(Deserialize)]
struct JourneyForm {
    #[serde(flatten)]
    counts: CountsForm,
    buckets: CoarseHistogram,
}

fn journey(form: JourneyForm) -> JourneyCounts {
    JourneyCounts {
        counts: counts(form.counts),
        response: form.buckets,
    }
}

#[derive(Deserialize)]
struct CountsForm {
    due: u64,
    failed: u64,
    failed_by_generator: u64,
    time_ns: u64,
    over: Vec<u64>,
    over_by_generator: Vec<u64>,
    outcomes: Outcomes,
    #[serde(default)]
    unreached: u64,
    #[serde(default)]
    over_by_poll: Vec<u64>,
}

#[derive(Deserialize)]
struct UserGroupForm {
    endpoints: Vec<CountsForm>,
    #[serde(default)]
    journeys: Vec<JourneyForm>,
    buckets: CoarseHistogram,
}

fn counts(form: CountsForm) -> Counts {
    Counts {
        due: form.due,
        failed: form.failed,
        failed_by_generator: form.failed_by_generator,
        time: form.time_ns,
        over: form.over,
        over_by_generator: form.over_by_generator,
        outcomes: form.outcomes,
        unreached: form.unreached,
        over_by_poll: form.over_by_poll,
    }
}

fn user_group(form: UserGroupForm) -> UserGroup {
    UserGroup {
        endpoints: form.endpoints.into_iter().map(counts).collect(),
        journeys: form.journeys.into_iter().map(journey).collect(),
        response: form.buckets,
    }
}

fn second(form: SecondForm) -> Second {
    Second {
        endpoints: form.endpoints.into_iter().map(counts).collect(),
        addresses: form.addresses.into_iter().map(counts).collect(),
        journeys: form.journeys.into_iter().map(journey).collect(),
        done_ok: form.done,
        response: form.buckets,
    }
}

#[derive(Deserialize)]
struct GeneratorForm {
    lateness_ms: TimesForm,
    refusals: u64,
    waited_for_connection: u64,
    connections: u64,
    resent: u64,
    workers: u32,
    cpu_percent_by_second: Vec<Option<f64>>,
    histogram: Histogram,
}

fn generator(form: GeneratorForm) -> Generator {
    let cpu = form.cpu_percent_by_second.into_iter();
    Generator {
        workers: form.workers,
        lag: form.histogram,
        waits: Histogram::new(),
        cpu: cpu.map(|percent| percent.unwrap_or(f64::NAN)).collect(),
        refusals: form.refusals,
        waited_for_connection: form.waited_for_connection,
        connection_limit: None,
        connections: form.connections,
        resent: form.resent,
    }
}

#[derive(Deserialize)]
struct WatchForm {
    probes: u64,
    outages: Vec<OutageForm>,
    restarts: Vec<String>,
}

#[derive(Deserialize)]
struct OutageForm {
    from: String,
    to: Option<String>,
    probes: u64,
    cause: String,
}

fn watch(form: WatchForm) -> Result<UptimeRecord, ReportReadError> {
    let outage = |form: OutageForm| {
        Ok(Outage {
            from: millis(&form.from)?,
            to: form.to.as_deref().map(millis).transpose()?,
            probes: form.probes,
            cause: form.cause,
        })
    };
    Ok(UptimeRecord {
        probes: form.probes,
        // Only the reason of its verdict has it.
        every_ms: None,
        outages: form
            .outages
            .into_iter()
            .map(outage)
            .collect::<Result<_, ReportReadError>>()?,
        restarts: form
            .restarts
            .iter()
            .map(|text| millis(text))
            .collect::<Result<_, _>>()?,
    })
}
