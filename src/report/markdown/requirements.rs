//! The table of requirements.

use super::table::MarkdownTable;
use crate::report::said::SaidOnce;
use crate::requirement::{
    Check, CheckJudgement, Judgement, Standing, TestVerdict, Verdict, format,
};
use crate::text::markdown::text;

pub(super) fn table(judgements: &[Judgement], strict: bool, said: &mut SaidOnce) -> String {
    let headings = [
        "requirement",
        "verdict",
        "measured",
        "limit",
        "why, and what to do",
    ];
    let mut table = MarkdownTable::new(&headings, headings.len());
    for judgement in judgements {
        table.push(row(judgement, strict, said));
    }
    table.into_text()
}

/// What a requirement was held against, figure by figure; nothing for what is held against limits.
pub(super) fn compared(judgement: &Judgement) -> String {
    if judgement.compared.is_empty() {
        return String::new();
    }
    let headings = ["scenario", "", "before", "now", "change", ""];
    let mut table = MarkdownTable::new(&headings, headings.len());
    for one in &judgement.compared {
        let stands = match one.standing {
            Some(Standing::Worse) => "❌ worse".to_owned(),
            _ => one.stands(),
        };
        table.push([
            text(&one.scenario),
            one.what.to_string(),
            text(&one.was()),
            text(&one.is()),
            text(&one.changed()),
            stands,
        ]);
    }
    let name = text(&judgement.requirement.name);
    format!("### {name}\n\n{}", table.into_text())
}

/// One requirement; several checks stand above one another in their cells.
fn row(judgement: &Judgement, strict: bool, said: &mut SaidOnce) -> [String; 5] {
    let requirement = &judgement.requirement;
    let checks = requirement.checks.as_slice();
    let several = checks.len() > 1;
    let lines = |of: &dyn Fn(&Check) -> String| {
        let lines: Vec<String> = checks.iter().map(of).collect();
        lines.join("<br>")
    };
    let measured = lines(&|check| measured(check, judgement.of(check), several));
    let limits = lines(&|check| escaped_limit(check));
    let name = format!(
        "{}<br><sub>{}</sub>",
        text(&requirement.name),
        requirement.severity
    );
    [
        name,
        verdict(judgement, strict),
        measured,
        limits,
        remarks(judgement, said),
    ]
}

fn verdict(judgement: &Judgement, strict: bool) -> String {
    let sign = match judgement.test_verdict(strict) {
        TestVerdict::Pass => "✅",
        TestVerdict::Warn => "⚠️",
        TestVerdict::Fail => "❌",
    };
    format!("{sign} {}", judgement.verdict)
}

/// `error\_rate 2 % (1.4–2.9) at agents`; the metric is named when there are others beside it.
fn measured(check: &Check, judged: Option<&CheckJudgement>, several: bool) -> String {
    let estimate = judged.and_then(|judged| judged.estimate.as_ref());
    let value = estimate.map_or_else(
        || "nothing".to_owned(),
        |estimate| text(&format::measured(estimate, &check.limit)),
    );
    let place = judged.and_then(|judged| judged.endpoint.as_deref());
    let place = place.map_or_else(String::new, |place| format!(" at {}", text(place)));
    let sign = match judged.map(|judged| judged.verdict) {
        Some(Verdict::Pass) => "",
        _ if several => " ✗",
        _ => "",
    };
    if several {
        format!("{} {value}{place}{sign}", text(&check.metric.to_string()))
    } else {
        format!("{value}{place}")
    }
}

fn escaped_limit(check: &Check) -> String {
    text(&format::limit(&check.limit))
}

/// Why it was not kept, and what to do; nothing for what was.
fn remarks(judgement: &Judgement, said: &mut SaidOnce) -> String {
    if judgement.verdict == Verdict::Pass {
        return String::new();
    }
    let remarks = said.of(judgement);
    let advice = remarks
        .advice
        .iter()
        .map(|advice| format!("→ {}", text(advice)));
    let lines: Vec<String> =
        std::iter::once(format!("{}{}", remarks.unmeasured, text(&remarks.reason)))
            .chain(advice)
            .collect();
    lines.join("<br>")
}
