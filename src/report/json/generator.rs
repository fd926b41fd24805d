//! The JSON of how the generator fared.

use serde::Serialize;

use super::times::{PercentileForm, TimesForm};
use crate::record::{Generator, Histogram};
use crate::requirement::Intervals;

/// How the generator fared; of several runs the worst of each figure.
#[derive(Default, Serialize)]
pub(super) struct GeneratorFigures {
    lateness_ms: TimesForm,
    cpu_percent: Cpu,
    refusals: u64,
    waited_for_connection: u64,
    connections: u64,
    resent: u64,
    workers: u32,
}

#[derive(Default, Serialize)]
struct Cpu {
    mean: Option<f64>,
    max: Option<f64>,
}

impl GeneratorFigures {
    pub(super) fn worst<'a>(
        generators: impl IntoIterator<Item = (&'a Generator, &'a Intervals)>,
    ) -> GeneratorFigures {
        let mut worst = GeneratorFigures::default();
        for (generator, sure) in generators {
            let late = TimesForm::of(&generator.lag, sure);
            let worst_late = &mut worst.lateness_ms;
            raise_percentile(&mut worst_late.p50, late.p50);
            raise_percentile(&mut worst_late.p90, late.p90);
            raise_percentile(&mut worst_late.p95, late.p95);
            raise_percentile(&mut worst_late.p99, late.p99);
            raise_percentile(&mut worst_late.p999, late.p999);
            raise(&mut worst_late.max, late.max);
            raise(&mut worst_late.mean, late.mean);
            raise(&mut worst.cpu_percent.mean, generator.cpu_mean());
            raise(&mut worst.cpu_percent.max, generator.cpu_max());
            worst.refusals = worst.refusals.max(generator.refusals);
            worst.waited_for_connection = worst
                .waited_for_connection
                .max(generator.waited_for_connection);
            worst.connections = worst.connections.max(generator.connections);
            worst.resent = worst.resent.max(generator.resent);
            worst.workers = worst.workers.max(generator.workers);
        }
        worst
    }
}

/// `f64::max` takes a number over none.
fn raise(worst: &mut Option<f64>, other: Option<f64>) {
    let highest = worst.iter().copied().chain(other).reduce(f64::max);
    *worst = highest.filter(|number| number.is_finite());
}

/// The later percentile, with its own interval.
fn raise_percentile(worst: &mut Option<PercentileForm>, other: Option<PercentileForm>) {
    let value = |form: &Option<PercentileForm>| form.and_then(|form| form.value);
    if value(&other) > value(worst) {
        *worst = other;
    }
}

#[derive(Serialize)]
pub(super) struct RunGenerator<'a> {
    #[serde(flatten)]
    pub(super) figures: GeneratorFigures,
    pub(super) cpu_percent_by_second: &'a [f64],
    pub(super) histogram: &'a Histogram,
}
