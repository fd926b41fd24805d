//! What a source knows of a metric, from what it reported during a run.

use super::{estimated, resources, transactions};
use crate::record::{EndpointFigures, Observed, RunResult, SourceSeries, figure};
use crate::requirement::ObservedMetric;
use crate::requirement::Source;
use crate::statistics::{Block, MeanBlock};

/// What a source knows of a metric, before it is weighed.
pub(super) enum KnownFigure {
    /// How many of how many, by stretches of time, and what they did.
    Share {
        blocks: Vec<Block>,
        did: &'static str,
    },
    /// Between which two shares it lies, and what is to be said where neither of them decides.
    Between {
        least: Vec<Block>,
        most: Vec<Block>,
        why: String,
    },
    /// Values of stretches of time.
    Mean(Vec<MeanBlock>),
    /// Several, of which the worst is the figure: each with what it is of, and its share of that.
    Worst(Vec<(String, Vec<MeanBlock>)>),
    /// One number that must be taken as it is, and why.
    Bare {
        value: f64,
        why: String,
        samples: u64,
    },
}

/// The recorded figures whose gaps are a metric's.
pub(super) struct Figures {
    /// That of its counters, where it has some.
    pub(super) counter: Option<&'static str>,
    /// That of each moment at which the source is asked.
    pub(super) look: &'static str,
}

/// Which figures those are.
pub(super) fn figures(metric: ObservedMetric) -> Figures {
    let (counter, look) = match metric {
        ObservedMetric::CacheHitRate => (Some(figure::CACHE_HITS), figure::CACHE_HIT_RATE),
        ObservedMetric::QueryErrorRate => (Some(figure::QUERIES), figure::ENDPOINTS),
        ObservedMetric::QueryTimeMean => (Some(figure::QUERY_TIME), figure::QUERY_TIME_MEAN),
        ObservedMetric::QueryTimeP95 => (None, figure::QUERY_TIME_P95),
        ObservedMetric::Cpu => (None, figure::CPU),
        ObservedMetric::Memory => (None, figure::MEMORY),
        ObservedMetric::EndpointTimeMean | ObservedMetric::EndpointTimeP95 => {
            (None, figure::ENDPOINTS)
        }
    };
    Figures { counter, look }
}

/// What a source knows of a metric, or why nothing.
pub(super) fn known(
    metric: ObservedMetric,
    source: Source,
    run: &RunResult,
) -> Result<KnownFigure, String> {
    let observed = &run.observed;
    if source == Source::Host && observed.local == Some(false) {
        return Err("the target runs elsewhere".to_owned());
    }
    let Some(seen) = observed.seen(source) else {
        return Err(format!("not asked; {}", source.how_to_ask()));
    };
    let found = match metric {
        ObservedMetric::CacheHitRate => hit_rate(seen),
        ObservedMetric::QueryErrorRate => match source {
            Source::Postgres => transactions::errors(seen),
            _ => query_errors(seen),
        },
        ObservedMetric::QueryTimeMean => query_mean(seen),
        ObservedMetric::QueryTimeP95 => query_p95(seen, observed, source),
        ObservedMetric::Cpu => match source {
            Source::Process => resources::processors(seen, run),
            _ => gauge(seen, figure::CPU, run).map(KnownFigure::Mean),
        },
        ObservedMetric::Memory => match source {
            Source::Process => resources::memory(seen, run),
            _ => gauge(seen, figure::MEMORY, run).map(KnownFigure::Mean),
        },
        ObservedMetric::EndpointTimeMean => slowest(observed, |one| one.mean_ms),
        ObservedMetric::EndpointTimeP95 => slowest(observed, |one| one.p95_ms),
    };
    found.map_err(|why| {
        let problems = seen.problems.join(", ");
        if problems.is_empty() { why } else { problems }
    })
}

fn hit_rate(seen: &SourceSeries) -> Result<KnownFigure, String> {
    if seen.last(figure::CACHE_HITS).is_some() && seen.last(figure::CACHE_MISSES).is_some() {
        let rises = seen.rises([figure::CACHE_HITS, figure::CACHE_MISSES]);
        let rises = rises.ok_or_else(unusable)?;
        let blocks: Vec<Block> = rises
            .iter()
            .map(|[hits, misses]| Block {
                hits: *hits,
                trials: hits + misses,
            })
            .collect();
        return counted(blocks, "look-ups", "look-ups found something");
    }
    let value = seen.last(figure::CACHE_HIT_RATE).ok_or_else(untold)?;
    Ok(cumulative(value))
}

