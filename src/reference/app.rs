use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::auth::Verifier;
use super::cache::Cache;
use super::faults::Injector;
use super::ratelimit::RateLimiter;
use super::statistics::{Endpoints, Queries};
use super::store::Store;
use super::system::Sample;
use super::websocket::Hub;
use super::{Options, ServeError};

/// All that the handlers share.
pub(super) struct App {
    pub(super) verifier: Verifier,
    pub(super) store: Store,
    pub(super) cache: Cache,
    pub(super) endpoints: Endpoints,
    pub(super) queries: Arc<Queries>,
    pub(super) hub: Hub,
    pub(super) faults: Injector,
    pub(super) limiter: Option<RateLimiter>,
    pub(super) trust_proxy: bool,
    /// Connections over which load has come.
    pub(super) connections: AtomicU64,
    started: Mutex<Instant>,
    system: RwLock<Option<Sample>>,
    database_alive: AtomicBool,
}

impl App {
    /// Opens the database. Blocks.
    pub(super) fn new(options: &Options) -> Result<Self, ServeError> {
        let faults = Injector::new(&options.faults);
        let queries = Arc::new(Queries::default());
        Ok(Self {
            verifier: Verifier::new(&options.secret),
            store: Store::open(options.database.as_deref(), Arc::clone(&queries))?,
            cache: Cache::new(),
            endpoints: Endpoints::default(),
            hub: Hub::default(),
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
        if let Some(limiter) = &self.limiter {
            limiter.reset();
        }
        *self.started.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    pub(super) fn set_system(&self, sample: Sample) {
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

    pub(super) fn healthy(&self) -> bool {
        self.database_alive.load(Ordering::Relaxed) && !self.faults.degraded()
    }
}
