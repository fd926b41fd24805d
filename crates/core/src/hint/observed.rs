//! What the cache, the database and the machine tell of a finding.

use super::case::{Case, Topic, topics};
use super::generator::late_share;
pub(super) use super::processors::{busy, full_machine, idle_and_slow};
use super::trend::slope;
use crate::record::{SourceSeries, Statement, figure};
use crate::requirement::{Metric, Source, Unit, format};

/// Statements named in one line.
const NAMED: usize = 3;

/// A cause that explains this share of what was missed is the main one.
const MOSTLY: f64 = 0.5;

/// What any service takes in its first seconds of load, in MiB.
const LEAST_GROWTH_MIB: f64 = 16.0;

/// Whether a low hit rate comes from want of memory or from keys that are not there to be hit; or where to count hits.
pub(super) fn cache(case: &Case<'_>) -> Option<String> {
    const LOOK: &str = "look into the cache: are the keys that are asked for ever written, and does their time to live \
        outlast the pause between two requests for them?";
    let is_measured = is_measured(case, Metric::CacheHitRate);
    let redis = case.run.observed.seen(Source::Redis);
    let counted = redis.and_then(|redis| {
        let rises = redis.rises([figure::CACHE_HITS, figure::CACHE_MISSES])?;
        Some((redis, rises.iter().flatten().sum::<f64>()))
    });
    match counted {
        Some((_, look_ups)) if look_ups <= 0.0 && !is_measured => Some(
            "nothing was looked up in this Redis during the run: either these requests do not read a cache, or the \
             service uses another Redis than --redis-url names"
                .to_owned(),
        ),
        Some((redis, look_ups)) if look_ups > 0.0 => kept_keys(redis),
        _ if is_measured => Some(LOOK.to_owned()),
        // One that was asked and did not answer has said why.
        _ if redis.is_some() => None,
        _ => Some(format!(
            "say where hits and misses are counted: --redis-url where the cache is Redis, or counters of the service's own \
             as cache_hits and cache_misses in the profile's [evidence]; {}",
            left_out(case, "cache")
        )),
    }
}

/// How a requirement that a service can't have is left out.
fn left_out(case: &Case<'_>, what: &str) -> String {
    format!(
        "a service without a {what} leaves this out with without = [\"{}\"] in a profile that extends this one",
        case.judgement.requirement.name
    )
}

/// Whether a source had a figure.
fn is_measured(case: &Case<'_>, metric: Metric) -> bool {
    let mut checks = case.judgement.checks.iter();
    checks.any(|judged| judged.check.metric == metric && judged.estimate.is_some())
}

/// What became of the keys of a Redis that is looked up.
fn kept_keys(redis: &SourceSeries) -> Option<String> {
    let evicted = redis.rise(figure::EVICTED)?;
    let expired = redis
        .rise(figure::EXPIRED)
        .map_or_else(String::new, |expired| {
            format!(", and {} had lived out their time", number(expired))
        });
    if evicted > 0.0 {
        return Some(format!(
            "Redis threw out {} keys for want of memory during the run{}: give it more (maxmemory), or let \
             less worthy keys live for less long",
            number(evicted),
            memory(redis)
        ));
    }
    Some(format!(
        "Redis threw out no key for want of memory{expired}: let keys live longer (TTL), and look whether what \
         is read is what was written (names of keys)"
    ))
}

fn memory(redis: &SourceSeries) -> String {
    let megabytes = |name| redis.last(name).map(|bytes| bytes / f64::from(1 << 20));
    match (
        megabytes(figure::CACHE_MEMORY),
        megabytes(figure::CACHE_MEMORY_MAX),
    ) {
        (Some(used), Some(most)) if most > 0.0 => format!(" ({used:.0} of {most:.0} MiB are used)"),
        _ => String::new(),
    }
}

/// The statements that take longest, all together and each.
pub(super) fn slow_queries(case: &Case<'_>) -> Option<String> {
    if is_about_errors(case) {
        return None;
    }
    let statements = &case.run.observed.statements;
    let all: f64 = statements.iter().map(|one| one.total_ms).sum();
    let most = named(
        statements,
        |one| one.total_ms,
        |one| {
            format!(
                "{} of the time: {}",
                format::show(
                    Unit::Share,
                    100.0 * one.total_ms / all.max(f64::MIN_POSITIVE)
                ),
                one.text
            )
        },
    );
    let slowest = named(statements, Statement::mean_ms, |one| {
        format!("{} each: {}", format::time(one.mean_ms()), one.text)
    });
    (!statements.is_empty()).then(|| {
        format!(
            "look at the plans (EXPLAIN ANALYZE) and indexes of the statements that took most time ({most}), and \
             of the slowest ({slowest})"
        )
    })
}

/// Whether queries are missed for their failures alone, which slow ones do not explain.
fn is_about_errors(case: &Case<'_>) -> bool {
    let mut missed = case.judgement.checks.iter();
    let is_error_rate = |metric| metric == Metric::QueryErrorRate;
    !case.judgement.checks.is_empty() && missed.all(|judged| is_error_rate(judged.check.metric))
}

fn named(
    statements: &[Statement],
    rank: impl Fn(&Statement) -> f64,
    told: impl Fn(&Statement) -> String,
) -> String {
    let mut ranked: Vec<&Statement> = statements.iter().collect();
    ranked.sort_by(|a, b| rank(b).total_cmp(&rank(a)));
    let told: Vec<String> = ranked.iter().take(NAMED).map(|one| told(one)).collect();
    told.join("; ")
}

