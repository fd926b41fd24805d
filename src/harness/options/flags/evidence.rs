//! The flags of the sources of evidence about the target, beside itself.

use crate::connection::{DatabaseUrl, RedisAddress};
use crate::diagnostic::Diagnostic;
use crate::harness::options::flags::value::{Read as _, Value};
use crate::harness::options::flags::{Ab, Flag, Rerun};
use crate::harness::options::raw_args::Typed;
use crate::monitor::{GivenSources, MetricsPage, TargetPid};
use crate::profile::{Target, quantity};

flags! {
    /// Where the sources of evidence are.
    SourceArgs {
        redis: Option<RedisAddress> = Value("URL", RedisAddress::parse),
            "redis-url", ["PERF_REDIS_URL"], Never, NoEffect,
            "The target's Redis, for its hit rate: redis://HOST:6379. A password in it shows in the \
             process list: PERF_REDIS_URL doesn't";
        database: Option<DatabaseUrl> = Value("URL", DatabaseUrl::parse),
            "database-url", ["PERF_DATABASE_URL"], Never, NoEffect,
            "The target's PostgreSQL, for times and errors of its queries: \
             postgres://USER@HOST:5432/NAME. A password in it shows in the process list: \
             PERF_DATABASE_URL doesn't";
        metrics: Option<MetricsPage> = Value("URL", |text| Target::parse(text).map(MetricsPage)),
            "metrics-url", ["PERF_METRICS_URL"], Never, NoEffect,
            "A page of counters for Prometheus, of which the profile names those that matter: \
             http://HOST:9100/metrics";
        pid: Option<TargetPid> = Value("PID", |text| quantity::process(text).map(TargetPid)),
            "target-pid", ["PERF_TARGET_PID"], Never, NoEffect,
            "The target's process on this machine; found by its port where it is not given";
    }
}

impl SourceArgs {
    /// All that was given, each to be found by its type.
    pub(in crate::harness) fn given(&self) -> GivenSources {
        GivenSources::default()
            .with_any(self.redis.clone())
            .with_any(self.database.clone())
            .with_any(self.metrics.clone())
            .with_any(self.pid)
    }
}
