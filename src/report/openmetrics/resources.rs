//! What the generator used, and what other sources reported about the target meanwhile.

use super::writer::{FamilyKind, MetricFamily};
use super::{Named, PERCENT};
use crate::record::figure;
use crate::requirement::Source;

pub(super) fn write(runs: &[Named<'_>], out: &mut String) {
    let mut generator = MetricFamily::new(
        FamilyKind::Gauge,
        "agentos_perf_generator_cpu_ratio",
        "ratio",
        "The load generator's use of its workers' processor time, over the run's seconds.",
    );
    for run in runs {
        let used = &run.shown.run.generator;
        let labels = |of| vec![("scenario", run.scenario.as_str()), ("of", of)];
        let ratio = |percent: Option<f64>| percent.map(|percent| percent / PERCENT);
        generator.add_some(&labels("mean"), ratio(used.cpu_mean()));
        generator.add_some(&labels("max"), ratio(used.cpu_max()));
    }
    generator.write(out);
    let cpu = ("agentos_perf_target_cpu_ratio", "ratio", PERCENT);
    observed(
        runs,
        cpu,
        figure::CPU,
        "Processor usage, as reported by the source.",
        out,
    );
    let memory = ("agentos_perf_target_memory_ratio", "ratio", PERCENT);
    observed(
        runs,
        memory,
        figure::MEMORY,
        "Memory in use, as reported by the source.",
        out,
    );
    let bytes = ("agentos_perf_target_memory_bytes", "bytes", 1.0);
    observed(
        runs,
        bytes,
        figure::MEMORY_BYTES,
        "Memory in use, as reported by the source.",
        out,
    );
    let cache = ("agentos_perf_cache_memory_bytes", "bytes", 1.0);
    observed(
        runs,
        cache,
        figure::CACHE_MEMORY,
        "Memory that the cache uses.",
        out,
    );
}

/// Mean and maximum of a figure over the judged part, of each source that reported it.
fn observed(
    runs: &[Named<'_>],
    (name, unit, divisor): (&'static str, &str, f64),
    figure: &str,
    help: &str,
    out: &mut String,
) {
    let mut family = MetricFamily::new(FamilyKind::Gauge, name, unit, help);
    for run in runs {
        for &source in Source::ALL {
            let values = judged(run, source, figure);
            let labels = |of| {
                vec![
                    ("scenario", run.scenario.as_str()),
                    ("source", source.name()),
                    ("of", of),
                ]
            };
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            let max = values.iter().copied().reduce(f64::max);
            // The mean of nothing is not a number, and left out.
            family.add("", &labels("mean"), mean / divisor);
            family.add_some(&labels("max"), max.map(|max| max / divisor));
        }
    }
    family.write(out);
}

fn judged(run: &Named<'_>, source: Source, figure: &str) -> Vec<f64> {
    let record = &run.shown.run;
    let millis = |nanos: u64| i64::try_from(nanos / 1_000_000).unwrap_or(i64::MAX);
    let (from, to) = (millis(record.window.from), millis(record.window.to));
    let seen = record.observed.sources.get(&source);
    let values = seen.map(|seen| seen.between(figure, from, to));
    values
        .into_iter()
        .flatten()
        .map(|(_, value)| value)
        .collect()
}
