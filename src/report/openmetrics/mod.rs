//! A report as `OpenMetrics` text, for Prometheus and what reads its format.
//!
//! Units are the base units that the specification asks for: seconds, bytes, and ratios from 0 to 1. Samples carry no
//! timestamps, as those who collect such files set their own; when the session was is a figure of its own.

mod journeys;
mod requests;
mod requirements;
mod resources;
#[cfg(test)]
mod tests;
mod times;
mod writer;

use super::Report;
use super::unique_names::Named;
use crate::record::Status;
use crate::text::clean;
use writer::{FamilyKind, MetricFamily};

/// Milliseconds to a second.
const MILLIS: f64 = 1e3;
/// Percent to a ratio.
const PERCENT: f64 = 1e2;

/// The report as text, ended by `# EOF`.
pub fn render(report: &Report) -> String {
    let mut out = String::new();
    session(report, &mut out);
    requirements::write(&report.judgements, report.strict, &mut out);
    let runs = Named::all(&report.runs);
    statuses(&runs, &mut out);
    requests::write(&runs, &mut out);
    journeys::write(&runs, &mut out);
    times::write(&runs, &mut out);
    resources::write(&runs, &mut out);
    out.push_str("# EOF\n");
    out
}

fn session(report: &Report, out: &mut String) {
    let mut info = MetricFamily::new(
        FamilyKind::Info,
        "agentos_perf_session",
        "",
        "What was tested.",
    );
    let (profile, target) = (clean(&report.profile), clean(&report.target));
    let version = env!("CARGO_PKG_VERSION");
    let labels = vec![
        ("profile", profile.as_str()),
        ("target", target.as_str()),
        ("version", version),
    ];
    info.add("_info", &labels, 1.0);
    info.write(out);
    let gauge = |name, unit, help, value, out: &mut String| {
        let mut family = MetricFamily::new(FamilyKind::Gauge, name, unit, help);
        family.add("", &Vec::new(), value);
        family.write(out);
    };
    gauge(
        "agentos_perf_session_start_time_seconds",
        "seconds",
        "When the session began, in seconds since 1970.",
        report.started as f64 / MILLIS,
        out,
    );
    gauge(
        "agentos_perf_session_duration_seconds",
        "seconds",
        "How long the session took.",
        report.took as f64 / MILLIS,
        out,
    );
    gauge(
        "agentos_perf_confidence_ratio",
        "ratio",
        "The confidence of verdicts and intervals.",
        report.confidence,
        out,
    );
}

fn statuses(runs: &[Named<'_>], out: &mut String) {
    const NAME: &str = "agentos_perf_run_status";
    let mut family = MetricFamily::new(FamilyKind::StateSet, NAME, "", "How each run ended.");
    for run in runs {
        let states = [
            ("complete", Status::Complete),
            ("partial", Status::Partial),
            ("failed", Status::Failed),
        ];
        for (state, status) in states {
            let labels = vec![("scenario", run.scenario.as_str()), (NAME, state)];
            let is_so = run.shown.run.status == status;
            family.add("", &labels, f64::from(u8::from(is_so)));
        }
    }
    family.write(out);
}
