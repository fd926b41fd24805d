use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::auth::TokenVerifier;
use super::cache::Cache;
use super::faults::Injector;
use super::journeys::Journeys;
use super::ratelimit::RateLimiter;
use super::statistics::{Endpoints, Queries};
use super::store::Store;
use super::system::CpuSample;
use super::websocket::Hub;
use super::{Options, ServeError, SigningSecret};

/// All that the handlers share.
pub(super) struct App {
    pub(super) secret: SigningSecret,
    pub(super) verifier: TokenVerifier,
    pub(super) store: Store,
    pub(super) cache: Cache,
    pub(super) endpoints: Endpoints,
    pub(super) queries: Arc<Queries>,
    pub(super) hub: Hub,
    pub(super) journeys: Journeys,
    pub(super) faults: Injector,
    pub(super) limiter: Option<RateLimiter>,
    pub(super) trust_proxy: bool,
    /// Connections over which load has come.
    pub(super) connections: AtomicU64,
    started: Mutex<Instant>,
    system: RwLock<Option<CpuSample>>,
    database_alive: AtomicBool,
    cache_alive: AtomicBool,
}

impl App {
    /// Opens the database and the cache.
    pub(super) async fn open(options: &Options) -> Result<Self, ServeError> {
        let faults = Injector::new(&options.faults);
        let queries = Arc::new(Queries::default());
        Ok(Self {
            secret: options.secret.clone(),
            verifier: TokenVerifier::new(&options.secret, options.public_key.as_ref()),
            store: Store::open(options, Arc::clone(&queries)).await?,
            cache: Cache::open(options).await?,
            endpoints: Endpoints::default(),
            hub: Hub::default(),
            journeys: Journeys::default(),
            queries,
            limiter: faults
                .rate_limit()
                .or(options.rate_limit)
                .map(RateLimiter::new),
            faults,
            trust_proxy: options.trust_proxy,
            connections: AtomicU64::new(0),
            started: Mutex::new(Instant::now()),
            system: RwLock::new(None),
            database_alive: AtomicBool::new(true),
            cache_alive: AtomicBool::new(true),
        })
    }

    pub(super) fn uptime(&self) -> Duration {
        self.started
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .elapsed()
    }

    /// As a new process would begin.
    pub(super) fn restart(&self) {
        self.endpoints.reset();
        self.queries.reset();
        self.cache.reset();
        self.hub.reset();
        self.journeys.reset();
        if let Some(limiter) = &self.limiter {
            limiter.reset();
        }
        *self.started.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    pub(super) fn set_system(&self, sample: CpuSample) {
        *self.system.write().unwrap_or_else(PoisonError::into_inner) = Some(sample);
    }

    /// `{}` until the first sample.
    pub(super) fn system(&self) -> Value {
        let sample = *self.system.read().unwrap_or_else(PoisonError::into_inner);
        sample.map_or_else(|| json!({}), |sample| json!(sample))
    }

    pub(super) fn set_database_alive(&self, alive: bool) {
        self.database_alive.store(alive, Ordering::Relaxed);
    }

    pub(super) fn set_cache_alive(&self, alive: bool) {
        self.cache_alive.store(alive, Ordering::Relaxed);
    }

    pub(super) fn cache_healthy(&self) -> bool {
        self.cache_alive.load(Ordering::Relaxed)
    }

    pub(super) fn database_healthy(&self) -> bool {
        self.database_alive.load(Ordering::Relaxed) && !self.faults.degraded()
    }
}
