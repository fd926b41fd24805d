//! Every second of every run as a row of CSV.

use csv::{Terminator, WriterBuilder};
use thiserror::Error;

use super::Report;
use crate::record::{Counts, Outcomes, RunResult, Second, figure};
use crate::requirement::Source;
use crate::text::clean;

/// Why a report could not be written as CSV.
#[derive(Debug, Error)]
#[error("the report cannot be written as CSV: {0}")]
pub struct CsvError(#[from] csv::Error);

/// The columns, in their order.
pub const COLUMNS: [&str; 21] = [
    "scenario",
    "second",
    "judged",
    "due",
    "done_ok",
    "failed",
    "failed_by_generator",
    "p50_ms",
    "p95_ms",
    "p99_ms",
    "errors",
    "generator_cpu_percent",
    "process_cpu_percent",
    "process_memory_bytes",
    "host_cpu_percent",
    "host_memory_percent",
    "redis_memory_bytes",
    "database_connections",
    "journeys_due",
    "journeys_failed",
    "steps_unreached",
];

/// What other sources reported about the target, in the order of their columns.
const OBSERVED: [(Source, &str); 6] = [
    (Source::Process, figure::CPU),
    (Source::Process, figure::MEMORY_BYTES),
    (Source::Host, figure::CPU),
    (Source::Host, figure::MEMORY),
    (Source::Redis, figure::CACHE_MEMORY),
    (Source::Postgres, figure::CONNECTIONS),
];

/// A heading, then a row for each second of each run, ramp-up and drain included; lines end with CR LF.
///
/// Percentiles are those of the second's coarse histogram. A figure that was not measured is empty.
///
/// # Errors
/// When the text can't be written, which memory alone could keep from it.
pub fn render(report: &Report) -> Result<String, CsvError> {
    let mut writer = WriterBuilder::new()
        .terminator(Terminator::CRLF)
        .from_writer(Vec::new());
    writer.write_record(COLUMNS)?;
    for shown in &report.runs {
        for (index, second) in shown.run.seconds.iter().enumerate() {
            writer.write_record(row(&shown.run, index, second))?;
        }
    }
    let bytes = writer
        .into_inner()
        .map_err(|error| csv::Error::from(error.into_error()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn row(run: &RunResult, index: usize, second: &Second) -> Vec<String> {
    let by_generator: u64 = second
        .endpoints
        .iter()
        .map(|counts| counts.failed_by_generator)
        .sum();
    let quantile = |quantile| shown(second.response.quantile_ms(quantile));
    let mut row = vec![
        inert(&clean(&run.scenario)),
        index.to_string(),
        run.window.seconds().contains(&index).to_string(),
        second.due().to_string(),
        second.done_ok.to_string(),
        second.failed().to_string(),
        by_generator.to_string(),
        quantile(0.5),
        quantile(0.95),
        quantile(0.99),
        errors(&second.outcomes()),
        shown(run.generator.cpu.get(index).copied()),
    ];
    let observed = OBSERVED.iter();
    row.extend(observed.map(|(source, name)| shown(reported_value(run, *source, name, index))));
    row.extend(journeys(run, second));
    row
}

/// Journeys due in a second, those that failed, and the steps that these did not reach; empty without journeys.
fn journeys(run: &RunResult, second: &Second) -> [String; 3] {
    if !run.has_journeys() {
        return [const { String::new() }; 3];
    }
    let sum = |of: fn(&Counts) -> u64| -> u64 {
        let journeys = second.journeys.iter();
        journeys.map(|journey| of(&journey.counts)).sum()
    };
    let unreached: u64 = second.endpoints.iter().map(|one| one.unreached).sum();
    [
        sum(|counts| counts.due),
        sum(|counts| counts.failed),
        unreached,
    ]
    .map(|count| count.to_string())
}

/// `status_503=2;timeout=1`
fn errors(outcomes: &Outcomes) -> String {
    let failed = outcomes.iter().filter(|(outcome, _)| !outcome.is_ok());
    let parts: Vec<String> = failed
        .map(|(outcome, count)| format!("{outcome}={count}"))
        .collect();
    parts.join(";")
}

/// The last value that a source reported in this second.
fn reported_value(run: &RunResult, source: Source, name: &str, second: usize) -> Option<f64> {
    let seen = run.observed.sources.get(&source)?;
    let from = i64::try_from(second).ok()?.checked_mul(1_000)?;
    let values = seen.between(name, from, from + 999);
    values.last().map(|(_, value)| *value)
}

fn shown(value: Option<f64>) -> String {
    value
        .filter(|value| value.is_finite())
        .map_or_else(String::new, |value| value.to_string())
}

/// Text that a spreadsheet would take for a formula gets an apostrophe, which makes it text.
fn inert(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    fn read(report: &Report) -> Vec<csv::StringRecord> {
        let text = render(report).expect("CSV");
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        reader.records().map(|row| row.expect("a row")).collect()
    }

    #[test]
    fn the_form_of_a_report() {
        let text = render(&fixture::report()).expect("CSV");
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 1 + 13 + 13);
        insta::assert_snapshot!(lines[..14].join("\n"));
    }

    #[test]
    fn sums_of_the_judged_seconds_are_those_of_the_run() {
        let report = fixture::report();
        let rows = read(&report);
        let sum = |scenario: &str, column: usize| -> u64 {
            let rows = rows
                .iter()
                .filter(|row| &row[0] == scenario && &row[2] == "true");
            rows.map(|row| row[column].parse::<u64>().expect("a number"))
                .sum()
        };
        for shown in &report.runs {
            let summary = crate::record::Summary::of(&shown.run);
            assert_eq!(sum(&shown.run.scenario, 3), summary.due);
            assert_eq!(sum(&shown.run.scenario, 5), summary.failed());
        }
        assert!(sum("api", 5) > 0, "some requests failed");
    }

    #[test]
    fn journeys_have_columns_of_their_own() {
        let report = fixture::journeys();
        let rows = read(&report);
        let judged: Vec<_> = rows.iter().filter(|row| &row[2] == "true").collect();
        let sum = |column: usize| -> u64 {
            let numbers = judged.iter().map(|row| row[column].parse::<u64>());
            numbers.map(|number| number.expect("a number")).sum()
        };
        let run = &report.runs[0].run;
        let unreached: u64 = run.endpoints.iter().map(|one| one.unreached).sum();
        let summary = crate::record::Summary::of(run);
        let sums = (sum(3), sum(5), sum(18), sum(19), sum(20));
        let wanted = (summary.due, summary.failed(), 1_000, 26, unreached);
        assert_eq!(sums, wanted);
        assert!(unreached > 0);
        let without = read(&fixture::report());
        assert!(
            without
                .iter()
                .all(|row| (18..21).all(|column| row[column].is_empty()))
        );
    }

    #[test]
    fn text_breaks_no_row_and_is_no_formula() {
        assert_eq!(read(&fixture::hostile()).len(), 26);
        let mut report = fixture::report();
        report.runs.truncate(1);
        report.runs[0].run.scenario = "=HYPERLINK(\"x\",\"y\")\n1".to_owned();
        let rows = read(&report);
        assert_eq!(rows.len(), 13);
        assert_eq!(&rows[0][0], "'=HYPERLINK(\"x\",\"y\") 1");
    }
}
