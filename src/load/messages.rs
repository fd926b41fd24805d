//! What the run's coordinator and its workers tell each other.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::{mpsc, oneshot};

use crate::record::Tally;

/// The end of the run, in nanoseconds from its start; it may move while the run is on.
#[derive(Debug)]
pub(super) struct RunEnd(AtomicU64);

impl RunEnd {
    pub(super) fn at(nanos: u64) -> RunEnd {
        RunEnd(AtomicU64::new(nanos))
    }

    pub(super) fn get(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }

    pub(super) fn set(&self, nanos: u64) {
        self.0.store(nanos, Ordering::Release);
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
    /// Tell all but the seconds before one, for somebody who watches.
    Recent {
        from: usize,
        answer: oneshot::Sender<Tally>,
    },
    /// End now: no more than what is on its way is waited for, and that briefly.
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
