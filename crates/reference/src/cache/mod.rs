//! Bodies in this process by default, in Redis when asked for.

#[cfg(feature = "servers")]
mod redis;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;

use super::store::DataError;
use super::{Options, ServeError};

/// How long a body is served without asking the database.
const FRESH_FOR: Duration = Duration::from_secs(60);
const MOST_ENTRIES: u64 = 10_000;

/// Whose what.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum CacheKey {
    Agents { organization: String },
    Workflows { organization: String },
    User { id: String, organization: String },
}

/// Bodies that were read lately, and how often they were asked for.
pub(super) struct Cache {
    bodies: Bodies,
    hits: AtomicU64,
    misses: AtomicU64,
}

enum Bodies {
    Here(moka::future::Cache<CacheKey, Bytes>),
    #[cfg(feature = "servers")]
    Redis(redis::Redis),
}

impl Bodies {
    fn here() -> Self {
        Self::Here(
            moka::future::Cache::builder()
                .max_capacity(MOST_ENTRIES)
                .time_to_live(FRESH_FOR)
                .build(),
        )
    }
}

impl Cache {
    /// Opens what the options name.
    #[cfg_attr(
        not(feature = "servers"),
        expect(clippy::unused_async, reason = "Redis takes its time")
    )]
    pub(super) async fn open(options: &Options) -> Result<Self, ServeError> {
        #[cfg(feature = "servers")]
        let bodies = match &options.redis_url {
            Some(url) => Bodies::Redis(redis::Redis::open(url).await?),
            None => Bodies::here(),
        };
        #[cfg(not(feature = "servers"))]
        let bodies = {
            let _ = options;
            Bodies::here()
        };
        Ok(Self {
            bodies,
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
        })
    }

    /// The body from the cache, or what `load` gives; in this process, those who miss at once share one load.
    pub(super) async fn get(
        &self,
        key: CacheKey,
        load: impl Future<Output = Result<Bytes, DataError>>,
    ) -> Result<Bytes, Arc<DataError>> {
        match &self.bodies {
            Bodies::Here(bodies) => {
                let known = bodies.get(&key).await;
                self.count(known.is_some());
                match known {
                    Some(body) => Ok(body),
                    None => bodies.try_get_with(key, load).await,
                }
            }
            #[cfg(feature = "servers")]
            Bodies::Redis(redis) => {
                let known = redis.get(&key).await;
                self.count(matches!(known, Ok(Some(_))));
                let reachable = known.is_ok();
                if let Ok(Some(body)) = known {
                    return Ok(body);
                }
                let body = load.await.map_err(Arc::new)?;
                if reachable {
                    // What can't be kept is loaded again.
                    let _ = redis.put(&key, &body).await;
                }
                Ok(body)
            }
        }
    }

    fn count(&self, hit: bool) {
        let counter = if hit { &self.hits } else { &self.misses };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// Whether the cache answers.
    #[cfg_attr(
        not(feature = "servers"),
        expect(clippy::unused_async, reason = "Redis takes its time")
    )]
    pub(super) async fn probe(&self) -> bool {
        match &self.bodies {
            Bodies::Here(_) => true,
            #[cfg(feature = "servers")]
            Bodies::Redis(redis) => redis.ping().await.is_ok(),
        }
    }

    /// Percent of the look-ups; `None` before the first.
    pub(super) fn hit_rate(&self) -> Option<f64> {
        let hits = self.hits.load(Ordering::Relaxed);
        let all = hits + self.misses.load(Ordering::Relaxed);
        (all > 0).then(|| 100.0 * hits as f64 / all as f64)
    }

    /// As a new process would begin: with an empty memory and nothing counted. Redis keeps what it has.
    pub(super) fn reset(&self) {
        match &self.bodies {
            Bodies::Here(bodies) => bodies.invalidate_all(),
            #[cfg(feature = "servers")]
            Bodies::Redis(_) => {}
        }
        self.hits.store(0, Ordering::Relaxed);
        self.misses.store(0, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn hits_and_misses_are_counted() {
        let options = Options::new(crate::SigningSecret::random());
        let cache = Cache::open(&options).await.unwrap();
        let key = || CacheKey::Agents {
            organization: "o".into(),
        };
        assert_eq!(cache.hit_rate(), None);
        for body in ["first", "never loaded", "nor this", "nor that"] {
            let body = cache.get(key(), async move { Ok(body.into()) }).await;
            assert_eq!(body.unwrap(), "first");
        }
        assert_eq!(cache.hit_rate(), Some(75.0));
        cache.reset();
        assert_eq!(cache.hit_rate(), None);
        let body = cache.get(key(), async { Ok("second".into()) }).await;
        assert_eq!(body.unwrap(), "second");
    }
}
