//! All sources of one run, on a thread and a runtime of their own: none delays a request, nor another source.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::runtime::Builder;
use tokio::sync::watch;

use super::entries;
use super::given::GivenSources;
use super::polling::{CollectedLogs, Log, Rounds};
use crate::profile::{Destination, EvidencePlan};
use crate::record::Observed;
use crate::requirement::Source;

/// From one look at a source to the next, unless it says something else.
const EVERY: Duration = Duration::from_secs(1);
/// The same of sources that take more work.
pub(super) const SELDOM: Duration = Duration::from_secs(2);
/// How long one look may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);
/// How long is waited for all first looks, or for all last ones: some more than one takes.
const AT_MOST: Duration = Duration::from_secs(4);

/// Who is asked of a target.
#[derive(Debug, Clone)]
pub struct EvidenceSources {
    /// The target.
    pub destination: Destination,
    /// What the profile says of sources.
    pub plan: EvidencePlan,
    /// What flags say of them.
    pub given: GivenSources,
}

/// The monitors of one run. Dropped, they end by themselves.
pub struct Collectors {
    stop: watch::Sender<bool>,
    gathered: mpsc::Receiver<Gathered>,
    told: CollectedLogs,
}

/// All that was gathered, its times not yet those of the run.
#[derive(Default)]
pub(super) struct Gathered {
    logs: Vec<Log>,
    pub(super) observed: Observed,
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
    let rounds = || Rounds {
        every: EVERY,
        patience: PATIENCE,
        stop: stop.clone(),
        ready: ready.clone(),
        told: told.clone(),
    };
    let sources = entries().map(|entry| (entry.gather)(watched, rounds()));
    let gathering: Vec<_> = sources.collect();
    drop(ready);
    let mut all = Gathered::default();
    for part in join_all(gathering).await {
        all.logs.extend(part.logs);
        let (into, from) = (&mut all.observed, part.observed);
        into.local = into.local.or(from.local);
        into.process = into.process.take().or(from.process);
        into.endpoints.extend(from.endpoints);
        into.statements.extend(from.statements);
    }
    all
}

impl Gathered {
    /// A source that can't even be asked.
    pub(super) fn unasked(source: Source, what: String) -> Gathered {
        let mut log = Log::default();
        log.problem(source, what);
        Gathered::of(log)
    }

    /// What a source reported, without anything else.
    pub(super) fn of(log: Log) -> Gathered {
        Gathered {
            logs: vec![log],
            observed: Observed::default(),
        }
    }
}
