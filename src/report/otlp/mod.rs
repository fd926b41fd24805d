//! A report as OTLP metrics in JSON: what `/v1/metrics` of an `OpenTelemetry` collector takes.
//!
//! Points have the times at which things happened, so that a run lies where it was on the axis of a dashboard. Units are
//! base units: seconds, bytes, and ratios from 0 to 1. Counts are cumulative from the start of their run.
//!
//! What changes over time has a point for each second. Each point repeats its attributes, which a long session would
//! make tens of megabytes of: so all points together are at most 12,000, and a longer or wider session has one
//! for every 2, 5, 10 … seconds. Counts lose nothing by that, rates are means over the longer time, and
//! percentiles are those of all requests in it.

mod journeys;
mod message;
mod metric;
mod requests;
mod requirements;
mod resources;
#[cfg(test)]
mod tests;
mod times;

use super::Report;
use super::unique_names::Named;
use crate::record::{RunResult, Status};
use crate::text::clean;
use message::{
    Attribute, InstrumentationScope, OtlpMetric, Request, Resource, ResourceMetrics, ScopeMetrics,
};
use metric::GaugePoint;

/// Milliseconds to a second.
const MILLIS: f64 = 1e3;
/// Percent to a ratio.
const PERCENT: f64 = 1e2;
/// Nanoseconds to a millisecond.
const MS: u64 = 1_000_000;
/// Nanoseconds to a second.
const SECOND: u64 = 1_000_000_000;

/// The most points that a report has, unless the longest step leaves more: about 4 MB.
const MOST_POINTS: usize = 12_000;
/// Seconds from one point to the next.
const STEPS: [usize; 9] = [1, 2, 5, 10, 15, 30, 60, 300, 900];

/// What the metrics are called after, and the scope that they are of.
const NAME: &str = "agentos-perf";
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The report as an `ExportMetricsServiceRequest` in JSON, on one line.
pub fn render(report: &Report) -> String {
    let mut metrics = Vec::new();
    for step in STEPS {
        metrics = all(report, step);
        let points: usize = metrics.iter().map(|metric| metric.data.points()).sum();
        if points <= MOST_POINTS {
            break;
        }
    }
    let scope = InstrumentationScope {
        name: NAME,
        version: VERSION,
    };
    let request = Request {
        resource_metrics: [ResourceMetrics {
            resource: resource(report),
            scope_metrics: [ScopeMetrics { scope, metrics }],
        }],
    };
    // Nothing in these messages can't be written as JSON.
    serde_json::to_string(&request).unwrap_or_default()
}

/// The resource that reports. Sessions of one profile against one target are one instance, so that they continue each
/// other's series.
fn resource(report: &Report) -> Resource {
    let (profile, target) = (clean(&report.profile), clean(&report.target));
    Resource {
        attributes: vec![
            Attribute::new("service.name", NAME),
            Attribute::new("service.version", VERSION),
            Attribute::new("service.instance.id", format!("{profile} {target}")),
            Attribute::new("agentos_perf.profile", profile),
            Attribute::new("agentos_perf.target", target),
        ],
    }
}

fn all(report: &Report, step: usize) -> Vec<OtlpMetric> {
    let end = (report.started.saturating_add(report.took)).saturating_mul(MS);
    let runs = Named::all(&report.runs);
    let mut metrics = session(report, end);
    metrics.extend(requirements::metrics(
        &report.judgements,
        report.strict,
        end,
    ));
    metrics.push(statuses(&runs));
    metrics.extend(requests::metrics(&runs, step));
    metrics.extend(journeys::metrics(&runs));
    metrics.extend(times::metrics(&runs, step));
    metrics.extend(resources::metrics(&runs, step));
    metrics.retain(|metric| metric.data.points() > 0);
    metrics
}

fn session(report: &Report, end: u64) -> Vec<OtlpMetric> {
    let mut took = GaugePoint::new(
        "agentos_perf.session.duration",
        "s",
        "How long the session took.",
    );
    took.add(Vec::new(), end, report.took as f64 / MILLIS);
    let mut sure = GaugePoint::new(
        "agentos_perf.confidence",
        "1",
        "The confidence of verdicts and intervals.",
    );
    sure.add(Vec::new(), end, report.confidence);
    vec![took.metric(), sure.metric()]
}

fn statuses(runs: &[Named<'_>]) -> OtlpMetric {
    let mut gauge = GaugePoint::new(
        "agentos_perf.run.status",
        "{run}",
        "How each run ended: 1 for the status that it has, 0 for the others.",
    );
    for run in runs {
        let record = &run.shown.run;
        let states = [
            ("complete", Status::Complete),
            ("partial", Status::Partial),
            ("failed", Status::Failed),
        ];
        for (state, status) in states {
            let attributes = vec![
                Attribute::new("scenario", &run.scenario),
                Attribute::new("status", state),
            ];
            let is_so = f64::from(u8::from(record.status == status));
            gauge.add(attributes, at(record, record.seconds.len()), is_so);
        }
    }
    gauge.metric()
}

/// When a second of a run began, in nanoseconds since 1970.
fn at(run: &RunResult, second: usize) -> u64 {
    started(run).saturating_add(SECOND.saturating_mul(second as u64))
}

fn started(run: &RunResult) -> u64 {
    run.started.saturating_mul(MS)
}
