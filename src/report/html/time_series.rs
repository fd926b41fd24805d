//! What a run did second by second: response times, rates, failures, on one axis of time.

use std::collections::BTreeSet;

use maud::{Markup, html};

use super::chart::{ACROSS, Axis, Chart, ChartBand, ChartSeries, Fill, LimitLine, values};
use super::resources::resources;
use super::scale::AxisScale;
use crate::record::Outcome;
use crate::record::{CoarseHistogram, Outcomes, RunResult, Second};
use crate::text::clean;

/// A longer run has several seconds in each point, so that a page of an hour is not larger than one of minutes.
pub(super) const MOST_POINTS: usize = 300;

/// The style sheet's colours for things that have none of their own.
const COLOURS: usize = 8;
/// How their lines are drawn: solid, and otherwise once all colours are taken.
const PATTERNS: [&str; 3] = ["", " second", " third"];

/// A value at a second of the run.
pub(super) type Point = (f64, Option<f64>);
pub(super) type Points = Vec<Point>;

/// Some seconds of a run, together.
struct Span {
    /// The middle, in seconds from the start of the run.
    at: f64,
    /// How many seconds.
    length: f64,
    times: CoarseHistogram,
    due: u64,
    done_ok: u64,
    failed: u64,
    outcomes: Outcomes,
}

/// The charts over time; empty for a run without seconds.
pub(super) fn charts(run: &RunResult, limits: &[LimitLine]) -> Markup {
    let spans = spans(&run.seconds);
    if spans.is_empty() {
        return html! {};
    }
    html! {
        (latency(run, &spans, limits).render())
        (throughput(run, &spans).render())
        (failures(run, &spans))
        (resources(run))
    }
}

fn spans(seconds: &[Second]) -> Vec<Span> {
    let each = seconds.len().div_ceil(MOST_POINTS).max(1);
    let chunks = seconds.chunks(each).enumerate();
    chunks
        .map(|(index, chunk)| span(index * each, chunk))
        .collect()
}

fn span(first: usize, seconds: &[Second]) -> Span {
    let length = seconds.len() as f64;
    let mut span = Span {
        at: first as f64 + length / 2.0,
        length,
        times: CoarseHistogram::default(),
        due: 0,
        done_ok: 0,
        failed: 0,
        outcomes: Outcomes::new(),
    };
    for second in seconds {
        span.times.merge(&second.response);
        span.due += second.due();
        span.done_ok += second.done_ok;
        span.failed += second.failed();
        for (outcome, count) in second.outcomes() {
            *span.outcomes.entry(outcome).or_default() += count;
        }
    }
    span
}

/// The axis that all charts of a run share.
pub(super) fn time_axis(run: &RunResult) -> Axis<'static> {
    Axis {
        scale: AxisScale::linear(0.0, run.seconds.len() as f64, ACROSS.0, ACROSS.1),
        label: &clock,
        name: "time",
    }
}

/// `45 s`, `2:30`, `1:00:00`
fn clock(seconds: f64) -> String {
    let whole = seconds.round() as u64;
    match (whole / 3_600, whole / 60 % 60, whole % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, seconds) => format!("{minutes}:{seconds:02}"),
        (hours, minutes, seconds) => format!("{hours}:{minutes:02}:{seconds:02}"),
    }
}

/// What lies behind every chart over time: what was not judged, outages and restarts.
pub(super) fn stretches(run: &RunResult) -> Vec<ChartBand<'static>> {
    let end = run.seconds.len() as f64;
    let (from, to) = (run.window.from as f64 / 1e9, run.window.to as f64 / 1e9);
    let mut found = Vec::new();
    for (begin, end) in [(0.0, from), (to, end)] {
        if end - begin > 0.05 {
            found.push(ChartBand {
                class: "unjudged",
                from: begin,
                to: end,
                title: "not judged".to_owned(),
            });
        }
    }
    let since = |at: u64| at.saturating_sub(run.started) as f64 / 1e3;
    for outage in &run.watch.outages {
        found.push(ChartBand {
            class: "outage",
            from: since(outage.from),
            to: outage.to.map_or(end, since),
            title: format!("outage: {}", clean(&outage.cause)),
        });
    }
    for restart in &run.watch.restarts {
        found.push(ChartBand {
            class: "outage",
            from: since(*restart),
            to: since(*restart),
            title: "restart seen".to_owned(),
        });
    }
    found
}

