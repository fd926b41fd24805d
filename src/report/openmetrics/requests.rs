//! Requests by how they ended, and how many were successful.

use super::Named;
use super::writer::{FamilyKind, MetricFamily};
use crate::record::Summary;

pub(super) fn write(runs: &[Named<'_>], out: &mut String) {
    let mut requests = MetricFamily::new(
        FamilyKind::Counter,
        "agentos_perf_requests",
        "",
        "Requests due in the judged part of each run, by how they ended.",
    );
    for run in runs {
        for (_, endpoint, name) in run.requests() {
            for (outcome, count) in &endpoint.outcomes {
                let outcome = outcome.to_string();
                let labels = vec![
                    ("scenario", run.scenario.as_str()),
                    ("endpoint", name),
                    ("outcome", outcome.as_str()),
                ];
                requests.add("_total", &labels, *count as f64);
            }
        }
    }
    requests.write(out);
    let mut throughput = MetricFamily::new(
        FamilyKind::Gauge,
        "agentos_perf_throughput_per_second",
        "",
        "Successful requests per second of the judged part.",
    );
    for run in runs {
        let labels = vec![("scenario", run.scenario.as_str())];
        throughput.add_some(&labels, Summary::of(&run.shown.run).rps);
    }
    throughput.write(out);
}
