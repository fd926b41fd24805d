//! What the run's coordinator and its workers tell each other.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::{mpsc, oneshot};

use super::schedule::nanos;
use crate::plan::Phases;
use crate::record::Tally;

/// How long the load continues past an end that may still be moved, in nanoseconds. Judging may take longer than
/// planned, and a load that paused meanwhile would come back as a burst.
pub(super) const OVERRUN: u64 = 1_000_000_000;
/// Marks an end that may still be moved on.
const OPEN: u64 = 1 << 63;

/// The end of the run, in nanoseconds from its start; it may move while the run is on.
///
/// It is open until the coordinator has decided whether to extend the run, or until a worker has waited for that
/// decision for too long. What is due after an open end is sent, but only counts if the end is moved behind it.
#[derive(Debug)]
pub(super) struct RunEnd(AtomicU64);

impl RunEnd {
    /// A final end.
    #[cfg(test)]
    pub(super) fn fixed_at(nanos: u64) -> RunEnd {
        RunEnd(AtomicU64::new(nanos))
    }

    /// The planned end, open if the plan allows a later one.
    pub(super) fn of(phases: &Phases) -> RunEnd {
        let planned = nanos(phases.planned_end());
        let is_open = nanos(phases.latest_end()) > planned;
        RunEnd(AtomicU64::new(if is_open {
            planned | OPEN
        } else {
            planned
        }))
    }

    /// What is due before it counts.
    pub(super) fn get(&self) -> u64 {
        self.0.load(Ordering::Acquire) & !OPEN
    }

    pub(super) fn is_open(&self) -> bool {
        self.0.load(Ordering::Acquire) & OPEN != 0
    }

    /// What is due before it is sent.
    pub(super) fn until(&self) -> u64 {
        let end = self.0.load(Ordering::Acquire);
        match end & OPEN {
            0 => end,
            _ => (end & !OPEN) + OVERRUN,
        }
    }

    /// Moves an open end on; false when it is final already.
    pub(super) fn extend_to(&self, nanos: u64) -> bool {
        let moved = |end: u64| (end & OPEN != 0).then_some(nanos | OPEN);
        let all = (Ordering::AcqRel, Ordering::Acquire);
        self.0.fetch_update(all.0, all.1, moved).is_ok()
    }

    /// The end stays where it is.
    pub(super) fn fix(&self) {
        self.0.fetch_and(!OPEN, Ordering::AcqRel);
    }

    /// Moves the end to before where it was, for good.
    pub(super) fn fix_at(&self, nanos: u64) {
        self.0.store(nanos, Ordering::Release);
    }

    /// Whether the run is over for a worker. An end that has been open for too long is final from here on.
    pub(super) fn has_come(&self, now: u64) -> bool {
        let end = self.0.load(Ordering::Acquire);
        let is_overdue = end & OPEN != 0 && now >= (end & !OPEN) + OVERRUN;
        if is_overdue {
            let all = (Ordering::AcqRel, Ordering::Acquire);
            // The coordinator may have been quicker: then the end is what it says.
            let _ = self.0.compare_exchange(end, end & !OPEN, all.0, all.1);
        }
        let end = self.0.load(Ordering::Acquire);
        end & OPEN == 0 && now >= end
    }
}

/// What a worker has done so far, for those who watch.
#[derive(Debug, Default)]
pub(super) struct WorkerGauge {
    pub(super) done: AtomicU64,
    pub(super) failed: AtomicU64,
}

impl WorkerGauge {
    /// Counts one more; only its worker does, so that no lock on the bus is needed.
    pub(super) fn count(&self, is_ok: bool) {
        self.done
            .store(self.done.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
        if !is_ok {
            self.failed
                .store(self.failed.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
        }
    }
}

/// What the coordinator asks of a worker.
#[derive(Debug)]
pub(super) enum WorkerRequest {
    /// Tell the counters so far.
    Look {
        /// The planned end of the run.
        planned: u64,
        answer: oneshot::Sender<WorkerSnapshot>,
    },
    /// Report all but the seconds before one, for a live display.
    Recent {
        from: usize,
        answer: oneshot::Sender<Tally>,
    },
    /// End now: only what is on its way is awaited, and that briefly.
    Stop,
}

/// A worker's counters in mid-run.
#[derive(Debug)]
pub(super) struct WorkerSnapshot {
    pub(super) tally: Tally,
    /// Requests due so far that have not ended, for each endpoint.
    pub(super) open: Vec<u64>,
    /// Those of them that were due before the planned end.
    pub(super) open_planned: u64,
}

pub(super) type Commands = mpsc::UnboundedReceiver<WorkerRequest>;
