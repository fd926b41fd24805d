//! The formats that a report is written in: one arm each.

use thiserror::Error;

use super::{Report, csv, hdrlog, html, json, junit, markdown, openmetrics, otlp};

/// A format of report files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Format {
    /// Everything, for programs and for this one: `docs/REPORT.md` describes each field.
    Json,
    /// One page, for people.
    Html,
    /// A test case for each requirement.
    Junit,
    /// Tables for a pull request or the summary of a job.
    Markdown,
    /// A row for each second.
    Csv,
    /// The histograms, for the tools of `HdrHistogram`.
    Hdrlog,
    /// Figures for Prometheus.
    Openmetrics,
    /// Figures over time, for collectors of `OpenTelemetry` and what stands behind them.
    Otlp,
}

/// Why a report could not be written in a format.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RenderError {
    /// As `JUnit` XML.
    #[error(transparent)]
    Junit(#[from] junit::JunitError),
    /// As CSV.
    #[error(transparent)]
    Csv(#[from] csv::CsvError),
    /// As an interval log.
    #[error(transparent)]
    Hdrlog(#[from] hdrlog::HdrlogError),
}

impl Format {
    /// Every format, in the order in which they are listed.
    pub const ALL: [Format; 8] = [
        Format::Json,
        Format::Html,
        Format::Junit,
        Format::Markdown,
        Format::Csv,
        Format::Hdrlog,
        Format::Openmetrics,
        Format::Otlp,
    ];

    /// The name that flags use.
    pub fn name(self) -> &'static str {
        match self {
            Format::Json => "json",
            Format::Html => "html",
            Format::Junit => "junit",
            Format::Markdown => "markdown",
            Format::Csv => "csv",
            Format::Hdrlog => "hdrlog",
            Format::Openmetrics => "openmetrics",
            Format::Otlp => "otlp",
        }
    }

    /// The file that a session writes.
    pub fn file(self) -> &'static str {
        match self {
            Format::Json => "report.json",
            Format::Html => "report.html",
            Format::Junit => "junit.xml",
            Format::Markdown => "report.md",
            Format::Csv => "seconds.csv",
            Format::Hdrlog => "histograms.hlog",
            Format::Openmetrics => "openmetrics.txt",
            Format::Otlp => "otlp.json",
        }
    }

    /// What it is, in half a line.
    pub fn about(self) -> &'static str {
        match self {
            Format::Json => "everything, as docs/REPORT.md describes it",
            Format::Html => "one HTML page, for people",
            Format::Junit => "JUnit XML, a test case for each requirement",
            Format::Markdown => "tables for a pull request or the summary of a job",
            Format::Csv => "a row for each second of each run",
            Format::Hdrlog => "an HdrHistogram interval log of response times",
            Format::Openmetrics => "OpenMetrics text, for Prometheus",
            Format::Otlp => "OTLP metrics as JSON, for an OpenTelemetry collector or Grafana",
        }
    }

    /// Reads a format as flags name it.
    pub fn parse(name: &str) -> Option<Format> {
        Format::ALL.into_iter().find(|format| format.name() == name)
    }

    /// The report in this format.
    ///
    /// # Errors
    /// When it can't be written so.
    pub fn render(self, report: &Report) -> Result<String, RenderError> {
        Ok(match self {
            Format::Json => json::to_json(report),
            Format::Html => html::render(report),
            Format::Junit => junit::render(report)?,
            Format::Markdown => markdown::render(report),
            Format::Csv => csv::render(report)?,
            Format::Hdrlog => hdrlog::render(report)?,
            Format::Openmetrics => openmetrics::render(report),
            Format::Otlp => otlp::render(report),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::report::fixture;

    #[test]
    fn names_and_files_are_there_once_and_read_back() {
        let files: BTreeSet<&str> = Format::ALL.iter().map(|format| format.file()).collect();
        assert_eq!(files.len(), Format::ALL.len());
        for format in Format::ALL {
            assert_eq!(Format::parse(format.name()), Some(format));
        }
        assert_eq!(Format::parse("JSON"), None);
    }

    #[test]
    fn every_format_takes_every_report() {
        for report in [fixture::report(), fixture::hostile(), fixture::searches()] {
            for format in Format::ALL {
                assert!(!format.render(&report).expect("a text").is_empty());
            }
        }
    }
}