fn query_errors(seen: &SourceSeries) -> Result<KnownFigure, String> {
    if seen.last(figure::QUERIES).is_none() || seen.last(figure::FAILED_QUERIES).is_none() {
        return Err(untold());
    }
    let rises = seen.rises([figure::FAILED_QUERIES, figure::QUERIES]);
    let blocks = rises.ok_or_else(unusable)?.into_iter();
    let blocks = blocks.map(|[failed, all]| Block {
        hits: failed.min(all),
        trials: all,
    });
    counted(blocks.collect(), "queries", "queries failed")
}

fn query_mean(seen: &SourceSeries) -> Result<KnownFigure, String> {
    if let Some(rises) = seen.rises([figure::QUERY_TIME, figure::TIMED_QUERIES]) {
        let blocks: Vec<MeanBlock> = rises
            .iter()
            .map(|[sum, count]| MeanBlock {
                sum: *sum,
                count: *count,
            })
            .collect();
        if blocks.iter().any(|block| block.count > 0.0) {
            return Ok(KnownFigure::Mean(blocks));
        }
        return Err("no query was counted during the run".to_owned());
    }
    let value = seen.last(figure::QUERY_TIME_MEAN).ok_or_else(untold)?;
    Ok(cumulative(value))
}

fn query_p95(
    seen: &SourceSeries,
    observed: &Observed,
    source: Source,
) -> Result<KnownFigure, String> {
    if source == Source::Postgres {
        let value = estimated::quantile(&observed.statements, 0.95).ok_or_else(untold)?;
        return Ok(KnownFigure::Bare {
            value,
            why: "an estimate, as if each statement's times were lognormal: pg_stat_statements keeps \
                  means and deviations alone"
                .to_owned(),
            samples: observed.statements.iter().map(|one| one.calls).sum(),
        });
    }
    let value = seen.last(figure::QUERY_TIME_P95).ok_or_else(untold)?;
    Ok(cumulative(value))
}

/// The looks in the judged part of the run.
pub(super) fn gauge(
    seen: &SourceSeries,
    name: &str,
    run: &RunResult,
) -> Result<Vec<MeanBlock>, String> {
    let ms = |nanos: u64| (nanos / 1_000_000).cast_signed();
    let (from, to) = (ms(run.window.from), ms(run.window.to));
    let values = seen.between(name, from, to);
    if values.is_empty() {
        return Err(untold());
    }
    let own = seen.between(figure::CPU_OWN, from, to);
    let without_own = |at: i64, value: f64| {
        let own = own.iter().find(|(when, _)| *when == at);
        let own = own
            .filter(|_| name == figure::CPU)
            .map_or(0.0, |(_, own)| *own);
        (value - own).max(0.0)
    };
    let blocks = values.iter().map(|(at, value)| MeanBlock {
        sum: without_own(*at, *value),
        count: 1.0,
    });
    Ok(blocks.collect())
}

/// The endpoint of the target's own summary with the highest figure.
fn slowest(
    observed: &Observed,
    of: impl Fn(&EndpointFigures) -> Option<f64>,
) -> Result<KnownFigure, String> {
    let told = observed.endpoints.iter();
    let told = told.filter_map(|one| Some((of(one)?, one)));
    let (value, slowest) = told.max_by(|a, b| a.0.total_cmp(&b.0)).ok_or_else(untold)?;
    Ok(KnownFigure::Bare {
        value,
        why: format!(
            "the slowest of {} endpoints in its own summary, {}; its own measure, which may reach back \
             before this run",
            observed.endpoints.len(),
            slowest.name
        ),
        samples: slowest.requests.unwrap_or(0.0).max(0.0) as u64,
    })
}

pub(super) fn counted(
    blocks: Vec<Block>,
    of: &str,
    did: &'static str,
) -> Result<KnownFigure, String> {
    if blocks.iter().all(|block| block.trials <= 0.0) {
        return Err(format!("no {of} were counted during the run"));
    }
    Ok(KnownFigure::Share { blocks, did })
}

fn cumulative(value: f64) -> KnownFigure {
    KnownFigure::Bare {
        value,
        why: "without an interval, because it is reported without counts, and it may include time before this run"
            .to_owned(),
        samples: 0,
    }
}

pub(super) fn unusable() -> String {
    "its counters were seen once only, or set back during the run".to_owned()
}

pub(super) fn untold() -> String {
    "does not report it".to_owned()
}
