//! Response times as an `HdrHistogram` interval log, for its own tools.
//!
//! A log usually has an interval for each second. Seconds are kept in coarse buckets here, and a log of these would
//! claim a precision that they don't have. So an interval is the judged part of a run, with the exact histograms: one
//! for each endpoint, and for a search one for each step.

use std::io;
use std::time::{Duration, UNIX_EPOCH};

use hdrhistogram::serialization::V2DeflateSerializer;
use hdrhistogram::serialization::interval_log::{IntervalLogWriterBuilder, Tag};
use thiserror::Error;

use super::Report;
use crate::record::{Histogram, RunResult, Window};
use crate::text::clean;

/// The log's column of maxima is in milliseconds; its histograms are in nanoseconds.
const NANOS_TO_MS: f64 = 1e6;

/// Why a report could not be written as an interval log.
#[derive(Debug, Error)]
#[error("the report cannot be written as an interval log: {0}")]
pub struct HdrlogError(String);

impl From<io::Error> for HdrlogError {
    fn from(error: io::Error) -> HdrlogError {
        HdrlogError(error.to_string())
    }
}

/// One line of the log.
struct LogInterval<'a> {
    tag: String,
    /// In nanoseconds from the start of its run.
    window: Window,
    histogram: &'a Histogram,
}

/// The log: a heading, then a line for each histogram that is not empty, in the order of time.
///
/// Tags are `SCENARIO/ENDPOINT/TIMES`, TIMES being `response`, `answered` or `service`; a step of a search has no endpoint:
/// `SCENARIO//TIMES`. Whatever is not a letter, a digit, `-`, `_` or `.` in a name is percent-encoded.
///
/// # Errors
/// When a histogram can't be written.
pub fn render(report: &Report) -> Result<String, HdrlogError> {
    let base = beginning(report);
    let mut bytes = Vec::new();
    let mut serializer = V2DeflateSerializer::new();
    let profile = clean(&report.profile);
    let mut log = IntervalLogWriterBuilder::new()
        .add_comment(&format!("[agentos-perf: {profile}]"))
        .add_comment(
            "[Times are in nanoseconds; an interval is the judged part of a run or of a step]",
        )
        .with_start_time(UNIX_EPOCH + Duration::from_millis(base))
        .with_base_time(UNIX_EPOCH + Duration::from_millis(base))
        .with_max_value_divisor(NANOS_TO_MS)
        .begin_log_with(&mut bytes, &mut serializer)?;
    for shown in &report.runs {
        let run = &shown.run;
        let began = Duration::from_millis(run.started.saturating_sub(base));
        for interval in intervals(run)
            .iter()
            .filter(|one| !one.histogram.is_empty())
        {
            let window = interval.window;
            log.write_histogram(
                interval.histogram.hdr(),
                began + Duration::from_nanos(window.from),
                Duration::from_nanos(window.to.saturating_sub(window.from)),
                Tag::new(&interval.tag),
            )
            .map_err(|error| HdrlogError(format!("{error:?}")))?;
        }
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The earliest instant that the report knows, in milliseconds since 1970: with a process for each test, runs began
/// before the report's own session.
fn beginning(report: &Report) -> u64 {
    let runs = report.runs.iter().map(|shown| shown.run.started);
    runs.chain([report.started]).min().unwrap_or_default()
}

fn intervals(run: &RunResult) -> Vec<LogInterval<'_>> {
    let mut all = Vec::new();
    let mut add = |window, endpoint: &str, times: &str, histogram| {
        let tag = format!("{}/{}/{times}", encoded(&run.scenario), encoded(endpoint));
        all.push(LogInterval {
            tag,
            window,
            histogram,
        });
    };
    if let Some(search) = &run.search {
        for step in &search.steps {
            add(step.window, "", "response", &step.response);
            add(step.window, "", "answered", &step.answered);
        }
        return all;
    }
    for endpoint in &run.endpoints {
        add(run.window, &endpoint.name, "response", &endpoint.response);
        add(run.window, &endpoint.name, "answered", &endpoint.answered);
        add(run.window, &endpoint.name, "service", &endpoint.service);
    }
    all
}

/// A name as part of a tag, which takes neither comma nor space and is cut at slashes.
fn encoded(name: &str) -> String {
    let mut out = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;
    use base64::Engine as _;
    use hdrhistogram::serialization::Deserializer;
    use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};

    /// Tag, start and length in seconds, and how many times were counted.
    fn read(report: &Report) -> Vec<(String, f64, f64, u64)> {
        let text = render(report).expect("a log");
        let mut lines = Vec::new();
        for entry in IntervalLogIterator::new(text.as_bytes()) {
            let LogEntry::Interval(interval) = entry.expect("an entry") else {
                continue;
            };
            let bytes = base64::engine::general_purpose::STANDARD
                .decode(interval.encoded_histogram())
                .expect("base64");
            let histogram: hdrhistogram::Histogram<u64> = Deserializer::new()
                .deserialize(&mut bytes.as_slice())
                .expect("a histogram");
            lines.push((
                interval.tag().expect("a tag").as_str().to_owned(),
                interval.start_timestamp().as_secs_f64(),
                interval.duration().as_secs_f64(),
                histogram.len(),
            ));
        }
        lines
    }

    #[test]
    fn each_endpoint_has_its_judged_part() {
        let report = fixture::report();
        let lines = read(&report);
        assert_eq!(lines.len(), 2 * 3 * 3);
        let endpoint = &report.runs[0].run.endpoints[0];
        let first = (
            "api/health/response".to_owned(),
            2.0,
            10.0,
            endpoint.response.len(),
        );
        assert_eq!(lines[0], first);
        assert!(lines.iter().any(|line| line.0 == "burst/agents/service"));
    }

    #[test]
    fn a_search_has_its_steps_one_after_another() {
        let lines = read(&fixture::searches());
        let stress: Vec<f64> = lines
            .iter()
            .filter(|line| line.0 == "stress//response")
            .map(|line| line.1)
            .collect();
        assert_eq!(stress, [2.0, 15.0, 15.0, 28.0]);
    }

    #[test]
    fn names_break_no_line() {
        let lines = read(&fixture::hostile());
        assert_eq!(lines.len(), 2 * 3 * 3);
        assert!(lines.iter().all(|line| line.0.matches('/').count() == 2));
        assert_eq!(encoded("a b,c/d\né%"), "a%20b%2Cc%2Fd%0A%C3%A9%25");
    }

    #[test]
    fn runs_that_began_before_the_session_have_no_negative_time() {
        let mut report = fixture::report();
        report.started += 5_000;
        assert!((read(&report)[0].1 - 2.0).abs() < 1e-9);
    }
}
