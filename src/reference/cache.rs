use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;

use super::store::StoreError;

/// How long a body is served without asking the database.
const FRESH_FOR: Duration = Duration::from_secs(60);
const MOST_ENTRIES: u64 = 10_000;

/// Whose what.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Key {
    Agents { organization: String },
    Workflows { organization: String },
    User { id: String, organization: String },
}

/// Bodies that were read lately, and how often they were asked for.
pub(super) struct Cache {
    bodies: moka::future::Cache<Key, Bytes>,
    hits: AtomicU64,
    misses: AtomicU64,
}

impl Cache {
    pub(super) fn new() -> Self {
        Self {
            bodies: moka::future::Cache::builder()
                .max_capacity(MOST_ENTRIES)
                .time_to_live(FRESH_FOR)
                .build(),
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
        }
    }

    /// The body from the cache, or what `load` gives; those who miss at once share one load.
    pub(super) async fn get(
        &self,
        key: Key,
        load: impl Future<Output = Result<Bytes, StoreError>>,
    ) -> Result<Bytes, Arc<StoreError>> {
        if let Some(body) = self.bodies.get(&key).await {
            self.hits.fetch_add(1, Ordering::Relaxed);
            return Ok(body);
        }
        self.misses.fetch_add(1, Ordering::Relaxed);
        self.bodies.try_get_with(key, load).await
    }

    /// Percent of the look-ups; `None` before the first.
    pub(super) fn hit_rate(&self) -> Option<f64> {
        let hits = self.hits.load(Ordering::Relaxed);
        let all = hits + self.misses.load(Ordering::Relaxed);
        (all > 0).then(|| 100.0 * hits as f64 / all as f64)
    }

    /// Empties it and begins to count anew.
    pub(super) fn reset(&self) {
        self.bodies.invalidate_all();
        self.hits.store(0, Ordering::Relaxed);
        self.misses.store(0, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn hits_and_misses_are_counted() {
        let cache = Cache::new();
        let key = || Key::Agents {
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
