//! A scenario's part of the page.

use maud::{Markup, html};

use super::curve::{self, CurveLimits};
use super::{steps, tables, time_series};
use crate::record::{RunResult, Status, Summary};
use crate::report::said::SaidOnce;
use crate::report::{Report, RunReport, facts};
use crate::requirement::{Unit, format};
use crate::text::clean;

pub(super) fn section(report: &Report, shown: &RunReport, said: &mut SaidOnce) -> Markup {
    let run = &shown.run;
    let summary = Summary::of(run);
    let limits = CurveLimits::of(&report.judgements, &run.scenario);
    html! {
        section class="scenario" {
            h2 { (clean(&run.scenario)) @if let Some(status) = status(run) { " " span class="badge bad" { (status) } } }
            p class="quiet" { (headline(run, &summary)) }
            @if let Some(problem) = &run.problem {
                div class="remark bad" {
                    p { b { (clean(&said.once(&problem.what, &run.scenario))) } }
                    @if said.before(&problem.advice, &run.scenario).is_none() { p { (clean(&problem.advice)) } }
                }
            }
            div class="charts" {
                @if let Some(search) = &run.search { (steps::charts(search)) }
                (time_series::charts(run, &limits.lines()))
                @if run.search.is_none() { (curve::chart(&summary, &limits)) }
            }
            @match &run.search {
                Some(search) => (steps::table(search, &shown.intervals.steps)),
                None => { @if summary.due > 0 { (tables::times(shown, &summary)) } }
            }
            (list(shown, &summary))
            (tables::slowest(run))
            (tables::statements(&run.observed.statements))
        }
    }
}

fn status(run: &RunResult) -> Option<&'static str> {
    match run.status {
        Status::Complete => None,
        Status::Partial => Some("interrupted"),
        Status::Failed => Some("failed"),
    }
}

fn headline(run: &RunResult, summary: &Summary) -> String {
    if let Some(search) = &run.search {
        return facts::search_heading(search);
    }
    if summary.due == 0 {
        return "nothing was judged".to_owned();
    }
    let rate = summary.rps.map_or_else(String::new, |rps| {
        format!(", {} successful", format::show(Unit::Rate, rps))
    });
    format!(
        "{} judged in {}{rate}",
        facts::judged(run, summary.due),
        format::time(run.window.length() * 1e3)
    )
}

fn list(shown: &RunReport, summary: &Summary) -> Markup {
    let run = &shown.run;
    let search = run.search.as_ref();
    let of_search = search.map(|search| facts::of_search(search, run.window.extensions));
    let mut all = of_search.unwrap_or_default();
    all.extend(facts::of_run(shown, summary));
    all.push(("plan", run.plan.clone()));
    html! {
        dl {
            @for (label, text) in all { div { dt { (label) } dd { (text) } } }
        }
    }
}
