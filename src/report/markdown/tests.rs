use super::*;
use crate::report::fixture;

#[test]
fn the_form_of_a_report() {
    insta::assert_snapshot!(render(&fixture::report()));
}

#[test]
fn searches_are_tables_of_steps() {
    insta::assert_snapshot!(render(&fixture::searches()));
}

#[test]
fn what_was_held_against_a_baseline() {
    let report = Report {
        runs: Vec::new(),
        ..fixture::against_baseline()
    };
    insta::assert_snapshot!(render(&report));
}

#[test]
fn hostile_names_stay_text() {
    insta::assert_snapshot!(render(&fixture::hostile()));
}

#[test]
fn what_markdown_reads_does_not_break_a_table() {
    let mut report = fixture::report();
    let bad = "a|b `c` <!-- \n\n| @octocat | [x](https://evil.example) **#1** \\";
    for judgement in &mut report.judgements {
        judgement.requirement.name = bad.to_owned();
        judgement.reason = bad.to_owned();
    }
    for shown in &mut report.runs {
        shown.run.scenario = bad.to_owned();
        shown
            .run
            .notes
            .iter_mut()
            .for_each(|note| *note = bad.to_owned());
        shown
            .run
            .endpoints
            .iter_mut()
            .for_each(|endpoint| endpoint.name = bad.to_owned());
    }
    let plain = render(&fixture::report());
    let marked = render(&report);
    let bars = |line: &str| {
        line.replace("\\\\", "")
            .replace("\\|", "")
            .matches('|')
            .count()
    };
    let shape = |text: &str| text.lines().map(bars).collect::<Vec<_>>();
    assert_eq!(shape(&marked), shape(&plain), "{marked}");
    assert!(!marked.contains("<!--") && !marked.contains("@octocat") && !marked.contains("://"));
}

#[test]
fn the_first_line_is_the_verdict() {
    let mut report = fixture::report();
    let first = |report: &Report| render(report).lines().next().map(str::to_owned);
    assert_eq!(
        first(&report).as_deref(),
        Some(
            "## ❌ Performance: 5 of 8 requirements failed (3 missed, 1 inconclusive, 1 not measured), 1 warning"
        )
    );
    report.judgements.truncate(2);
    report.judgements.remove(0);
    assert_eq!(
        first(&report).as_deref(),
        Some("## ✅ Performance: no requirement of 1 failed")
    );
    report.judgements.clear();
    assert_eq!(
        first(&report).as_deref(),
        Some("## Performance: no requirement was judged")
    );
}

#[test]
fn journeys_stand_above_their_steps() {
    insta::assert_snapshot!(render(&fixture::journeys()));
}
