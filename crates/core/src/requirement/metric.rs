//! What a requirement measures, with its unit and the direction that is better.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::source::Source;

/// The kind of quantity a metric is, and so the kind of limit it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// A time, shown in milliseconds.
    #[serde(rename = "ms")]
    Time,
    /// A part of a whole, shown in percent.
    #[serde(rename = "%")]
    Share,
    /// Events per second.
    #[serde(rename = "/s")]
    Rate,
    /// A plain number.
    #[serde(rename = "count")]
    Count,
}

impl Unit {
    /// The sign shown behind a value of this unit; empty for a plain number.
    pub fn sign(self) -> &'static str {
        match self {
            Unit::Time => "ms",
            Unit::Share => "%",
            Unit::Rate => "/s",
            Unit::Count => "",
        }
    }

    /// An example of a limit in this unit, for messages.
    pub fn example(self) -> &'static str {
        match self {
            Unit::Time => "< 200 ms",
            Unit::Share => "< 1 %",
            Unit::Rate => ">= 100/s",
            Unit::Count => "== 0",
        }
    }
}

/// Which way a metric gets better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Better {
    /// Less is better: limits are upper bounds.
    Lower,
    /// More is better: limits are lower bounds.
    Higher,
}

/// What a check measures.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Metric {
    /// A quantile of the response time (done − due) of all due requests.
    ResponseTime {
        /// The quantile, in (0, 1): 0.95 for p95.
        quantile: f64,
    },
    /// The mean response time of all due requests.
    MeanResponseTime,
    /// The share of due requests that did not end well.
    ErrorRate,
    /// The share of due requests that ended well.
    SuccessRate,
    /// Requests answered well per second of the judged part of the run.
    Throughput,
    /// The response time of the health endpoint, each answer saying healthy.
    HealthTime,
    /// Outages and restarts of the target during the session.
    Outages,
    /// WebSockets that ended although their user wanted to stay.
    UnexpectedCloses,
    /// WebSockets that were made again after that.
    Reconnects,
    /// A quantile of how late the generator itself was to send.
    GeneratorLateness {
        /// The quantile, in (0, 1).
        quantile: f64,
    },
    /// The generator's share of the processor time it could have used.
    GeneratorCpu,
    /// Requests that the generator could not send for want of sockets or connections.
    GeneratorRefusals,
    /// The share of the cache's look-ups that found something.
    CacheHitRate,
    /// The mean time of a database query.
    QueryTimeMean,
    /// The 95th percentile of the time of database queries.
    QueryTimeP95,
    /// The share of database queries or transactions that failed.
    QueryErrorRate,
    /// The share of the target's processors that was in use.
    Cpu,
    /// The share of the target's memory that was in use.
    Memory,
    /// The longest mean time among the endpoints that the target tells of itself.
    EndpointTimeMean,
    /// The longest 95th percentile among the endpoints that the target tells of itself.
    EndpointTimeP95,
    /// How many users a target bears before it breaks, found by steps.
    BreakingPoint,
    /// How long after the highest step the response time is back where it was.
    RecoveryTime,
    /// The share of the failures at the breaking point that are no refusals (429, 503).
    UngracefulFailures,
    /// The highest rate at which a target keeps its requirements, found by bisection.
    Capacity,
}

/// Every metric name that takes no quantile.
const PLAIN: [(&str, Metric); 22] = [
    ("response_time_mean", Metric::MeanResponseTime),
    ("error_rate", Metric::ErrorRate),
    ("success_rate", Metric::SuccessRate),
    ("throughput", Metric::Throughput),
    ("health_time", Metric::HealthTime),
    ("outages", Metric::Outages),
    ("unexpected_closes", Metric::UnexpectedCloses),
    ("reconnects", Metric::Reconnects),
    ("generator_cpu", Metric::GeneratorCpu),
    ("generator_refusals", Metric::GeneratorRefusals),
    ("cache_hit_rate", Metric::CacheHitRate),
    ("query_time_mean", Metric::QueryTimeMean),
    ("query_time_p95", Metric::QueryTimeP95),
    ("query_error_rate", Metric::QueryErrorRate),
    ("cpu", Metric::Cpu),
    ("memory", Metric::Memory),
    ("endpoint_time_mean", Metric::EndpointTimeMean),
    ("endpoint_time_p95", Metric::EndpointTimeP95),
    ("breaking_point", Metric::BreakingPoint),
    ("recovery_time", Metric::RecoveryTime),
    ("ungraceful_failures", Metric::UngracefulFailures),
    ("capacity", Metric::Capacity),
];

impl Metric {
    /// Reads a metric as a profile names it: `error_rate`, `response_time_p95`, `response_time_p99.9`.
    pub fn parse(name: &str) -> Option<Metric> {
        if let Some((_, metric)) = PLAIN.iter().find(|(plain, _)| *plain == name) {
            return Some(*metric);
        }
        if let Some(percentile) = name.strip_prefix("response_time_p") {
            return Some(Metric::ResponseTime {
                quantile: parse_percentile(percentile)?,
            });
        }
        let percentile = name.strip_prefix("generator_lateness_p")?;
        Some(Metric::GeneratorLateness {
            quantile: parse_percentile(percentile)?,
        })
    }

