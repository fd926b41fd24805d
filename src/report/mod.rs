//! Reports: one model, many renderers. Renderers are pure: data in, text out.

#[macro_use]
mod format;

pub mod annotations;
pub mod csv;
mod facts;
mod failure_message;
pub mod hdrlog;
pub mod html;
pub mod json;
pub mod junit;
pub mod live_terminal;
pub mod markdown;
pub mod openmetrics;
pub mod otlp;
mod rfc3339;
mod said;
pub mod terminal;
mod unique_names;

#[cfg(test)]
pub(crate) use agentos_perf_core::model::fixture;
pub use agentos_perf_core::model::{Report, RunReport};
pub use failure_message::{failure, failure_once};
pub use format::RenderError;
pub use rfc3339::file_stamp;
pub use said::SaidOnce;

use format::Rendered as _;

// The name in flags, the file that a session writes, what it is, and the function that writes it.
formats! {
    /// Everything, for programs and for this one: `docs/REPORT.md` describes each field.
    Json = "json", "report.json", "everything, as docs/REPORT.md describes it", json::to_json;
    /// One page, for people.
    Html = "html", "report.html", "one HTML page, for people", html::render;
    /// A test case for each requirement.
    Junit = "junit", "junit.xml", "JUnit XML, a test case for each requirement", junit::render;
    /// Tables for a pull request or the summary of a job.
    Markdown = "markdown", "report.md", "tables for a pull request or the summary of a job", markdown::render;
    /// A row for each second.
    Csv = "csv", "seconds.csv", "a row for each second of each run", csv::render;
    /// The histograms, for the tools of `HdrHistogram`.
    Hdrlog = "hdrlog", "histograms.hlog", "an HdrHistogram interval log of response times", hdrlog::render;
    /// Figures for Prometheus.
    Openmetrics = "openmetrics", "openmetrics.txt", "OpenMetrics text, for Prometheus", openmetrics::render;
    /// Figures over time, for collectors of `OpenTelemetry` and what stands behind them.
    Otlp = "otlp", "otlp.json", "OTLP metrics as JSON, for an OpenTelemetry collector or Grafana", otlp::render;
}
