use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Serialize;
use serde_json::{Value, json};

/// What the service remembers of each endpoint.
const REMEMBERED: usize = 1000;
/// A client that asks for a thousand different paths is counted under one name.
const MOST_ENDPOINTS: usize = 500;
const OTHER: &str = "GET:(other)";
const SLOW_QUERY: Duration = Duration::from_millis(100);
const SLOW_QUERIES_SHOWN: usize = 20;

/// Seconds since 1970.
pub(super) fn timestamp() -> f64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.unwrap_or_default().as_secs_f64()
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// All endpoints that were ever asked for.
#[derive(Default)]
pub(super) struct Endpoints(RwLock<HashMap<Box<str>, Arc<EndpointCounters>>>);

impl Endpoints {
    /// The endpoint named `METHOD:/path`.
    pub(super) fn named(&self, name: &str) -> Arc<EndpointCounters> {
        let endpoints = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(endpoint) = endpoints.get(name) {
            return Arc::clone(endpoint);
        }
        drop(endpoints);
        let mut endpoints = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let name = if endpoints.len() < MOST_ENDPOINTS {
            name
        } else {
            OTHER
        };
        Arc::clone(endpoints.entry(name.into()).or_default())
    }

    /// What the service reports about the endpoints that have answered.
    pub(super) fn summary(&self) -> BTreeMap<String, EndpointStatistics> {
        let endpoints = self.0.read().unwrap_or_else(PoisonError::into_inner);
        endpoints
            .iter()
            .filter_map(|(name, endpoint)| Some((name.to_string(), endpoint.summary()?)))
            .collect()
    }

    /// How many requests have arrived at each, since the process began.
    pub(super) fn arrivals(&self) -> BTreeMap<String, u64> {
        let endpoints = self.0.read().unwrap_or_else(PoisonError::into_inner);
        endpoints
            .iter()
            .map(|(name, endpoint)| (name.to_string(), endpoint.arrived.load(Ordering::Relaxed)))
            .collect()
    }

    /// Forgets answers, not arrivals.
    pub(super) fn reset(&self) {
        let endpoints = self.0.read().unwrap_or_else(PoisonError::into_inner);
        for endpoint in endpoints.values() {
            locked(&endpoint.answers).clear();
        }
    }
}

/// One method and path.
#[derive(Default)]
pub(super) struct EndpointCounters {
    arrived: AtomicU64,
    answers: Mutex<VecDeque<CountedAnswer>>,
}

#[derive(Clone, Copy)]
struct CountedAnswer {
    took: Duration,
    status: u16,
}

impl EndpointCounters {
    pub(super) fn arrived(&self) {
        self.arrived.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn answered(&self, took: Duration, status: u16) {
        remember(
            &mut locked(&self.answers),
            REMEMBERED,
            CountedAnswer { took, status },
        );
    }

    fn summary(&self) -> Option<EndpointStatistics> {
        // The lock is held for a copy alone, not for the arithmetic.
        let answers: Vec<CountedAnswer> = locked(&self.answers).iter().copied().collect();
        let mut times: Vec<Duration> = answers.iter().map(|answer| answer.took).collect();
        let TimeStatistics { average, p95 } = TimeStatistics::of(&mut times)?;
        let mut status_codes = BTreeMap::new();
        for answer in &answers {
            *status_codes.entry(answer.status).or_insert(0) += 1;
        }
        let failed: usize = status_codes.range(400..).map(|(_, count)| count).sum();
        Some(EndpointStatistics {
            avg_response_time: average,
            p95_response_time: p95,
            total_requests: answers.len(),
            error_rate: 100.0 * failed as f64 / answers.len() as f64,
            status_codes,
        })
    }
}

/// What the service reports about one endpoint: its last 1,000 requests.
#[derive(Serialize)]
pub(super) struct EndpointStatistics {
    pub(super) avg_response_time: f64,
    pub(super) p95_response_time: f64,
    pub(super) total_requests: usize,
    pub(super) error_rate: f64,
    pub(super) status_codes: BTreeMap<u16, usize>,
}

/// In milliseconds.
struct TimeStatistics {
    average: f64,
    p95: f64,
}

impl TimeStatistics {
    /// `None` when there are none.
    fn of(times: &mut [Duration]) -> Option<Self> {
        let rank = (times.len() * 95).div_ceil(100).checked_sub(1)?;
        let ms = |time: Duration| time.as_secs_f64() * 1e3;
        let average = ms(times.iter().sum()) / times.len() as f64;
        let (_, &mut p95, _) = times.select_nth_unstable(rank);
        Some(Self {
            average,
            p95: ms(p95),
        })
    }
}

fn remember<T>(memory: &mut VecDeque<T>, most: usize, new: T) {
    if memory.len() == most {
        memory.pop_front();
    }
    memory.push_back(new);
}

/// How the database fares.
#[derive(Default)]
pub(super) struct Queries(Mutex<QueryLog>);

#[derive(Default)]
struct QueryLog {
    times: VecDeque<Duration>,
    total: u64,
    failed: u64,
    slow: u64,
    slow_queries: VecDeque<SlowQuery>,
}

#[derive(Clone, Serialize)]
struct SlowQuery {
    query: &'static str,
    duration_ms: f64,
    timestamp: f64,
}

impl Queries {
    pub(super) fn record(&self, query: &'static str, took: Duration, succeeded: bool) {
        let mut log = locked(&self.0);
        remember(&mut log.times, REMEMBERED, took);
        log.total += 1;
        log.failed += u64::from(!succeeded);
        if took >= SLOW_QUERY {
            log.slow += 1;
            let slow = SlowQuery {
                query,
                duration_ms: took.as_secs_f64() * 1e3,
                timestamp: timestamp(),
            };
            remember(&mut log.slow_queries, SLOW_QUERIES_SHOWN, slow);
        }
    }

