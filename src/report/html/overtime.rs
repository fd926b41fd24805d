//! What a run did second by second: response times, rates, failures, resources, on one axis of time.

use std::collections::BTreeSet;

use maud::{Markup, html};

use super::chart::{ACROSS, Axis, Chart, Fill, Line, Series, Stretch, UP, values};
use super::scale::Scale;
use crate::client::Outcome;
use crate::record::{Coarse, Outcomes, RunResult, Second, Seen, figure};
use crate::report::clean::clean;
use crate::requirement::{Source, Unit, human};

/// A longer run has several seconds in each point, so that a page of an hour is not larger than one of minutes.
const MOST_POINTS: usize = 300;

/// The style sheet's colours for things that have none of their own.
const CLASSES: [&str; 6] = ["c0", "c1", "c2", "c3", "c4", "c5"];

/// A value at a second of the run.
type Point = (f64, Option<f64>);
type Points = Vec<Point>;

/// Some seconds of a run, together.
struct Span {
    /// The middle, in seconds from the start of the run.
    at: f64,
    /// How many seconds.
    length: f64,
    times: Coarse,
    due: u64,
    done_ok: u64,
    failed: u64,
    outcomes: Outcomes,
}

/// The charts over time; empty for a run without seconds.
pub(super) fn charts(run: &RunResult, limits: &[Line]) -> Markup {
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
        times: Coarse::default(),
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
fn time_axis(run: &RunResult) -> Axis<'static> {
    Axis {
        scale: Scale::linear(0.0, run.seconds.len() as f64, ACROSS.0, ACROSS.1),
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
fn stretches(run: &RunResult) -> Vec<Stretch<'static>> {
    let end = run.seconds.len() as f64;
    let (from, to) = (run.window.from as f64 / 1e9, run.window.to as f64 / 1e9);
    let mut found = Vec::new();
    for (begin, end) in [(0.0, from), (to, end)] {
        if end - begin > 0.05 {
            found.push(Stretch {
                class: "unjudged",
                from: begin,
                to: end,
                title: "not judged".to_owned(),
            });
        }
    }
    let since = |at: u64| at.saturating_sub(run.started) as f64 / 1e3;
    for outage in &run.watch.outages {
        found.push(Stretch {
            class: "outage",
            from: since(outage.from),
            to: outage.to.map_or(end, since),
            title: format!("outage: {}", clean(&outage.cause)),
        });
    }
    for restart in &run.watch.restarts {
        found.push(Stretch {
            class: "outage",
            from: since(*restart),
            to: since(*restart),
            title: "restart seen".to_owned(),
        });
    }
    found
}

fn latency<'a>(run: &RunResult, spans: &'a [Span], limits: &[Line]) -> Chart<'a> {
    let of = |quantile: f64| -> Points {
        let points = spans.iter();
        points
            .map(|span| (span.at, span.times.quantile_ms(quantile)))
            .collect()
    };
    let series = [("p50", 0.5), ("p95", 0.95), ("p99", 0.99), ("longest", 1.0)];
    let series: Vec<Series<'a>> = series
        .into_iter()
        .map(|(name, quantile)| Series {
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
        Series {
            name: "due",
            class: "due",
            points: rate(|span| span.due),
            fill: Fill::None,
        },
        Series {
            name: "answered well",
            class: "ok",
            points: rate(|span| span.done_ok),
            fill: Fill::ToAxis,
        },
        Series {
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
    let names: Vec<(Outcome, String)> = causes
        .into_iter()
        .map(|cause| (cause, cause.to_string()))
        .collect();
    let rate = |span: &Span, cause: &Outcome| {
        span.outcomes.get(cause).copied().unwrap_or_default() as f64 / span.length
    };
    let series: Vec<Series<'_>> = names
        .iter()
        .enumerate()
        .map(|(index, (cause, name))| Series {
            name,
            class: CLASSES[index % CLASSES.len()],
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

/// Processors and memory of the target and of the generator, in percent.
fn resources(run: &RunResult) -> Markup {
    let named = used(run);
    let series = named.iter().zip(CLASSES.iter().cycle());
    let series: Vec<Series<'_>> = series
        .map(|((name, points), class)| Series {
            name,
            class,
            points: points.clone(),
            fill: Fill::None,
        })
        .collect();
    let most = values(&series).fold(0.0, f64::max);
    let top = if most > 40.0 {
        most.max(100.0)
    } else {
        (1.25 * most).max(5.0)
    };
    Chart {
        title: "Resources",
        x: time_axis(run),
        y: Axis {
            scale: Scale::linear(0.0, top, UP.0, UP.1),
            label: &|share| human::show(Unit::Share, share),
            name: "share",
        },
        stretches: stretches(run),
        series,
        limits: Vec::new(),
        marks: Vec::new(),
    }
    .render()
}

/// Who used how much, by name.
fn used(run: &RunResult) -> Vec<(String, Points)> {
    let sources = [
        (Source::Process, "the target's process"),
        (Source::Host, "this machine"),
        (Source::Target, "the target, by itself"),
    ];
    let mut named = Vec::new();
    for (source, who) in sources {
        let Some(seen) = run.observed.seen(source) else {
            continue;
        };
        for (name, what) in [(figure::CPU, "processors"), (figure::MEMORY, "memory")] {
            named.push((format!("{who}: {what}"), over(seen, name)));
        }
    }
    let own = run.generator.cpu.iter().enumerate();
    let own = own.map(|(second, cpu)| (second as f64 + 0.5, Some(*cpu)));
    let own = thinned(&own.collect::<Vec<_>>());
    named.push(("the generator's workers".to_owned(), own));
    named
}

fn over(seen: &Seen, name: &str) -> Points {
    let values = seen.between(name, 0, i64::MAX).into_iter();
    let points: Vec<_> = values
        .map(|(at, value)| (at as f64 / 1e3, Some(value)))
        .collect();
    thinned(&points)
}

/// The highest of neighbours: a peak must not be lost.
fn thinned(points: &[Point]) -> Points {
    let each = points.len().div_ceil(MOST_POINTS).max(1);
    let highest = |chunk: &[Point]| {
        let highest = chunk.iter().max_by(|a, b| {
            let value = |point: &Point| point.1.unwrap_or(f64::NEG_INFINITY);
            value(a).total_cmp(&value(b))
        });
        highest.copied()
    };
    points.chunks(each).filter_map(highest).collect()
}
