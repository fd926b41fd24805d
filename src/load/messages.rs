//! What the run's coordinator and its workers tell each other.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

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
///
/// Of journeys, more begin after the end until the last one that was due before it has ended, so that this one meets the load
/// that the others met.
#[derive(Debug)]
pub(super) struct RunEnd {
    at: AtomicU64,
    /// How long that may take at most, in nanoseconds; 0 for requests that stand for themselves.
    tail: u64,
    /// Workers of which some journey that was due before the end has not ended.
    unfinished: AtomicUsize,
}

/// The end of the run as it stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct EndState {
    pub(super) at: u64,
    /// Whether it may still be moved on.
    pub(super) is_open: bool,
}

impl EndState {
    pub(super) fn closed_at(at: u64) -> EndState {
        EndState { at, is_open: false }
    }
}

impl RunEnd {
    /// A final end.
    #[cfg(test)]
    pub(super) fn fixed_at(nanos: u64) -> RunEnd {
        RunEnd::new(nanos)
    }

    fn new(at: u64) -> RunEnd {
        RunEnd {
            at: AtomicU64::new(at),
            tail: 0,
            unfinished: AtomicUsize::new(0),
        }
    }

    /// The same with a tail of journeys, for so many workers.
    pub(super) fn with_tail(self, tail: u64, workers: usize) -> RunEnd {
        RunEnd {
            tail,
            unfinished: AtomicUsize::new(workers),
            ..self
        }
    }

    /// The planned end, open if the plan allows a later one.
    pub(super) fn of(phases: &Phases) -> RunEnd {
        let planned = nanos(phases.planned_end());
        let is_open = nanos(phases.latest_end()) > planned;
        RunEnd::new(if is_open { planned | OPEN } else { planned })
    }

    /// What is due before it counts.
    pub(super) fn get(&self) -> u64 {
        self.at.load(Ordering::Acquire) & !OPEN
    }

    pub(super) fn is_open(&self) -> bool {
        self.at.load(Ordering::Acquire) & OPEN != 0
    }

    /// What is due before it is sent.
    pub(super) fn until(&self) -> u64 {
        let end = self.at.load(Ordering::Acquire);
        match end & OPEN {
            0 => end,
            _ => (end & !OPEN) + OVERRUN,
        }
    }

    pub(super) fn state(&self) -> EndState {
        let end = self.at.load(Ordering::Acquire);
        EndState {
            at: end & !OPEN,
            is_open: end & OPEN != 0,
        }
    }

    /// When the last journey that begins after the end must have ended.
    pub(super) fn until_with_tail(&self) -> u64 {
        let tail = if self.has_unfinished() { self.tail } else { 0 };
        self.until().max(self.get() + tail)
    }

    /// Whether the run is over for a worker with journeys, as [`RunEnd::has_come`] says for one without.
    pub(super) fn has_come_with_tail(&self, now: u64) -> bool {
        self.has_come(now) && (!self.has_unfinished() || now >= self.get() + self.tail)
    }

    /// Whether a journey that was due before the end may not have ended.
    pub(super) fn has_unfinished(&self) -> bool {
        self.unfinished.load(Ordering::Acquire) > 0
    }

    /// All of a worker's journeys that were due before the end have ended. Each worker says so once.
    pub(super) fn finish(&self) {
        let all = (Ordering::AcqRel, Ordering::Acquire);
        let less = |workers: usize| workers.checked_sub(1);
        let _ = self.unfinished.fetch_update(all.0, all.1, less);
    }

    /// Ends the run now, without waiting for journeys.
    pub(super) fn break_off_at(&self, nanos: u64) {
        self.unfinished.store(0, Ordering::Release);
        self.fix_at(nanos);
    }

    /// Moves an open end on; false when it is final already.
    pub(super) fn extend_to(&self, nanos: u64) -> bool {
        let moved = |end: u64| (end & OPEN != 0).then_some(nanos | OPEN);
        let all = (Ordering::AcqRel, Ordering::Acquire);
        self.at.fetch_update(all.0, all.1, moved).is_ok()
    }

    /// The end stays where it is.
    pub(super) fn fix(&self) {
        self.at.fetch_and(!OPEN, Ordering::AcqRel);
    }

    /// Moves the end to before where it was, for good.
    pub(super) fn fix_at(&self, nanos: u64) {
        self.at.store(nanos, Ordering::Release);
    }

    /// Whether the run is over for a worker. An end that has been open for too long is final from here on.
    pub(super) fn has_come(&self, now: u64) -> bool {
        let end = self.at.load(Ordering::Acquire);
        let is_overdue = end & OPEN != 0 && now >= (end & !OPEN) + OVERRUN;
        if is_overdue {
            let all = (Ordering::AcqRel, Ordering::Acquire);
            // The coordinator may have been quicker: then the end is what it says.
            let _ = self.at.compare_exchange(end, end & !OPEN, all.0, all.1);
        }
        let end = self.at.load(Ordering::Acquire);
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