    /// `{}` before the first query.
    pub(super) fn summary(&self, cache_hit_rate: Option<f64>) -> Value {
        let log = locked(&self.0);
        let mut times: Vec<Duration> = log.times.iter().copied().collect();
        let Some(TimeStatistics { average, p95 }) = TimeStatistics::of(&mut times) else {
            return json!({});
        };
        json!({
            "avg_query_time": average,
            "p95_query_time": p95,
            "total_queries": log.total,
            "failed_queries": log.failed,
            "slow_queries_count": log.slow,
            "cache_hit_rate": cache_hit_rate.unwrap_or(0.0),
        })
    }

    pub(super) fn slow_queries(&self) -> Value {
        json!(locked(&self.0).slow_queries)
    }

    pub(super) fn reset(&self) {
        *locked(&self.0) = QueryLog::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    #[test]
    fn the_last_thousand_count() {
        let endpoints = Endpoints::default();
        let endpoint = endpoints.named("GET:/a");
        for _ in 0..500 {
            endpoint.answered(ms(9000), 500);
        }
        for n in 1..=1000 {
            endpoint.answered(ms(n), if n <= 20 { 503 } else { 200 });
        }
        let summary = &endpoints.summary()["GET:/a"];
        assert_eq!(summary.total_requests, 1000);
        assert_eq!(
            summary.status_codes,
            BTreeMap::from([(200, 980), (503, 20)])
        );
        assert!((summary.avg_response_time - 500.5).abs() < 1e-6);
        assert!((summary.p95_response_time - 950.0).abs() < 1e-6);
        assert!((summary.error_rate - 2.0).abs() < 1e-6);
    }

    #[test]
    fn p95_of_few_is_one_that_occurred() {
        for (count, expected) in [(1, 1.0), (2, 2.0), (20, 19.0), (21, 20.0), (100, 95.0)] {
            let mut times: Vec<_> = (1..=count).rev().map(ms).collect();
            let p95 = TimeStatistics::of(&mut times).unwrap().p95;
            assert!((p95 - expected).abs() < 1e-6, "{count}: {p95}");
        }
        assert!(TimeStatistics::of(&mut []).is_none());
    }

    #[test]
    fn a_reset_forgets_answers_and_keeps_arrivals() {
        let endpoints = Endpoints::default();
        let endpoint = endpoints.named("GET:/a");
        endpoint.arrived();
        endpoint.answered(ms(1), 200);
        endpoints.reset();
        assert!(endpoints.summary().is_empty());
        assert_eq!(endpoints.arrivals()["GET:/a"], 1);
    }

    #[test]
    fn endless_paths_share_a_name() {
        let endpoints = Endpoints::default();
        for n in 0..2000 {
            endpoints.named(&format!("GET:/{n}")).arrived();
        }
        let arrivals = endpoints.arrivals();
        assert_eq!(arrivals.len(), MOST_ENDPOINTS + 1);
        assert_eq!(arrivals[OTHER], 1500);
    }

    #[test]
    fn queries_are_summed_up() {
        let queries = Queries::default();
        assert_eq!(queries.summary(Some(50.0)), json!({}));
        queries.record("SELECT 1", ms(10), true);
        queries.record("SELECT 2", ms(200), false);
        let summary = queries.summary(Some(50.0));
        assert_eq!(summary["avg_query_time"], 105.0);
        assert_eq!(summary["p95_query_time"], 200.0);
        assert_eq!(summary["total_queries"], 2);
        assert_eq!(summary["failed_queries"], 1);
        assert_eq!(summary["slow_queries_count"], 1);
        assert_eq!(summary["cache_hit_rate"], 50.0);
        assert_eq!(queries.slow_queries()[0]["query"], "SELECT 2");
        queries.reset();
        assert_eq!(queries.summary(None), json!({}));
    }
}
