//! What a requirement measures, and who knows it: one row for each metric and each source, from which all that is known of
//! them follows.

use serde::{Deserialize, Serialize};

use super::topic::Topic;
use super::unit::{Better, Unit};

mod name;
#[macro_use]
mod table;
#[cfg(test)]
mod tests;

/// What the load measures on its own requests.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum LoadMetric {
    /// A quantile of their response times, in (0, 1).
    Quantile(f64),
    /// The mean of their response times.
    Mean,
    /// The share of them that failed.
    Failed,
    /// The share of them that succeeded.
    Succeeded,
    /// Those that succeeded, per second.
    Throughput,
}

/// What happened to WebSockets, beside their messages.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum SocketMetric {
    /// Those that ended unexpectedly.
    Closes,
    /// Those that were connected again.
    Reconnects,
}

/// What is measured on the session as a whole.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum SessionMetric {
    /// The response time of the health endpoint.
    Health,
    /// Outages and restarts.
    Outages,
}

/// What is measured on the load generator itself.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum GeneratorMetric {
    /// A quantile of its lateness, in (0, 1).
    Lateness(f64),
    /// Its share of the processor time.
    Cpu,
    /// Requests that it could not send.
    Refusals,
}

/// What a source beside the load reports, known only when the run is over.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ObservedMetric {
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
}

/// What a search finds, over one load after another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum SearchMetric {
    /// How many users a target bears before it breaks, found by steps.
    BreakingPoint,
    /// How long after the highest step the response time is back where it was.
    RecoveryTime,
    /// The share of the failures at the breaking point that are no refusals (429, 503).
    UngracefulFailures,
    /// The highest rate at which a target keeps its requirements, found by bisection.
    Capacity,
}

/// Where a metric is measured, and so which part of the judge decides on it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Family {
    /// On the requests of the load.
    Load(LoadMetric),
    /// On the WebSockets of the load.
    Sockets(SocketMetric),
    /// On the session as a whole.
    Session(SessionMetric),
    /// On the load generator.
    Generator(GeneratorMetric),
    /// By a source beside the load.
    Observed(ObservedMetric),
    /// By a search.
    Search(SearchMetric),
}

/// What a row says of a metric.
struct Spec {
    name: &'static str,
    unit: Unit,
    better: Better,
    topic: Topic,
    family: Family,
    sources: &'static [Source],
}

// The name in profiles, how messages call it, and what must be given so that it is asked.
sources! {
    /// The target's process on this machine, with the processes that it started.
    Process = "process", "the target's process", "run it on this machine and name its process with --target-pid";
    /// This machine without the load generator; speaks for the target only when it runs here.
    Host = "host", "this machine", "run it on this machine";
    /// What the target says of itself.
    Target = "target", "the target", "name its pages in the profile's [evidence.target]";
    /// Redis.
    Redis = "redis", "Redis", "where the cache is Redis, pass --redis-url redis://HOST:6379 or PERF_REDIS_URL";
    /// `PostgreSQL`.
    Postgres = "postgres", "PostgreSQL", "where the database is PostgreSQL, pass --database-url postgres://HOST/NAME or PERF_DATABASE_URL";
    /// A page of counters in the text format of Prometheus.
    Prometheus = "prometheus", "the metrics page", "where the service has one, pass --metrics-url http://HOST/metrics or PERF_METRICS_URL";
}

