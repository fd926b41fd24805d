//! The JSON of how the generator fared.

use serde::Serialize;

use crate::record::{Generator, Histogram, Times};

/// How the generator fared; of several runs the worst of each figure.
#[derive(Default, Serialize)]
pub(super) struct GeneratorFigures {
    lateness_ms: Lateness,
    cpu_percent: Cpu,
    refusals: u64,
    waited_for_connection: u64,
    connections: u64,
    resent: u64,
    workers: u32,
}

#[derive(Default, Serialize)]
struct Lateness {
    p50: Option<f64>,
    p99: Option<f64>,
    max: Option<f64>,
}

#[derive(Default, Serialize)]
struct Cpu {
    mean: Option<f64>,
    max: Option<f64>,
}

impl GeneratorFigures {
    pub(super) fn worst<'a>(
        generators: impl IntoIterator<Item = &'a Generator>,
    ) -> GeneratorFigures {
        let mut worst = GeneratorFigures::default();
        for generator in generators {
            let lag = Times::of(&generator.lag);
            raise(&mut worst.lateness_ms.p50, lag.map(|lag| lag.p50));
            raise(&mut worst.lateness_ms.p99, lag.map(|lag| lag.p99));
            raise(&mut worst.lateness_ms.max, lag.map(|lag| lag.max));
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

#[derive(Serialize)]
pub(super) struct RunGenerator<'a> {
    #[serde(flatten)]
    pub(super) figures: GeneratorFigures,
    pub(super) cpu_percent_by_second: &'a [f64],
    pub(super) histogram: &'a Histogram,
}
