//! Where figures that no load generator can measure come from.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::metric::Metric;

/// A source of figures from inside the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Source {
    /// The target's process on this machine, with the processes that it started.
    Process,
    /// This machine without the load generator; speaks for the target only when it runs here.
    Host,
    /// What the target says of itself.
    Target,
    /// Redis.
    Redis,
    /// `PostgreSQL`.
    Postgres,
    /// A page of counters in the text format of Prometheus.
    Prometheus,
}

impl Source {
    /// Every source.
    pub const ALL: [Source; 6] = [
        Source::Process,
        Source::Host,
        Source::Target,
        Source::Redis,
        Source::Postgres,
        Source::Prometheus,
    ];

    /// The name that profiles and reports use.
    pub fn name(self) -> &'static str {
        match self {
            Source::Process => "process",
            Source::Host => "host",
            Source::Target => "target",
            Source::Redis => "redis",
            Source::Postgres => "postgres",
            Source::Prometheus => "prometheus",
        }
    }

    /// Reads a source as a profile names it.
    pub fn parse(name: &str) -> Option<Source> {
        Source::ALL.into_iter().find(|source| source.name() == name)
    }

    /// What must be given so that the source is asked.
    pub fn how_to_ask(self) -> &'static str {
        match self {
            Source::Process => "run it on this machine and name its process with --target-pid",
            Source::Host => "run it on this machine",
            Source::Target => "name its pages in the profile's [evidence.target]",
            Source::Redis => {
                "where the cache is Redis, pass --redis-url redis://HOST:6379 or PERF_REDIS_URL"
            }
            Source::Postgres => {
                "where the database is PostgreSQL, pass --database-url postgres://HOST/NAME or PERF_DATABASE_URL"
            }
            Source::Prometheus => {
                "where the service has one, pass --metrics-url http://HOST/metrics or PERF_METRICS_URL"
            }
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Source::Process => "the target's process",
            Source::Host => "this machine",
            Source::Target => "the target",
            Source::Redis => "Redis",
            Source::Postgres => "PostgreSQL",
            Source::Prometheus => "the metrics page",
        })
    }
}

/// Which source is asked first for a figure, and which next when it does not know.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Sources {
    orders: Vec<(String, Vec<Source>)>,
}

impl Sources {
    /// Has a figure taken from these sources, in this order.
    pub fn set(&mut self, metric: Metric, order: Vec<Source>) {
        let name = metric.to_string();
        self.orders.retain(|(known, _)| *known != name);
        self.orders.push((name, order));
    }

    /// The sources of a figure, the best first; empty for what the load itself measures.
    pub fn of(&self, metric: Metric) -> Vec<Source> {
        let name = metric.to_string();
        let own = self.orders.iter().find(|(known, _)| *known == name);
        own.map_or_else(|| metric.sources().to_vec(), |(_, order)| order.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_s_order_goes_before_the_usual_one() {
        let mut sources = Sources::default();
        let usual = sources.of(Metric::CacheHitRate);
        assert_eq!(usual[0], Source::Redis);
        sources.set(Metric::CacheHitRate, vec![Source::Target]);
        assert_eq!(sources.of(Metric::CacheHitRate), [Source::Target]);
        assert!(sources.of(Metric::ErrorRate).is_empty());
    }

    #[test]
    fn every_name_reads_back() {
        for source in Source::ALL {
            assert_eq!(Source::parse(source.name()), Some(source));
        }
        assert_eq!(Source::parse("Redis"), None);
    }
}
