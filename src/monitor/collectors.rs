//! All sources of one run, on a thread and a runtime of their own: none delays a request, nor another source.

use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use tokio::runtime::Builder;
use tokio::sync::watch;

use super::host::{HostLooker, Listening};
use super::polling::{CollectedLogs, Log, Rounds, follow};
use super::postgres::PostgresLooker;
use super::prometheus::PrometheusLooker;
use super::redis::RedisLooker;
use super::target::TargetLooker;
use crate::client::SideClient;
use crate::connection::{DatabaseUrl, RedisAddress};
use crate::profile::{Destination, EvidencePlan, HttpVersion, Target, TargetRules};
use crate::record::Observed;
use crate::requirement::Source;

const EVERY: Duration = Duration::from_secs(1);
const SELDOM: Duration = Duration::from_secs(2);
/// How long one look may take.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long is waited for all first looks, or for all last ones: some more than one takes.
const AT_MOST: Duration = Duration::from_secs(4);
/// How long all pages of the target together may take.
const LONGEST_LOOK: Duration = Duration::from_secs(3);
const METRICS_PATH: &str = "/metrics";

/// Who is asked of a target.
#[derive(Debug, Clone)]
pub struct EvidenceSources {
    /// The target.
    pub destination: Destination,
    /// What the profile says of sources.
    pub plan: EvidencePlan,
    /// The target's Redis.
    pub redis: Option<RedisAddress>,
    /// The target's `PostgreSQL`.
    pub database: Option<DatabaseUrl>,
    /// A page of counters, in the place of the profile's.
    pub metrics: Option<Target>,
    /// The target's process, when it is known.
    pub pid: Option<u32>,
}

/// The monitors of one run. Dropped, they end by themselves.
pub struct Collectors {
    stop: watch::Sender<bool>,
    gathered: mpsc::Receiver<Gathered>,
    told: CollectedLogs,
}

/// All that was gathered, its times not yet those of the run.
#[derive(Default)]
struct Gathered {
    logs: Vec<Log>,
    observed: Observed,
}

impl Collectors {
    /// Begins to watch; returns when every source has been looked at once, or was given up for now.
    ///
    /// # Errors
    /// When the machine gives no thread or no runtime.
    pub fn start(watched: &EvidenceSources) -> std::io::Result<Collectors> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let (stop, stopped) = watch::channel(false);
        let (ready, is_ready) = mpsc::channel();
        let (sender, gathered) = mpsc::channel();
        let watched = watched.clone();
        let told = CollectedLogs::default();
        let theirs = told.clone();
        thread::Builder::new()
            .name("monitors".into())
            .spawn(move || {
                let all = runtime.block_on(gather(&watched, &stopped, ready, &theirs));
                // It is not awaited when the session has ended in the middle.
                let _ = sender.send(all);
                // A look at a name that hangs must not keep the thread.
                runtime.shutdown_background();
            })?;
        let until = std::time::Instant::now() + AT_MOST;
        // The channel ends when the last of the sources has told that it is ready.
        while is_ready
            .recv_timeout(until.saturating_duration_since(std::time::Instant::now()))
            .is_ok()
        {}
        Ok(Collectors {
            stop,
            gathered,
            told,
        })
    }

    /// What the sources have reported so far; `started` is when the run began, in milliseconds since
    /// 1970. What is known of the target's own endpoints and of statements comes with [`Monitors::finish`].
    pub fn so_far(&self, started: u64) -> Observed {
        let mut observed = Observed::default();
        for log in self.told.logs() {
            add(&mut observed, log, started);
        }
        observed
    }

    /// Reads every source once more, and returns all that was seen; `started` is when the run began,
    /// in milliseconds since 1970. Takes a few seconds at most, however slow the sources are.
    pub fn finish(self, started: u64) -> Observed {
        let _ = self.stop.send(true);
        let Ok(gathered) = self.gathered.recv_timeout(AT_MOST) else {
            let mut observed = Observed::default();
            let what = "the monitors did not come to an end".to_owned();
            observed
                .sources
                .entry(Source::Host)
                .or_default()
                .problems
                .push(what);
            return observed;
        };
        let mut observed = gathered.observed;
        for log in gathered.logs {
            add(&mut observed, log, started);
        }
        observed
    }
}

fn add(observed: &mut Observed, log: Log, started: u64) {
    for (source, seen) in log.seen(started) {
        let known = observed.sources.entry(source).or_default();
        known.looks.extend(seen.looks);
        known.problems.extend(seen.problems);
        known.asked += seen.asked;
        known.unanswered.extend(seen.unanswered);
    }
}