// The name in profiles, the unit, which way is better, what advice on it is about, where it is measured, and which
// sources know it, the best first.
metrics! {
    quantiles {
        /// A quantile of the response time (done − due) of all due requests.
        ResponseTime = "response_time_p" 95, Time, Lower, Times, Load(LoadMetric::Quantile);
        /// A quantile of how late the generator itself was to send.
        GeneratorLateness = "generator_lateness_p" 99, Time, Lower, Generator, Generator(GeneratorMetric::Lateness);
    }
    plain {
        /// The mean response time of all due requests.
        MeanResponseTime = "response_time_mean", Time, Lower, Times, Load(LoadMetric::Mean), [];
        /// The share of due requests that did not end well.
        ErrorRate = "error_rate", Share, Lower, Errors, Load(LoadMetric::Failed), [];
        /// The share of due requests that ended well.
        SuccessRate = "success_rate", Share, Higher, Errors, Load(LoadMetric::Succeeded), [];
        /// Requests answered well per second of the judged part of the run.
        Throughput = "throughput", Rate, Higher, Throughput, Load(LoadMetric::Throughput), [];
        /// The response time of the health endpoint, each answer saying healthy.
        HealthTime = "health_time", Time, Lower, Health, Session(SessionMetric::Health), [];
        /// Outages and restarts of the target during the session.
        Outages = "outages", Count, Lower, Outages, Session(SessionMetric::Outages), [];
        /// WebSockets that ended although their user wanted to stay.
        UnexpectedCloses = "unexpected_closes", Count, Lower, Sockets, Sockets(SocketMetric::Closes), [];
        /// WebSockets that were made again after that.
        Reconnects = "reconnects", Count, Lower, Sockets, Sockets(SocketMetric::Reconnects), [];
        /// The generator's share of the processor time it could have used.
        GeneratorCpu = "generator_cpu", Share, Lower, Generator, Generator(GeneratorMetric::Cpu), [];
        /// Requests that the generator could not send for want of sockets or connections.
        GeneratorRefusals = "generator_refusals", Count, Lower, Generator, Generator(GeneratorMetric::Refusals), [];
        /// The share of the cache's look-ups that found something.
        CacheHitRate = "cache_hit_rate", Share, Higher, Cache, Observed(ObservedMetric::CacheHitRate), [Redis, Prometheus, Target];
        /// The mean time of a database query.
        QueryTimeMean = "query_time_mean", Time, Lower, Queries, Observed(ObservedMetric::QueryTimeMean), [Postgres, Prometheus, Target];
        /// The 95th percentile of the time of database queries.
        QueryTimeP95 = "query_time_p95", Time, Lower, Queries, Observed(ObservedMetric::QueryTimeP95), [Postgres, Target];
        /// The share of database queries or transactions that failed.
        QueryErrorRate = "query_error_rate", Share, Lower, Queries, Observed(ObservedMetric::QueryErrorRate), [Postgres, Prometheus, Target];
        /// The share of the target's processors that was in use.
        Cpu = "cpu", Share, Lower, Processor, Observed(ObservedMetric::Cpu), [Process, Host, Target];
        /// The share of the target's memory that was in use.
        Memory = "memory", Share, Lower, Memory, Observed(ObservedMetric::Memory), [Process, Host, Target];
        /// The longest mean time among the endpoints that the target tells of itself.
        EndpointTimeMean = "endpoint_time_mean", Time, Lower, OwnTimes, Observed(ObservedMetric::EndpointTimeMean), [Target];
        /// The longest 95th percentile among the endpoints that the target tells of itself.
        EndpointTimeP95 = "endpoint_time_p95", Time, Lower, OwnTimes, Observed(ObservedMetric::EndpointTimeP95), [Target];
        /// How many users a target bears before it breaks, found by steps.
        BreakingPoint = "breaking_point", Count, Higher, Search, Search(SearchMetric::BreakingPoint), [];
        /// How long after the highest step the response time is back where it was.
        RecoveryTime = "recovery_time", Time, Lower, Search, Search(SearchMetric::RecoveryTime), [];
        /// The share of the failures at the breaking point that are no refusals (429, 503).
        UngracefulFailures = "ungraceful_failures", Share, Lower, Search, Search(SearchMetric::UngracefulFailures), [];
        /// The highest rate at which a target keeps its requirements, found by bisection.
        Capacity = "capacity", Rate, Higher, Search, Search(SearchMetric::Capacity), [];
    }
}

impl Metric {
    /// Where it is measured, and so which part of the judge decides on it.
    pub fn family(self) -> Family {
        self.spec().family
    }

    /// The unit of the metric and of its limits.
    pub fn unit(self) -> Unit {
        self.spec().unit
    }

    /// The direction in which the metric gets better.
    pub fn better(self) -> Better {
        self.spec().better
    }

    /// What advice on it is about.
    pub fn topic(self) -> Topic {
        self.spec().topic
    }

    /// Every metric that a source beside the load reports.
    pub fn all_observed() -> impl Iterator<Item = Metric> {
        let plain = PLAIN.iter().copied();
        plain.filter(|metric| metric.is_observed())
    }

    /// Who knows the metric, the best first, where a profile says nothing else; empty for what the load
    /// itself measures.
    pub fn sources(self) -> &'static [Source] {
        self.spec().sources
    }

    /// Whether it is of the load generator and not of the target.
    pub fn is_of_generator(self) -> bool {
        matches!(self.family(), Family::Generator(_))
    }

    /// Whether the metric is measured on a scenario's load run (else on the session as a whole).
    pub fn needs_load(self) -> bool {
        !matches!(self.family(), Family::Session(_))
    }

    /// Whether the metric comes from beside the load, and is known only when the run is over.
    pub fn is_observed(self) -> bool {
        matches!(self.family(), Family::Observed(_))
    }

    /// Whether the metric is a use of the target's machine at the moment it is looked at, and not a count.
    pub fn is_resource(self) -> bool {
        matches!(self.topic(), Topic::Processor | Topic::Memory)
    }

    /// Whether the metric is found by a search, over one load after another.
    pub fn needs_search(self) -> bool {
        matches!(self.family(), Family::Search(_))
    }

    /// Whether the metric can be judged endpoint by endpoint.
    pub fn is_per_endpoint(self) -> bool {
        match self.family() {
            Family::Load(load) => match load {
                LoadMetric::Quantile(_)
                | LoadMetric::Mean
                | LoadMetric::Failed
                | LoadMetric::Succeeded => true,
                LoadMetric::Throughput => false,
            },
            Family::Sockets(_)
            | Family::Session(_)
            | Family::Generator(_)
            | Family::Observed(_)
            | Family::Search(_) => false,
        }
    }

    /// The quantile of the response times that it is, if it is one.
    pub fn response_quantile(self) -> Option<f64> {
        self.any_quantile().filter(|_| self.is_per_endpoint())
    }

    /// The value that it has where no request succeeded; `None` where that leaves it open.
    pub fn value_without_success(self) -> Option<f64> {
        match self.family() {
            Family::Load(load) => match load {
                LoadMetric::Failed => Some(100.0),
                LoadMetric::Succeeded | LoadMetric::Throughput => Some(0.0),
                LoadMetric::Quantile(_) | LoadMetric::Mean => None,
            },
            Family::Sockets(_)
            | Family::Session(_)
            | Family::Generator(_)
            | Family::Observed(_)
            | Family::Search(_) => None,
        }
    }
}
