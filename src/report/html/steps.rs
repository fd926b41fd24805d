//! A search: response times and throughput over the load, where the target broke, and each step.

use maud::{Markup, html};

use super::chart::{ACROSS, Axis, Chart, ChartMark, ChartSeries, Fill};
use super::scale::AxisScale;
use super::tables::{rate, share, time_cell};
use crate::record::{LoadUnit, Role, SearchResult, Step, StepVerdict, Times};
use crate::report::facts::number;
use crate::requirement::{StepIntervals, format};
use crate::text::clean;

/// The charts of a search.
pub(super) fn charts(search: &SearchResult) -> Markup {
    let mut steps: Vec<&Step> = search.loads().collect();
    steps.sort_by(|a, b| a.load.total_cmp(&b.load));
    let most = steps.last().map_or(1.0, |step| step.load);
    let name = match search.unit {
        LoadUnit::Users => "users",
        LoadUnit::Rate => "requests offered per second",
    };
    let across = || Axis {
        scale: AxisScale::linear(0.0, 1.05 * most, ACROSS.0, ACROSS.1),
        label: &|load: f64| format::count(load.round() as u64),
        name,
    };
    html! { (times(&steps, across())) (throughput(&steps, across())) }
}

fn times(steps: &[&Step], x: Axis<'_>) -> Markup {
    let of = |figure: fn(&Times) -> f64| -> Vec<(f64, Option<f64>)> {
        let point = |step: &&Step| {
            (
                step.load,
                Times::of(&step.response).map(|times| figure(&times)),
            )
        };
        steps.iter().map(point).collect()
    };
    let series = [
        ("p50", of(|times| times.p50)),
        ("p95", of(|times| times.p95)),
        ("p99", of(|times| times.p99)),
    ];
    let series = series.map(|(name, points)| ChartSeries {
        name,
        class: name,
        points,
        fill: Fill::None,
    });
    let marks = steps.iter().filter_map(|step| {
        let times = Times::of(&step.response)?;
        Some(mark(step, times.p95))
    });
    Chart {
        title: "Response time over load",
        x,
        y: Axis::of_times(&series, std::iter::empty()),
        stretches: Vec::new(),
        series: series.into(),
        limits: Vec::new(),
        marks: marks.collect(),
    }
    .render()
}

fn throughput(steps: &[&Step], x: Axis<'_>) -> Markup {
    let series = vec![ChartSeries {
        name: "successful",
        class: "ok",
        points: steps.iter().map(|step| (step.load, step.rps)).collect(),
        fill: Fill::None,
    }];
    let marks = steps.iter().filter_map(|step| Some(mark(step, step.rps?)));
    Chart {
        title: "Throughput over load",
        x,
        y: Axis::of_rates(&series, "successful requests per second"),
        stretches: Vec::new(),
        series,
        limits: Vec::new(),
        marks: marks.collect(),
    }
    .render()
}

fn mark(step: &Step, y: f64) -> ChartMark {
    let (standing, class) = standing(step);
    ChartMark {
        x: step.load,
        y,
        class,
        title: format!("{}: {standing}", number(step.load)),
    }
}

fn standing(step: &Step) -> (&'static str, &'static str) {
    if step.capped {
        return ("too few connections", "doubtful");
    }
    if step.saturated.is_some() {
        return ("generator saturated", "doubtful");
    }
    match step.standing {
        StepVerdict::Held => ("held", "good"),
        StepVerdict::Undecided => ("undecided", "doubtful"),
        StepVerdict::Broken => ("broke", "bad"),
    }
}

/// Each step in a row.
pub(super) fn table(search: &SearchResult, intervals: &[StepIntervals]) -> Markup {
    let unit = match search.unit {
        LoadUnit::Users => "users",
        LoadUnit::Rate => "offered/s",
    };
    html! {
        div class="scroll" {
            table {
                thead { tr {
                    th { "step" }
                    @for heading in [unit, "p50", "p95", "p99", "max", "req/s", "failed", "late p99"] {
                        th class="number" { (heading) }
                    }
                    th {}
                } }
                tbody {
                    @for (index, step) in search.steps.iter().enumerate() {
                        (row(index, step, &intervals.get(index).copied().unwrap_or_default()))
                    }
                }
            }
        }
    }
}

fn row(index: usize, step: &Step, sure: &StepIntervals) -> Markup {
    let times = Times::of(&step.response);
    let late = Times::of(&step.lag);
    let (standing, class) = standing(step);
    let of = |figure: fn(&Times) -> f64| times.as_ref().map(figure);
    html! {
        tr title=(clean(&step.reason)) {
            td { @match step.role { Role::Load => (index + 1), Role::Recovery => "back" } }
            td class="number" { (number(step.load)) }
            (time_cell(of(|times| times.p50), Some(sure.response.p50)))
            (time_cell(of(|times| times.p95), Some(sure.response.p95)))
            (time_cell(of(|times| times.p99), Some(sure.response.p99)))
            (time_cell(of(|times| times.max), None))
            td class="number" { (rate(step.rps)) }
            td class="number" { (share(step.failed(), step.due())) }
            (time_cell(late.map(|late| late.p99), Some(sure.lateness.p99)))
            td { span class={ "badge " (class) } { (standing) } }
        }
    }
}
