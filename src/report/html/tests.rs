use super::*;
use crate::report::fixture;

#[test]
fn a_session_as_a_page() {
    insta::assert_snapshot!(spread(&fixture::report()));
}

#[test]
fn searches_as_a_page() {
    insta::assert_snapshot!(spread(&fixture::searches()));
}

#[test]
fn what_was_held_against_a_baseline() {
    let report = Report {
        runs: Vec::new(),
        ..fixture::against_baseline()
    };
    insta::assert_snapshot!(spread(&report));
}

/// The page without its style and script, an element a line.
fn spread(report: &Report) -> String {
    let content = content(report).into_string();
    let spread = content.replace("><", ">\n<");
    spread.replace(env!("CARGO_PKG_VERSION"), "VERSION")
}

#[test]
fn nothing_that_a_target_says_becomes_markup() {
    let mut report = fixture::hostile();
    let bad = "<script>alert(1)</script>\"onload=\"x\" '`<!--";
    report.target = bad.to_owned();
    for judgement in &mut report.judgements {
        judgement.advice.push(bad.to_owned());
    }
    for shown in &mut report.runs {
        shown.run.notes.push(bad.to_owned());
        for endpoint in &mut shown.run.endpoints {
            endpoint.name = bad.to_owned();
            endpoint.request = bad.to_owned();
        }
    }
    let page = render(&report);
    assert_eq!(page.matches("<script").count(), 1);
    assert_eq!(page.matches("onload=\"").count(), 0);
    assert!(!page.contains("<!--") && !page.contains('\u{202e}') && !page.contains('\u{1b}'));
}

#[test]
fn a_paragraph_that_many_share_is_on_the_page_once() {
    let mut report = fixture::report();
    let what = "the service at localhost:8000 refuses every connection that it is asked for here";
    let advice = "Is the service running there, and does no firewall keep this machine from it?";
    for judgement in &mut report.judgements {
        judgement.verdict = Verdict::Fail;
        judgement.reason = what.to_owned();
        judgement.advice = vec![advice.to_owned()];
    }
    for shown in &mut report.runs {
        shown.run.problem = Some(crate::record::RunProblem {
            what: what.to_owned(),
            advice: advice.to_owned(),
        });
    }
    let page = content(&report).into_string();
    assert_eq!(page.matches(what).count(), 1);
    assert_eq!(page.matches(advice).count(), 1);
    let refers = format!("the same as {}", report.judgements[0].requirement.name);
    let others = report.judgements.len() - 1 + report.runs.len();
    assert_eq!(page.matches(&refers).count(), others);
}

#[test]
fn the_page_asks_nothing_of_anybody() {
    let page = render(&fixture::report());
    let own = page.replace("http://www.w3.org/2000/svg", "");
    let own = own.replace("http://localhost:8000/", "");
    for outside in ["http:", "https:", "src=", "url(", "@import"] {
        assert!(!own.contains(outside), "{outside}");
    }
}

#[test]
fn an_hour_is_no_larger_than_some_minutes() {
    let mut report = fixture::report();
    let once = report.runs[0].run.seconds.clone();
    report.runs.truncate(1);
    for shown in &mut report.runs {
        shown.run.seconds = once.iter().cycle().take(3_600).cloned().collect();
        shown.run.window.to = 3_600 * fixture::SECOND;
    }
    let size = render(&report).len();
    assert!(size < 200_000, "{size} bytes");
}

#[test]
fn journeys_stand_above_their_steps() {
    insta::assert_snapshot!(spread(&fixture::journeys()));
}
