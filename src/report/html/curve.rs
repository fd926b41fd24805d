//! The curve of percentiles: how long the slowest so many of a hundred, a thousand, ten thousand took.

use maud::Markup;

use super::chart::{ACROSS, Axis, Chart, ChartMark, ChartSeries, Fill, LimitLine};
use super::scale::AxisScale;
use crate::record::{Histogram, Summary};
use crate::requirement::{CheckJudgement, Judgement, Scope, format};

/// Points of the curve for each factor of ten in 1 − quantile.
const A_DECADE: u32 = 24;

/// Checks of a scenario on percentiles of all its requests.
pub(super) struct CurveLimits<'a> {
    judged: Vec<(f64, f64, &'a Judgement, Option<&'a CheckJudgement>)>,
}

impl<'a> CurveLimits<'a> {
    pub(super) fn of(judgements: &'a [Judgement], scenario: &str) -> CurveLimits<'a> {
        let mine = judgements
            .iter()
            .filter(|judgement| judgement.requirement.scenario.as_deref() == Some(scenario));
        let judged = mine.flat_map(|judgement| {
            let checks = judgement.requirement.checks.iter();
            let checks = checks.filter(|check| check.scope == Scope::All);
            checks.filter_map(move |check| {
                let quantile = check.metric.response_quantile()?;
                Some((quantile, check.limit.value, judgement, judgement.of(check)))
            })
        });
        let mut judged: Vec<_> = judged.collect();
        // The same limit is often asked twice, by a requirement of its own and in a scenario's.
        judged.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
        judged.dedup_by(|a, b| a.0.total_cmp(&b.0).is_eq() && a.1.total_cmp(&b.1).is_eq());
        CurveLimits { judged }
    }

    /// A line across a chart over time for each.
    pub(super) fn lines(&self) -> Vec<LimitLine> {
        let line = |(quantile, value, ..): &(f64, f64, _, _)| LimitLine {
            value: *value,
            label: format!("{} limit {}", name(*quantile), format::time(*value)),
            class: class(*quantile),
        };
        self.judged.iter().map(line).collect()
    }

    /// A point at its percentile for each.
    fn marks(&self) -> Vec<ChartMark> {
        let mark = |(quantile, value, judgement, judged): &(
            f64,
            f64,
            &Judgement,
            Option<&CheckJudgement>,
        )| {
            let verdict = judged.map_or(judgement.verdict, |judged| judged.verdict);
            ChartMark {
                x: beyond(*quantile),
                y: *value,
                class: match verdict {
                    crate::requirement::Verdict::Pass => "good",
                    crate::requirement::Verdict::Inconclusive => "doubtful",
                    crate::requirement::Verdict::Fail => "bad",
                },
                title: format!(
                    "{} must be {}: {verdict}",
                    name(*quantile),
                    format::time(*value)
                ),
            }
        };
        self.judged.iter().map(mark).collect()
    }
}

/// The chart; empty when nothing was counted.
pub(super) fn chart(summary: &Summary, limits: &CurveLimits<'_>) -> Markup {
    let response = points(&summary.response);
    let service = points(&summary.service);
    let marks = limits.marks();
    let Some((end, _)) = response.last() else {
        return maud::html! {};
    };
    let last = marks.iter().map(|mark| mark.x).fold(*end, f64::max);
    let series = vec![
        ChartSeries {
            name: "response time",
            class: "p95",
            points: response,
            fill: Fill::None,
        },
        ChartSeries {
            name: "service time",
            class: "service",
            points: service,
            fill: Fill::None,
        },
    ];
    Chart {
        title: "Percentiles",
        x: Axis {
            scale: AxisScale::logarithmic(1.0, last, ACROSS.0, ACROSS.1),
            label: &|beyond| name(1.0 - 1.0 / beyond),
            name: "percentile",
        },
        y: Axis::of_times(&series, marks.iter().map(|mark| mark.y)),
        stretches: Vec::new(),
        series,
        limits: Vec::new(),
        marks,
    }
    .render()
}

/// The curve up to the percentile beyond which there is but one time.
fn points(histogram: &Histogram) -> Vec<(f64, Option<f64>)> {
    let count = histogram.len();
    if count == 0 {
        return Vec::new();
    }
    let decades = (count as f64).log10();
    let last = (decades * f64::from(A_DECADE)).floor() as u32;
    (0..=last)
        .map(|step| {
            let beyond = 10_f64.powf(f64::from(step) / f64::from(A_DECADE));
            let time = histogram.quantile_ms(1.0 - 1.0 / beyond);
            (beyond, Some(time))
        })
        .collect()
}

/// One in how many lies beyond a quantile: 0.95 → 20.
fn beyond(quantile: f64) -> f64 {
    1.0 / (1.0 - quantile)
}

/// `p99.9`
fn name(quantile: f64) -> String {
    let percent = (quantile * 1e7).round() / 1e5;
    format!("p{percent}")
}

fn class(quantile: f64) -> &'static str {
    match quantile {
        _ if quantile <= 0.5 => "p50",
        _ if quantile <= 0.95 => "p95",
        _ => "p99",
    }
}