    /// Every name a profile may use, with `p95` standing for any percentile.
    pub fn names() -> Vec<&'static str> {
        let quantiles = ["response_time_p95", "generator_lateness_p99"];
        quantiles
            .into_iter()
            .chain(PLAIN.iter().map(|(name, _)| *name))
            .collect()
    }

    /// Whether it is of the load generator and not of the target.
    pub fn is_of_generator(self) -> bool {
        matches!(
            self,
            Metric::GeneratorLateness { .. } | Metric::GeneratorCpu | Metric::GeneratorRefusals
        )
    }

    /// The unit of the metric and of its limits.
    pub fn unit(self) -> Unit {
        match self {
            Metric::ResponseTime { .. }
            | Metric::MeanResponseTime
            | Metric::HealthTime
            | Metric::GeneratorLateness { .. }
            | Metric::QueryTimeMean
            | Metric::QueryTimeP95
            | Metric::EndpointTimeMean
            | Metric::EndpointTimeP95
            | Metric::RecoveryTime => Unit::Time,
            Metric::ErrorRate
            | Metric::SuccessRate
            | Metric::GeneratorCpu
            | Metric::CacheHitRate
            | Metric::QueryErrorRate
            | Metric::Cpu
            | Metric::Memory
            | Metric::UngracefulFailures => Unit::Share,
            Metric::Throughput | Metric::Capacity => Unit::Rate,
            Metric::Outages
            | Metric::UnexpectedCloses
            | Metric::Reconnects
            | Metric::GeneratorRefusals
            | Metric::BreakingPoint => Unit::Count,
        }
    }

    /// The direction in which the metric gets better.
    pub fn better(self) -> Better {
        match self {
            Metric::SuccessRate
            | Metric::Throughput
            | Metric::CacheHitRate
            | Metric::BreakingPoint
            | Metric::Capacity => Better::Higher,
            _ => Better::Lower,
        }
    }

    /// Whether the metric is measured on a scenario's load run (else on the session as a whole).
    pub fn needs_load(self) -> bool {
        !matches!(self, Metric::HealthTime | Metric::Outages)
    }

    /// Who knows the metric, the best first, where a profile says nothing else; empty for what the load
    /// itself measures.
    pub fn sources(self) -> &'static [Source] {
        use Source::{Host, Postgres, Process, Prometheus, Redis, Target};
        match self {
            Metric::CacheHitRate => &[Redis, Prometheus, Target],
            Metric::QueryTimeMean | Metric::QueryErrorRate => &[Postgres, Prometheus, Target],
            Metric::QueryTimeP95 => &[Postgres, Target],
            Metric::Cpu | Metric::Memory => &[Process, Host, Target],
            Metric::EndpointTimeMean | Metric::EndpointTimeP95 => &[Target],
            _ => &[],
        }
    }

    /// Whether the metric comes from beside the load, and is known only when the run is over.
    pub fn is_observed(self) -> bool {
        !self.sources().is_empty()
    }

    /// Whether the metric is a use of the target's machine at the moment it is looked at, and not a count.
    pub fn is_resource(self) -> bool {
        matches!(self, Metric::Cpu | Metric::Memory)
    }

    /// Whether the metric is found by a search, over one load after another.
    pub fn needs_search(self) -> bool {
        matches!(
            self,
            Metric::BreakingPoint
                | Metric::RecoveryTime
                | Metric::UngracefulFailures
                | Metric::Capacity
        )
    }

    /// Whether the metric can be judged endpoint by endpoint.
    pub fn is_per_endpoint(self) -> bool {
        matches!(
            self,
            Metric::ResponseTime { .. }
                | Metric::MeanResponseTime
                | Metric::ErrorRate
                | Metric::SuccessRate
        )
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Metric::ResponseTime { quantile } => {
                write!(f, "response_time_p{}", percentile(*quantile))
            }
            Metric::GeneratorLateness { quantile } => {
                write!(f, "generator_lateness_p{}", percentile(*quantile))
            }
            plain => {
                let name = PLAIN
                    .iter()
                    .find(|(_, metric)| metric == plain)
                    .map(|(name, _)| *name);
                f.write_str(name.unwrap_or("unnamed"))
            }
        }
    }
}

impl Serialize for Metric {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Metric {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Metric::parse(&name)
            .ok_or_else(|| serde::de::Error::custom(format!("unknown metric `{name}`")))
    }
}

/// `95` → 0.95, `99.9` → 0.999; `None` outside (0, 100).
fn parse_percentile(text: &str) -> Option<f64> {
    let plain = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.');
    let value: f64 = if plain {
        text.parse().ok()?
    } else {
        return None;
    };
    (value > 0.0 && value < 100.0).then_some(value / 100.0)
}

/// 0.95 → 95, 0.999 → 99.9, without the dust of binary fractions.
fn percentile(quantile: f64) -> f64 {
    (quantile * 1e8).round() / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_reads_back_as_itself() {
        for name in Metric::names()
            .into_iter()
            .chain(["response_time_p99.9", "response_time_p50"])
        {
            let metric = Metric::parse(name).expect(name);
            assert_eq!(metric.to_string(), name);
        }
    }

    #[test]
    fn percentiles_outside_their_range_are_no_metric() {
        for name in [
            "response_time_p0",
            "response_time_p100",
            "response_time_p",
            "response_time_p-5",
            "response_time_pNaN",
            "response_time_p1e1",
            "response_time",
            "p95",
            "",
        ] {
            assert_eq!(Metric::parse(name), None, "{name}");
        }
    }
}
