//! Whether the generator had headroom: if not, what it measured is not the target alone.

use super::CheckResult;
use super::text::{count, percent, time};
use crate::record::{Histogram, RunResult, Step};
use crate::requirement::Check;
use crate::requirement::GeneratorMetric;

/// Every request and every second was counted, so these values have no interval: they are compared bare.
pub(super) fn find(check: &Check, metric: GeneratorMetric, runs: &[&RunResult]) -> CheckResult {
    let runs = at_one_load(runs);
    let runs = runs.as_slice();
    let mut lag = Histogram::new();
    for run in runs {
        match borne(run) {
            Some(steps) => steps.iter().for_each(|step| lag.merge(&step.lag)),
            None => lag.merge(&run.generator.lag),
        }
    }
    if lag.is_empty() {
        return CheckResult::open("the generator sent nothing that could tell how it fared");
    }
    let (value, samples, reason) = match metric {
        GeneratorMetric::Lateness(quantile) => {
            let value = lag.quantile_ms(quantile);
            let told = format!(
                "{} of {} requests were sent at most {} late by the generator, the latest {}",
                percent(quantile),
                count(lag.len() as f64),
                time(value),
                time(lag.max_ms()),
            );
            (value, lag.len(), told)
        }
        GeneratorMetric::Cpu => match busiest(runs) {
            Some((scenario, share, seconds)) => {
                let told = format!(
                    "the generator used {share:.0} % of its processor time in `{scenario}`"
                );
                (share, seconds, told)
            }
            None => {
                return CheckResult::open(
                    "the run was too short to measure the generator's processor time",
                );
            }
        },
        GeneratorMetric::Refusals => {
            let refused: u64 = runs.iter().map(|run| run.generator.refusals).sum();
            let told = format!(
                "{} requests could not be sent for want of sockets",
                count(refused as f64)
            );
            (refused as f64, lag.len(), told)
        }
    };
    CheckResult::bare(check, value, samples, reason)
}

/// A search continues until something gives way, and says itself when that is the generator: as long as there
/// are other runs, they alone show whether it had headroom.
fn at_one_load<'a>(runs: &[&'a RunResult]) -> Vec<&'a RunResult> {
    let steady: Vec<&RunResult> = runs
        .iter()
        .filter(|run| run.search.is_none())
        .copied()
        .collect();
    if steady.is_empty() {
        runs.to_vec()
    } else {
        steady
    }
}

/// The steps of a search that count for the target, where there are some: on those that the generator was not up to
/// no verdict rests.
fn borne(run: &RunResult) -> Option<Vec<&Step>> {
    let steps = run.search.iter().flat_map(|search| &search.steps);
    let borne: Vec<&Step> = steps.filter(|step| step.saturated.is_none()).collect();
    (!borne.is_empty()).then_some(borne)
}

/// The run in which the generator used most of its processor time, the mean of its seconds, and their number; of a
/// search its busiest step.
fn busiest<'a>(runs: &[&'a RunResult]) -> Option<(&'a str, f64, u64)> {
    let mean = |cpu: &[f64]| cpu.iter().sum::<f64>() / cpu.len() as f64;
    let measured = runs.iter().filter(|run| !run.generator.cpu.is_empty());
    measured
        .map(|run| {
            let cpu = &run.generator.cpu;
            let steps = borne(run).unwrap_or_default();
            let step = steps.iter().filter_map(|step| step.cpu).reduce(f64::max);
            (
                run.scenario.as_str(),
                step.unwrap_or_else(|| mean(cpu)),
                cpu.len() as u64,
            )
        })
        .max_by(|a, b| a.1.total_cmp(&b.1))
}
