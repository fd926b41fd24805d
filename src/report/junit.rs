//! A report as `JUnit` XML: one test case for each requirement.

use std::time::Duration;

use quick_junit::{NonSuccessKind, Report as Xml, TestCase, TestCaseStatus, TestSuite, XmlString};
use thiserror::Error;

use super::terminal::{self, Style};
use super::{Report, failure_message, rfc3339};
use crate::record::RunResult;
use crate::requirement::{Judgement, TestVerdict};
use crate::text::clean;

/// Columns of the text in `system-out`.
const WIDTH: usize = 120;

/// Why a report could not be written as XML.
#[derive(Debug, Error)]
#[error("the report cannot be written as JUnit XML: {0}")]
pub struct JunitError(#[from] quick_junit::SerializeError);

/// The report as `JUnit` XML.
///
/// A test case takes as long as the run it was judged on; the suite as long as the session, which is less
/// than the sum, since requirements share runs.
///
/// # Errors
/// When the XML cannot be written.
pub fn render(report: &Report) -> Result<String, JunitError> {
    let took = Duration::from_millis(report.took);
    let mut suite = TestSuite::new(clean(&report.profile));
    suite.set_time(took);
    suite.extra.insert(
        XmlString::new("timestamp"),
        XmlString::new(rfc3339::to_text(report.started)),
    );
    for judgement in &report.judgements {
        suite.add_test_case(case(judgement, report));
    }
    let style = Style {
        width: WIDTH,
        colour: false,
    };
    suite.set_system_out(terminal::render(report, style));
    let mut xml = Xml::new("agentos-perf");
    xml.set_time(took);
    xml.add_test_suite(suite);
    Ok(xml.to_string()?)
}

fn case(judgement: &Judgement, report: &Report) -> TestCase {
    let verdict = judgement.test_verdict(report.strict);
    let text = failure_message::failure(judgement, report.confidence);
    let status = match verdict {
        TestVerdict::Pass | TestVerdict::Warn => TestCaseStatus::success(),
        TestVerdict::Fail => failed(judgement, &text),
    };
    let requirement = &judgement.requirement;
    let mut case = TestCase::new(clean(&requirement.name), status);
    case.set_classname(clean(&report.profile));
    let run = report
        .runs
        .iter()
        .find(|shown| Some(&shown.run.scenario) == requirement.scenario.as_ref());
    let alone = Duration::from_millis(report.took);
    case.set_time(run.map_or(alone, |shown| lasted(&shown.run)));
    let out = terminal::of_requirement(judgement, run, report.strict, WIDTH);
    case.set_system_out(if verdict == TestVerdict::Warn {
        format!("warning: {text}\n\n{out}")
    } else {
        out
    });
    case
}

fn failed(judgement: &Judgement, text: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
    status
        .set_type(judgement.stands())
        .set_message(clean(&judgement.reason))
        .set_description(text);
    status
}

/// How long a run's load went on, drain excluded.
fn lasted(run: &RunResult) -> Duration {
    Duration::from_nanos(run.window.to)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    fn parsed(report: &Report) -> Xml {
        Xml::deserialize_from_str(&render(report).expect("XML")).expect("JUnit XML")
    }

    #[test]
    fn the_form_of_a_report() {
        let mut report = fixture::report();
        report.judgements.drain(4..);
        report.runs.truncate(1);
        insta::assert_snapshot!(render(&report).expect("XML"));
    }

    #[test]
    fn each_requirement_is_one_case_and_failures_are_counted() {
        let mut report = fixture::report();
        let xml = parsed(&report);
        assert_eq!((xml.tests, xml.failures, xml.errors), (8, 5, 0));
        report.strict = true;
        assert_eq!(parsed(&report).failures, 6);
    }

    #[test]
    fn nothing_that_a_target_says_breaks_the_xml() {
        let report = fixture::hostile();
        let text = render(&report).expect("XML");
        let unfit = |c: char| c.is_control() && c != '\n' || c == '\u{fffe}';
        assert!(!text.contains(unfit));
        let xml = parsed(&report);
        let case = &xml.test_suites[0].test_cases[0];
        assert!(
            case.name.starts_with("a<&\"'> ]]>"),
            "{}",
            case.name.as_str()
        );
    }
}
