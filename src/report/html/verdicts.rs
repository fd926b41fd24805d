//! The requirements: verdicts first, and what is to be said of those that were not kept.

use maud::{Markup, html};

use super::scale::AxisScale;
use super::{OpenSession, compared};
use crate::report::Report;
use crate::report::said::SaidOnce;
use crate::requirement::{
    Check, CheckJudgement, Estimate, Judgement, Requirement, TestVerdict, Unit, Verdict, format,
};
use crate::text::clean;

/// Width and height of the picture of an interval.
const GAUGE: (f64, f64) = (140.0, 22.0);

pub(super) fn section(report: &Report, open: &OpenSession, said: &mut SaidOnce) -> Markup {
    if report.judgements.is_empty() && open.waiting.is_empty() {
        return html! {};
    }
    html! {
        section {
            h2 { "Requirements" }
            div class="scroll" {
                table class="requirements" {
                    thead { tr {
                        th { "verdict" } th { "requirement" } th { "limit" } th { "measured" } th { "against the limit" }
                        th class="number" { "samples" }
                    } }
                    tbody {
                        @for judgement in &report.judgements {
                            (rows(judgement, report.strict, open))
                        }
                        @for requirement in &open.waiting { (waiting(requirement)) }
                    }
                }
            }
            @for judgement in &report.judgements { (compared::section(judgement)) }
            (remarks(report, open, said))
        }
    }
}

/// A requirement that is not judged yet.
fn waiting(requirement: &Requirement) -> Markup {
    let badge = html! { span class="badge" { "waiting" } };
    let name = name(requirement);
    if let [check] = requirement.checks.as_slice() {
        return row(&badge, &name, check, None);
    }
    html! { tr { td { (badge) } td colspan="5" { (name) } } }
}

fn name(requirement: &Requirement) -> Markup {
    html! {
        b { (clean(&requirement.name)) }
        " " small class="quiet" {
            (requirement.severity)
            @if let Some(scenario) = &requirement.scenario { ", " (clean(scenario)) }
        }
    }
}

fn rows(judgement: &Judgement, strict: bool, open: &OpenSession) -> Markup {
    let requirement = &judgement.requirement;
    let checks = &requirement.checks;
    let is_provisional = open.provisional.contains(&requirement.name);
    let badge = html! {
        @if open.is_undecided(judgement) { (undecided()) } @else { (badge(judgement, strict)) }
        @if is_provisional { small class="quiet below" { "so far" } }
    };
    let name = name(requirement);
    if let [check] = checks.as_slice() {
        return row(&badge, &name, check, judgement.of(check));
    }
    html! {
        tr { td { (badge) } td colspan="5" { (name) } }
        @for check in checks {
            @let judged = judgement.of(check);
            @let badge = html! {
                @match judged.map(|judged| judged.verdict) {
                    Some(Verdict::Inconclusive) if is_provisional => (undecided()),
                    Some(verdict) => (small_badge(verdict)),
                    None => {}
                }
            };
            (row(&badge, &html! { span class="part" { (check.metric.to_string()) } }, check, judged))
        }
    }
}

fn row(badge: &Markup, name: &Markup, check: &Check, judged: Option<&CheckJudgement>) -> Markup {
    let estimate = judged.and_then(|judged| judged.estimate.as_ref());
    let endpoint = judged.and_then(|judged| judged.endpoint.as_deref());
    html! {
        tr {
            td { (badge) }
            td { (name) }
            td class="limit" { (format::limit(&check.limit)) }
            td class="measured" {
                @match estimate {
                    Some(estimate) => {
                        b { (format::measured_value(estimate, &check.limit)) } " "
                        small class="quiet" { (format::interval(estimate, &check.limit)) }
                    }
                    None => "–",
                }
                @if let Some(endpoint) = endpoint { small class="quiet" { " at " (clean(endpoint)) } }
            }
            td { @if let (Some(judged), Some(estimate)) = (judged, estimate) { (gauge(check, judged.verdict, estimate)) } }
            td class="number" { (estimate.map_or_else(|| "–".to_owned(), |estimate| format::count(estimate.samples))) }
        }
    }
}

/// The interval and the value on a line, and where the limit lies.
fn gauge(check: &Check, verdict: Verdict, estimate: &Estimate) -> Markup {
    let limit = check.limit.value;
    let ends = [estimate.low, estimate.high, Some(estimate.value)];
    let ends = ends.into_iter().flatten().filter(|end| end.is_finite());
    let farthest = ends.fold(limit, f64::max);
    let full = match check.limit.unit {
        Unit::Share if farthest > 50.0 => 100.0,
        _ => 1.15 * farthest,
    };
    let scale = AxisScale::linear(0.0, full, 2.0, GAUGE.0 - 2.0);
    let at = |value: f64| format!("{:.1}", scale.at(value));
    let low = scale.at(estimate.low.unwrap_or(0.0));
    let high = scale.at(estimate.high.unwrap_or(full));
    let middle = GAUGE.1 / 2.0;
    html! {
        svg class={ "gauge " (class(verdict)) } viewBox=(format!("0 0 {} {}", GAUGE.0, GAUGE.1)) width=(GAUGE.0)
            height=(GAUGE.1) aria-hidden="true" {
            path class="track" d=(format!("M2 {middle}H{}", GAUGE.0 - 2.0)) {}
            @if estimate.low.is_some() || estimate.high.is_some() {
                path class="interval" d=(format!("M{low:.1} {middle}H{:.1}", high.max(low + 1.0))) {}
            }
            @if estimate.value.is_finite() { circle cx=(at(estimate.value)) cy=(middle) r="3.5" {} }
            path class="bound" d=(format!("M{} 2V{}", at(limit), GAUGE.1 - 2.0)) {}
        }
    }
}

/// A paragraph that several requirements share stands at the first of them, and the others refer to it.
fn remarks(report: &Report, unsettled: &OpenSession, said: &mut SaidOnce) -> Markup {
    let open = report.judgements.iter();
    let open: Vec<_> = open
        .filter(|judgement| judgement.verdict != Verdict::Pass)
        .filter(|judgement| !unsettled.provisional.contains(&judgement.requirement.name))
        .collect();
    html! {
        @if !open.is_empty() {
            h3 { "What was not kept, and what to do" }
            @for judgement in open {
                @let remarks = said.of(judgement);
                div class={ "remark " (class(judgement.verdict)) } {
                    p { (badge(judgement, report.strict)) " " b { (clean(&judgement.requirement.name)) } ": " (remarks.unmeasured) (clean(&remarks.reason)) }
                    @if !remarks.advice.is_empty() {
                        ul { @for advice in &remarks.advice { li { (clean(advice)) } } }
                    }
                }
            }
        }
    }
}

fn badge(judgement: &Judgement, strict: bool) -> Markup {
    match judgement.test_verdict(strict) {
        TestVerdict::Warn => html! { span class="badge doubtful" { "warning" } },
        TestVerdict::Pass | TestVerdict::Fail => small_badge(judgement.verdict),
    }
}

/// In the place of a verdict that there is too little for as yet.
fn undecided() -> Markup {
    html! { span class="badge" { "open" } }
}

fn small_badge(verdict: Verdict) -> Markup {
    html! { span class={ "badge " (class(verdict)) } { (verdict.to_string()) } }
}

fn class(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "good",
        Verdict::Inconclusive => "doubtful",
        Verdict::Fail => "bad",
    }
}