fn latency<'a>(run: &RunResult, spans: &'a [Span], limits: &[LimitLine]) -> Chart<'a> {
    let of = |quantile: f64| -> Points {
        let points = spans.iter();
        points
            .map(|span| (span.at, span.times.quantile_ms(quantile)))
            .collect()
    };
    let series = [("p50", 0.5), ("p95", 0.95), ("p99", 0.99), ("longest", 1.0)];
    let series: Vec<ChartSeries<'a>> = series
        .into_iter()
        .map(|(name, quantile)| ChartSeries {
            name,
            class: name,
            points: of(quantile),
            // The bands between neighbours: where the requests lie.
            fill: if matches!(name, "p50" | "longest") {
                Fill::None
            } else {
                Fill::ToPrevious
            },
        })
        .collect();
    let most = values(&series).fold(0.0, f64::max);
    // A limit far above all that was met would press the rest to the ground.
    let near = limits.iter().map(|limit| limit.value);
    let near = near.filter(|limit| *limit < 20.0 * most);
    Chart {
        title: "Response time",
        x: time_axis(run),
        y: Axis::of_times(&series, near),
        stretches: stretches(run),
        series,
        limits: limits.to_vec(),
        marks: Vec::new(),
    }
}

fn throughput<'a>(run: &RunResult, spans: &'a [Span]) -> Chart<'a> {
    let rate = |count: fn(&Span) -> u64| -> Points {
        let points = spans.iter();
        points
            .map(|span| (span.at, Some(count(span) as f64 / span.length)))
            .collect()
    };
    let series = vec![
        ChartSeries {
            name: "due",
            class: "due",
            points: rate(|span| span.due),
            fill: Fill::None,
        },
        ChartSeries {
            name: "successful",
            class: "ok",
            points: rate(|span| span.done_ok),
            fill: Fill::ToAxis,
        },
        ChartSeries {
            name: "failed",
            class: "failed",
            points: rate(|span| span.failed),
            fill: Fill::ToAxis,
        },
    ];
    Chart {
        title: "Requests per second",
        x: time_axis(run),
        y: Axis::of_rates(&series, "requests per second"),
        stretches: stretches(run),
        series,
        limits: Vec::new(),
        marks: Vec::new(),
    }
}

/// Failures by cause; empty when nothing failed.
fn failures(run: &RunResult, spans: &[Span]) -> Markup {
    let causes: BTreeSet<Outcome> = spans
        .iter()
        .flat_map(|span| span.outcomes.keys().copied())
        .filter(|outcome| !outcome.is_ok())
        .collect();
    let causes = causes.into_iter().enumerate();
    let named: Vec<(Outcome, String, String)> = causes
        .map(|(index, cause)| (cause, cause.to_string(), class(index)))
        .collect();
    let rate = |span: &Span, cause: &Outcome| {
        span.outcomes.get(cause).copied().unwrap_or_default() as f64 / span.length
    };
    let series: Vec<ChartSeries<'_>> = named
        .iter()
        .map(|(cause, name, class)| ChartSeries {
            name,
            class,
            points: spans
                .iter()
                .map(|span| (span.at, Some(rate(span, cause))))
                .collect(),
            fill: Fill::ToAxis,
        })
        .collect();
    Chart {
        title: "Failures by cause",
        x: time_axis(run),
        y: Axis::of_rates(&series, "failures per second"),
        stretches: stretches(run),
        series,
        limits: Vec::new(),
        marks: Vec::new(),
    }
    .render()
}

/// A look that no other of some dozen things has.
fn class(index: usize) -> String {
    let pattern = PATTERNS[index / COLOURS % PATTERNS.len()];
    format!("c{}{pattern}", index % COLOURS)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_causes_look_alike() {
        let classes: BTreeSet<String> = (0..COLOURS * PATTERNS.len()).map(class).collect();
        assert_eq!(classes.len(), COLOURS * PATTERNS.len());
        let style = include_str!("style.css");
        for class in classes {
            for part in class.split(' ') {
                assert!(style.contains(&format!(".{part} {{")), "{part}");
            }
        }
    }
}