async fn gather(
    watched: &EvidenceSources,
    stop: &watch::Receiver<bool>,
    ready: mpsc::Sender<()>,
    told: &CollectedLogs,
) -> Gathered {
    let rounds = |every| Rounds {
        every,
        patience: PATIENCE,
        stop: stop.clone(),
        ready: ready.clone(),
        told: told.clone(),
    };
    let (host, target, redis, postgres, prometheus) = (
        host(watched, rounds(EVERY)),
        target(watched, rounds(SELDOM)),
        redis(watched, rounds(EVERY)),
        postgres(watched, rounds(SELDOM)),
        prometheus(watched, rounds(SELDOM)),
    );
    drop(ready);
    let mut all = Gathered::default();
    let (host, target, redis, postgres, prometheus) =
        tokio::join!(host, target, redis, postgres, prometheus);
    for part in [host, target, redis, postgres, prometheus] {
        all.logs.extend(part.logs);
        let (into, from) = (&mut all.observed, part.observed);
        into.local = into.local.or(from.local);
        into.process = into.process.take().or(from.process);
        into.endpoints.extend(from.endpoints);
        into.statements.extend(from.statements);
    }
    all
}

/// A source that can't even be asked.
fn unasked(source: Source, what: String) -> Gathered {
    let mut log = Log::default();
    log.problem(source, what);
    of(log)
}

fn of(log: Log) -> Gathered {
    Gathered {
        logs: vec![log],
        observed: Observed::default(),
    }
}

async fn host(watched: &EvidenceSources, rounds: Rounds) -> Gathered {
    let origin = &watched.destination.origin;
    let mut looker = HostLooker::new(Listening {
        host: origin.host_str().unwrap_or_default().to_owned(),
        port: origin.port_or_known_default().unwrap_or_default(),
        pid: watched.pid,
    });
    let mut gathered = of(follow(&mut looker, rounds).await);
    if let Some(located) = &looker.located {
        gathered.observed.local = located.local;
        gathered.observed.process = located.process();
    }
    gathered
}

async fn target(watched: &EvidenceSources, mut rounds: Rounds) -> Gathered {
    let Some(pages) = watched.plan.target.clone() else {
        return Gathered::default();
    };
    let client = match SideClient::new(&watched.destination, pages.timeout) {
        Ok(client) => client.with_rules(&watched.plan.rules),
        Err(error) => return unasked(Source::Target, error.to_string()),
    };
    rounds.every = pages.every;
    // One page after the other, and still within what the end of a run waits for.
    rounds.patience = (pages.timeout * pages.paths.len() as u32).min(LONGEST_LOOK);
    let mut looker = TargetLooker::new(client, pages);
    let mut gathered = of(follow(&mut looker, rounds).await);
    gathered.observed.endpoints = looker.endpoints;
    gathered
}

async fn redis(watched: &EvidenceSources, rounds: Rounds) -> Gathered {
    let Some(address) = &watched.redis else {
        return Gathered::default();
    };
    match RedisLooker::new(address, watched.destination.insecure) {
        Ok(mut looker) => of(follow(&mut looker, rounds).await),
        Err(what) => unasked(Source::Redis, what),
    }
}

async fn postgres(watched: &EvidenceSources, rounds: Rounds) -> Gathered {
    let Some(url) = watched.database.clone() else {
        return Gathered::default();
    };
    let mut looker = PostgresLooker::new(url, watched.destination.insecure);
    let mut gathered = of(follow(&mut looker, rounds).await);
    gathered.observed.statements = looker.statements();
    gathered
}

async fn prometheus(watched: &EvidenceSources, rounds: Rounds) -> Gathered {
    let page = watched.plan.prometheus.as_ref();
    let (destination, path) = match (&watched.metrics, page.and_then(|page| page.path.clone())) {
        // Another server is none of the token's business.
        (Some(named), _) => {
            let elsewhere = Destination {
                origin: named.origin.clone(),
                token: None,
                insecure: watched.destination.insecure,
                http: HttpVersion::default(),
                users: Arc::default(),
            };
            let path = if named.base_path.is_empty() {
                METRICS_PATH.to_owned()
            } else {
                named.base_path.clone()
            };
            (elsewhere, path)
        }
        (None, Some(path)) => (watched.destination.clone(), path),
        (None, None) => return Gathered::default(),
    };
    let Some(page) = page.filter(|page| !page.figures.is_empty()) else {
        let what = "no counter of it is named in the profile's [evidence.prometheus.figures]";
        return unasked(Source::Prometheus, what.to_owned());
    };
    let rules = match &watched.metrics {
        // Its headers are none of another server's business either.
        Some(_) => TargetRules::default(),
        None => watched.plan.rules.clone(),
    };
    let mut looker = match SideClient::new(&destination, PATIENCE) {
        Ok(client) => PrometheusLooker {
            client: client.with_rules(&rules),
            path,
            auth: page.auth && watched.metrics.is_none(),
            figures: page.figures.clone(),
        },
        Err(error) => return unasked(Source::Prometheus, error.to_string()),
    };
    of(follow(&mut looker, rounds).await)
}
