//! Who used how much of a machine while a run was on.

use maud::Markup;

use super::chart::{Axis, Chart, ChartSeries, Fill, UP, values};
use super::scale::AxisScale;
use super::time_series::{MOST_POINTS, Point, Points, stretches, time_axis};
use crate::record::{RunResult, SourceSeries, figure};
use crate::requirement::{Source, Unit, format};

/// Processors and memory of the target and of the generator, in percent.
pub(super) fn resources(run: &RunResult) -> Markup {
    let named = used(run);
    let series = named.iter().map(|used| ChartSeries {
        name: &used.name,
        class: &used.class,
        points: used.points.clone(),
        fill: Fill::None,
    });
    let series: Vec<ChartSeries<'_>> = series.collect();
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
            scale: AxisScale::linear(0.0, top, UP.0, UP.1),
            label: &|share| format::show(Unit::Share, share),
            name: "share",
        },
        stretches: stretches(run),
        series,
        limits: Vec::new(),
        marks: Vec::new(),
    }
    .render()
}

/// How much of a resource a process used. The style sheet has a colour for each process, and a pattern for each
/// resource: whom to blame must not hang on a hue.
struct Used {
    name: String,
    class: String,
    points: Points,
}

fn used(run: &RunResult) -> Vec<Used> {
    let sources = [
        (Source::Process, "the target's process", "process"),
        (Source::Host, "this machine", "host"),
        (Source::Target, "the target, by itself", "target"),
    ];
    let figures = [
        (figure::CPU, "processors", ""),
        (figure::MEMORY, "memory", " memory"),
    ];
    let mut all = Vec::new();
    for (source, who, colour) in sources {
        let Some(seen) = run.observed.seen(source) else {
            continue;
        };
        for (figure, what, pattern) in figures {
            all.push(Used {
                name: format!("{who}: {what}"),
                class: format!("{colour}{pattern}"),
                points: over(seen, figure),
            });
        }
    }
    let own = run.generator.cpu.iter().enumerate();
    let own = own.map(|(second, cpu)| (second as f64 + 0.5, Some(*cpu)));
    all.push(Used {
        name: "the generator's workers".to_owned(),
        class: "generator".to_owned(),
        points: thinned(&own.collect::<Vec<_>>()),
    });
    all
}

fn over(seen: &SourceSeries, name: &str) -> Points {
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::report::fixture;

    #[test]
    fn nobody_looks_like_another() {
        let mut run = fixture::rough("api");
        let source = run.observed.sources.values().next().cloned();
        let seen = source.expect("a source that was asked");
        for source in [Source::Process, Source::Host, Source::Target] {
            run.observed.sources.insert(source, seen.clone());
        }
        let all = used(&run);
        let classes: BTreeSet<&str> = all.iter().map(|used| used.class.as_str()).collect();
        assert_eq!(all.len(), 7);
        assert_eq!(classes.len(), all.len(), "{classes:?}");
        let style = include_str!("style.css");
        for part in classes.iter().flat_map(|class| class.split(' ')) {
            assert!(style.contains(&format!(".{part} {{")), "{part}");
        }
    }
}
