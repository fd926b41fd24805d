//! A report as Markdown, for a comment on a pull request or the summary of a job.

mod requirements;
mod scenario;
mod table;
#[cfg(test)]
mod tests;

use super::Report;
use super::said::SaidOnce;
use crate::requirement::{Judgement, TestVerdict, format};
use crate::text::markdown::text;

/// The report as GitHub-flavoured Markdown, each line ended.
///
/// The first line is the verdict; then come the requirements, and a section for each scenario. All text from the
/// target or the profile is escaped.
pub fn render(report: &Report) -> String {
    let mut out = format!("## {}\n\n", headline(report));
    out.push_str(&format!(
        "{} against {}, in {}; intervals at {} confidence\n\n",
        text(&report.profile),
        text(&report.target),
        format::time(report.took as f64),
        format::confidence(report.confidence),
    ));
    let mut said = SaidOnce::default();
    if !report.judgements.is_empty() {
        out.push_str(&requirements::table(
            &report.judgements,
            report.strict,
            &mut said,
        ));
    }
    for judgement in &report.judgements {
        out.push_str(&requirements::compared(judgement));
    }
    for shown in &report.runs {
        out.push_str(&scenario::section(shown, &mut said));
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

/// `❌ Performance: 5 of 8 requirements failed (3 missed, 2 inconclusive)`
fn headline(report: &Report) -> String {
    let count = |is_meant: &dyn Fn(&Judgement) -> bool| {
        let mine = report.judgements.iter();
        mine.filter(|judgement| is_meant(judgement)).count()
    };
    let is = |judgement: &Judgement, test| judgement.test_verdict(report.strict) == test;
    let all = report.judgements.len();
    let failed = count(&|one| is(one, TestVerdict::Fail));
    let warned = count(&|one| is(one, TestVerdict::Warn));
    let how = ["missed", "inconclusive", "not measured"].map(|how| {
        let number = count(&|one| is(one, TestVerdict::Fail) && one.stands() == how);
        (number, format!("{number} {how}"))
    });
    // What was not measured is the exception.
    let how: Vec<String> = how
        .into_iter()
        .filter(|(number, how)| *number > 0 || !how.ends_with("not measured"))
        .map(|(_, how)| how)
        .collect();
    let warnings = match warned {
        0 => String::new(),
        1 => ", 1 warning".to_owned(),
        many => format!(", {many} warnings"),
    };
    match (all, failed) {
        (0, _) => "Performance: no requirement was judged".to_owned(),
        (_, 0) => format!("✅ Performance: no requirement of {all} failed{warnings}"),
        _ => format!(
            "❌ Performance: {failed} of {all} requirements failed ({}){warnings}",
            how.join(", ")
        ),
    }
}