/// Where no statement is known, how to know them; and where no failure is, how to count those.
pub(super) fn unknown_queries(case: &Case<'_>) -> Option<String> {
    const EXTENSION: &str =
        "with the extension pg_stat_statements, the slow statements are named here";
    const COUNTERS: &str = "count queries and failed queries in the service, and name these counters as queries and \
        failed_queries in the profile, under [evidence.prometheus.figures] or [evidence.target.figures]";
    let observed = &case.run.observed;
    let is_asked = observed.seen(Source::Postgres).is_some();
    let queries = [
        Metric::QueryErrorRate,
        Metric::QueryTimeMean,
        Metric::QueryTimeP95,
    ];
    let is_measured = queries.iter().any(|metric| is_measured(case, *metric));
    match (is_asked, is_about_errors(case)) {
        (_, true) if is_measured => None,
        (true, true) => Some(COUNTERS.to_owned()),
        (false, true) => Some(format!("{COUNTERS}; {}", left_out(case, "database"))),
        _ if !observed.statements.is_empty() => None,
        (true, false) => Some(EXTENSION.to_owned()),
        (false, false) => {
            let or_else = if is_measured {
                String::new()
            } else {
                format!("; {}", left_out(case, "database"))
            };
            Some(format!(
                "where the database is PostgreSQL, pass its --database-url: {EXTENSION}{or_else}"
            ))
        }
    }
}

/// Connections of the database that waited for each other.
pub(super) fn locks(case: &Case<'_>) -> Option<String> {
    let seen = case.run.observed.seen(Source::Postgres)?;
    let waits: Vec<f64> = seen
        .looks
        .iter()
        .filter_map(|look| look.figure(figure::LOCK_WAITS))
        .collect();
    let waiting = waits.iter().filter(|waits| **waits > 0.0).count();
    let deadlocks = seen.rise(figure::DEADLOCKS).filter(|broken| *broken > 0.0);
    (waiting > 0 || deadlocks.is_some()).then(|| {
        let broken = deadlocks.map_or_else(String::new, |broken| {
            format!(", and {} deadlocks were broken", number(broken))
        });
        format!(
            "connections of the database waited for locks at {waiting} of {} looks (up to {} at once){broken}: \
             look for long transactions, and rows that everybody writes",
            waits.len(),
            number(waits.iter().copied().fold(0.0, f64::max))
        )
    })
}

/// A figure in the judged part of the run; `None` when it was not reported there.
pub(super) fn judged(case: &Case<'_>, source: Source, name: &str) -> Option<Vec<(i64, f64)>> {
    let ms = |nanos: u64| (nanos / 1_000_000).cast_signed();
    let window = case.run.window;
    let values = case
        .run
        .observed
        .seen(source)?
        .between(name, ms(window.from), ms(window.to));
    (!values.is_empty()).then_some(values)
}

/// Memory that rises all through the run.
pub(super) fn leak(case: &Case<'_>) -> Option<String> {
    let values = judged(case, Source::Process, figure::MEMORY_BYTES)?;
    let points: Vec<(f64, f64)> = values
        .iter()
        .map(|(at, bytes)| (*at as f64 / 1e3, bytes / f64::from(1 << 20)))
        .collect();
    let slope = slope(&points)?;
    // A target that is warming up takes some memory once, and far less than this share in every second.
    let grew = slope * case.run.window.length();
    let first = points.first()?.1;
    (grew > LEAST_GROWTH_MIB && grew > 0.05 * first).then(|| {
        format!(
            "the target's memory grew by {slope:.2} MiB a second all through the run, {grew:.0} MiB on {first:.0} MiB: \
             look for a leak (caches without bounds, tasks and connections that are never closed), or use fewer \
             --users until it is found"
        )
    })
}

/// Memory that is short without growing.
pub(super) fn short_of_memory(case: &Case<'_>) -> Option<String> {
    let told = topics(case.judgement).contains(&Topic::Memory);
    (told && leak(case).is_none()).then(|| {
        "memory is short from the start: use fewer workers or --users, smaller pools and caches, or a larger \
         machine"
            .to_owned()
    })
}

/// A metric as sentences call it, how good it is below which values, and what it is otherwise.
type Bands = (Metric, &'static str, [(f64, &'static str); 2], &'static str);

/// What AgentOS calls good.
const BANDS: [Bands; 2] = [
    (
        Metric::ResponseTime { quantile: 0.95 },
        "p95",
        [(150.0, "good"), (200.0, "acceptable")],
        "needs optimization",
    ),
    (
        Metric::ErrorRate,
        "the error rate",
        [(0.1, "excellent"), (1.0, "good")],
        "needs attention",
    ),
];

/// How far off the figure is, in the words of AgentOS.
pub(super) fn band(case: &Case<'_>) -> Option<String> {
    let judged = case.judgement.checks.iter().find_map(|judged| {
        let value = judged.estimate.as_ref()?.value;
        Some((judged.check.metric, value))
    });
    let (metric, value) = judged?;
    // Most of the time is the load generator's, and says nothing of the target.
    if late_share(case).is_some_and(|share| share >= MOSTLY) {
        return None;
    }
    let (_, what, bands, otherwise) = BANDS.iter().find(|(of, ..)| *of == metric)?;
    let band = first_of(value, bands, otherwise);
    let shown = format::show(metric.unit(), value);
    Some(format!("{what} of {shown} {band}"))
}

fn first_of(value: f64, bands: &[(f64, &'static str)], else_: &'static str) -> String {
    let found = bands.iter().find(|(below, _)| value < *below);
    match found {
        Some((_, word)) => format!("is {word}"),
        None => else_.to_owned(),
    }
}

fn number(count: f64) -> String {
    format::count(count.max(0.0).round() as u64)
}
