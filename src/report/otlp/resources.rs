//! What the generator used, and what other sources reported about the target meanwhile.

use super::message::{Attribute, OtlpMetric};
use super::metric::GaugePoint;
use super::{MS, Named, PERCENT, at, started};
use crate::record::{RunResult, SourceSeries, figure};
use crate::requirement::Source;

/// A figure of sources, and what it is called here.
struct ResourceFigure {
    figure: &'static str,
    name: &'static str,
    unit: &'static str,
    description: &'static str,
    divisor: f64,
}

const TOLD: [ResourceFigure; 5] = [
    ResourceFigure {
        figure: figure::CPU,
        name: "agentos_perf.target.cpu.utilization",
        unit: "1",
        description: "Processor usage, as reported by the source.",
        divisor: PERCENT,
    },
    ResourceFigure {
        figure: figure::MEMORY,
        name: "agentos_perf.target.memory.utilization",
        unit: "1",
        description: "Memory in use, as reported by the source.",
        divisor: PERCENT,
    },
    ResourceFigure {
        figure: figure::MEMORY_BYTES,
        name: "agentos_perf.target.memory.usage",
        unit: "By",
        description: "Memory in use, as reported by the source.",
        divisor: 1.0,
    },
    ResourceFigure {
        figure: figure::CACHE_MEMORY,
        name: "agentos_perf.cache.memory.usage",
        unit: "By",
        description: "Memory that the cache uses.",
        divisor: 1.0,
    },
    ResourceFigure {
        figure: figure::CONNECTIONS,
        name: "agentos_perf.database.connections",
        unit: "{connection}",
        description: "Connections to the database.",
        divisor: 1.0,
    },
];

pub(super) fn metrics(runs: &[Named<'_>], step: usize) -> Vec<OtlpMetric> {
    let mut metrics = vec![generator(runs, step)];
    metrics.extend(TOLD.map(|told| observed(runs, step, &told)));
    metrics
}

fn generator(runs: &[Named<'_>], step: usize) -> OtlpMetric {
    let mut gauge = GaugePoint::new(
        "agentos_perf.generator.cpu.utilization",
        "1",
        "The load generator's use of its workers' processor time.",
    );
    for run in runs {
        let record = &run.shown.run;
        for (number, used) in record.generator.cpu.chunks(step).enumerate() {
            let time = at(record, number * step + used.len());
            let mean = used.iter().sum::<f64>() / used.len() as f64;
            let attributes = vec![Attribute::new("scenario", &run.scenario)];
            gauge.add(attributes, time, mean / PERCENT);
        }
    }
    gauge.metric()
}

fn observed(runs: &[Named<'_>], step: usize, told: &ResourceFigure) -> OtlpMetric {
    let mut gauge = GaugePoint::new(told.name, told.unit, told.description);
    for run in runs {
        let record = &run.shown.run;
        for (source, seen) in &record.observed.sources {
            for (at_ms, value) in last_of_each(seen, told.figure, step) {
                let attributes = attributes(&run.scenario, *source);
                gauge.add(attributes, moment(record, at_ms), value / told.divisor);
            }
        }
    }
    gauge.metric()
}

fn attributes(scenario: &str, source: Source) -> Vec<Attribute> {
    vec![
        Attribute::new("scenario", scenario),
        Attribute::new("source", source.name()),
    ]
}

/// The last value of each stretch of `step` seconds, and when it was reported.
fn last_of_each(seen: &SourceSeries, figure: &str, step: usize) -> Vec<(i64, f64)> {
    let stretch_ms = i64::try_from(1_000 * step).unwrap_or(i64::MAX);
    let stretch = |at_ms: i64| at_ms.div_euclid(stretch_ms);
    let mut last: Vec<(i64, f64)> = Vec::new();
    for told in seen.between(figure, i64::MIN, i64::MAX) {
        match last.last_mut() {
            Some(before) if stretch(before.0) == stretch(told.0) => *before = told,
            _ => last.push(told),
        }
    }
    last
}

/// Milliseconds from the start of a run, which may lie before it, as nanoseconds since 1970.
fn moment(run: &RunResult, at_ms: i64) -> u64 {
    let away = at_ms.unsigned_abs().saturating_mul(MS);
    if at_ms < 0 {
        started(run).saturating_sub(away)
    } else {
        started(run).saturating_add(away)
    }
}
