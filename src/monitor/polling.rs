//! Looking at a source before, during and after a run, however the source behaves.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::{Duration, SystemTime};

use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};

use super::late;
use crate::record::{Snapshot, SourceSeries};
use crate::requirement::Source;

/// Figures by name; only finite ones are entered.
pub(super) type ReadFigures = BTreeMap<String, f64>;

/// Enters a figure, unless it is none.
pub(super) fn enter(figures: &mut ReadFigures, name: &str, value: Option<f64>) {
    if let Some(value) = value.filter(|value| value.is_finite()) {
        figures.insert(name.to_owned(), value);
    }
}

/// What one look brought.
#[derive(Debug, Default)]
pub(super) struct CollectedReading {
    pub(super) figures: Vec<(Source, ReadFigures)>,
    pub(super) problems: Vec<(Source, String)>,
    /// Counters of which the source, which answered, did not have all.
    pub(super) partial: Vec<(Source, PartialCounter)>,
    /// Figures whose page did not answer, while another one did.
    pub(super) unanswered: Vec<(Source, String)>,
}

/// A counter of which a part was not there.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct PartialCounter {
    pub(super) figure: String,
    /// The sum of what was there.
    pub(super) counted: f64,
    /// What was not there.
    pub(super) lacks: Vec<String>,
    /// How a profile declares that this is 0; `None` when it does so already.
    pub(super) declaration: Option<String>,
}

/// Someone who looks. A look that is dropped half-way must leave nothing behind that the next one trips over.
pub(super) trait Collector {
    /// Where problems of no source in particular are reported.
    const SOURCE: Source;

    /// One look.
    async fn look(&mut self) -> Result<CollectedReading, String>;
}

/// When to look.
pub(super) struct Rounds {
    pub(super) every: Duration,
    /// How long one look may take.
    pub(super) patience: Duration,
    /// Ends the rounds when it changes or is gone.
    pub(super) stop: watch::Receiver<bool>,
    /// Dropped when the first look is done, however it ended.
    pub(super) ready: mpsc::Sender<()>,
    /// Where what is seen is kept, open to others all the time.
    pub(super) told: CollectedLogs,
}

/// The logs so far, by whom they are of.
#[derive(Debug, Clone, Default)]
pub(super) struct CollectedLogs(Arc<Mutex<BTreeMap<Source, Log>>>);

impl CollectedLogs {
    pub(super) fn logs(&self) -> Vec<Log> {
        let logs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        logs.values().cloned().collect()
    }

    /// Enters what one look brought; the log of a looker goes by its own source.
    fn enter(&self, source: Source, change: impl FnOnce(&mut Log)) {
        let mut logs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        change(logs.entry(source).or_default());
    }

    fn log(&self, source: Source) -> Log {
        let logs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        logs.get(&source).cloned().unwrap_or_default()
    }
}

/// All looks at the sources of one looker.
#[derive(Debug, Clone, Default)]
pub(super) struct Log {
    asked: u64,
    looks: BTreeMap<Source, Vec<(u64, ReadFigures)>>,
    /// With the index of the look that they are of.
    partial: BTreeMap<Source, Vec<(usize, PartialCounter)>>,
    unanswered: BTreeMap<Source, BTreeMap<String, u64>>,
    problems: BTreeMap<Source, Vec<(String, u32)>>,
}

impl Log {
    /// Enters a problem; the same one again is only counted.
    pub(super) fn problem(&mut self, source: Source, what: String) {
        let known = self.problems.entry(source).or_default();
        match known.iter_mut().find(|(text, _)| *text == what) {
            Some((_, times)) => *times += 1,
            None => known.push((what, 1)),
        }
    }

    fn glimpse(&mut self, at: u64, glimpse: CollectedReading) {
        for (source, figures) in glimpse.figures {
            self.looks.entry(source).or_default().push((at, figures));
        }
        for (source, partial) in glimpse.partial {
            // It is of the look that was entered just now.
            if let Some(index) = self
                .looks
                .get(&source)
                .and_then(|looks| looks.len().checked_sub(1))
            {
                self.partial
                    .entry(source)
                    .or_default()
                    .push((index, partial));
            }
        }
        for (source, figure) in glimpse.unanswered {
            let of_source = self.unanswered.entry(source).or_default();
            *of_source.entry(figure).or_default() += 1;
        }
        for (source, what) in glimpse.problems {
            self.problem(source, what);
        }
    }

    /// The log in times from the start of the run, in milliseconds since 1970.
    pub(super) fn seen(mut self, started: u64) -> BTreeMap<Source, SourceSeries> {
        for (source, partial) in std::mem::take(&mut self.partial) {
            let looks = self.looks.entry(source).or_default();
            for problem in late::complete(looks, &partial) {
                self.problem(source, problem);
            }
        }
        let mut seen: BTreeMap<Source, SourceSeries> = BTreeMap::new();
        for (source, looks) in self.looks {
            let look = |(at, figures): (u64, ReadFigures)| Snapshot {
                at_ms: at.cast_signed() - started.cast_signed(),
                figures,
            };
            seen.entry(source).or_default().looks = looks.into_iter().map(look).collect();
        }
        for (source, problems) in self.problems {
            let told = |(what, times): (String, u32)| match times {
                1 => what,
                times => format!("{what} ({times} times)"),
            };
            seen.entry(source).or_default().problems = problems.into_iter().map(told).collect();
        }
        for (source, unanswered) in self.unanswered {
            seen.entry(source).or_default().unanswered = unanswered;
        }
        for of_source in seen.values_mut() {
            of_source.asked = self.asked;
        }
        seen
    }
}

/// Reads until it is stopped, and once more then.
pub(super) async fn follow<L: Collector>(looker: &mut L, rounds: Rounds) -> Log {
    let Rounds {
        every,
        patience,
        mut stop,
        ready,
        told,
    } = rounds;
    patient(looker, &told, patience).await;
    // The wait for the first readings ends when all of these are dropped.
    drop(ready);
    let mut ticks = interval_at(Instant::now() + every, every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = stop.changed() => break,
            _ = ticks.tick() => {}
        }
        tokio::select! {
            biased;
            // The look under way is given up: it would only be in the way of the last one.
            _ = stop.changed() => break,
            () = patient(looker, &told, patience) => {}
        }
    }
    patient(looker, &told, patience).await;
    told.log(L::SOURCE)
}

async fn patient<L: Collector>(looker: &mut L, told: &CollectedLogs, patience: Duration) {
    let seen = timeout(patience, looker.look()).await;
    let at = now();
    told.enter(L::SOURCE, |log| {
        log.asked += 1;
        match seen {
            Ok(Ok(glimpse)) => log.glimpse(at, glimpse),
            Ok(Err(what)) => log.problem(L::SOURCE, what),
            Err(_) => log.problem(L::SOURCE, format!("no answer within {patience:?}")),
        }
    });
}

/// Milliseconds since 1970.
fn now() -> u64 {
    let since = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
