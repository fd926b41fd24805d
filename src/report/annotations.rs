//! Requirements that were not kept, as annotations: workflow commands that GitHub Actions shows beside a change.
//!
//! A command is a line `::error title=TITLE::MESSAGE`. What would end it or its title early is encoded as GitHub documents
//! it: `%`, carriage return and line feed everywhere, and `:` and `,` in properties.

use super::failure_message;
use super::said::SaidOnce;
use crate::requirement::{Judgement, TestVerdict};
use crate::text::clean;

/// A command for each requirement whose test fails (`error`) or warns (`warning`), a line each. A paragraph that several share is
/// in the first of them, and the others refer to it.
///
/// `confidence` is that of the verdicts, in (0.5, 1).
pub fn render(judgements: &[Judgement], confidence: f64, strict: bool) -> String {
    let mut said = SaidOnce::default();
    let commands = judgements.iter().filter_map(|judgement| {
        let command = match judgement.test_verdict(strict) {
            TestVerdict::Pass => return None,
            TestVerdict::Warn => "warning",
            TestVerdict::Fail => "error",
        };
        let title = property(&title(judgement));
        let message = data(&failure_message::failure_once(
            judgement, confidence, &mut said,
        ));
        Some(format!("::{command} title={title}::{message}\n"))
    });
    commands.collect()
}

fn title(judgement: &Judgement) -> String {
    let name = clean(&judgement.requirement.name);
    format!("{name} {}", judgement.stands())
}

fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    /// What the runner makes of a command: its name, its title and its message.
    fn read(line: &str) -> (String, String, String) {
        let (head, message) = line.strip_prefix("::").unwrap().split_once("::").unwrap();
        let (command, properties) = head.split_once(' ').unwrap();
        let titles: Vec<&str> = properties.split(',').collect();
        let [title] = titles.as_slice() else {
            panic!("more than a title: {properties}")
        };
        let unescaped = |text: &str| {
            text.replace("%0D", "\r")
                .replace("%0A", "\n")
                .replace("%3A", ":")
                .replace("%2C", ",")
                .replace("%25", "%")
        };
        let title = title.strip_prefix("title=").unwrap();
        (command.to_owned(), unescaped(title), unescaped(message))
    }

    #[test]
    fn errors_and_warnings_of_a_report() {
        let report = fixture::report();
        let text = render(&report.judgements, report.confidence, false);
        insta::assert_snapshot!(text);
        let commands =
            |text: &str| -> Vec<String> { text.lines().map(|line| read(line).0).collect() };
        let told = commands(&text);
        assert_eq!(told.iter().filter(|command| *command == "error").count(), 5);
        assert_eq!(
            told.iter().filter(|command| *command == "warning").count(),
            1
        );
        let strict = render(&report.judgements, report.confidence, true);
        assert!(commands(&strict).iter().all(|command| command == "error"));
    }

    #[test]
    fn a_paragraph_that_many_share_is_in_the_first_alone() {
        let mut report = fixture::report();
        let reason =
            "the service at http://127.0.0.1:9 refuses every connection that it is asked for";
        let advice =
            "Is the service running there, and does no firewall keep this machine from it?";
        for judgement in &mut report.judgements {
            judgement.verdict = crate::requirement::Verdict::Fail;
            judgement.reason = reason.to_owned();
            judgement.advice = vec![advice.to_owned()];
        }
        let text = render(&report.judgements, report.confidence, true);
        let name = &report.judgements[0].requirement.name;
        assert_eq!(text.lines().count(), report.judgements.len());
        for (index, line) in text.lines().enumerate() {
            let message = read(line).2;
            assert_eq!(message.contains(reason), index == 0, "{message}");
            assert_eq!(message.contains(advice), index == 0, "{message}");
            let refers = message.ends_with(&format!("because   the same as {name}"));
            assert_eq!(refers, index > 0, "{message}");
        }
    }

    #[test]
    fn a_name_or_a_reason_begins_no_command_of_its_own() {
        let mut report = fixture::report();
        let bad = "50%0A, file=x::y\r\n::set-output name=a::b";
        for judgement in &mut report.judgements {
            judgement.requirement.name = bad.to_owned();
            judgement.reason = bad.to_owned();
        }
        let text = render(&report.judgements, report.confidence, false);
        assert_eq!(text.lines().count(), 6);
        for line in text.lines() {
            let (command, title, message) = read(line);
            assert!(command == "error" || command == "warning", "{line}");
            assert!(
                title.starts_with("50%0A, file=x::y ::set-output name=a::b "),
                "{title}"
            );
            assert!(
                message.contains("because   50%0A, file=x::y ::set-output"),
                "{message}"
            );
        }
    }
}
