use super::line::width;
use super::*;
use crate::report::fixture;
use proptest::prelude::*;

fn plain(width: usize) -> Style {
    Style {
        width,
        colour: false,
    }
}

fn is_unfit(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202e}' | '\u{200b}' | '\u{fffe}')
}

/// Takes away exactly the colours that the renderer itself sets.
fn without_colours(text: &str) -> String {
    ["1", "2", "31", "32", "33", "1;31", "0"]
        .iter()
        .fold(text.to_owned(), |text, code| {
            text.replace(&format!("\x1b[{code}m"), "")
        })
}

#[test]
fn a_report_at_80_columns() {
    insta::assert_snapshot!(render(&fixture::report(), plain(80)));
}

#[test]
fn a_report_at_160_columns() {
    insta::assert_snapshot!(render(&fixture::report(), plain(160)));
}

#[test]
fn what_was_held_against_a_baseline() {
    let report = Report {
        runs: Vec::new(),
        ..fixture::against_baseline()
    };
    insta::assert_snapshot!(render(&report, plain(80)));
}

#[test]
fn a_search_step_by_step() {
    for width in [80, 120] {
        insta::assert_snapshot!(render(&fixture::searches(), plain(width)));
    }
}

#[test]
fn colours_change_nothing_else() {
    let report = fixture::report();
    let coloured = render(
        &report,
        Style {
            width: 80,
            colour: true,
        },
    );
    assert!(coloured.contains("\x1b[1;31mFAIL\x1b[0m"));
    assert_eq!(without_colours(&coloured), render(&report, plain(80)));
}

#[test]
fn strict_turns_warnings_into_failures() {
    let mut report = fixture::report();
    assert!(render(&report, plain(80)).contains("warning response_time::p99"));
    report.strict = true;
    let text = render(&report, plain(80));
    assert!(!text.contains("warning"));
    assert!(text.contains("FAIL response_time::p99"));
}

#[test]
fn what_failed_and_what_to_do_are_told_of_a_failed_run() {
    let report = crate::report::Report {
        judgements: Vec::new(),
        runs: vec![fixture::shown(fixture::failed("api"))],
        ..fixture::report()
    };
    let text = render(&report, plain(80));
    assert!(text.contains("was answered with 401"), "{text}");
    assert!(text.contains("--token"), "{text}");
    assert!(!text.contains("charged at least"), "{text}");
}

#[test]
fn the_footnote_stands_only_where_requests_failed() {
    let mut report = fixture::report();
    assert_eq!(render(&report, plain(160)).matches(CHARGED).count(), 1);
    report.runs = vec![fixture::shown(fixture::calm("api"))];
    assert!(!render(&report, plain(160)).contains(CHARGED));
}

proptest! {
    #[test]
    fn no_line_is_wider_than_the_terminal(columns in 0usize..200, colour: bool, hostile: bool) {
        let mut report = if hostile { fixture::hostile() } else { fixture::report() };
        report.runs.push(fixture::shown(fixture::searched("stress")));
        let text = without_colours(&render(&report, Style { width: columns, colour }));
        for line in text.lines() {
            prop_assert!(width(line) <= columns, "{} > {columns}: {line:?}", width(line));
            prop_assert!(!line.contains(is_unfit), "{line:?}");
        }
    }

    #[test]
    fn any_name_at_all_is_fit_to_be_shown(name: String, columns in 20usize..120) {
        let mut report = fixture::report();
        report.runs.truncate(1);
        report.judgements.truncate(1);
        report.runs[0].run.endpoints[0].name.clone_from(&name);
        report.judgements[0].reason = name;
        for line in render(&report, plain(columns)).lines() {
            prop_assert!(width(line) <= columns, "{line:?}");
            prop_assert!(!line.contains(is_unfit), "{line:?}");
        }
    }
}

#[test]
fn journeys_stand_above_their_steps() {
    for width in [80, 140] {
        insta::assert_snapshot!(render(&fixture::journeys(), plain(width)));
    }
}
